"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

import numpy as np

from rn_core.tasks.babi.rule_forms import ASKS_BIGGER, BOXES, DOES_FIT, FITS, IS_BIGGER, SIZED
from rn_core.tasks.babi.story import QuestionLine, Story
from rn_core.tasks.babi.worlds.draw import Draw

_BLOCK = 5
#: How often asking ends before five questions, measured; then, as where nothing can be asked, more is told.
_STOPS = 0.004


def sample_sizes(rng: np.random.Generator) -> Story:
    """Draw a story of task 18: blocks of five statements, until five questions follow one."""
    draw = Draw(rng)
    by_size = [*SIZED[:2], *draw.shuffled(BOXES)]
    lines: list[str | QuestionLine] = []
    told: list[tuple[str, str]] = []  # the smaller and the larger of each statement
    while True:
        for _ in range(_BLOCK):
            smaller, larger = sorted(draw.sample(range(len(by_size)), 2))
            told.append((by_size[smaller], by_size[larger]))
            if draw.chance(0.5):
                lines.append(FITS.write(*told[-1]))
            else:
                lines.append(IS_BIGGER.write(*reversed(told[-1])))
        chains = _find_chains(told)
        asked = 0
        while chains and asked < _BLOCK and not (asked and draw.chance(_STOPS)):
            lines.append(_sample_question(draw, chains))
            asked += 1
        if asked == _BLOCK:
            return Story(18, tuple(lines))


def _find_chains(told: list[tuple[str, str]]) -> list[tuple[str, str, tuple[int, int]]]:
    """Return every two things that a third one lies between, the smaller first, with the statements that say so.

    The two statements are the first that tell of each step, the larger step first.
    """
    firsts = {pair: index for index, pair in reversed(list(enumerate(told)))}
    chains = {
        (small, large): (upper, lower)
        for (small, middle), lower in firsts.items()
        for (other, large), upper in firsts.items()
        if middle == other
    }
    return [(small, large, support) for (small, large), support in chains.items()]


def _sample_question(draw: Draw, chains: list[tuple[str, str, tuple[int, int]]]) -> QuestionLine:
    """Draw a question about one of the chains: yes or no, and in either form, each as likely."""
    small, large, support = draw.choice(chains)
    answer = draw.choice(("yes", "no"))
    if answer == "no":
        small, large, support = large, small, support[::-1]
    text = DOES_FIT.write(small, large) if draw.chance(0.5) else ASKS_BIGGER.write(large, small)
    return QuestionLine(text, answer, support)
