"""Which dropped-in plugins the user trusts, by the SHA-256 of their files."""

import hashlib
import json
from pathlib import Path

from assistant.errors import PluginError, StorageError
from assistant.paths import make_folder


def fingerprint(place: Path) -> str:
    """SHA-256 over the names and contents of a plugin's files, `__pycache__` apart. Raises `PluginError`.

    `__pycache__` is safe to leave out because `assistant.namespace` never reads a dropped-in plugin's bytecode.
    """
    digest = hashlib.sha256()
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if "__pycache__" not in p.parts)
    try:
        for file in files:
            if file.is_symlink() and file.is_dir():
                raise PluginError(
                    f"The plugin holds a link to a folder ({file}), whose files could change unseen.",
                    "Copy the folder into the plugin.",
                )
            if not file.is_file():
                continue
            name = file.name if file == place else file.relative_to(place).as_posix()
            content = file.read_bytes()
            digest.update(f"{len(name.encode())}:{name}:{len(content)}:".encode())
            digest.update(content)
    except OSError as error:
        raise PluginError(f"The plugin file {error.filename} cannot be read.", "Check its permissions.") from error
    return digest.hexdigest()


class TrustStore:
    """A JSON file from plugin name to fingerprint."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def trusted(self, name: str, print_: str) -> bool:
        """Whether the user trusted exactly these files."""
        return self._read().get(name) == print_

    def knows(self, name: str) -> bool:
        """Whether the user ever trusted a plugin of this name."""
        return name in self._read()

    def trust(self, name: str, print_: str) -> None:
        """Remember that the user trusts these files. Raises `StorageError`."""
        make_folder(self._path.parent)
        aside = self._path.with_suffix(".new")
        try:
            aside.write_text(json.dumps({**self._read(), name: print_}, indent=1, sort_keys=True), "utf-8")
            aside.replace(self._path)
        except OSError as error:
            raise StorageError(
                f"The list of trusted plugins {self._path} cannot be written: {error.strerror or error}.",
                "Check the folder's permissions and space.",
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            known = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}
