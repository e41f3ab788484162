"""Synonyms: each one asks the same question, in any mixture, and a domain's own words stay as they are."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from rn_core.common.errors import QuestionError, SceneError
from rn_core.common.seeding import make_rng
from rn_core.common.wording import Wording, nearest_word
from rn_core.tasks import clevr
from rn_core.tasks.babi import encoding
from rn_core.tasks.babi.encoding import encode_sentence
from rn_core.tasks.babi.known import suggest_question, write_out
from rn_core.tasks.babi.synonyms import WORDING as BABI
from rn_core.tasks.babi.worlds import sample_story
from rn_core.tasks.clevr import QuestionGenerator, sample_scenes
from rn_core.tasks.clevr.grammar import write_out as write_out_clevr
from rn_core.tasks.clevr.synonyms import WORDING as CLEVR
from rn_core.tasks.clevr.vocabulary import typed_words
from rn_core.tasks.sort_of_clevr.language import ALL_TEXTS
from rn_core.tasks.sort_of_clevr.language import parse as parse_shapes
from rn_core.tasks.sort_of_clevr.synonyms import WORDING as SHAPES

ARTICLES = ("the", "a", "an")
SHAPE_OF, SAME_AS = "What is the shape of the object", "How many other objects have the same shape as the"


@dataclass(frozen=True)
class Spoken:
    """A domain's language as these tests use it.

    Attributes:
        wording: its synonyms.
        texts: sentences of the domain, generated.
        read: a sentence -> what it means.
    """

    wording: Wording
    texts: Callable[[], Sequence[str]]
    read: Callable[[str], Any]


@cache
def clevr_texts() -> tuple[str, ...]:
    """Return questions of all families about a few scenes each."""
    rng = make_rng(3, "test")
    scenes = iter(sample_scenes(rng, 4 * 90))  # at once, since the sampler makes 64 even for one
    generator = QuestionGenerator(rng)
    asked = (generator.ask_family(next(scenes), family) for family in range(90) for _ in range(4))
    return tuple(question.text for question in asked if question is not None)


@cache
def babi_texts() -> tuple[str, ...]:
    """Return all distinct sentences of a few stories of each task."""
    rng = make_rng(4, "test")
    stories = [sample_story(rng, task) for task in range(1, 21) for _ in range(12)]
    lines = [line if isinstance(line, str) else line.text for story in stories for line in story.lines]
    return tuple(dict.fromkeys(lines))


def read_babi(text: str) -> str | None:
    """Return the known sentence that a text says, in lower case."""
    known = write_out(text, is_question=text.endswith("?"))
    return None if known is None else known.lower()


DOMAINS = {
    "sort-of-clevr": Spoken(SHAPES, lambda: ALL_TEXTS, parse_shapes),
    "clevr": Spoken(CLEVR, clevr_texts, clevr.parse),
    "babi": Spoken(BABI, babi_texts, read_babi),
}
SYNONYMS = [(name, said) for name, spoken in DOMAINS.items() for said in spoken.wording.synonyms]


def split(text: str) -> list[str]:
    """Return a text's words in lower case."""
    return typed_words(text.replace("'", " "))


def find(phrase: Sequence[str], words: Sequence[str]) -> int:
    """Return where a phrase begins among words, or -1."""
    starts = range(len(words) - len(phrase) + 1)
    return next((start for start in starts if list(words[start : start + len(phrase)]) == list(phrase)), -1)


def reword(text: str, wording: Wording, drawn: random.Random) -> str:
    """Return a text with synonyms put in at random."""
    words, said, start = split(text), [], 0
    by_meaning: dict[tuple[str, ...], list[str]] = {}
    for phrase, meant in wording.synonyms.items():
        by_meaning.setdefault(tuple(meant.split()), []).append(phrase)
    while start < len(words):
        fits = [meant for meant in by_meaning if tuple(words[start : start + len(meant)]) == meant]
        if fits and drawn.random() < 0.6:
            meant = drawn.choice(fits)
            said.append(drawn.choice(by_meaning[meant]))
            start += len(meant)
        else:
            said.append(words[start])
            start += 1
    return " ".join(said) + text[-1]


@pytest.mark.parametrize(("name", "said"), SYNONYMS)
def test_each_synonym_says_the_same(name, said):
    spoken = DOMAINS[name]
    meant = spoken.wording.synonyms[said].split()
    places = ((text, find(meant, split(text))) for text in spoken.texts())
    text, start = next((text, start) for text, start in places if start >= 0)
    words = split(text)
    reworded = " ".join([*words[:start], said, *words[start + len(meant) :]]) + text[-1]
    assert spoken.read(reworded) == spoken.read(text)


@pytest.mark.parametrize("name", DOMAINS)
def test_any_mixture_of_synonyms_says_the_same(name):
    spoken, drawn = DOMAINS[name], random.Random(5)
    for text in spoken.texts():
        reworded = reword(text, spoken.wording, drawn)
        assert spoken.read(reworded) == spoken.read(text), reworded


@pytest.mark.parametrize("name", DOMAINS)
def test_articles_may_be_left_out(name):
    spoken, drawn = DOMAINS[name], random.Random(6)
    for text in spoken.texts():
        kept = [word for word in split(text) if word not in ARTICLES or drawn.random() < 0.5]
        shortened = " ".join(kept) + text[-1]
        assert spoken.read(shortened) == spoken.read(text), shortened


@pytest.mark.parametrize("name", ["clevr", "babi"])
def test_what_is_written_in_a_domains_words_stays(name):
    """Models were trained on these words."""
    spoken = DOMAINS[name]
    for text in spoken.texts():
        assert spoken.wording.replace(split(text)) == split(text)
    for text in clevr_texts() if name == "clevr" else ():
        assert f"{write_out_clevr(text).capitalize()}?" == text.capitalize()


@pytest.mark.parametrize("name", DOMAINS)
def test_hints_by_meaning_are_words_that_the_language_has(name):
    spoken = DOMAINS[name]
    words = {word for text in spoken.texts() for word in split(text)}
    assert {*spoken.wording.related.values()} <= words
    assert not {*spoken.wording.related} & {*spoken.wording.synonyms}


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("Is the blue thing at the bottom?", "Is the blue object at the top?"),
        ("Is red on the right", "Is the red object on the left?"),
        ("Is green a square?", "What is the shape of the green object?"),
        ("which one is near yellow", "What is the shape of the object closest to the yellow object?"),
        ("What is the color of the object nearest to red?", f"{SHAPE_OF} closest to the red object?"),
        ("Colour of the furthest from gray", f"{SHAPE_OF} furthest from the gray object?"),
        ("Is there a square on the left?", "Is the red object on the left?"),
        ("Is there an object to the left of the blue one?", "Is the blue object on the left?"),
        ("Is there another thing with the same shape as red?", f"{SAME_AS} red object?"),
        ("Is the green one a rectangle?", "What is the shape of the green object?"),
    ],
)
def test_shapes_suggest_by_meaning(text, suggestion):
    with pytest.raises(QuestionError) as caught:
        parse_shapes(text)
    assert caught.value.suggestion == suggestion
    assert parse_shapes(suggestion)


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("How many circles are there?", "How many spheres are there?"),
        ("How many red things", "How many red things are there?"),
        ("Count the red cubes", "How many red cubes are there?"),
        ("What colr is the cube?", "What color is the cube?"),
        ("What is the color of cube nearest to the ball?", "What is the color of the cube?"),
    ],
)
def test_clevr_suggests_by_meaning(text, suggestion):
    with pytest.raises(QuestionError) as caught:
        clevr.parse(text)
    assert caught.value.suggestion == suggestion
    assert clevr.parse(suggestion)


@pytest.mark.parametrize("text", ["hello", "Есть ли куб?", "bottom", "dog dog dog", "what of the of", "cube", "?a"])
def test_clevr_always_suggests_a_question_that_it_has(text):
    with pytest.raises(QuestionError) as caught:
        clevr.parse(text)
    assert clevr.parse(caught.value.suggestion)


def test_babi_suggests_a_question_of_any_task():
    assert suggest_question("Where was Mary prior to the kitchen?") == "Where was Mary before the kitchen?"
    assert suggest_question("What is sleepy Yann doing, where will yann go") == "Where will yann go?"
    assert suggest_question("xyzzy") is None


@pytest.mark.parametrize(
    ("read", "error", "text", "far"),
    [
        (parse_shapes, QuestionError, "Is red at the bottom?", "'to'"),
        (parse_shapes, QuestionError, "Is red a square?", "'same'"),
        (parse_shapes, QuestionError, "How many circles are there?", "'closest'?"),
        (parse_shapes, QuestionError, "hello", "'yellow'"),
        (clevr.parse, QuestionError, "Is the cube bigger than the ball?", "'right'"),
        (clevr.parse, QuestionError, "Is there a dog?", "'do'"),
        (lambda text: encoding.encode_questions([text]), QuestionError, "Who likes Mary?", "julie"),
        (lambda text: encoding.read_story(text), SceneError, "Mary likes the dog.", "wolves"),
    ],
)
def test_hints_that_are_too_far_off_are_left_out(read, error, text, far):
    with pytest.raises(error) as caught:
        read(text)
    assert far not in str(caught.value)


def test_a_word_is_reported_as_it_was_typed():
    with pytest.raises(QuestionError, match=r"^The word 'colour' is not in"):
        parse_shapes("What colour is the red object?")
    with pytest.raises(QuestionError, match=r"^The word 'colour' is not understood"):
        clevr.parse("Are there any colour cubes?")


def test_the_longest_synonym_is_replaced_and_nothing_twice():
    wording = Wording({"a b": "b a", "a b c": "long", "d": "a b"}, {})
    assert wording.replace("a b c a b d".split()) == "long b a a b".split()
    assert wording.replace(["x"]) == ["x"]


def test_a_misspelling_begins_as_the_word_and_differs_in_little():
    assert nearest_word("lef", ["left", "red"]) == "left"
    assert nearest_word("marry", ["mary"]) == "mary"
    assert [nearest_word(word, ["do", "yellow", "to", "same"]) for word in ("dog", "hello", "bottom", "square")] == [
        None
    ] * 4


def test_statements_are_understood_in_synonyms():
    assert encode_sentence("Mary walked to the corridor") == encode_sentence("Mary went to the hallway.")
