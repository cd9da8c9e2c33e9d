"""Where things are kept on this machine.

`ASSISTANT_HOME` puts everything under one folder; otherwise the platform's own folders are used.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import StorageError


@dataclass(frozen=True, slots=True)
class Folders:
    """The four folders of the program. `cache` is safe to delete."""

    config: Path
    data: Path
    state: Path
    cache: Path

    @property
    def config_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def plugins(self) -> Path:
        """Where a user drops plugins."""
        return self.config / "plugins"

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def log(self) -> Path:
        return self.state / "log"


def folders() -> Folders:
    """Say where the program keeps things, without making any folder."""
    home = os.environ.get("ASSISTANT_HOME")
    if home:
        root = Path(home).expanduser().absolute()
        return Folders(root / "config", root / "data", root / "state", root / "cache")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("offline-assistant", appauthor=False)
    return Folders(dirs.user_config_path, dirs.user_data_path, dirs.user_state_path, dirs.user_cache_path)


def make_folder(path: Path) -> Path:
    """Make a folder readable by its owner alone (it holds private notes) and return it. Raises `StorageError`."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StorageError(
            f"The folder {path} cannot be made: {error.strerror or error}.",
            "Choose another place with ASSISTANT_HOME=/some/folder.",
        ) from error
    return path
