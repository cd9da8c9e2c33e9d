"""The toolkit for knowledge sources: chunks, score fusion, prompts, citations, conformance checks; knows no store."""

from assistant.knowledge.chunks import Chunk, chunk
from assistant.knowledge.citations import cite
from assistant.knowledge.fusion import reciprocal_rank, z_scores
from assistant.knowledge.passages import format_passages, grounded_question

__all__ = ["Chunk", "chunk", "cite", "format_passages", "grounded_question", "reciprocal_rank", "z_scores"]
