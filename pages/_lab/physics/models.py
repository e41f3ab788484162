"""What the physics page asks, and the networks that answer; no Streamlit."""

from __future__ import annotations

from types import MappingProxyType

from rn_core.tasks.physics.world import DEFAULT_BALLS, FEWEST_BALLS, MOST_BALLS
from rn_core.weights.store import PRETRAINED

#: What is asked -> in words.
QUESTIONS = MappingProxyType(
    {
        "connections": "Which balls are connected?",
        "count": "How many connected groups?",
        "predict": "What happens next?",
    }
)
#: What is asked -> its Relation Network, then what answers beside it.
MODELS = MappingProxyType(
    {
        "connections": ("rn-connections", "mlp-connections", "rn-connections-2to12"),
        "count": ("rn-count", "mlp-count", "rn-count-2to12"),
        "predict": ("rn-predict", "in-predict", "mlp-predict"),
    }
)
VARYING_TITLE = f"Trained on {FEWEST_BALLS} to {MOST_BALLS} balls"
#: Model -> the title of its answer.
TITLES = MappingProxyType(
    {
        **{models[0]: "Relation Network" for models in MODELS.values()},
        **{f"rn-{question}-2to12": VARYING_TITLE for question in ("connections", "count")},
        "in-predict": "Interaction network",
        **{f"mlp-{question}": "MLP, same input" for question in MODELS},
    }
)


def full_name(model: str) -> str:
    """Return the name of a model's weights."""
    return f"physics/{model}"


def is_here(model: str) -> bool:
    """Return whether a model's weights are on this computer."""
    return (PRETRAINED / f"{full_name(model)}.json").exists()


def find_models(question: str, n_balls: int) -> tuple[str, ...]:
    """Return the networks that answer: those that are here and take so many balls, the Relation Network first."""
    fits = [model for model in MODELS[question] if n_balls <= DEFAULT_BALLS or not model.startswith("mlp-")]
    return tuple(filter(is_here, fits))


def describe_training(question: str) -> str:
    """Return a sentence on how to train the Relation Network of a question, for when its weights are missing."""
    name = full_name(MODELS[question][0])
    return f"The network for this question, {name}, is not installed; train it with `python -m rn_core train {name}`."
