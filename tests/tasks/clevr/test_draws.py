"""CLEVR's draws: the stream's own numbers, and none where there is no choice."""

from __future__ import annotations

from rn_core.common.seeding import make_rng, uniform_integers
from rn_core.tasks.clevr.draws import Draws


def test_a_number_is_taken_only_where_there_is_a_choice():
    words = uniform_integers(make_rng(0, "test"), 2**32, (4096,)).tolist()[::-1]  # a block is used from its end
    draws = Draws(make_rng(0, "test"))
    assert draws.choice(["alone"]) == "alone"
    assert draws.integer(2**32) == words[0]
    assert draws.choice("abcd") == "abcd"[words[1] >> 30]
    assert [draws.integer(2**32) for _ in range(4094)] == words[2:]
