"""What a network saw beside what there is: each change of the truth is marked as just that, and words lie apart."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.clevr.found import Found, true_places
from pages._lab.clevr.saw import describe_marks, make_marks, place_words, saw_html, seen_html
from pages._lab.clevr.things import sampled_scene, sampled_things
from rn_core.tasks.clevr.world import VALUES

SCENE, THINGS = sampled_scene(2), sampled_things(2)


def see_all(seed: int = 2) -> list[Found]:
    """Return what a perfect network finds in a scene."""
    places = true_places(sampled_scene(seed)).tolist()
    return [Found(thing, tuple(place)) for thing, place in zip(sampled_things(seed), places, strict=True)]


@st.composite
def changes(draw):
    """Draw what a network gets wrong: objects that it misses, attributes, places that it makes up, and its order."""
    missed = draw(st.sets(st.integers(0, 6), max_size=3))
    wrong = {}
    for k in draw(st.sets(st.integers(0, 6), max_size=4)) - missed:
        names = draw(st.sets(st.sampled_from([*VALUES]), min_size=1))
        wrong[k] = {
            name: draw(st.sampled_from([v for v in VALUES[name] if v != getattr(THINGS[k], name)])) for name in names
        }
    made_up = draw(st.lists(st.sampled_from([(3.0, 3.0), (230.0, 4.0), (120.0, 2.0)]), unique=True, max_size=2))
    return missed, wrong, made_up, draw(st.permutations(range(9)))


@given(changes())
def test_marks_are_just_what_was_changed(change):
    missed, wrong, made_up, order = change
    found = [
        replace(each, thing=replace(each.thing, **wrong.get(k, {})))
        for k, each in enumerate(see_all())
        if k not in missed
    ]
    found += [Found(THINGS[0], place) for place in made_up]
    marks = make_marks(SCENE, [found[k] for k in order if k < len(found)])
    for k, mark in enumerate(marks[:7]):
        assert (mark.name, mark.true) == ("ABCDEFG"[k], THINGS[k])
        assert {*mark.wrong} == {*wrong.get(k, {})}
        assert mark.kind == ("missed" if k in missed else "wrong" if k in wrong else "right")
    assert [mark.kind for mark in marks[7:]] == ["made-up"] * len(made_up)
    counted = re.fullmatch(r"(\d) of 7 objects found, (\w+) attributes? wrong, (\w+) made up\.", describe_marks(marks))
    n_wrong = sum(map(len, wrong.values()))
    assert counted.groups() == (str(7 - len(missed)), str(n_wrong or "no"), str(len(made_up) or "none"))
    told = saw_html("data:,", marks) + seen_html(marks)
    assert told.count('<b class="odd">') == 2 * n_wrong
    assert [told.count(f'class="ring {kind}"') for kind in ("missed", "made-up")] == [len(missed), len(made_up)]


@pytest.mark.parametrize("first", [0, 25])
def test_words_lie_in_the_picture_and_seldom_over_each_other(first):
    covered = total = 0.0
    for seed in range(first, first + 25):
        marks = make_marks(sampled_scene(seed), see_all(seed))
        boxes = [(x, y, x + width, y + 25) for x, y, width in place_words(marks)]
        assert all(0 <= x and 0 <= y and right <= 480 and low <= 320 for x, y, right, low in boxes)
        for k, one in enumerate(boxes):
            total += (one[2] - one[0]) * 25
            for other in boxes[:k]:
                across = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
                covered += across * max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    assert covered < 0.01 * total
