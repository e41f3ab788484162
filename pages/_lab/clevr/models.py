"""The models that the CLEVR page can show, by the names that stand in a URL; no Streamlit."""

from __future__ import annotations

from types import MappingProxyType

from pages._lab.models import finds_objects, parse_name
from pages._lab.public_weights import held_public
from rn_core.tasks.clevr import ClevrScene
from rn_core.tasks.clevr.scene import MAX_OBJECTS
from rn_core.tasks.clevr.spec import MOST_CELLS
from rn_core.tasks.registry import PUBLIC
from rn_core.weights.store import PRETRAINED

#: Cells along one side of a pixel model's grid, and pixels of its image between the middles of two.
GRID, STRIDE = 8, 16
N_CELLS = GRID**2
#: Side of the image that pixel models see.
IMAGE_SIDE = 128
#: Relation Network -> what the page calls what it sees.
MODELS = MappingProxyType(
    {
        "rn-states": "objects",
        "rn-slots": "pictures",
        "rn-pixels": "pixels",
        "rn-pixels-public": "pixels (public)",
        "rn-pixels-public-ir": "pixels (public, late question)",
    }
)
#: Those that need not be there to be offered: they ship, or can be fetched.
_ALWAYS = ("rn-states", "rn-pixels-public", "rn-pixels-public-ir")
PUBLIC_DEFAULT = "rn-pixels-public"
#: The network that finds the objects of pictures.
FINDER = "rn-slots"
#: The network of cells of a picture whose convolution finds objects: where a cell's object stands is known.
CELLS = "rn-pixels"
#: What answers beside a network of pictures, where it is here.
PICTURE_BASELINES = ("mlp-pixels", "sa-pixels")
#: Model -> the title of its answer.
TITLES = MappingProxyType(
    {
        "rn-states": "Relation Network",
        "mlp-states": "MLP, same input",
        "lstm-states": "Question alone",
        "rn-slots": "Relation Network, pictures",
        "rn-pixels": "Relation Network, pixels",
        "mlp-pixels": "CNN+LSTM, pixels",
        "sa-pixels": "Stacked attention, pixels",
        "rn-pixels-public": "Relation Network, pixels",
        "rn-pixels-public-ir": "Same, late question",
    }
)
#: The same for weights that are a session's own.
_OWN_TITLE = "Relation Network, your file"


def parse_model(text: str) -> str:
    """Read a model's name: a key of `MODELS`, or one of a session's own; whether this session has it is seen later.

    Raises:
        UnknownNameError: listing the names of `MODELS`.
    """
    return parse_name(text, MODELS)


def title_of(model: str) -> str:
    """Return the title of a model's answer."""
    return TITLES.get(model, _OWN_TITLE)


def full_name(model: str) -> str:
    """Return the name of a model's weights."""
    return f"clevr/{model}"


def locates_objects(model: str) -> bool:
    """Return whether a model says where in the picture the objects are that its pairs are made of."""
    return finds_objects(model) or model == CELLS


def sees_pixels(model: str) -> bool:
    """Return whether a model sees the cells of a picture, whatever is in them."""
    return "pixels" in model and not locates_objects(model)


def sees_picture(model: str) -> bool:
    """Return whether a model sees the picture, as cells or as objects found in it; others see the scene's objects."""
    return sees_pixels(model) or locates_objects(model)


def picture_default() -> str:
    """Return the model that an uploaded picture is shown to: the one that finds objects, where its weights are."""
    return FINDER if is_here(FINDER) else PUBLIC_DEFAULT


def is_public(model: str) -> bool:
    """Return whether a model's weights are others', to be fetched."""
    return full_name(model) in PUBLIC


def is_here(model: str) -> bool:
    """Return whether a model's weights are on this computer, or are in the server's memory."""
    return _is_on_disk(model) or held_public(full_name(model)) is not None


def lacks_weights(model: str) -> bool:
    """Return whether a model's weights are others' and have not been fetched yet."""
    return is_public(model) and not is_here(model)


def is_held_only(model: str) -> bool:
    """Return whether a model's weights are in the server's memory and nowhere else."""
    return held_public(full_name(model)) is not None and not _is_on_disk(model)


def _is_on_disk(model: str) -> bool:
    """Return whether a model's weights are on this computer."""
    return (PRETRAINED / f"{full_name(model)}.json").exists()


def offered_models(has_scene: bool) -> dict[str, str]:
    """Return model -> what it sees, for a scene or for an uploaded picture."""
    return {
        name: title
        for name, title in MODELS.items()
        if (has_scene or sees_picture(name)) and (name in _ALWAYS or is_here(name))
    }


def models_beside(model: str, has_scene: bool) -> tuple[str, ...]:
    """Return the models that answer beside one; those of pictures only where they are here."""
    if not sees_picture(model):
        return ("mlp-states", "lstm-states")
    if locates_objects(model):
        others = tuple(filter(is_here, PICTURE_BASELINES))
    else:
        others = tuple(name for name in MODELS if name != model and sees_picture(name) and is_here(name))[:1]
    return (*others, "rn-states") if has_scene else others


def count_pairs(model: str, scene: ClevrScene | None) -> int:
    """Return the ordered pairs of what a model sees."""
    if locates_objects(model):
        return (MOST_CELLS if model == CELLS else MAX_OBJECTS) ** 2
    return N_CELLS**2 if sees_pixels(model) or scene is None else scene.n_objects**2
