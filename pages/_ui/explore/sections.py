"""What the sections that all pages about pairs have need to know of the Explore page."""

from __future__ import annotations

from pages._lab.explore.picture import make_saved_stage
from pages._lab.explore.view import ExploreView, Reading, remove_objects
from pages._ui.cache import cached_answerer, cached_ranking, cached_reading
from pages._ui.explore.session import EXPLORE
from pages._ui.pairs.sections import PairPage
from rn_core.attribution.faithfulness import Faithfulness, KeepingSet


def read_smaller(view: ExploreView) -> Reading:
    """Return the reading of the scene without the objects taken away; raises RNCoreError if it has no answer."""
    scene = remove_objects(view.state.scene, view.state.without)
    return cached_reading(view.state.model, scene.to_json(), view.state.question.index)


def rank(view: ExploreView) -> tuple[Faithfulness, KeepingSet]:
    """Return how well the ranking of the view's pairs holds up."""
    state = view.state
    return cached_ranking(
        state.model, state.scene.to_json(), state.question.index, view.target, state.method, state.baseline
    )


EXPLORE_PAGE = PairPage[ExploreView](
    session=EXPLORE,
    f_phi=lambda view: cached_answerer(view.state.model).model.pair_core.f_phi,
    ranking=rank,
    removable=lambda view: {thing.color: thing.color for thing in view.state.scene.objects},
    read_smaller=read_smaller,
    make_stage=make_saved_stage,
)
