"""Knowledge from documents: takes files, finds passages, cites places."""
