"""The models that the bAbI page can show, by the names that stand in a URL; no Streamlit."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.weights.store import PRETRAINED

#: Relation Network -> what the page calls it.
MODELS = MappingProxyType(
    {
        "rn-joint": "one layer (the paper's)",
        "rn-3hop": "three hops (an extension)",
        "rn-2hop": "two layers (an extension)",
    }
)
#: Model that is none of the paper's -> what it does, in a sentence.
EXTENSIONS = MappingProxyType(
    {
        "rn-3hop": "An extension: three hops follow a chain of sentences before pairs are summed.",
        "rn-2hop": "An extension: each sentence is related to all others before it is paired.",
    }
)
#: Model -> the title of its answer.
TITLES = MappingProxyType(
    {
        "rn-joint": "Relation Network",
        "rn-3hop": "RN, three hops",
        "rn-2hop": "RN, two layers",
        "lstm-joint": "LSTM, word by word",
    }
)
#: It ships, so it is offered even where it is missing; then the page says so.
_ALWAYS = next(iter(MODELS))


def full_name(model: str) -> str:
    """Return the name of a model's weights."""
    return f"babi/{model}"


def is_here(model: str) -> bool:
    """Return whether a model's weights are on this computer."""
    return (PRETRAINED / f"{full_name(model)}.json").exists()


def offered_models() -> dict[str, str]:
    """Return model -> what the page calls it."""
    return {name: title for name, title in MODELS.items() if name == _ALWAYS or is_here(name)}


def models_beside(model: str) -> tuple[str, ...]:
    """Return the models that answer beside one; those that are missing are left out, but not the LSTM."""
    others = tuple(name for name in MODELS if name != model and is_here(name))
    return (*others, "lstm-joint")
