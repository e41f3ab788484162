"""The parts of the page Your data beside what all pages about pairs share."""

from __future__ import annotations

import streamlit as st

from pages._lab.own.html import progress_table, results_table
from pages._lab.own.models import SetModels
from pages._lab.own.sets import OwnSet
from pages._lab.own.state import OwnState
from pages._lab.plain import plain
from pages._lab.train.jobs import Job, JobView
from pages._ui.components.poll import draw_poll
from pages._ui.options import named
from pages._ui.own import session
from pages._ui.own.session import OWN
from rn_core.models import KINDS
from rn_core.tasks.own.bundled import BUNDLED

#: Seconds between two looks at a run.
_LOOK_EVERY = 1.0
_FORM = (
    "One .jsonl file, or objects.csv with questions.csv (and maybe pairs.csv) together, up to 10 MB; "
    "docs/your-data.md says what they hold. Only you see them, until you leave."
)


def draw_sources(state: OwnState, shown: OwnSet, is_running: bool) -> None:
    """Draw the choice of the set, where one's own is opened, and what begins a training unless one is running."""
    sets = session.find_sets()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Set", list(sets), format_func=named(sets), **OWN.bind("data", read=session.choose_set))
        with st.popover("Your own", icon=":material/upload_file:"):
            st.file_uploader(
                "Your data", type=["jsonl", "ndjson", "csv"], accept_multiple_files=True, help=_FORM,
                key=session.uploader_key("files"), on_change=session.take_set_files,
            )  # fmt: skip
            st.file_uploader(
                "Weights trained on a set", type="safetensors", accept_multiple_files=True,
                help="A file saved here or by the command line: a Relation Network, alone or with its MLP.",
                key=session.uploader_key("weights"), on_change=session.take_weight_files,
            )  # fmt: skip
        if shown.path is not None:
            label = "Train again" if state.model else "Train"
            st.button(label, icon=":material/flag:", type="primary", disabled=is_running, on_click=session.start)
    known = BUNDLED.get(shown.name)
    about = "" if known is None else f"{known.text} From {known.source}; {known.license}. "
    st.caption(plain(f"{about}{shown.facts}."))


def draw_run(job: Job, view: JobView) -> None:
    """Draw how far a run is and how good its networks are by now."""
    done = view.progress[-1].step / job.config.steps if view.progress else 0.0
    waits = f"Waiting, number {view.place} of {view.line}" if view.status == "waiting" else "Training"
    st.progress(min(1.0, done), f"{waits}: a Relation Network and an MLP on the same questions")
    st.markdown(progress_table(view))
    st.button("Stop and use what they have learned", icon=":material/stop:", on_click=job.stop)
    draw_poll(_LOOK_EVERY, key=OWN.key("poll"), on_ask=session.draw_again)


def draw_untrained(state: OwnState) -> None:
    """Draw some of a set's questions, before any network has learned it."""
    if state.model:
        st.info("The link's network is not in this session; train one, or open its weights.")
    record = state.record
    st.markdown("No network has learned this set here yet: training takes about a minute. Some of its questions:")
    rows = [{"question": asked.text, "answer": asked.answer, "type": asked.type} for asked in record.questions]
    st.dataframe(rows, hide_index=True)


def draw_results(models: SetModels | None, shown: OwnSet) -> None:
    """Draw the accuracies of the networks, and their files."""
    if models is None:
        return
    answerers = [one for one in (models.answerer, models.baseline) if one is not None]
    found = {one.card.kind: one.card.metrics for one in answerers if one.card.metrics is not None}
    if found:
        st.markdown(results_table(found, shown.floors))
    for kind, content in session.find_files().items():
        st.download_button(
            f"{KINDS[kind].short} (.safetensors)", content, f"{kind}.safetensors", "application/octet-stream",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip
