"""What models say of a passing case, such as one during a drag: nothing of it is looked up or kept."""

from __future__ import annotations

from pages._lab.domains.base import CaseT, Domain, StateT, ViewT, full_name
from pages._lab.pairs.view import PairReading
from pages._ui.cache import find_answerer, find_baseline, pick_relations
from rn_core.answering import ForwardPass
from rn_core.attribution.pairs import attribute_pairs
from rn_core.common.errors import WeightsError
from rn_core.common.records import Answer


def read_passing(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> ViewT:
    """Return what a page shows of a case, without a second method to compare the shown one with.

    Args:
        domain: what is asked.
        case: about what.

    Raises:
        RNCoreError: as `pages._ui.pairs.reading.read_models`.
    """
    first, *beside = domain.list_models(case)
    name, state = full_name(domain, first), case.state
    answer, passed = _ask(domain, case, first)
    relations = pick_relations(name, passed)
    others = {model: _ask_or_none(domain, case, model) for model in beside}
    reading = PairReading(answer, relations, case.answer, others, places=passed.places, picks=passed.picks)
    shares = attribute_pairs(
        find_answerer(name).f_phi(case.question),
        relations,
        domain.choose_target(case, answer),
        method=state.method,
        baseline=find_baseline(name, case.question, state.baseline),
    )
    return domain.make_view(case, reading, shares, shares)


def _ask(domain: Domain[StateT, CaseT, ViewT], case: CaseT, model: str) -> tuple[Answer, ForwardPass]:
    """Return a model's answer and its forward pass."""
    answerer, content = find_answerer(full_name(domain, model)), domain.show(case, model).content
    passed = next(answerer.passes([content], [case.question]))
    return answerer.read(content, case.question, passed.logits), passed


def _ask_or_none(domain: Domain[StateT, CaseT, ViewT], case: CaseT, model: str) -> Answer | None:
    """Return a model's answer; None if its weights cannot be used."""
    try:
        return _ask(domain, case, model)[0]
    except WeightsError:
        return None
