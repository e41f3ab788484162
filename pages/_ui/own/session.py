"""What a person can do on the page Your data: choose a set, train on it, open weights; and what the session keeps."""

from __future__ import annotations

import secrets

import streamlit as st

from pages._lab.domains.base import full_name
from pages._lab.domains.own import DOMAIN
from pages._lab.own.models import SetModels, list_answering, read_models
from pages._lab.own.sets import OwnSet, find_set, take_files, take_weights
from pages._lab.plain import plain
from pages._lab.train.jobs import Job, JobView
from pages._ui.classroom.seats import NO_TRAINING, is_student
from pages._ui.kept import Kept, nothing, uploaded_files
from pages._ui.own_answerers import keep_answerer
from pages._ui.presence import current_session
from pages._ui.session import PageSession
from pages._ui.training_runs import find_board
from rn_core.common.errors import RNCoreError
from rn_core.race.own_race import OwnRaceConfig
from rn_core.tasks.own.bundled import BUNDLED

OWN = PageSession("own", DOMAIN.read_query)
#: Most sets of its own, and networks, that a session keeps: each takes memory until the session ends.
_MOST_KEPT = 6
#: How many files have come: a part of the uploaders' keys, so that one that was read makes room for the next.
_TURN = Kept(OWN.key("turn"), int)
_OWNER: Kept[str | None] = Kept(OWN.key("owner"), nothing)
_SETS: Kept[dict[str, OwnSet]] = Kept(OWN.key("sets"), dict)
_MODELS: Kept[dict[str, SetModels]] = Kept(OWN.key("models"), dict)
_LATEST: Kept[dict[str, str]] = Kept(OWN.key("latest"), dict)
_FILES: Kept[dict[str, bytes]] = Kept(OWN.key("bundles"), dict)
_JOB: Kept[tuple[str, str] | None] = Kept(OWN.key("job"), nothing)


def find_sets() -> dict[str, str]:
    """Return the sets that can be chosen -> their titles."""
    shipped = {name: known.title for name, known in BUNDLED.items()}
    return shipped | {name: plain(held.title) for name, held in _SETS.get().items()}


def find_models() -> SetModels | None:
    """Return the networks that the page shows; None if there are none of this session by that name."""
    return _MODELS.get().get(OWN.state.model)


def hold_set(name: str) -> OwnSet:
    """Return a set, kept for this session from now on; raises RNCoreError if it is gone."""
    shown = find_set(name)
    if name not in find_sets():
        _keep_set(shown)
    return shown


def choose_set(name: str | None) -> dict[str, str]:
    """Return the change of state that a set brings: itself, and the network that learned it last; none without one."""
    if name is None:
        return {}
    return {"data": name, "model": _LATEST.get().get(name, "")}


def uploader_key(kind: str) -> str:
    """Return the key of the uploader of "files" or "weights"."""
    return OWN.key(f"{kind}.{_TURN.get()}")


def _take_uploads(kind: str) -> list[tuple[str, bytes]]:
    """Return name and content of what an uploader has, and make room for the next; one CSV file alone stays there."""
    files = [(file.name, file.getvalue()) for file in uploaded_files(uploader_key(kind))]
    if files and not (len(files) == 1 and files[0][0].lower().endswith(".csv")):
        _TURN.set(_TURN.get() + 1)
    return files


def take_set_files() -> None:
    """Read the set that was uploaded; what is wrong with it is said in one sentence, and the page stays as it is."""
    files = _take_uploads("files")
    if not files:
        return
    try:
        made = take_files(files)
    except RNCoreError as err:
        OWN.notify(str(err))
        return
    _keep_set(made)
    OWN.update(**choose_set(made.name))


def take_weight_files() -> None:
    """Read the networks that were uploaded, and show them on their set; errors as `take_set_files`."""
    files = _take_uploads("weights")
    if not files:
        return
    try:
        models = read_models(files)
        shown = find_set(OWN.state.data)
        if shown.task.name != models.weights.card.task:
            shown = take_weights(models.weights)
            _keep_set(shown)
    except RNCoreError as err:
        OWN.notify(str(err))
        return
    _keep_models(shown.name, models)


def _keep_set(made: OwnSet) -> None:
    """Keep a set for this session; the oldest of too many goes."""
    kept = {**_SETS.get(), made.name: made}
    _SETS.set(dict([*kept.items()][-_MOST_KEPT:]))


def _keep_models(name: str, models: SetModels) -> None:
    """Keep the networks of a set for this session and show them."""
    kept = {**_MODELS.get(), models.name: models}
    _MODELS.set(dict([*kept.items()][-_MOST_KEPT:]))
    answerers = [one for one in (models.answerer, models.baseline) if one is not None]
    for known, answerer in zip(list_answering(models.name), answerers, strict=True):
        keep_answerer(full_name(DOMAIN, known), answerer)
    _LATEST.set({**_LATEST.get(), name: models.name})
    OWN.update(data=name, model=models.name)


def find_job() -> Job | None:
    """Return the training on the shown set that this session started, told that somebody watches; None without."""
    token, name = _JOB.get() or ("", "")
    job = find_board().find(token) if name == OWN.state.data else None
    if job is not None:
        job.watch(current_session())
    return job


def start() -> None:
    """Train both networks on the shown set; other runs of this session are stopped."""
    if is_student():
        OWN.notify(NO_TRAINING)
        return
    owner = _OWNER.get() or secrets.token_urlsafe(12)
    _OWNER.set(owner)
    shown = find_set(OWN.state.data)
    try:
        job = find_board().submit(OwnRaceConfig(data=str(shown.path)), owner, current_session())
    except RNCoreError as err:
        OWN.notify(str(err))
        return
    _JOB.set((job.token, shown.name))
    OWN.touch()


def take_learned(job: Job, view: JobView) -> bool:
    """Show what an ended run has learned; return whether there is anything."""
    name = OWN.state.data
    _JOB.set(None)
    if not view.has_weights:
        return False
    try:
        models = read_models([(f"{kind}.safetensors", job.bundle(kind)) for kind in job.config.models])
    except RNCoreError as err:
        OWN.notify(str(err))
        return False
    _FILES.set({kind: job.bundle(kind) for kind in job.config.models})
    _keep_models(name, models)
    return True


def find_files() -> dict[str, bytes]:
    """Return kind -> file of the networks that were trained last."""
    return _FILES.get()


def draw_again() -> None:
    """Draw the page again, with what is new of the run."""
    OWN.touch()
    st.rerun()
