"""Things that fit inside each other: task 18 (size reasoning)."""

from __future__ import annotations

import numpy as np

from rn_core.common.draws import RandomDraws
from rn_core.tasks.babi.rule_forms import ASKS_BIGGER, BOXES, DOES_FIT, FITS, IS_BIGGER, SIZED
from rn_core.tasks.babi.story import QuestionLine, Story

_BLOCK = 5
#: How often asking ends before five questions, measured; then, as where nothing can be asked, more is told.
_STOPS = 0.004
#: The smaller and the larger of two things.
_Pair = tuple[str, str]
#: Answer, content and container of a question.
_Asked = tuple[str, str, str]


def sample_sizes(rng: np.random.Generator) -> Story:
    """Draw a story of task 18: blocks of five statements, until five questions follow one."""
    draw = RandomDraws(rng)
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
            lines.append(_sample_question(draw, chains))
            asked += 1
        if asked == _BLOCK:
            return Story(18, tuple(lines))


def _find_chains(told: list[_Pair]) -> dict[tuple[_Asked, str], tuple[int, int]]:
    """Return what can be asked over which thing between -> the near step, at the container, and the far step.

    As published, the far step is the first other statement on the thing between, and has to end at the content;
    of near steps that are repeated the last one counts.
    """
    chains: dict[tuple[_Asked, str], tuple[int, int]] = {}
    for near, (small, large) in enumerate(told):
        for answer, container, middle in (("yes", large, small), ("no", small, large)):
            far = next((other for other, pair in enumerate(told) if middle in pair and other != near), None)
            if far is not None and told[far][answer == "yes"] == middle:
                content = told[far][answer == "no"]
                chains[(answer, content, container), middle] = near, far
    return chains


def _sample_question(draw: RandomDraws, chains: dict[tuple[_Asked, str], tuple[int, int]]) -> QuestionLine:
    """Draw a question about one of the chains, each as likely, in either form; its last near step supports it."""
    asked, _ = draw.choice(tuple(chains))
    answer, content, container = asked
    text = DOES_FIT.write(content, container) if draw.chance(0.5) else ASKS_BIGGER.write(container, content)
    return QuestionLine(text, answer, max(steps for (other, _), steps in chains.items() if other == asked))
