"""Views of the pages about pairs, of whatever network answers."""

from __future__ import annotations

from pages._lab.domains.base import PairDomain
from pages._lab.pairs.view import Case, PairReading, PairView, second_method
from rn_core.attribution.pairs import attribute_pairs
from rn_core.models.layers import Layers


def make_pair_view(domain: PairDomain, case: Case, reading: PairReading, f_phi: Layers) -> PairView:
    """Return what a domain's page shows of a case, attributed by the state's method."""
    target, method = domain.choose_target(case, reading.answer), case.state.method
    parts = (attribute_pairs(f_phi, reading.relations, target, name) for name in (method, second_method(method)))
    return domain.make_view(case, reading, *parts)
