"""Ink that can be read on a color; nothing here knows Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

#: Black and white: on every color, one of the two has a contrast of at least 4.58.
_BLACK, _WHITE = "#000000", "#ffffff"
#: A color's relative luminance above which black has the higher contrast.
_BLACK_ABOVE = 0.179


def luminance(rgb: Sequence[float]) -> float:
    """Return the relative luminance of a color, 0 (black) to 1 (white), after WCAG 2.2.

    Args:
        rgb: red, green and blue, 0 to 255.
    """
    red, green, blue = (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ink_on(rgb: Sequence[float]) -> str:
    """Return black or white, whichever has the higher contrast to a color; it meets WCAG 2.2, level AA."""
    return _BLACK if luminance(rgb) > _BLACK_ABOVE else _WHITE
