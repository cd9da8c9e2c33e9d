"""Fusion: arms with scores of different kinds become one ranking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.knowledge.fusion import reciprocal_rank, z_scores

ARM = st.dictionaries(st.integers(0, 30), st.floats(-1e6, 1e6, allow_nan=False), max_size=20)


def test_what_both_arms_find_comes_first_and_says_why() -> None:
    fused = z_scores({"words": {1: 3.0, 2: 9.0, 3: 1.0}, "meaning": {2: 0.8, 4: 0.7}})
    assert next(iter(fused)) == 2
    total, parts = fused[2]
    assert set(parts) == {"words", "meaning"}
    assert total == pytest.approx(sum(parts.values()))


def test_a_missing_candidate_counts_as_the_lowest_of_that_arm() -> None:
    fused = z_scores({"words": {1: 3.0, 2: 1.0}, "meaning": {3: 5.0, 1: 4.0}})
    assert fused[3][1]["words"] == fused[2][1]["words"]


def test_an_arm_of_constant_scores_says_nothing() -> None:
    assert z_scores({"flat": {1: 2.0, 2: 2.0}}) == {1: (0.0, {"flat": 0.0}), 2: (0.0, {"flat": 0.0})}


def test_weights_decide_between_arms() -> None:
    arms = {"words": {1: 2.0, 2: 1.0}, "meaning": {1: 1.0, 2: 2.0}}
    assert next(iter(z_scores(arms, {"meaning": 3.0}))) == 2
    assert next(iter(reciprocal_rank(arms, {"words": 3.0}))) == 1


def test_equal_scores_share_a_rank() -> None:
    fused = reciprocal_rank({"words": {7: 1.0, 3: 1.0, 5: 0.5}})
    assert fused[7][0] == fused[3][0] == pytest.approx(1 / 61)
    assert fused[5][0] == pytest.approx(1 / 63)


def test_no_arms_give_nothing() -> None:
    assert z_scores({}) == {}
    assert z_scores({"words": {}}) == {}


@given(ARM, ARM)
def test_every_candidate_is_ranked_once_best_first(first: dict[int, float], second: dict[int, float]) -> None:
    for fused in (z_scores({"a": first, "b": second}), reciprocal_rank({"a": first, "b": second})):
        assert set(fused) == set(first) | set(second)
        totals = [total for total, _ in fused.values()]
        assert totals == sorted(totals, reverse=True)
