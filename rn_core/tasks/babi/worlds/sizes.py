"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

import numpy as np

from rn_core.tasks.babi.rule_forms import ASKS_BIGGER, BOXES, DOES_FIT, FITS, IS_BIGGER, SIZED
from rn_core.tasks.babi.story import QuestionLine, Story
from rn_core.tasks.babi.worlds.draw import Draw

_BLOCK = 5
#: How often asking ends before five questions, measured; then, as where nothing can be asked, more is told.
_STOPS = 0.004
#: The smaller and the larger of two things.
_Pair = tuple[str, str]


def sample_sizes(rng: np.random.Generator) -> Story:
    """Draw a story of task 18: blocks of five statements, until five questions follow one."""
    draw = Draw(rng)
    by_size = [*SIZED[:2], *draw.shuffled(BOXES)]
    lines: list[str | QuestionLine] = []
    told: list[_Pair] = []
    while True:
        for _ in range(_BLOCK):
            small, large = (by_size[rank] for rank in sorted(draw.sample(range(len(by_size)), 2)))
            told.append((small, large))
            lines.append(FITS.write(small, large) if draw.chance(0.5) else IS_BIGGER.write(large, small))
        chains = _find_chains(told)
        asked = 0
        while chains and asked < _BLOCK and not (asked and draw.chance(_STOPS)):
            lines.append(_sample_question(draw, told, chains))
            asked += 1
        if asked == _BLOCK:
            return Story(18, tuple(lines))


def _find_chains(told: list[_Pair]) -> dict[_Pair, tuple[list[_Pair], list[_Pair]]]:
    """Return every two things that have others between them -> the lower steps and the upper steps to those."""
    chains: dict[_Pair, tuple[list[_Pair], list[_Pair]]] = {}
    steps = dict.fromkeys(told)
    for lower in steps:
        for upper in steps:
            if lower[1] == upper[0]:
                lowers, uppers = chains.setdefault((lower[0], upper[1]), ([], []))
                lowers.append(lower)
                uppers.append(upper)
    return chains


def _sample_question(
    draw: Draw, told: list[_Pair], chains: dict[_Pair, tuple[list[_Pair], list[_Pair]]]
) -> QuestionLine:
    """Draw a question about one of the chains: yes or no, and in either form, each as likely."""
    small, large = draw.choice(tuple(chains))
    lowers, uppers = chains[small, large]
    if draw.chance(0.5):
        answer, content, container, support = "yes", small, large, _choose_support(told, uppers, lowers)
    else:
        answer, content, container, support = "no", large, small, _choose_support(told, lowers, uppers)
    text = DOES_FIT.write(content, container) if draw.chance(0.5) else ASKS_BIGGER.write(container, content)
    return QuestionLine(text, answer, support)


def _choose_support(told: list[_Pair], nears: list[_Pair], fars: list[_Pair]) -> tuple[int, int]:
    """Return the statements of the chain whose far step was told first; `nears[k]` and `fars[k]` are one chain.

    The near step, at the thing that might hold the other, counts as last told, unless it was told before the far one.
    """
    far, near = min((told.index(far), near) for near, far in zip(nears, fars, strict=True))
    repeated = [index for index, pair in enumerate(told) if pair == near]
    return repeated[0] if repeated[0] < far else repeated[-1], far
