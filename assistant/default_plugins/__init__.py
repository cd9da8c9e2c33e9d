"""Built-in plugins, written against `assistant.api` like anybody's."""
