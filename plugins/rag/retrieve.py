"""Finding passages: by words (FTS5, bm25) and by meaning (sqlite-vec), fused by the sum of z-scores."""

import time
from collections.abc import Sequence

from assistant.api import Found, KnowledgeError, MissingPackage, Passage, Step, WorkerFailed
from assistant.knowledge.fusion import z_scores

from .store import Store

CANDIDATES = 100
STOP_WORDS = frozenset(
    """a an and are as at be been but by can could did do does for from had has have how i if in into is it its me my
    of on or our should so than that the their them then there these they this to was we were what when where
    which who whom whose why will with would you your about not no""".split()  # noqa: SIM905
)


def search(store: Store, embed_query: object, query: str, collections: Sequence[str], k: int) -> Found:
    """The best `k` passages of these collections (all when empty), with what each stage did."""
    numbers = [store.collection(name) for name in collections]
    steps: list[Step] = []
    words = _timed(steps, "words", lambda: _by_words(store, query, numbers), "matches")
    meaning: dict[int, float] = {}
    try:
        meaning = _timed(steps, "meaning", lambda: _by_meaning(store, embed_query, query, numbers), "nearest")
    except (KnowledgeError, MissingPackage, WorkerFailed) as error:
        steps.append(Step("meaning", f"not available: {error}", 0.0))
    arms = {name: arm for name, arm in (("words", words), ("cosine", meaning)) if arm}
    started = time.perf_counter()
    fused = z_scores(arms)
    best = sorted(fused.items(), key=lambda item: (-item[1][0], item[0]))[:k]
    rows = store.places([number for number, _ in best])
    texts: dict[int, str] = {}
    passages = []
    for number, (score, shares) in best:
        if number not in rows:
            continue
        scores = {f"z_{name}": value for name, value in shares.items()}
        scores |= {name: arm[number] for name, arm in arms.items() if number in arm}
        passages.append(passage(store, rows[number], score, scores, texts))
    steps.append(
        Step("fusion", f"{len(fused)} candidates, {len(passages)} kept", (time.perf_counter() - started) * 1000)
    )
    return Found(tuple(passages), tuple(steps))


def passage(
    store: Store, row: tuple[object, ...], score: float, scores: dict[str, float], texts: dict[int, str]
) -> Passage:
    """A chunk's row as a passage; its quote is cut from the file's text."""
    number, collection, path, text, start, end, page, line_start, line_end, heading, file = row
    assert isinstance(file, int)
    if file not in texts:
        texts[file] = store.text(file)
    return Passage(
        f"kb:{number}", str(collection), str(path), str(text), texts[file][start:end], start, end,  # type: ignore[misc,arg-type]
        page, line_start, line_end, str(heading) or None, score, scores,  # type: ignore[arg-type]
    )  # fmt: skip


def match_expression(query: str) -> str:
    """The query's words as an FTS5 expression: any of them, stop words left out unless there is nothing else."""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in query).split()
    chosen = [word for word in words if word.lower() not in STOP_WORDS] or words
    return " OR ".join(f'"{word}"' for word in dict.fromkeys(chosen[:64]))


def _by_words(store: Store, query: str, collections: list[int]) -> dict[int, float]:
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


def _by_meaning(store: Store, embed_query: object, query: str, collections: list[int]) -> dict[int, float]:
    if not store.database.execute("SELECT 1 FROM vectors LIMIT 1"):
        return {}
    vector = embed_query(query).tobytes()  # type: ignore[operator]
    found: dict[int, float] = {}
    for collection in collections or [None]:
        inside = "AND collection = ?" if collection is not None else ""
        values = (vector, CANDIDATES) if collection is None else (vector, CANDIDATES, collection)
        sql = f"SELECT rowid, distance FROM near WHERE vector MATCH ? AND k = ? {inside}"
        for number, distance in store.database.execute(sql, values):
            found[number] = 1 - distance * distance / 2
    return found


def _timed(steps: list[Step], name: str, work: object, what: str) -> dict[int, float]:
    started = time.perf_counter()
    found: dict[int, float] = work()  # type: ignore[operator]
    steps.append(Step(name, f"{len(found)} {what}", (time.perf_counter() - started) * 1000))
    return found
