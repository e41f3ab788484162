"""Sentence encoders: the words of a story -> one object per sentence, or, for a baseline, one per story.

Source: Santoro et al. 2017, section 3.3 and supplement E: each of up to 20 sentences is read by an LSTM of 32 units,
its last state is the object, tagged with the sentence's position before the question.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from rn_core.common.errors import RNCoreError
from rn_core.models.base import Encoder
from rn_core.models.layers import check_size
from rn_core.models.questions import QuestionEncoder, QuestionEncoderConfig

#: Stories that the baseline reads at once, so that short ones are not padded to the length of the longest.
_STORIES_AT_ONCE = 64


@dataclass(frozen=True)
class SentenceEncoderConfig:
    """A lookup table of words, an LSTM over each sentence, and the sentence's position.

    Attributes:
        n_words: words of the language, numbered from 1; 0 is padding.
        d_word: features of a word in the lookup table.
        d_sentence: units of the LSTM.
        n_positions: most sentences of a story; each has a bit for its position, counted back from the question.
    """

    n_words: int
    d_word: int = 32
    d_sentence: int = 32
    n_positions: int = 20

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("n_words", "d_word", "d_sentence", "n_positions"):
            check_size(name, getattr(self, name))

    @property
    def d_object(self) -> int:
        """Return the features of one sentence."""
        return self.d_sentence + self.n_positions


class SentenceEncoder(Encoder):
    """Sentences to objects: an LSTM's last state, then the position before the question."""

    def __init__(self, config: SentenceEncoderConfig) -> None:
        """Build the table and the LSTM of `config`; weights come from torch's global generator."""
        super().__init__()
        self.config = config
        self.reader = QuestionEncoder(QuestionEncoderConfig(config.n_words, config.d_word, config.d_sentence))

    def forward(self, words: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode stories; each distinct sentence of the batch is read once.

        Args:
            words: (S, N, L) int64, the words of each sentence in order, followed by padding 0.
            mask: (S, N) bool, False where there is no sentence; there words are 0.

        Returns:
            objects (S, N, d_sentence + n_positions), 0 where there is no sentence; and the mask.

        Raises:
            RNCoreError: if a story has more sentences than there are positions.
        """
        n_sentences = mask.sum(dim=1, keepdim=True)  # (S, 1)
        if n_sentences.max() > self.config.n_positions:
            raise RNCoreError(
                f"A story has at most {self.config.n_positions} sentences here, got {int(n_sentences.max())}; "
                "give the last ones."
            )
        told, index = torch.unique(words[mask], dim=0, return_inverse=True)  # (U, L), (sum of N,)
        states = words.new_zeros((*mask.shape, self.config.d_sentence), dtype=self.reader.words.weight.dtype)
        states[mask] = self.reader(told)[index]  # (S, N, d_sentence)
        back = (n_sentences - mask.cumsum(dim=1)).clamp(min=0)  # (S, N): 0 just before the question
        position = functional.one_hot(back, self.config.n_positions) * mask[..., None]  # (S, N, n_positions)
        return torch.cat([states, position.to(states.dtype)], dim=-1), mask


@dataclass(frozen=True)
class StoryEncoderConfig:
    """A lookup table of words and one LSTM over all words of a story, for a baseline without pairs.

    Attributes:
        n_words: words of the language, numbered from 1; 0 is padding.
        d_word: features of a word in the lookup table.
        d_object: units of the LSTM.
    """

    n_words: int
    d_word: int = 32
    d_object: int = 256

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name in ("n_words", "d_word", "d_object"):
            check_size(name, getattr(self, name))


class StoryEncoder(Encoder):
    """A story to one object: an LSTM's state after its last word."""

    def __init__(self, config: StoryEncoderConfig) -> None:
        """Build the table and the LSTM of `config`; weights come from torch's global generator."""
        super().__init__()
        self.config = config
        self.reader = QuestionEncoder(QuestionEncoderConfig(config.n_words, config.d_word, config.d_object))

    def forward(self, words: Tensor, mask: Tensor) -> tuple[Tensor, None]:
        """Return objects (S, 1, d_object) and None; arguments as `SentenceEncoder.forward`."""
        told = (words * mask[..., None]).flatten(1)  # (S, N * L)
        told = told.take_along_dim((told == 0).int().argsort(dim=1, stable=True), dim=1)  # words first, as told
        order = (told != 0).sum(dim=1).argsort(stable=True)  # (S,)
        blocks = [self._read(told[rows]) for rows in torch.split(order, _STORIES_AT_ONCE)]
        return torch.cat(blocks)[order.argsort(), None], None  # (S, 1, d_object)

    def _read(self, told: Tensor) -> Tensor:
        """Return the states (R, d_object) after stories of similar length."""
        states: Tensor = self.reader(told[:, : max(1, int((told != 0).sum(dim=1).max()))])
        return states
