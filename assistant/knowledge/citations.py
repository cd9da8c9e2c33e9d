"""Ties the sentences of an answer to the passages they rest on, and narrows each to the words that support it.

The smallest models never write `[n]`. Where an answer marks nothing, a sentence is attributed to the passage
that holds its words, numbers and names; nothing is cited on the strength of words the question already had.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assistant.api.knowledge import Passage
from assistant.api.replies import Citation
from assistant.knowledge.chunks import line_starts
from assistant.knowledge.sentences import answer_sentences, content_words, names, numbers, source_sentences

SUPPORT = 0.6
"""The share of a sentence's content words that a passage must hold to count as its source."""

_CLOSE_SUPPORT = 0.4
"""The share of the words not in the question that a few neighbouring sentences of the passage must hold."""

_SHORT = 3
"""A sentence with fewer new words than this is cited only if the passage is about the question as well."""

_ABOUT = 0.5
_REACH = 2
_CODE = re.compile(r"(?ms)^[ \t]*(```|~~~).*?(?:^[ \t]*\1[^\n]*$|\Z)|`[^`\n]+`")
_MARKER = re.compile(r"[ \t]*\[(\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*)\](?!\()")
_FINAL = re.compile(r"(?:[.!?…]+[\"')\]”’»*_]*|[。！？]+[」』）]*|[ \t]*\|)$")
_ABSTAINS = re.compile(
    r"\b(?:i|we)\s+(?:do\s+not|don['’]t|cannot|can['’]t|could\s+not|couldn['’]t|am\s+unable)\b"
    r"|\bi['’]m\s+(?:not\s+sure|unable|sorry)\b|\bno\s+(?:information|mention|answer)\b"
    r"|\bnot\s+(?:mentioned|stated|specified|given\s+in|provided|found\s+in)\b"
    r"|\b(?:passages?|documents?|context|text)\s+(?:do|does)(?:\s+not|n['’]t)\b",
    re.I,
)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Source:
    """A passage with its words, sentence by sentence."""

    passage: Passage
    words: frozenset[str]
    numbers: frozenset[str]
    spans: tuple[Span, ...]
    sentences: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, passage: Passage) -> "_Source":
        spans = tuple(source_sentences(passage.text))
        read = f"{passage.heading or ''}\n{passage.text}"
        sentences = tuple(frozenset(_words(passage.text[start:end])) for start, end in spans)
        return cls(passage, frozenset(_words(read)), frozenset(numbers(read)), spans, sentences)

    def closest(self, words: set[str], asked: set[str]) -> list[int]:
        """The sentences that hold the most of the words: the best one, and neighbours that add new ones."""
        missing = set(words)
        chosen: list[int] = []
        while missing and len(chosen) < 3:
            near = [i for i in range(len(self.spans)) if not chosen or 0 < min(abs(i - c) for c in chosen) <= _REACH]
            if not near:
                break
            best = max(near, key=lambda i: (_weight(missing & self.sentences[i], asked), -len(self.sentences[i]), -i))
            gained = missing & self.sentences[best]
            if not gained or (chosen and not gained - asked):
                break
            chosen.append(best)
            missing -= gained
        return sorted(chosen)


def cite(answer: str, passages: Sequence[Passage], question: str = "") -> tuple[str, tuple[Citation, ...]]:
    """The answer with markers `[n]` that all resolve, and what each stands for, by number.

    Markers of passages that do not exist are removed; where none is left, every supported sentence gets one.
    A citation's passage is narrowed to the sentences that support the answer; code is left as it is.
    """
    if not passages or not answer.strip():
        return answer, ()
    sources = [_Source.of(passage) for passage in passages]
    asked = _words(question)
    text = _resolve(answer, len(passages))
    places: dict[int, set[int]] = {}
    marked = False
    for start, end in _marked_sentences(text):
        sentence = text[start:end]
        for n in _cited(sentence):
            marked = True
            words = _words(_MARKER.sub("", sentence))
            places.setdefault(n, set()).update(sources[n - 1].closest(words, asked))
    if not marked:
        text = _attribute(text, sources, asked, places)
    return text, tuple(Citation(n, _narrow(sources[n - 1], places[n])) for n in sorted(places))


def _resolve(answer: str, count: int) -> str:
    """Remove the numbers that name no passage; write `[1, 2]` and `[1-3]` out."""
    code = [found.span() for found in _CODE.finditer(answer)]

    def fixed(found: re.Match[str]) -> str:
        if any(start <= found.start() < end for start, end in code):
            return found.group()
        valid = [n for n in _numbers_in(found.group(1), count) if 1 <= n <= count]
        blank = found.group()[: len(found.group()) - len(found.group().lstrip())]
        return blank + "".join(f"[{n}]" for n in valid) if valid else ""

    return _MARKER.sub(fixed, answer)


def _numbers_in(listed: str, count: int) -> list[int]:
    found: list[int] = []
    for part in re.split(r"[,;]", listed):
        ends = [int(number) for number in re.split(r"[–-]", part)]
        found.extend(range(ends[0], min(ends[-1], count) + 1) if len(ends) > 1 else ends)
    return list(dict.fromkeys(found))


def _marked_sentences(text: str) -> list[Span]:
    """Sentences, each with the markers that follow its full stop."""
    spans: list[Span] = []
    for start, end in answer_sentences(text):
        lead = re.match(r"(?:\s*\[\d+\])+", text[start:end])
        if lead and spans and "\n" not in text[spans[-1][1] : start] and not _cited(text[slice(*spans[-1])]):
            spans[-1] = (spans[-1][0], start + lead.end())
            start += lead.end()
        if start < end:
            spans.append((start, end))
    return spans


def _cited(sentence: str) -> list[int]:
    bare = re.sub(r"`[^`\n]+`", "", sentence)
    return [int(n) for found in _MARKER.finditer(bare) for n in re.split(r"\D+", found.group(1))]


def _attribute(text: str, sources: Sequence[_Source], asked: set[str], places: dict[int, set[int]]) -> str:
    parts: list[str] = []
    done = 0
    for start, end in answer_sentences(text):
        sentence = text[start:end]
        n, chosen = _supporting(sentence, sources, asked)
        if not n:
            continue
        places.setdefault(n, set()).update(chosen)
        final = _FINAL.search(sentence)
        at = start + final.start() if final else end
        parts.append(f"{text[done:at]} [{n}]")
        done = at
    return "".join(parts) + text[done:]


def _supporting(sentence: str, sources: Sequence[_Source], asked: set[str]) -> tuple[int, list[int]]:
    """The number of the passage that supports the sentence best and which of its sentences do; 0 if none does."""
    words = _words(sentence)
    new = words - asked
    if not new or sentence.rstrip().endswith((":", "?")) or _ABSTAINS.search(sentence):
        return 0, []
    needed, given = names(sentence), numbers(sentence)
    best: tuple[float, float] = (0.0, 0.0)
    winner: tuple[int, list[int]] = (0, [])
    for n, source in enumerate(sources, start=1):
        if not (needed <= source.words and given <= source.numbers):
            continue
        if len(words & source.words) < SUPPORT * len(words) or len(new & source.words) < SUPPORT * len(new):
            continue
        if len(new) < _SHORT and asked and len(asked & source.words) < _ABOUT * len(asked):
            continue
        chosen = source.closest(words, asked)
        near: set[str] = set().union(*(source.sentences[i] for i in chosen))
        if len(new & near) < _CLOSE_SUPPORT * len(new):
            continue
        score = (_weight(words & near, asked), len(asked & source.words) + len(words & source.words))
        if score > best:
            best, winner = score, (n, chosen)
    return winner


def _narrow(source: _Source, chosen: Iterable[int]) -> Passage:
    """The passage cut to these sentences, where they stand in the quote word for word; else as it was."""
    passage, picked = source.passage, sorted(chosen)
    if not picked:
        return passage
    start, end = source.spans[picked[0]][0], source.spans[picked[-1]][1]
    said = passage.text[start:end]
    if passage.text != passage.quote:
        start = passage.quote.find(said)
        if start < 0:
            return passage
        end = start + len(said)
    first = last = None
    if passage.line_start is not None:
        first = passage.line_start + len(line_starts(passage.quote[:start])) - 1
        last = first + len(line_starts(said)) - 1
    return replace(
        passage,
        text=said,
        quote=said,
        char_start=passage.char_start + start,
        char_end=passage.char_start + end,
        line_start=first,
        line_end=last,
    )


def _words(text: str) -> set[str]:
    return content_words(text)


def _weight(words: Iterable[str], asked: set[str]) -> float:
    """How much these shared words say; those the question had count little."""
    return sum(0.25 if word in asked else 1.0 for word in words)
