"""Many examples of one kind of question, drawn for a domain and asked of one or two networks in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import cast

from pages._lab.domains.base import CaseT, Domain, StateT, ViewT
from pages._lab.models import is_own
from pages._lab.pairs.state import PairState
from pages._lab.pairs.view import PairReading
from rn_core.answering import Answerer, ForwardPass
from rn_core.attribution.pairs import attribute_pairs
from rn_core.common.errors import RNCoreError
from rn_core.evaluation.examples import AskedExample, ExampleAnswer, Fact, point_at
from rn_core.models import KINDS

#: Is told how many examples of how many are done.
Follow = Callable[[int, int], object]
#: Fields of the page's state that stay when an example is opened on it.
SETTINGS = ("kind", "first", "number", "beside", "many", "by", "truth", "projector")


@dataclass(frozen=True)
class ManyExamples:
    """Examples of one kind of question, asked of one or two networks.

    Attributes:
        networks: name -> in words, in the order of `AskedExample.answers`.
        states: the state that opens each example.
        examples: what was asked and said.
    """

    networks: Mapping[str, str]
    states: tuple[PairState, ...]
    examples: tuple[AskedExample, ...]


def draw_cases(
    domain: Domain[StateT, CaseT, ViewT], state: StateT, kind: str, first: int, number: int
) -> Iterator[CaseT]:
    """Yield examples with what is true of them; arguments and errors as `ExampleSource.draw`."""
    return map(domain.ask, domain.examples.draw(state, kind, first, number))


def list_networks(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> dict[str, str]:
    """Return the networks that can be asked of a case -> their names in words, the explained one first."""
    offered = domain.offered_models(domain.examples.begin(_state_of(domain, case)))
    names = dict.fromkeys((*domain.list_models(case), *offered))
    return {name: name_network(name, offered) for name in names if _can_see(domain, case, name)}


def _can_see(domain: Domain[StateT, CaseT, ViewT], case: CaseT, name: str) -> bool:
    """Return whether there is something that a network can be shown of a case."""
    try:
        domain.show(case, name)
    except RNCoreError:
        return False
    return True


def name_network(name: str, offered: Mapping[str, str]) -> str:
    """Return a network in words: its kind, and what tells it from others that are offered beside it."""
    if is_own(name):
        return "MLP, own" if name.endswith("-baseline") else "RN, own"
    kind = KINDS[name.partition("-")[0]].short
    return f"{kind}, {offered[name]}" if name in offered and len(offered) > 1 else kind


def ask_many(
    domain: Domain[StateT, CaseT, ViewT],
    cases: Sequence[CaseT],
    answerers: Mapping[str, Answerer],
    titles: Mapping[str, str],
    follow: Follow = lambda done, whole: None,
) -> ManyExamples:
    """Ask networks all cases, and attribute each Relation Network's answers to pairs as the page does for one.

    Args:
        domain: whose cases they are.
        cases: of `draw_cases`.
        answerers: name of a network -> the network; the first is that of the cases' states.
        titles: name of a network -> in words.
        follow: is told how far it has come.

    Raises:
        RNCoreError: if a network cannot answer one of them.
    """
    columns: list[list[ExampleAnswer]] = []
    done = 0
    for name, answerer in answerers.items():
        column: dict[int, ExampleAnswer] = {}
        for place, said in _ask_one(domain, cases, name, answerer):
            column[place] = said
            done += 1
            follow(done, len(cases) * len(answerers))
        columns.append([column[place] for place in range(len(cases))])
    rows = zip(cases, zip(*columns, strict=True), strict=True)
    examples = tuple(AskedExample(c.question, c.answer, _measure(domain, c), said) for c, said in rows)
    return ManyExamples(dict(titles), tuple(case.state for case in cases), examples)


def _state_of(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> StateT:
    """Return the state of a case as its domain's."""
    return cast(StateT, case.state)


def _measure(domain: Domain[StateT, CaseT, ViewT], case: CaseT) -> dict[str, Fact]:
    """Return by what an example is divided: its true answer, and what the domain measures."""
    return {"answer": case.answer, **domain.examples.measure(case)}


def _ask_one(
    domain: Domain[StateT, CaseT, ViewT], cases: Sequence[CaseT], name: str, answerer: Answerer
) -> Iterator[tuple[int, ExampleAnswer]]:
    """Yield the place of each case with one network's answer; cases with as many objects go through it together."""
    if answerer.model.has_pairs:
        cases = [_explain_by(domain, case, name) for case in cases]
    sizes = [len(domain.list_objects(_state_of(domain, case))) for case in cases]
    places = sorted(range(len(cases)), key=sizes.__getitem__)
    for _, group in groupby(places, key=sizes.__getitem__):
        block = list(group)
        contents = [domain.show(cases[place], name).content for place in block]
        passes = answerer.passes(contents, [cases[place].question for place in block])
        for place, done in zip(block, passes, strict=True):
            yield place, _read(domain, cases[place], answerer, done)


def _explain_by(domain: Domain[StateT, CaseT, ViewT], case: CaseT, name: str) -> CaseT:
    """Return a case whose pairs are those of a Relation Network."""
    return case if case.state.model == name else domain.ask(_state_of(domain, case).change(model=name))


def _read(domain: Domain[StateT, CaseT, ViewT], case: CaseT, answerer: Answerer, done: ForwardPass) -> ExampleAnswer:
    """Return a network's answer and, with pairs, which is strongest, by the attribution that the page shows."""
    state, question, relations = case.state, case.question, done.relations
    answer = answerer.read_logits(done.logits, question)
    said = answer.text, answer.probabilities[answer.text], None if case.answer is None else answer.text == case.answer
    if relations is None:
        return ExampleAnswer(*said)
    start = None if state.baseline == "zero" else answerer.mean_aggregate(question)
    target = domain.choose_target(case, answer)
    found = attribute_pairs(answerer.f_phi(question), relations, target, method=state.method, baseline=start)
    reading = PairReading(answer, relations, case.answer, {}, places=done.places)
    view = domain.make_view(case, reading, found, found)
    (i, j), decides = point_at(view.matrix, view.true_pairs)
    return ExampleAnswer(*said, view.label_pair(view.nodes.labels[i], view.nodes.labels[j]), decides)


def take_settings(state: StateT, example: PairState) -> PairState:
    """Return the state that opens an example on the page, which keeps what it shows of many."""
    return example.change(section="pairs", **{name: getattr(state, name) for name in SETTINGS})
