"""The comparison of generated with published bAbI stories counts what it says."""

from __future__ import annotations

import pytest

from benchmarks.babi_data import format_comparison, measure_stories
from benchmarks.babi_reach import draw_stories, format_reach, measure_reach
from rn_core.tasks.babi.files import parse_stories

pytestmark = pytest.mark.weights

STORIES = """1 Mary moved to the bathroom.
2 John went to the hallway.
3 Where is Mary? \tbathroom\t1
4 Mary went to the garden.
5 Where is John? \tgarden\t2
6 Where is Mary? \tgarden\t1
"""


def test_a_row_says_what_the_stories_hold():
    found = measure_stories(parse_stories(STORIES, 1))
    assert (found.median, found.most, len(found.words)) == (3, 3, 11)
    assert found.majority == 2 / 3
    assert found.answered == 2 / 3  # John is in the hallway
    assert found.supported == 1 / 3  # the last one's support is statement 4
    assert format_comparison(1, None, found) == "| 1 | 3, 3 | 11 | 0.667 | 66.67 (33.33) |"
    assert format_comparison(1, found, found).count(" / ") == 4


def test_reach_counts_questions_whose_facts_lie_before_the_last_statements():
    (story,) = parse_stories(STORIES, 1)
    found = measure_reach([story], (1, 2, 3))
    assert [found[window].n for window in (1, 2, 3)] == [3, 3, 3]
    assert [round(3 * found[window].accuracy) for window in (1, 2, 3)] == [3, 1, 0]  # facts 2, 2 and 3 lines back
    assert found[2].low < 1 / 3 < found[2].high
    assert format_reach(1, found).startswith("| 1 single supporting fact | 100.00 (")


def test_stories_are_drawn_until_there_are_enough_questions():
    stories = draw_stories(3, 16, 7)
    assert sum(1 for story in stories for _ in story.questions()) == 7
    assert stories == draw_stories(3, 16, 7) != draw_stories(4, 16, 7)
