"""The list of loaders costs no import of a parser."""

import subprocess
import sys
from pathlib import Path

from assistant_plugins.rag.loaders import LOADERS

ROOT = Path(__file__).parents[4]


def test_every_suffix_of_the_five_formats_has_one_loader() -> None:
    suffixes = [suffix for loader in LOADERS for suffix in loader.suffixes]
    assert sorted(suffixes) == [".docx", ".htm", ".html", ".markdown", ".md", ".pdf", ".text", ".txt"]


def test_listing_the_loaders_imports_no_parser() -> None:
    script = (
        "import sys; from pathlib import Path; from assistant.namespace import install;"
        "install({'rag': Path('plugins/rag')}); import assistant_plugins.rag.loaders;"
        "print(sorted({'pypdfium2', 'docx', 'lxml', 'charset_normalizer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
