"""One reading of a question about three objects, through the caches, for Explore and for lessons."""

from __future__ import annotations

from pages._lab.domains.base import Seen, full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.sort_of_clevr.state import ExploreState
from pages._lab.sort_of_clevr.triples import (
    BESIDE,
    NETWORK,
    TITLES,
    TripleReading,
    TripleView,
    find_triple_truth,
    read_triples,
)
from pages._ui.cache import find_answer_or_none, find_answerer, keep_values
from rn_core.tasks.sort_of_clevr.triple_language import triple_text


def read_triple_view(state: ExploreState) -> TripleView:
    """Ask the networks; raises RNCoreError where the question cannot be asked or the weights are missing."""
    truth, margin, deciding = find_triple_truth(state)
    seen, text, name = Seen(state.scene, state.scene.to_json()), triple_text(state.triple), full_name(DOMAIN, NETWORK)
    answerer = find_answerer(name)
    reading: TripleReading = keep_values((name, text, seen.key), lambda: read_triples(answerer, state))
    beside = find_answer_or_none(full_name(DOMAIN, BESIDE), text, seen)
    others = {} if beside is None else {TITLES[BESIDE]: beside}
    return TripleView(state, reading, others, truth, margin, deciding)
