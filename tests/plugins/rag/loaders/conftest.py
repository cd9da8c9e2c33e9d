"""The plugin is imported the way the program imports it."""

from pathlib import Path

from assistant.namespace import install

install({"rag": Path(__file__).parents[4] / "plugins" / "rag"})
