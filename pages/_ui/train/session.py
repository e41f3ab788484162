"""What a person can do on the Train page: start, steer and clear a run, and keep what it learned.

The run itself lives on the server's board, not in the session: its token in the URL finds it again after a reload.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import streamlit as st

from pages._lab.own_model import OwnModel
from pages._lab.train.jobs import Job, JobView
from pages._lab.train.moments import Drawn, Moment, drawn_of, moment_of, what_is_new
from pages._lab.train.runs import RunRecord, remember_run
from pages._lab.train.state import TrainState
from pages._ui.classroom.seats import NO_TRAINING, is_student
from pages._ui.kept import Kept, nothing
from pages._ui.own_models import add_own_model
from pages._ui.presence import current_session
from pages._ui.session import PageSession
from pages._ui.sharing import make_link
from pages._ui.training_runs import find_board
from rn_core.common.errors import RNCoreError
from rn_core.weights.bundles import read_bundle
from rn_core.weights.store import LoadedWeights

TRAIN = PageSession("train", TrainState.from_query)
_OWNER: Kept[str | None] = Kept(TRAIN.key("owner"), nothing)
_RUNS: Kept[tuple[RunRecord, ...]] = Kept(TRAIN.key("runs"), tuple)
_PRESSED: Kept[Moment | None] = Kept(TRAIN.key("pressed"), nothing)
_LOADED: Kept[tuple[str, str] | None] = Kept(TRAIN.key("loaded"), nothing)
_DRAWN: Kept[Drawn | None] = Kept(TRAIN.key("drawn"), nothing)
#: Key of the fragment that draws what changes by itself.
LIVE_PART = TRAIN.key("live")


def find_job() -> Job | None:
    """Return the run that the page watches; None if there is none, or if the server no longer has it."""
    token = TRAIN.state.run
    return find_board().find(token) if token else None


def look_at(job: Job) -> JobView:
    """Return a run as it stands; tell it that somebody watches, and keep what it found for comparison."""
    job.watch(current_session())
    view = job.view()
    _RUNS.set(remember_run(runs(), job.token, job.config, view))
    return view


def runs() -> tuple[RunRecord, ...]:
    """Return the session's runs so far, oldest first."""
    return _RUNS.get()


def run_title(token: str) -> str:
    """Return what a run is called."""
    return next((record.title for record in runs() if record.token == token), "New run")


def start() -> None:
    """Start a race with the page's settings; other runs of this session are stopped."""
    if is_student():
        TRAIN.notify(NO_TRAINING)
        return
    owner = _OWNER.get() or secrets.token_urlsafe(12)
    _OWNER.set(owner)
    try:
        job = find_board().submit(TRAIN.state.config, owner, current_session())
    except RNCoreError as err:
        TRAIN.notify(str(err))
        return
    _PRESSED.set(None)
    TRAIN.update(run=job.token)


def press(job: Job, steer: Callable[[], None]) -> None:
    """Steer the run, and look often until it has followed."""
    _PRESSED.set(moment_of(job.view()))
    steer()
    TRAIN.touch()


def redraw() -> None:
    """Draw the whole page again, because the run has entered another status or has followed a button."""
    _PRESSED.set(None)
    TRAIN.touch()
    st.rerun()


def owns(job: Job) -> bool:
    """Return whether this session started a run."""
    return job.owner == _OWNER.get()


def note_drawn(view: JobView) -> None:
    """Remember what of a run is drawn, so that only what is new is drawn again."""
    _DRAWN.set(drawn_of(view))


def follow(job: Job) -> None:
    """Draw what is new of a run: the whole page, what changes by itself, or nothing at all."""
    new = what_is_new(job.view(), _DRAWN.get(), pressed())
    if new == "page" or find_job() is not job:
        redraw()
    if new == "live":
        st.rerun(LIVE_PART)


def pressed() -> Moment | None:
    """Return how the run stood when a button was pressed that it may not have followed yet."""
    return _PRESSED.get()


def reset(job: Job | None) -> None:
    """Stop the run and clear the page of it; what it found stays for comparison."""
    if job is not None:
        look_at(job)
        job.stop()
    TRAIN.update(run="")


def settings_link() -> str:
    """Return the address of the page's settings, without the run: another browser starts its own."""
    return make_link(TRAIN.state.change(run="").to_query())


def read_weights(job: Job, kind: str) -> LoadedWeights:
    """Return what a runner has learned so far; raises RNCoreError if there is nothing yet."""
    content = job.bundle(kind)
    return read_bundle(content, f"{kind}.safetensors", max_bytes=len(content))


def read_cards(job: Job) -> bytes:
    """Return the runners' cards as JSON; raises RNCoreError if there are none yet."""
    cards = {kind: read_weights(job, kind).card.to_dict() for kind in job.config.models}
    return (json.dumps(cards, indent=1) + "\n").encode()


def use_run(job: Job) -> OwnModel:
    """Make a run's Relation Network, with its MLP beside it, one of the session's own models; raises RNCoreError."""
    beside = read_weights(job, "mlp") if "mlp" in job.config.models else None
    return add_own_model(read_weights(job, "rn"), run_title(job.token), beside)


def note_loaded(model: OwnModel) -> None:
    """Remember the model that was uploaded, to offer it."""
    _LOADED.set((model.name, model.label))


def loaded() -> tuple[str, str] | None:
    """Return name and label of the model that was uploaded last, or None."""
    return _LOADED.get()
