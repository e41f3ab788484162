"""Words and their numbers: those of the published files, and what cannot be read gets a sentence."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from rn_core.common.errors import QuestionError, RNCoreError, SceneError
from rn_core.tasks.babi.encoding import (
    MAX_WORDS,
    encode_questions,
    encode_sentence,
    encode_stories,
    read_story,
    split_sentences,
    tokenize,
)
from rn_core.tasks.babi.story import StoryQuestion
from rn_core.tasks.babi.words import ANSWERS, NAMES, RELATIONS, WORDS

STORY = ("Mary moved to the bathroom.", "John went to the hallway.", "He is afraid of mice.")


def test_words_and_answers_are_those_of_the_published_files(babi_folder: Path):
    """Those for validation have all words; of tasks 7 and 8 some answers stand in the training files alone."""
    words: set[str] = set()
    answers: set[str] = set()
    for path in (*babi_folder.glob("qa*_valid.txt"), *babi_folder.glob("qa[78]_train.txt")):
        text = path.read_text(encoding="ascii")
        answers.update(re.findall(r"\t(.+)\t", text))
        words.update(re.sub(r"\t.*|[.?\d]", "", text.lower()).split())
    assert set(WORDS) == words
    assert set(ANSWERS) == answers


def test_numbers_of_words_and_answers_never_change():
    """Weights know them by number."""
    assert len(set(WORDS)) == len(WORDS) == 145
    assert len(set(ANSWERS)) == len(ANSWERS) == 60
    assert hashlib.sha256("\n".join((*WORDS, *ANSWERS)).encode()).hexdigest()[:16] == "fc08025d4beade6c"


def test_names_and_relations_are_words():
    assert NAMES <= set(WORDS)
    assert set(RELATIONS) <= set(WORDS)
    assert not NAMES & set(RELATIONS)


def test_a_sentence_is_the_numbers_of_its_words_whatever_case_and_marks():
    numbers = encode_sentence("mary,  MOVED to the bathroom")
    assert [WORDS[number - 1] for number in numbers] == ["mary", "moved", "to", "the", "bathroom"]
    assert numbers == encode_sentence(STORY[0])
    assert [encode_sentence(word) for word in WORDS] == [[number] for number in range(1, 146)]


def test_marks_and_underlines_part_words():
    assert tokenize("the_red, (Sphere)?") == ["the", "red", "sphere"]


def test_a_text_has_a_sentence_a_line():
    assert split_sentences("\n  Mary left. \r\n\n \t\nJohn left.\n") == ("Mary left.", "John left.")


def test_stories_keep_their_last_statements_in_order():
    words, mask = encode_stories([STORY, STORY[:1], STORY[:2]], window=2)
    assert words.shape == (3, 2, 5)
    for row, story in enumerate((STORY[1:], STORY[:1], STORY[:2])):
        for n in range(2):
            wanted = encode_sentence(story[n]) if n < len(story) else []
            assert words[row, n].tolist() == wanted + [0] * (5 - len(wanted))
            assert bool(mask[row, n]) == (n < len(story))


def test_questions_are_padded_behind():
    questions = ["Where is Mary?", "What is Daniel carrying?"]
    assert encode_questions(questions).tolist() == [
        [*encode_sentence("where is mary"), 0],
        encode_sentence("what is daniel carrying"),
    ]


def test_a_story_comes_as_text_as_sentences_or_as_a_question():
    asked = StoryQuestion(1, STORY, "Where is Mary?", "bathroom", (0,))
    for scene in ("\n".join(STORY), list(STORY), STORY, asked):
        assert read_story(scene) == STORY


@pytest.mark.parametrize("scene", [None, 3, [1, 2], {"statements": STORY}, b"Mary left."])
def test_what_is_no_story_is_one_sentence(scene):
    with pytest.raises(SceneError, match=r"^A story must be text with one sentence per line, or a list, got "):
        read_story(scene)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", rf"A sentence has 1 to {MAX_WORDS} words, got 0 in ''; rewrite it\."),
        ("...", rf"A sentence has 1 to {MAX_WORDS} words, got 0 in '\.\.\.'"),
        ("the " * 33, rf"A sentence has 1 to {MAX_WORDS} words, got 33 in 'the the .*'; rewrite it\."),
        ("Mary went to the kitchin.", r"'kitchin' is not among bAbI's 145 words; did you mean 'kitchen'\?"),
        ("Zoë left.", r"'zoë' is not among bAbI's 145 words\.$"),
        ("x" * 5000, r"'x{39}…' is not among bAbI's 145 words\.$"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_place(text, sentence):
    with pytest.raises(RNCoreError, match=f"^{sentence}"):
        encode_sentence(text)
    with pytest.raises(SceneError, match=f"^Sentence 3 cannot be read: {sentence}") as of_story:
        encode_stories([STORY, [*STORY[:2], text]])
    with pytest.raises(QuestionError, match=f"^The question cannot be read: {sentence}") as of_question:
        encode_questions(["Where is Mary?", text])
    for error in (of_story, of_question):
        assert "\n" not in str(error.value) and len(str(error.value)) < 250


def test_sentences_are_counted_from_the_storys_first():
    story = ["Mary left."] * 24
    with pytest.raises(SceneError, match=r"^Sentence 25 cannot be read"):
        encode_stories([[*story, "Zzz."]])
    encode_stories([["Zzz.", *story]])


@pytest.mark.parametrize("stories", [[], [()], [STORY, ()]])
def test_no_statement_is_one_sentence(stories):
    with pytest.raises(SceneError, match=r"^The story is empty; write one sentence per line\.$"):
        encode_stories(stories)


def test_no_question_is_one_sentence():
    with pytest.raises(QuestionError, match=r"^There must be at least one question, got 0; add one\.$"):
        encode_questions([])
