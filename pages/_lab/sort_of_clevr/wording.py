"""The words of the 36 questions as the page lists them."""

from __future__ import annotations

from rn_core.tasks.sort_of_clevr import COLORS
from rn_core.tasks.sort_of_clevr.language import TEMPLATES
from rn_core.tasks.sort_of_clevr.synonyms import WORDING


def word_groups() -> dict[str, tuple[str, ...]]:
    """Return what words are for -> the words that questions are made of, and the synonyms that are understood."""
    return {
        "Questions": tuple(template.format("…") for template in TEMPLATES.values()),
        "Colors": tuple(COLORS),
        "Also understood": WORDING.list_synonyms(),
    }
