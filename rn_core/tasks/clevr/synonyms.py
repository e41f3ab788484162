"""What people type where CLEVR's questions have words of their own; CLEVR's own synonyms stand in `language`."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.common.wording import Wording

WORDING = Wording(
    synonyms=MappingProxyType(
        {
            "grey": "gray",
            "colour": "color",
            "violet": "purple",
            "turquoise": "cyan",
            "huge": "large",
            "giant": "large",
            "little": "small",
            "glossy": "shiny",
            "polished": "shiny",
            "dull": "matte",
            "box": "cube",
            "boxes": "cubes",
            "orb": "sphere",
            "orbs": "spheres",
            "tube": "cylinder",
            "tubes": "cylinders",
            "item": "object",
            "items": "objects",
            "in back of": "behind",
            "to the left side of": "on the left side of",
            "to the right side of": "on the right side of",
            "on the left of": "to the left of",
            "on the right of": "to the right of",
            "what's": "what is",
            "there's": "there is",
            "which": "what",
        }
    ),
    related=MappingProxyType(
        {
            "round": "ball",
            "spherical": "sphere",
            "square": "cube",
            "squares": "cubes",
            "circle": "sphere",
            "circles": "spheres",
            "bigger": "size",
            "smaller": "size",
            "larger": "size",
            "biggest": "large",
            "smallest": "small",
            "bottom": "front",
            "below": "front",
            "under": "front",
            "top": "behind",
            "above": "behind",
            "before": "front",
            "count": "many",
            "plastic": "rubber",
            "steel": "metal",
            "orange": "yellow",
            "pink": "purple",
        }
    ),
)
