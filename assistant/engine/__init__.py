"""llama.cpp in a child process. The only place for llama_cpp, and only the child imports it."""

from assistant.engine.client import Engine
from assistant.engine.gguf_file import GGUFFile, read_gguf
from assistant.engine.guard import check_adapter, check_model
from assistant.engine.options import EngineOptions
from assistant.engine.spare import discard, prestart

__all__ = ["Engine", "EngineOptions", "GGUFFile", "check_adapter", "check_model", "discard", "prestart", "read_gguf"]
