"""python -m assistant"""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from assistant.cli.main import run

    sys.exit(run())


if __name__ == "__main__":
    main()
