"""Finding passages: by words (FTS5, bm25) and by meaning (sqlite-vec), fused by the sum of z-scores."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unicodedata import normalize

from assistant.api import Embedder, Found, KnowledgeError, MissingPackage, Passage, Step, WorkerFailed, need
from assistant.knowledge.fusion import z_scores

from .store import Place, Store

CANDIDATES = 100
Arm = dict[int, float]
STOP_WORDS = frozenset(
    """a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my
    of on or our should so than that the their them then there these they this to was we were what when where
    which who whom whose why will with would you your about not no""".split()  # noqa: SIM905
)


def search(store: Store, embedder: Embedder, query: str, collections: Sequence[str], k: int) -> Found:
    """The best `k` passages of these collections (all when empty), with what each stage did."""
    numbers = [store.collection(name) for name in dict.fromkeys(collections)]
    query = query.encode("utf-8", "replace").decode("utf-8")
    steps: list[Step] = []
    with _step(steps, "words") as say:
        words = _by_words(store, query, numbers)
        say(f"{len(words)} matches")
    nearest: Arm = {}
    try:
        if store.has_vectors() and query.strip():
            with _step(steps, "embed the question") as say:
                vector: bytes = embedder.embed_query(query).tobytes()
                say(f"{embedder.name}, {len(vector) // 4} dimensions")
            with _step(steps, "meaning") as say:
                nearest = _by_meaning(store, vector, embedder.fingerprint, numbers)
                say(f"{len(nearest)} nearest")
                nearest |= _cosines(store, vector, embedder.fingerprint, words.keys() - nearest.keys())
        else:
            steps.append(Step("meaning", "nothing to compare with: searched by words alone", 0.0))
    except (KnowledgeError, MissingPackage, WorkerFailed) as error:
        steps.append(Step("meaning", f"not available, searched by words alone: {error}", 0.0))
    with _step(steps, "fusion") as say:
        fused = z_scores(_arms(words, nearest))
        best = sorted(fused.items(), key=lambda item: (-item[1][0], item[0]))[:k]
        say(f"{len(fused)} candidates, z-scores added")
    with _step(steps, "passages") as say:
        places = store.places([number for number, _ in best])
        texts: dict[int, str] = {}
        passages = []
        for number, (score, shares) in best:
            if number in places:
                scores = {f"z_{name}": value for name, value in shares.items()}
                scores |= {name: arm[number] for name, arm in (("words", words), ("cosine", nearest)) if number in arm}
                passages.append(passage(store, places[number], score, scores, texts))
        say(f"{len(passages)} kept")
    return Found(tuple(passages), tuple(steps))


def passage(store: Store, place: Place, score: float, scores: dict[str, float], texts: dict[int, str]) -> Passage:
    """A chunk's place as a passage; its quote is cut from the file's text, which `texts` remembers."""
    if place.file not in texts:
        texts[place.file] = store.text(place.file)
    return Passage(
        ref=f"kb:{place.chunk}",
        collection=place.collection,
        path=place.path,
        text=place.text,
        quote=texts[place.file][place.char_start : place.char_end],
        char_start=place.char_start,
        char_end=place.char_end,
        page=place.page,
        line_start=place.line_start,
        line_end=place.line_end,
        heading=place.heading or None,
        score=score,
        scores=scores,
    )


def match_expression(query: str) -> str:
    """The query's words as an FTS5 expression: any of them, stop words left out unless there is nothing else."""
    words = "".join(c if c.isalnum() else " " for c in normalize("NFC", query)).split()
    chosen = [word for word in words if word.lower() not in STOP_WORDS] or words
    return " OR ".join(f'"{word}"' for word in list(dict.fromkeys(chosen))[:64])


def _arms(words: Arm, nearest: Arm) -> dict[str, Arm]:
    """What is fused. Where every match is known, a passage without one scores 0 by words.

    Without that, a lone match would be its arm's minimum too, and finding the one right word would count for nothing.
    """
    if words and len(words) < CANDIDATES:
        words = {number: words.get(number, 0.0) for number in words.keys() | nearest.keys()}
    return {name: arm for name, arm in (("words", words), ("cosine", nearest)) if arm}


def _by_words(store: Store, query: str, collections: list[int]) -> Arm:
    expression = match_expression(query)
    if not expression:
        return {}
    marks = ",".join("?" * len(collections))
    inside = f"AND c.collection IN ({marks})" if collections else ""
    rows = store.database.execute(
        f"SELECT c.id, -bm25(chunks_fts, 2.0, 1.0) AS score FROM chunks_fts JOIN chunks c ON c.id = chunks_fts.rowid "
        f"WHERE chunks_fts MATCH ? {inside} ORDER BY score DESC LIMIT ?",
        (expression, *collections, CANDIDATES),
    )
    return dict(rows)


def _by_meaning(store: Store, vector: bytes, fingerprint: str, collections: list[int]) -> Arm:
    found: Arm = {}
    scopes: list[tuple[str, tuple[int, ...]]] = [("AND collection = ?", (number,)) for number in collections]
    for inside, values in scopes or [("", ())]:
        rows = store.database.execute(
            f"WITH found AS (SELECT rowid AS chunk, distance FROM near WHERE vector MATCH ? AND k = ? {inside}) "
            "SELECT chunk, distance FROM found JOIN vectors USING (chunk) WHERE fingerprint = ?",
            (vector, CANDIDATES, *values, fingerprint),
        )
        # Of unit vectors: |a - b|² = 2 - 2cos.
        found |= {number: 1 - distance * distance / 2 for number, distance in rows}
    best = sorted(found, key=lambda number: -found[number])[:CANDIDATES]
    return {number: found[number] for number in best}


def _cosines(store: Store, vector: bytes, fingerprint: str, chunks: set[int]) -> Arm:
    """The similarity of passages that were found by words and are not among the nearest."""
    np = need("numpy")
    question = np.frombuffer(vector, dtype=np.float32)
    rows = store.vectors(sorted(chunks), fingerprint)
    return {number: float(np.frombuffer(blob, dtype=np.float32) @ question) for number, blob in rows}


@contextmanager
def _step(steps: list[Step], name: str) -> Iterator[Callable[[str], None]]:
    """Time a stage, and remember what it says of itself."""
    started = time.perf_counter()
    details: list[str] = []
    yield details.append
    steps.append(Step(name, ", ".join(details), (time.perf_counter() - started) * 1000))
