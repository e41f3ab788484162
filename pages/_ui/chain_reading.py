"""One reading of a question about a chain of jumps, and networks' accuracy, through the caches, for several pages."""

from __future__ import annotations

import streamlit as st

from pages._lab.domains.base import Seen, full_name
from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.figures import Look
from pages._lab.plain import plain
from pages._lab.sort_of_clevr.chain import BESIDE, ChainReading, ChainView, find_chain_truth, read_chain
from pages._lab.sort_of_clevr.jumps import JumpLine, describe_sample, find_floors, plot_jumps
from pages._lab.sort_of_clevr.state import ExploreState
from pages._ui.cache import find_answer_or_none, find_answerer, keep_values, make_once
from pages._ui.pairs.sections import draw_figure
from rn_core.tasks.sort_of_clevr.chain_language import chain_text
from rn_core.tasks.sort_of_clevr.chain_spec import CHAIN_TITLES


def read_chain_view(state: ExploreState) -> ChainView:
    """Ask the networks; raises RNCoreError where the question cannot be asked or the weights are missing."""
    truth, model, scene = find_chain_truth(state), state.chain_model, state.chain_scene
    seen, text, name = Seen(scene, scene.to_json()), chain_text(state.chain), full_name(DOMAIN, model)
    answerer = find_answerer(name)
    reading: ChainReading = keep_values((name, text, seen.key), lambda: read_chain(answerer, state))
    beside = None if model == BESIDE else find_answer_or_none(full_name(DOMAIN, BESIDE), text, seen)
    others = {} if beside is None else {CHAIN_TITLES[BESIDE]: beside}
    return ChainView(state, model, reading, others, truth)


def draw_jumps(lines: tuple[JumpLine, ...], look: Look, key: str) -> None:
    """Draw accuracy against the number of jumps; nothing without networks that have figures."""
    if lines:
        draw_figure(plot_jumps(lines, make_once("chain floors", find_floors), look), key=key)
        st.caption(plain(describe_sample(lines)))
