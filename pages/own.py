"""Your data: train a Relation Network on your own objects, and see which pairs decide."""

from __future__ import annotations

import streamlit as st

from pages._lab.domains.own import DOMAIN
from pages._lab.own.sets import OwnSet
from pages._lab.own.state import OwnState
from pages._lab.train.jobs import Job, JobView
from pages._ui.frame import draw_frame
from pages._ui.own import sections, session
from pages._ui.own.session import OWN
from pages._ui.pairs.page import draw_pair_page
from rn_core.common.errors import RNCoreError


def open_set() -> tuple[OwnState, OwnSet]:
    """Return the page's state and its set; the first one that comes with the project where that is gone."""
    state = OWN.open()
    try:
        return state, session.hold_set(state.data)
    except RNCoreError as err:
        OWN.set(OwnState())
        OWN.notify(str(err))
        return OWN.state, session.hold_set(OWN.state.data)


def watch_job() -> tuple[Job, JobView] | None:
    """Return the training that goes on; one that has ended gives what it has learned to the page."""
    job = session.find_job()
    view = None if job is None else job.view()
    if job is None or view is None:
        return None
    if view.is_active:
        return job, view
    if session.take_learned(job, view):
        session.draw_again()
    if view.problem is not None or not view.has_weights:
        OWN.notify(view.problem or "The training was stopped before its networks had learned anything; start it again.")
    return None


def draw_page() -> None:
    """Draw the choice of the set above its training, its networks' pairs, or some of its questions.

    The choice is drawn last into its place: the shared page, which draws the frame, comes first.
    """
    (state, shown), running, models = open_set(), watch_job(), session.find_models()
    head = st.container()
    if models is not None and running is None:
        OWN.touch()  # so that the shared page takes the state as it is
        draw_pair_page(DOMAIN, OWN, own={"results": lambda _: sections.draw_results(models, shown)})
    else:
        draw_frame(OWN)
    with head:
        sections.draw_sources(state, shown, running is not None)
    if running is not None:
        sections.draw_run(*running)
    elif models is None:
        sections.draw_untrained(state)
    OWN.write_url()


draw_page()
