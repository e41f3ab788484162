"""What networks find in pictures, looked at once for all sessions."""

from __future__ import annotations

from pages._lab.clevr.found import Found, find_objects
from pages._lab.clevr.models import full_name
from pages._lab.clevr.pictures import Picture
from pages._ui.cache import find_answerer, keep_values


def see_objects(model: str, picture: Picture) -> tuple[Found, ...]:
    """Return what a network finds in a picture; raises RNCoreError where it cannot be used."""
    encoder = find_answerer(full_name(model)).model.encoder
    return keep_values(("clevr.found", model, picture.digest), lambda: find_objects(encoder, picture.pixels))
