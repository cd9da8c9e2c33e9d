"""The full-screen chat. The only place for Textual."""
