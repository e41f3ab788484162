"""The encoders of stories against an LSTM that reads one sentence, or one story, at a time."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rn_core.common.errors import RNCoreError
from rn_core.models.questions import QuestionEncoder
from rn_core.models.sentences import SentenceEncoder, SentenceEncoderConfig, StoryEncoder, StoryEncoderConfig

N_POSITIONS, D_SENTENCE = 4, 5
CONFIG = SentenceEncoderConfig(n_words=9, d_word=3, d_sentence=D_SENTENCE, n_positions=N_POSITIONS)
#: Told twice within a story, and in two stories.
AGAIN = [7, 2]
STORIES = (
    ([3, 1, 9], AGAIN, [5], AGAIN),
    (AGAIN,),
    ([1, 9, 3], [4, 4, 8, 2]),
)


def pad(stories: tuple[tuple[list[int], ...], ...], n_sentences: int = 4, n_words: int = 4) -> tuple[Tensor, Tensor]:
    """Return the stories as words (S, N, L) and mask (S, N)."""
    words = torch.zeros(len(stories), n_sentences, n_words, dtype=torch.int64)
    for s, story in enumerate(stories):
        for n, sentence in enumerate(story):
            words[s, n, : len(sentence)] = torch.tensor(sentence)
    return words, words[..., 0] > 0


def read(reader: QuestionEncoder, words: list[int]) -> Tensor:
    """Return the LSTM's last state after these words alone."""
    states, _ = reader.lstm(reader.words(torch.tensor([words])))
    return states[0, -1]


@pytest.fixture
def encoder() -> SentenceEncoder:
    return SentenceEncoder(CONFIG).double()


@pytest.fixture
def story_encoder() -> StoryEncoder:
    return StoryEncoder(StoryEncoderConfig(n_words=9, d_word=3, d_object=5)).double()


def test_a_sentence_has_the_state_of_its_words_alone_and_a_bit_for_its_place_before_the_question(encoder):
    objects, mask = encoder(*pad(STORIES))
    assert objects.shape == (3, 4, CONFIG.d_object)
    for s, story in enumerate(STORIES):
        for n, sentence in enumerate(story):
            torch.testing.assert_close(objects[s, n, :D_SENTENCE], read(encoder.reader, sentence), rtol=0, atol=1e-12)
            bits = [float(back == len(story) - 1 - n) for back in range(N_POSITIONS)]
            assert objects[s, n, D_SENTENCE:].tolist() == bits
    assert not objects[~mask].any()


def test_what_stands_beside_a_story_changes_nothing(encoder):
    together, _ = encoder(*pad(STORIES, n_sentences=4, n_words=8))
    for s, story in enumerate(STORIES):
        alone, _ = encoder(*pad((story,), n_sentences=len(story)))
        torch.testing.assert_close(alone[0], together[s, : len(story)], rtol=0, atol=1e-12)


def test_rows_without_a_sentence_count_nowhere(encoder):
    words, mask = pad(STORIES)
    apart = torch.tensor([2, 0, 3, 1])  # the empty rows of story 2 between its sentences
    moved, _ = encoder(words[:, apart][2:], mask[:, apart][2:])
    kept = moved[0][mask[2, apart]]
    assert kept.shape == (2, CONFIG.d_object)
    torch.testing.assert_close(kept, encoder(words[2:], mask[2:])[0][0, :2], rtol=0, atol=1e-12)


def test_padding_gets_no_gradient_and_each_sentence_all_of_it(encoder):
    words, mask = pad(STORIES, n_sentences=6, n_words=9)
    objects, _ = encoder(words, mask)
    weight = torch.randn_like(objects)
    (objects * weight).sum().backward()
    slow = sum(
        (read(encoder.reader, sentence) * weight[s, n, :D_SENTENCE]).sum()
        for s, story in enumerate(STORIES)
        for n, sentence in enumerate(story)
    )
    parameters = list(encoder.parameters())
    for found, wanted in zip(parameters, torch.autograd.grad(slow, parameters), strict=True):
        torch.testing.assert_close(found.grad, wanted, rtol=1e-9, atol=1e-12)
    assert not encoder.reader.words.weight.grad[0].any()


def test_more_sentences_than_positions_are_one_sentence(encoder):
    story = tuple([word] for word in range(1, N_POSITIONS + 2))
    with pytest.raises(RNCoreError, match=r"^A story has at most 4 sentences here, got 5; give the last ones\.$"):
        encoder(*pad((STORIES[0], story), n_sentences=5))


def test_a_story_has_the_state_after_its_last_word(story_encoder):
    objects, mask = story_encoder(*pad(STORIES))
    assert mask is None
    for s, story in enumerate(STORIES):
        words = [word for sentence in story for word in sentence]
        torch.testing.assert_close(objects[s, 0], read(story_encoder.reader, words), rtol=0, atol=1e-12)


def test_padding_within_a_story_and_stories_beside_it_change_nothing(story_encoder, monkeypatch):
    monkeypatch.setattr("rn_core.models.sentences._STORIES_AT_ONCE", 2)
    words, mask = pad(STORIES, n_sentences=7, n_words=9)
    apart = torch.tensor([6, 0, 5, 1, 2, 4, 3])
    order = torch.tensor([2, 0, 1])
    objects, _ = story_encoder(words[order][:, apart], mask[order][:, apart])
    torch.testing.assert_close(objects, story_encoder(*pad(STORIES))[0][order], rtol=0, atol=1e-12)


def test_words_of_rows_that_are_none_are_not_read(story_encoder):
    words, mask = pad(STORIES)
    told, _ = story_encoder(words, mask)
    words[1, 2] = 5
    torch.testing.assert_close(story_encoder(words, mask)[0], told, rtol=0, atol=0)


def test_the_order_of_words_and_of_sentences_counts(story_encoder):
    told, _ = story_encoder(*pad((([1, 2], [3]), ([2, 1], [3]), ([3], [1, 2]))))
    assert (told[0] - told[1]).abs().max() > 1e-3
    assert (told[0] - told[2]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", [SentenceEncoderConfig, StoryEncoderConfig])
@pytest.mark.parametrize("name", ["n_words", "d_word"])
def test_a_size_that_cannot_be_built_is_one_sentence(kind, name):
    with pytest.raises(RNCoreError, match=f"^{name} must be a whole number of 1 or more, got 0"):
        kind(**{"n_words": 9, name: 0})
