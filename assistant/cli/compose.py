"""The composition root: settings, plugins and workspace, put together once for a command."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.cli.output import note
from assistant.config import Settings, load_settings
from assistant.host import PluginHost
from assistant.paths import Folders, folders
from assistant.plugin_places import find
from assistant.plugins import Plugins
from assistant.registry import Registry
from assistant.trust import TrustStore

if TYPE_CHECKING:
    from assistant.chat.store import ChatStore
    from assistant.chat.workspace import Workspace


@dataclass(slots=True)
class Program:
    """Everything one run of the program has; parts are made at their first use."""

    no_plugins: bool = False
    notify: Callable[[str], None] = note
    folders: Folders = field(default_factory=folders)
    registry: Registry = field(default_factory=Registry)
    _settings: Settings | None = None
    _plugins: Plugins | None = None
    _workspace: "Workspace | None" = None
    _expecting: bool = False

    @property
    def settings(self) -> Settings:
        """Raises `ConfigError`."""
        if self._settings is None:
            self._settings = load_settings(self.folders.config_file)
        return self._settings

    @property
    def trust(self) -> TrustStore:
        return TrustStore(self.folders.config / "trusted-plugins.json")

    @property
    def plugins(self) -> Plugins:
        """The plugins, found and loaded."""
        if self._plugins is None:
            candidates = find(
                self.folders.plugins,
                self.trust,
                disabled=self.settings.plugins.disabled,
                only_built_in=self.no_plugins,
            )
            self._plugins = Plugins(candidates, self._host, self.registry)
        return self._plugins

    @property
    def workspace(self) -> "Workspace":
        """The chats and the model."""
        if self._workspace is None:
            from assistant.chat.workspace import Workspace

            plugins = self.plugins
            self._workspace = Workspace(
                self.settings,
                plugins.registry,
                self._open_store,
                log=self.folders.log / "engine.log",
                answered=lambda turn, reply: plugins.notify("on_reply", turn=turn, reply=reply),
            )
        return self._workspace

    @property
    def chats_file(self) -> Path:
        return self.folders.data / "chats.db"

    def expect_engine(self) -> None:
        """Start the engine's process already: its imports overlap with the plugins'."""
        from assistant.engine import prestart

        self._expecting = True
        prestart(self.folders.log / "engine.log")

    def close(self) -> None:
        """End the model, tell the plugins, close the databases."""
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None
        if self._expecting:
            from assistant.engine import discard

            discard()
        if self._plugins is not None:
            self._plugins.notify("on_stop")

    def _host(self, plugin: str) -> PluginHost:
        return PluginHost(plugin, self.settings, self.folders, self.registry, lambda text: self.notify(text))

    def _open_store(self) -> "ChatStore":
        from assistant.chat.schema import MIGRATIONS
        from assistant.chat.store import ChatStore
        from assistant.storage import open_database

        return ChatStore(open_database(self.chats_file, MIGRATIONS))
