"""Which files a path stands for."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path


def absolute(path: str | Path) -> Path:
    """The path as it is stored: absolute, without "~", "." and ".."; links are kept."""
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - Path.absolute() keeps ".."


def gone(path: str | Path) -> bool:
    """Whether there is certainly no such file; a folder that may not be entered hides its files, no more."""
    try:
        Path(path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def below(path: str, root: Path) -> bool:
    """Whether a path is this one or lies in it."""
    return path == str(root) or path.startswith(f"{str(root).rstrip(os.sep)}{os.sep}")


def walk(root: Path, failed: Callable[[str, str], None]) -> Iterator[Path]:
    """Regular files below a folder in order, without hidden ones; anything that is no folder is itself.

    Links to folders are not followed, so that loops end. `failed(path, reason)` hears of folders and files that
    may not be looked at, and of names that no text can hold.
    """
    if not root.is_dir():
        yield root
        return

    def unreadable(error: OSError) -> None:
        failed(str(error.filename), reason(error))

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.startswith("."):
                continue
            try:
                regular = stat.S_ISREG(path.stat().st_mode)
            except OSError as error:
                # A dangling link is no file; anything else is there and cannot be read.
                if not isinstance(error, FileNotFoundError):
                    failed(str(path), reason(error))
                continue
            if regular:
                yield path


def reason(error: OSError) -> str:
    """Why a file cannot be read, for the report."""
    return (error.strerror or str(error)).lower()
