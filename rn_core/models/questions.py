"""Question encoder: the words of a question -> one vector q (M, D_q).

Source: Santoro et al. 2017, section 4 ("Dealing with natural language"): the words, looked up in a
learned table, are read by an LSTM, whose last state is q; sizes in supplement B (pixels) and C (states).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from rn_core.common.device import can_read_words_in_bf16
from rn_core.common.errors import RNCoreError
from rn_core.models.layers import check_size


@dataclass(frozen=True)
class QuestionEncoderConfig:
    """A lookup table of words and an LSTM over them.

    Attributes:
        n_words: words of the language, numbered from 1; 0 is padding.
        d_word: features of a word in the lookup table.
        d_question: units of the LSTM.
        reversed: whether the LSTM reads from the last word to the first.
        padded_length: words that the LSTM reads at least: a shorter question gets padding words before those that
            are read. 0, the default, reads the question alone. Weights trained on questions padded to one
            length need that length, because padding also changes the state.
    """

    n_words: int
    d_word: int = 32
    d_question: int = 128
    reversed: bool = False
    padded_length: int = 0

    def __post_init__(self) -> None:
        """Raise RNCoreError for a size that cannot be built."""
        for name, lowest in (("n_words", 1), ("d_word", 1), ("d_question", 1), ("padded_length", 0)):
            check_size(name, getattr(self, name), lowest)
        if not isinstance(self.reversed, bool):
            raise RNCoreError(f"reversed must be true or false, got {self.reversed!r}.")


class QuestionEncoder(nn.Module):
    """Words through a lookup table and an LSTM; its last state represents the question."""

    def __init__(self, config: QuestionEncoderConfig) -> None:
        """Build the table and the LSTM of `config`; weights come from torch's global generator."""
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.n_words + 1, config.d_word)
        self.lstm = nn.LSTM(config.d_word, config.d_question, batch_first=True)

    def forward(self, question: Tensor) -> Tensor:
        """Read questions of different lengths.

        In 16 bits under autocast, but only during training, and not on a CPU without native bf16, where oneDNN
        has no such LSTM. The padding is processed too: packing the questions instead takes three times as
        long on a CPU.

        Args:
            question: (M, L) int64, the words of each question, followed by padding 0. A question without words is
                read as one padding word.

        Returns:
            the LSTM's state after the last word (M, D_q).
        """
        device = question.device.type
        words, lengths = self._order(question)  # (M, L')
        in_16_bits = self.training and torch.is_autocast_enabled(device) and can_read_words_in_bf16(question.device)
        with torch.autocast(device, enabled=in_16_bits):
            states: Tensor = self.lstm(self.words(words))[0]  # (M, L', D_q)
        last = states[torch.arange(len(states), device=states.device), lengths - 1]  # (M, D_q)
        return last.to(self.words.weight.dtype)

    def _order(self, question: Tensor) -> tuple[Tensor, Tensor]:
        """Return the words as the LSTM reads them (M, L'), and the number of words it reads of each question (M,)."""
        config = self.config
        n_words = (question != 0).sum(dim=1, keepdim=True)  # (M, 1)
        n_read = n_words.clamp(min=max(1, config.padded_length))  # (M, 1)
        place = torch.arange(int(n_read.max()), device=question.device) - (n_read - n_words)  # (M, L')
        if config.reversed:
            place = n_words - 1 - place
        is_word = (place >= 0) & (place < n_words)
        found = question.gather(1, place.clamp(min=0, max=question.shape[1] - 1))  # (M, L')
        return torch.where(is_word, found, 0), n_read[:, 0]
