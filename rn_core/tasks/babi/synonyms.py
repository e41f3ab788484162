"""What people type where bAbI's stories and questions have words of their own."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.common.wording import Wording

WORDING = Wording(
    synonyms=MappingProxyType(
        {
            "grey": "gray",
            "colour": "color",
            "traveled": "travelled",
            "walked": "went",
            "ran": "went",
            "headed": "went",
            "returned": "went back",
            "collected": "picked up",
            "fetched": "got",
            "holding": "carrying",
            "larger": "bigger",
            "scared of": "afraid of",
            "pyjamas": "pajamas",
            "hall": "hallway",
            "corridor": "hallway",
            "washroom": "bathroom",
            "restroom": "bathroom",
            "theater": "cinema",
            "theatre": "cinema",
            "soccer ball": "football",
            "things": "objects",
            "items": "objects",
            "what s": "what is",
            "where s": "where is",
            "isn t": "is not",
        }
    ),
    related=MappingProxyType(
        {
            "toilet": "bathroom",
            "movies": "cinema",
            "ball": "football",
            "smaller": "bigger",
            "large": "bigger",
            "size": "bigger",
            "under": "below",
            "over": "above",
            "top": "above",
            "bottom": "below",
            "sleepy": "tired",
            "when": "before",
            "which": "what",
            "threw": "dropped",
            "has": "carrying",
            "have": "carrying",
            "fears": "afraid",
        }
    ),
)
