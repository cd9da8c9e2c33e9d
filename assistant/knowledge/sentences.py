"""Sentences with their places, and the content words in them: what citations are found by."""

import re
import unicodedata
from collections.abc import Iterator

_END = re.compile(r"[.!?…]+[\"')\]”’»*_`]*(?=\s|$)|[。！？]+[」』）]*")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:\w|dr|mr|mrs|ms|prof|st|no|nr|vs|etc|e\.g|i\.e|z\.b|d\.h|bzw|ca|approx|fig|vol|jr|sr)\.$", re.I
)
_FENCE = re.compile(r"\s*(```|~~~)")
_LIST_MARK = re.compile(r"\s*(?:[-*+•>]+|#{1,6}|\d{1,3}[.)])\s+|\s*\|")
_WORD = re.compile(r"\w+(?:[.,:/'’_@-]\w+)*")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve"
_SPELLED = {word: str(value) for value, word in enumerate(_NUMBER_WORDS.split(), start=2)}
_STOP_LIST = """
a about above after again all also although always am an and any are as at be because been before being below
between both but by can could did do does doing done down during each either else every few for from further get
gets given go goes got had has have having he her here hers him his how however i if in into is it its itself just
let ll made make makes many may me might more most much must my name named called no nor not now of off often on
once one only or other our ours out over own per please quite rather re s said same say says she should since so
some such than that the their theirs them then there these they this those through thus to too under until up upon
us use used using ve very was we well were what when where whether which while who whom whose why will with within
without would yes you your yours according answer based context document documents passage passages information
mentioned provided states stated question
"""
_STOP_WORDS = frozenset(_STOP_LIST.split())
_WRAPPED_LINE = 50
"""A line at least this long without a full stop is taken to go on in the next one."""


def answer_sentences(text: str) -> Iterator[tuple[int, int]]:
    """The spans of an answer's sentences, list marks left out; code fences, headings and blank lines have none."""
    fenced = False
    start = 0
    for line in text.splitlines(keepends=True):
        end, begin = start + len(line), start
        start = end
        if _FENCE.match(line):
            fenced = not fenced
            continue
        if fenced or re.match(r"\s*#{1,6}\s", line):
            continue
        mark = _LIST_MARK.match(text, begin, end)
        yield from _split(text, mark.end() if mark else begin, end)


def source_sentences(text: str) -> list[tuple[int, int]]:
    """The spans of a source's sentences and lines; a sentence may run over the line breaks of wrapped text."""
    spans: list[tuple[int, int]] = []
    start = end = 0
    wrapped = False
    for line in text.splitlines(keepends=True):
        begin, end = end, end + len(line)
        if not (wrapped and line.strip()) or _LIST_MARK.match(line):
            spans.extend(_split(text, start, begin))
            start = begin
        bare = line.strip()
        wrapped = len(bare) >= _WRAPPED_LINE and bare[-1] not in ".!?:;|。！？" and not bare.startswith(("|", "#"))
    spans.extend(_split(text, start, end))
    return spans


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for found in _END.finditer(text, start, end):
        if found.group()[0] == "." and _ABBREVIATION.search(text, max(start, found.start() - 12), found.start() + 1):
            continue
        yield from _span(text, start, found.end())
        start = found.end()
    yield from _span(text, start, end)


def _span(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if any(character.isalnum() for character in text[start:end]):
        yield start, end


def content_words(text: str) -> set[str]:
    """The stems of the words that carry meaning; scripts written without spaces give overlapping pairs."""
    words: set[str] = set()
    for found in _WORD.finditer(_plain(text)):
        token = found.group()
        for part in {token, *re.split(r"[.,:/'’_@-]", token)} if not token[0].isdigit() else {token}:
            words.update(_stems(part))
    return words


def numbers(text: str) -> set[str]:
    """The numbers in the text, thousands separators removed, "two" to "twelve" as digits."""
    plain = _plain(text)
    found = {re.sub(r",(?=\d{3}\b)", "", match) for match in _NUMBER.findall(plain)}
    return found | {_SPELLED[word.lower()] for word in re.findall(r"[A-Za-z]+", plain) if word.lower() in _SPELLED}


def names(sentence: str) -> set[str]:
    """The stems of capitalised words, the first word left out: that one is capitalised anyway."""
    tokens = [found.group() for found in _WORD.finditer(_plain(sentence))]
    return {
        stem
        for token in tokens[1:]
        if token[0].isupper() and len(token) > 1 and token.lower() not in _SPELLED
        for stem in _stems(token)
    }


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("*", " ").replace("`", " ")


def _stems(token: str) -> Iterator[str]:
    if _UNSPACED.search(token):
        for run in _UNSPACED.findall(token):
            yield from (run[i : i + 2] for i in range(max(1, len(run) - 1)))
        return
    word = re.sub(r"['’](?:s|t|re|ve|ll|d|m)$", "", token.casefold()).replace("’", "'")
    word = re.sub(r",(?=\d{3}\b)", "", word)
    if word and word not in _STOP_WORDS:
        yield stem(_SPELLED.get(word, word))


def stem(word: str) -> str:
    """A light English stem: plural, -ing, -ed and a final e are taken off; enough to match, not to read."""
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for suffix in ("ing", "ed", "es", "s", "ly"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)]
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith("e") else word
