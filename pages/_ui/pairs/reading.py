"""One reading of one question, for every domain: what models say, and what each pair adds, through the caches."""

from __future__ import annotations

from torch import nn

from pages._lab.domains.base import CaseT, Domain, Seen, StateT, ViewT, full_name
from pages._lab.models import is_own
from pages._lab.pairs.view import PairReading, second_method
from pages._lab.ready_figure import digest_inputs
from pages._ui import cache
from pages._ui.pairs.passing import read_passing
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet
from rn_core.common.errors import RNCoreError


def _ask_first(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> tuple[str, str, Seen]:
    """Return what the explained model is asked: its full name, the question, and what it is shown."""
    model = domain.list_models(case)[0]
    return full_name(domain, model), case.question, domain.show(case, model)


def read_models(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> PairReading:
    """Ask the explained model and those beside it; raises RNCoreError if the explained one cannot answer."""
    asked = _ask_first(domain, case)
    answer = cache.cached_answer(*asked)
    others = {
        model: cache.find_answer_or_none(full_name(domain, model), case.question, domain.show(case, model))
        for model in domain.list_models(case)[1:]
    }
    passed = cache.find_pass(*asked)
    return PairReading(
        answer, cache.find_relations(*asked), case.answer, others, places=passed.places, picks=passed.picks
    )


def read_view(domain: Domain[StateT, CaseT, ViewT], case: CaseT, is_passing: bool = False) -> ViewT:
    """Ask the models and put together what a page shows; all sessions share it, unless a model is the session's own.

    Args:
        domain: what is asked.
        case: about what.
        is_passing: whether another case comes at once, as during a drag: then nothing is kept, and nothing is said
            about how far a second method agrees.

    Raises:
        RNCoreError: as `read_models`.
    """
    if is_passing:
        return read_passing(domain, case)
    key = _find_key(domain, case)
    return _read_view(domain, case) if key is None else cache.keep_view(key, lambda: _read_view(domain, case))


def _find_key(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> str | None:
    """Return what tells a case apart from all others of this server; None where its view belongs to one session."""
    if any(map(is_own, domain.list_models(case))):
        return None
    try:
        return digest_inputs(domain.name, case)
    except TypeError:  # a domain from outside may put anything into its cases
        return None


def _read_view(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> ViewT:
    """Put together what `read_view` returns of a case that stays."""
    reading, state = read_models(domain, case), case.state
    asked = (*_ask_first(domain, case), domain.choose_target(case, reading.answer))
    methods = (state.method, second_method(state.method))
    parts = [cache.cached_attribution(*asked, method, state.baseline) for method in methods]
    return domain.make_view(case, reading, *parts)


def try_view(
    domain: Domain[StateT, CaseT, ViewT], case: CaseT, is_passing: bool = False
) -> tuple[ViewT | None, str | None]:
    """Return what a page shows, or the sentence that says why there is no answer; arguments as `read_view`."""
    try:
        return read_view(domain, case, is_passing), None
    except RNCoreError as err:
        return None, str(err)


def find_f_phi(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> nn.Sequential:
    """Return the f_phi of the explained model, as it reads the question."""
    name, question, _ = _ask_first(domain, case)
    return cache.find_answerer(name).f_phi(question)


def rank_pairs(domain: Domain[StateT, CaseT, ViewT], view: ViewT, case: CaseT) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of a view's pairs holds up; raises RNCoreError as `read_models`."""
    state = case.state
    return cache.cached_ranking(*_ask_first(domain, case), view.target, state.method, state.baseline)
