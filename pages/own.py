"""Your data: train a Relation Network on your own objects, and see which pairs decide."""

from __future__ import annotations

import streamlit as st

from pages._lab.domains.own import DOMAIN
from pages._lab.own.sets import find_set
from pages._lab.plain import plain
from pages._ui.frame import draw_frame
from pages._ui.own import sections, session
from pages._ui.own.session import OWN
from pages._ui.pairs.page import draw_pair_page


def draw_page() -> None:
    """Draw the choice of the set, then its training, or its networks' pairs."""
    state = OWN.open()
    shown, job, models = find_set(state.data), session.find_job(), session.find_models()
    view = None if job is None else job.view()
    if job is not None and view is not None and not view.is_active:
        learned, problem = session.take_learned(job, view), view.problem
        if learned or problem is None:
            session.draw_again()
        OWN.notify(problem)
    sections.draw_sources(state, shown)
    if models is not None and (view is None or not view.is_active):
        draw_pair_page(DOMAIN, OWN, own={"results": lambda _: sections.draw_results(models, shown)})
        return
    draw_frame(OWN)
    if state.model and models is None:
        st.info(plain("The link's network is not in this session; train one, or open its weights."))
    if job is not None and view is not None and view.is_active:
        sections.draw_run(job, view)
    else:
        sections.draw_untrained(shown)
    OWN.write_url()


draw_page()
