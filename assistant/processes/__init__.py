"""Child processes: framed messages, starting and ending them, and workers with limits."""
