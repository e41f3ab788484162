"""Attribution: which pairs led to an answer, how far the method can be trusted, and from pairs to objects."""

from __future__ import annotations

from rn_core.attribution.base import Attribution, Target
from rn_core.attribution.cells import cell_weights, found_weights, merge_cells
from rn_core.attribution.comparison import Disagreement, disagreement
from rn_core.attribution.control import make_randomized_copy
from rn_core.attribution.faithfulness import (
    Curve,
    Faithfulness,
    KeepingSet,
    keep_pairs,
    measure_faithfulness,
    rank_pairs,
    remove_pairs,
    smallest_keeping_set,
)
from rn_core.attribution.ground_truth import make_true_pairs, pointing_game, relevance_mass, relevance_rank
from rn_core.attribution.objects import (
    MAX_SHAPLEY_OBJECTS,
    ObjectMarginals,
    mark_pairs_with,
    object_marginals,
    pair_matrix,
    shapley_objects,
    symmetrize,
)
from rn_core.attribution.orders import OrderSpectrum, find_order_spectrum
from rn_core.attribution.pairs import METHODS, PairMethod, attribute_pairs, leave_out_both
from rn_core.attribution.readout import answer_logits
from rn_core.attribution.tuples import TupleMarginals, find_tuple_marginals

__all__ = [
    "MAX_SHAPLEY_OBJECTS",
    "METHODS",
    "Attribution",
    "Curve",
    "Disagreement",
    "Faithfulness",
    "KeepingSet",
    "ObjectMarginals",
    "OrderSpectrum",
    "PairMethod",
    "Target",
    "TupleMarginals",
    "answer_logits",
    "attribute_pairs",
    "cell_weights",
    "disagreement",
    "find_order_spectrum",
    "find_tuple_marginals",
    "found_weights",
    "keep_pairs",
    "leave_out_both",
    "make_randomized_copy",
    "make_true_pairs",
    "mark_pairs_with",
    "measure_faithfulness",
    "merge_cells",
    "object_marginals",
    "pair_matrix",
    "pointing_game",
    "rank_pairs",
    "relevance_mass",
    "relevance_rank",
    "remove_pairs",
    "shapley_objects",
    "smallest_keeping_set",
    "symmetrize",
]
