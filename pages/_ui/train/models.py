"""What one can do with what was learned: use it in Explore, download it, load one back."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages._lab.models import asks_about_shapes
from pages._lab.plain import plain
from pages._lab.train.jobs import Job, JobView
from pages._lab.train.pairs import watched_state
from pages._ui.own_models import draw_upload
from pages._ui.train.session import TRAIN, loaded, note_loaded, read_cards, use_run
from rn_core.common.errors import RNCoreError
from rn_core.race.records import RUNNERS
from rn_core.tasks import TASKS

_EXPLORE = "pages/explore.py"


def draw_learned(job: Job, view: JobView) -> None:
    """Draw what can be done with a run's networks; a file is made when it is asked for."""
    config = job.config
    step = view.snapshots[-1].step if view.snapshots else 0
    name = f"{config.task.rpartition('/')[2]}-seed{config.seed}-step{step}"
    with st.container(horizontal=True, vertical_alignment="center"):
        # Explore shows scenes of shapes.
        can_explore = "rn" in config.models and asks_about_shapes(TASKS[config.task])
        if can_explore and st.button("Use in Explore", icon=":material/hub:", key=TRAIN.key("use")):
            _open_explore(job, view)
        for kind in config.models:
            st.download_button(
                f"Download {RUNNERS[kind].short} (.safetensors)", partial(job.bundle, kind),
                f"{RUNNERS[kind].short.lower().replace(' ', '-')}-{name}.safetensors",
                "application/octet-stream", on_click="ignore", icon=":material/download:",
            )  # fmt: skip
        st.download_button(
            "Card (JSON)", partial(read_cards, job), f"card-{name}.json", "application/json", on_click="ignore"
        )


def _open_explore(job: Job, view: JobView) -> None:
    """Open Explore on the watched example with the network that was learned here."""
    try:
        own = use_run(job)
    except RNCoreError as err:
        st.error(plain(err))
        return
    query = {"model": own.name}
    if view.examples:
        query = watched_state(view.examples[0], job.config.task).change(model=own.name).to_query()
    st.switch_page(_EXPLORE, query_params=query)


def draw_load() -> None:
    """Draw where a downloaded model is loaded back, and the way to the one that was."""
    with st.popover("Load a model", icon=":material/upload_file:"):
        draw_upload(note_loaded, TRAIN.notify)
    found = loaded()
    if found is not None:
        name, label = found
        st.page_link(
            _EXPLORE, label=f"Use “{plain(label)}” in Explore", icon=":material/hub:", query_params={"model": name}
        )
