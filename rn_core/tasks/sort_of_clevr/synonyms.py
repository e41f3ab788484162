"""What people type where Sort-of-CLEVR's 36 questions have words of their own."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.common.wording import Wording

_NEAR = MappingProxyType({"closest": "closest", "nearest": "closest"})
_FAR = MappingProxyType({**_NEAR, "furthest": "furthest", "farthest": "furthest"})
_THAT, _NEIGHBOR = ("that", "which"), ("neighbor", "neighbour")

WORDING = Wording(
    synonyms=MappingProxyType(
        {
            "grey": "gray",
            "what's": "what is",
            "which": "what",
            "form": "shape",
            "item": "object",
            "thing": "object",
            "what shape is": "what is the shape of",
            "which shape is": "what is the shape of",
            "left half": "left",
            "left side": "left",
            "left hand side": "left",
            "left part": "left",
            "top half": "top",
            "upper half": "top",
            "upper part": "top",
            "nearest": "closest",
            "nearest to": "closest to",
            "farthest": "furthest",
            "farthest from": "furthest from",
            "furthest away from": "furthest from",
            "farthest away from": "furthest from",
            "most distant from": "furthest from",
            "most distant object from": "object furthest from",
            "what is the closest shape": "what is the shape of the object closest",
            "what is the nearest shape": "what is the shape of the object closest",
            "how many others": "how many other objects",
            "how many objects": "how many other objects",
            "how many things": "how many other objects",
            "how many have": "how many other objects have",
            "share the shape of": "have the same shape as",
            "have the shape of": "have the same shape as",
            "are the same shape as": "have the same shape as",
            "with the same shape as": "have the same shape as",
            "of the same shape as": "have the same shape as",
            "how many other things": "how many other objects",
            "what is the number of objects": "how many other objects",
            "what is the number of other objects": "how many other objects",
            "count the objects": "how many other objects",
            "count the other objects": "how many other objects",
            "is there": "is the",
            **{f"object {that} is {said}": f"object {meant}" for that in _THAT for said, meant in _FAR.items()},
            **{f"{said} {neighbor} of": f"{meant} to" for said, meant in _NEAR.items() for neighbor in _NEIGHBOR},
        }
    ),
    related=MappingProxyType(
        {
            "right": "left",
            "where": "left",
            "bottom": "top",
            "lower": "top",
            "upper": "top",
            "above": "top",
            "below": "top",
            "near": "closest",
            "close": "closest",
            "next": "closest",
            "far": "furthest",
            "distant": "furthest",
            "count": "many",
            "number": "many",
            **dict.fromkeys(
                ("square", "squares", "circle", "circles", "round", "cube", "ball", "rectangle", "rectangles"), "shape"
            ),
            **dict.fromkeys(("color", "colour", "colors", "colours"), "shape"),
            "similar": "same",
            "equal": "same",
        }
    ),
)
