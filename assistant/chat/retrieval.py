"""Looking a question up in every knowledge source, and choosing what is worth the model's attention."""

import time
from collections.abc import Sequence, Set

from assistant.api import AssistantError, Found, KnowledgeSource, Passage, Step
from assistant.knowledge.sentences import content_words
from assistant.registry import suggest

COSINE_FLOOR = 0.3
"""A passage less similar than this to the question, by meaning, is not shown to the model,
unless it holds the question's words."""
WORDS_FLOOR, WORD_SHARE = 2, 0.6
"""So many of the question's content words, and this share of them; an identifier with a digit is enough by itself."""


def known_collections(sources: Sequence[KnowledgeSource]) -> list[str]:
    """All names that can be searched in."""
    return [name for source in sources for name in source.collections()]


def check_collections(sources: Sequence[KnowledgeSource], wanted: Sequence[str]) -> None:
    """Raise `NotFound` for a collection that no source has."""
    known = known_collections(sources) if wanted else []
    for name in wanted:
        if name not in known:
            raise suggest("collection", name, known, "Add one with: assistant kb add PATH --name NAME")


def look_up(
    sources: Sequence[KnowledgeSource], query: str, collections: Sequence[str], k: int
) -> tuple[Found, list[str]]:
    """Search every source that has one of the collections; returns what was found and what went wrong.

    One failing source does not silence the others. Passages of several sources are taken in turn, since
    their scores cannot be compared.
    """
    arms: list[tuple[Passage, ...]] = []
    steps: list[Step] = []
    troubles: list[str] = []
    for source in sources:
        started = time.perf_counter()
        try:
            own = source.collections()
            wanted = [name for name in collections if name in own]
            if not own or (collections and not wanted):
                continue
            found = source.search(query, collections=wanted, k=k)
        except AssistantError as error:
            troubles.append(f"Knowledge source {source.name}: {error}")
            continue
        except Exception as error:  # noqa: BLE001 - a plugin's code
            troubles.append(f"Knowledge source {source.name} failed: {type(error).__name__}: {error}")
            continue
        arms.append(found.passages)
        steps += found.steps or (
            Step(source.name, f"{len(found.passages)} passages", (time.perf_counter() - started) * 1000),
        )
    merged = [passage for rank in zip_longest_flat(arms) for passage in rank]
    return Found(tuple(merged[:k]), tuple(steps)), troubles


def zip_longest_flat(arms: Sequence[Sequence[Passage]]) -> list[list[Passage]]:
    """The first of each, then the second of each, and so on."""
    longest = max((len(arm) for arm in arms), default=0)
    return [[arm[rank] for arm in arms if rank < len(arm)] for rank in range(longest)]


def relevant(passages: Sequence[Passage], question: str) -> tuple[Passage, ...]:
    """Leave out what has nothing to do with the question, so that small talk is answered without documents.

    A passage stays for its meaning, or for its words: a part number or a rare name says little to an embedding.
    """
    asked = content_words(question)
    return tuple(p for p in passages if p.scores.get("cosine", 1.0) >= COSINE_FLOOR or _holds(p, asked))


def _holds(passage: Passage, asked: Set[str]) -> bool:
    shared = asked & content_words(f"{passage.heading or ''}\n{passage.text}")
    if any(any(c.isdigit() for c in word) and not word.isdigit() for word in shared):
        return True
    return len(shared) >= WORDS_FLOOR and len(shared) >= WORD_SHARE * len(asked)
