"""One ranking from several arms of a search, each a mapping of chunk number to score (higher is better)."""

from collections.abc import Mapping
from math import fsum, sqrt

Arms = Mapping[str, Mapping[int, float]]
Fused = dict[int, tuple[float, dict[str, float]]]


def z_scores(arms: Arms, weights: Mapping[str, float] | None = None) -> Fused:
    """Add up each candidate's z-score in every arm; returns number to (sum, weighted share of each arm).

    A candidate that an arm did not return gets that arm's minimum; an arm of constant scores says nothing
    and gives 0. Distances of the scores are kept, unlike with `reciprocal_rank`.
    """
    candidates = sorted({number for arm in arms.values() for number in arm})
    shares: dict[str, dict[int, float]] = {}
    for name, arm in arms.items():
        if not arm:
            continue
        weight = 1.0 if weights is None else weights.get(name, 1.0)
        floor = min(arm.values())
        values = {number: arm.get(number, floor) for number in candidates}
        mean = fsum(values.values()) / len(values)
        spread = sqrt(fsum((value - mean) ** 2 for value in values.values()) / len(values))
        flat = spread <= 1e-9 * max(1.0, abs(mean))
        shares[name] = {n: 0.0 if flat else weight * (value - mean) / spread for n, value in values.items()}
    return _ordered(candidates, shares)


def reciprocal_rank(arms: Arms, weights: Mapping[str, float] | None = None, k: int = 60) -> Fused:
    """Add up `weight / (k + rank)` over the arms (Cormack, Clarke and Büttcher, SIGIR 2009); same result shape.

    Equal scores share the better rank, so that the order of insertion cannot decide.
    """
    candidates = sorted({number for arm in arms.values() for number in arm})
    shares: dict[str, dict[int, float]] = {}
    for name, arm in arms.items():
        weight = 1.0 if weights is None else weights.get(name, 1.0)
        share: dict[int, float] = {}
        rank, before = 0, None
        for place, (number, score) in enumerate(sorted(arm.items(), key=lambda item: (-item[1], item[0])), start=1):
            if score != before:
                rank, before = place, score
            share[number] = weight / (k + rank)
        shares[name] = share
    return _ordered(candidates, shares)


def _ordered(candidates: list[int], shares: Mapping[str, Mapping[int, float]]) -> Fused:
    totals = {number: {name: share.get(number, 0.0) for name, share in shares.items()} for number in candidates}
    ranked = sorted(totals.items(), key=lambda item: (-fsum(item[1].values()), item[0]))
    return {number: (fsum(parts.values()), parts) for number, parts in ranked}
