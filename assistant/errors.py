"""Every error a user can meet.

    AssistantError
    ├── UsageError          the command was given wrongly                      exit 2
    ├── NotFound            no model, chat, adapter, file … of that name
    ├── ConfigError         config.toml cannot be read or holds an unknown key
    ├── MissingPackage      an optional package is not installed
    ├── StorageError        a database or folder cannot be read or written
    ├── ModelError          a model file, or what it was asked to do
    │   ├── ContextFull     the prompt does not fit the model's window
    │   └── EngineDied      the process that holds the model ended
    ├── AdapterError        a LoRA file that llama.cpp must not see
    ├── DocumentError       a document that cannot be read, with the reason
    ├── KnowledgeError      a knowledge base or embedder that cannot answer
    ├── PluginError         a plugin that cannot be found, trusted or loaded
    ├── WorkerFailed        a child process crashed or broke a limit
    ├── PartlyDone          some of the files failed                           exit 3
    └── Stopped             the user stopped it                                exit 130

Each has a message that names the thing and a hint that says what to do. A front end shows both in one
place; the exit code is the command line's.
"""


class AssistantError(Exception):
    """A fault with a sentence for the user: `message` names the thing, `hint` says what to do."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class UsageError(AssistantError):
    """The command was given wrongly."""

    exit_code = 2


class NotFound(AssistantError):
    """No thing of that name."""


class ConfigError(AssistantError):
    """The settings cannot be read."""


class MissingPackage(AssistantError):
    """An optional package is not installed."""


class StorageError(AssistantError):
    """A database or folder cannot be read or written."""


class ModelError(AssistantError):
    """A model file is unusable, or cannot do what it was asked."""


class ContextFull(ModelError):
    """The prompt does not fit the model's window."""


class EngineDied(ModelError):
    """The process that holds the model ended by itself."""


class AdapterError(AssistantError):
    """An adapter file is damaged or belongs to another model."""


class DocumentError(AssistantError):
    """A document cannot be read; the message is the reason."""


class KnowledgeError(AssistantError):
    """A knowledge base or an embedder cannot answer."""


class PluginError(AssistantError):
    """A plugin cannot be found, trusted or loaded."""


class WorkerFailed(AssistantError):
    """A child process crashed, or went over its time, memory or output limit."""


class PartlyDone(AssistantError):
    """Some of the work failed; what failed was listed."""

    exit_code = 3


class Stopped(AssistantError):
    """The user stopped it."""

    exit_code = 130
