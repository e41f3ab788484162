"""Write `docs/results.md` from the cards and the benchmark records: `python -m benchmarks.results`.

A record in `benchmarks/records/` is what the command named above its table printed; run that command again and paste
its table there to renew it. Everything else comes from the cards in `pretrained/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import babi_tasks, curves, end_to_end, physics_tasks, tables
from rn_core.weights.card import Card
from rn_core.weights.store import list_weights

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results.md"
RECORDS = Path(__file__).with_name("records")
_HEAD = """# Results

This page is written by `python -m benchmarks.results`; a test fails when it and its sources differ. Accuracies are
percentages, with the 95 % interval in brackets. Under each title stands the command that prints the figures again.
"""


@dataclass(frozen=True)
class Section:
    """One table of the page.

    Attributes:
        title: its heading.
        command: what prints it.
        note: sentences on what was measured: sample, seed, machine.
        table: returns it as Markdown.
    """

    title: str
    command: str
    note: str
    table: Callable[[], str]

    def format(self) -> str:
        """Return the section as Markdown."""
        return f"## {self.title}\n\n`{self.command}`\n\n{self.note}\n\n{self.table().strip()}\n"


def read_record(name: str) -> str:
    """Return what a benchmark printed."""
    return (RECORDS / f"{name}.md").read_text(encoding="utf-8")


def _babi() -> str:
    """Return accuracy per bAbI task."""
    return babi_tasks.format_results(babi_tasks.read_published(), babi_tasks.read_fresh())


def _physics(part: Callable[[dict[str, Card]], str]) -> str:
    """Return a table made from the cards of physics."""
    return part({name: entry.card for name, entry in list_weights().items() if name.startswith("physics/")})


def _record(name: str) -> Callable[[], str]:
    """Return what reads a record."""
    return lambda: read_record(name)


def _attribution(name: str, pairs: str, options: str = "") -> Section:
    """Return the section on the attributions of a network."""
    record = "attribution_" + name.replace("/", "_").replace("-", "_")
    note = (
        f"{pairs}, test scenes, seed 0. “Points at the true pair”: the share of questions whose strongest pair is the "
        "deciding one, “share on it” is how much of the positive shares lies there (in brackets: the same network with "
        "shuffled weights). Deletion and insertion are the parts of the curve on which the answer holds (in brackets: "
        "pairs in random order)."
    )
    command = f"python -m rn_core evaluate {name} --attribution{options}"
    return Section(f"Attribution: {name}", command, note, _record(record))


SECTIONS = (
    Section(
        "Sort-of-CLEVR: accuracy per question type",
        "python -m benchmarks.tables",
        "From the cards. The paper: CNN+RN above 94, CNN+MLP 63 on relational questions, both end-to-end, as "
        "`rn-pixels-end-to-end` and `mlp-pixels-end-to-end` here; the encoder of `rn-pixels` and `mlp-pixels` first "
        "learned to name the contents of its cells.",
        tables.format_results,
    ),
    Section(
        "Sort-of-CLEVR: learning from answers only",
        "python -m benchmarks.curves",
        "From the cards of `rn-pixels-end-to-end` and `mlp-pixels-end-to-end`: validation accuracy on 200 scenes, all "
        "36 questions. Single objects (shape, left, top) are asked alone for the first 576,000 questions; the plateau "
        "is where their accuracy stays near 60 %. Minutes are of one thread, with other work on the machine.",
        curves.format_learning,
    ),
    Section(
        "Sort-of-CLEVR: more and fewer objects, and near ties",
        "python -m benchmarks.crowds",
        "The network was trained on six objects.",
        _record("crowds"),
    ),
    Section(
        "Sort-of-CLEVR: any number of objects",
        "python -m benchmarks.crowds --model sort-of-clevr/rn-objects-2to10 --sizes 2 3 4 5 6 7 8 9 10",
        "The same network, trained on every number of objects from two to ten; from six on, colors that are not asked "
        "about repeat.",
        _record("crowds_any"),
    ),
    Section(
        "Sort-of-CLEVR: questions about three objects",
        "python -m benchmarks.triples --scenes 10000",
        "How many objects lie in the box between A and B; does any lie within 12 pixels of the line through them; how "
        "many form an obtuse triangle with them. Both networks took the same questions.",
        _record("triples"),
    ),
    Section(
        "Sort-of-CLEVR: chains of jumps",
        "python -m benchmarks.chain --scenes 10000",
        "From a named object, so many jumps to the nearest object not yet visited. `rn-chain` relates pairs once, "
        "the others again in 2, 4 or 8 steps that share their weights. `rn-chain-4-steps` was asked for four jumps at "
        "most in training.",
        _record("chain"),
    ),
    Section(
        "Sort-of-CLEVR: pictures that others drew",
        "python -m benchmarks.other_pictures --scenes 200",
        "200 scenes per style, all 36 questions, seed 0, drawn by Pillow apart from the training pictures; in "
        "brackets the 95 % interval. `rn-slots` and `rn-pixels-styles` were trained on many styles, the others on one.",
        _record("other_pictures"),
    ),
    Section(
        "Answers only: what networks reach without a head start",
        "python -m benchmarks.end_to_end",
        "From the cards, test split, seed 0. The networks on the left were told nothing but answers; those on the "
        "right were pretrained on objects or on facts about pairs.",
        lambda: end_to_end.format_networks({name: entry.card for name, entry in list_weights().items()}),
    ),
    Section(
        "Warnings of strange pictures",
        "python -m benchmarks.strange_inputs --scenes 100 --clevr FOLDER",
        "100 pictures of each kind, split test, seed 0; in brackets the 95 % interval. A picture brings a warning if "
        "it is further from those of training, or has less even ground, than the profile of the weights allows, or if "
        "more than six patches stand out from its ground, or if an encoder that finds objects finds more or fewer than "
        "training scenes have. “Own colors, drawn by Pillow” have circles of slightly other pixels, “many styles” are "
        "those that `rn-slots` and `rn-pixels-styles` learned from. Photographs are crops of a portrait, a temple and "
        "a flower and, for networks of Sort-of-CLEVR, of CLEVR's pictures. `clevr/rn-slots` is shown all 1,000 "
        "rendered test pictures and 69 of CLEVR's own.",
        _record("strange_inputs"),
    ),
    Section(
        "CLEVR from states: accuracy per question type",
        "python -m benchmarks.clevr_states --oracle ../shared/data",
        "The first three columns are from the cards (10,000 test scenes, 100,000 questions, seed 0). The last two are "
        "questions of the original engine: 3,000 about 300 synthetic scene graphs, 2,000 about 200 real ones. The "
        "paper: 96.4.",
        _record("clevr_states"),
    ),
    Section(
        "CLEVR from objects found in pictures: accuracy per question type",
        "python -m benchmarks.clevr_slots --real ../shared/data/clevr/real-train-54",
        "`rn-slots` learned from rendered pictures alone. Rendered: 1,000 test pictures of 240x160, ten questions "
        "each, which nothing learned from or was chosen by. Real: 54 pictures of the original data set with 540 "
        "questions of the original engine, measured when all was chosen.",
        _record("clevr_slots"),
    ),
    Section(
        "CLEVR from pictures: a Relation Network and its baselines",
        "python -m benchmarks.clevr_networks --real ../shared/data/clevr/real-train-54",
        "The same pictures and questions as above. `rn-pixels`, `sa-pixels` (CNN+LSTM+SA) and `mlp-pixels` (CNN+LSTM) "
        "are heads on cells of the same convolution, that of `rn-slots`, frozen; only answers taught them. The "
        "baselines have more parameters in their heads and took more steps, but g_theta of `rn-pixels` started from "
        "the relations of `rn-slots`, so this compares networks, not how fast they learn. The paper trained "
        "end-to-end on 70,000 pictures.",
        _record("clevr_networks"),
    ),
    Section(
        "CLEVR from objects found in pictures: what perception gets wrong",
        "python -m benchmarks.clevr_perception clevr/rn-slots FOLDER ../shared/data/clevr/real-train-54",
        "400 rendered validation pictures, and the same real ones. Found and true objects are matched by place. To "
        "answer 95.5 % of all questions, an attribute may be wrong in 0.5 % and an object missed in 0.5 %.",
        _record("clevr_perception"),
    ),
    Section(
        "CLEVR from pixels: public weights on rendered pictures",
        "python -m benchmarks.clevr_pictures --scenes 100 --weights FOLDER",
        "The public weights never saw a rendered picture; on CLEVR's own pictures they reach 93 and 94.",
        _record("clevr_pictures"),
    ),
    Section(
        "bAbI: accuracy per task",
        "python -m benchmarks.babi_tasks",
        "From the cards: the published validation files (20,002 questions, stories as clusters) and 10,000 new "
        "stories, seed 0. “Majority” is the most frequent answer of each task. The paper solves 18 of 20.",
        _babi,
    ),
    Section(
        "Physics: connections and number of connected groups",
        "python -m benchmarks.physics_tasks",
        "From the cards: 10,000 test scenes of ten balls, seed 0. “Blind” is the best answer without seeing the scene. "
        "The paper: 93 % of scenes with all pairs right, 95 % of counts.",
        lambda: _physics(physics_tasks.format_answers),
    ),
    Section(
        "Physics: predicted paths",
        "python -m benchmarks.physics_tasks",
        "From the cards: mean distance between predicted and simulated places over 16 frames, table widths per frame.",
        lambda: _physics(physics_tasks.format_paths),
    ),
    Section(
        "Physics: more and fewer balls",
        "python -m benchmarks.physics_tasks",
        "2,000 test scenes for each number of balls, seed 0; the networks were trained on ten.",
        _record("physics_sizes"),
    ),
    Section(
        "Physics: networks of any number of balls",
        "python -m benchmarks.physics_tasks --range --scenes 1000",
        "1,000 test scenes for each number of balls, seed 0: number of groups, and scenes with all pairs right. "
        "`rn-count` and `rn-connections` were trained on ten balls, `rn-count-2to12` and `rn-connections-2to12` on two "
        "to twelve, which may have any of twelve colors. About pairs of an eleventh color the former has no answer.",
        _record("physics_any"),
    ),
    _attribution("sort-of-clevr/rn-objects", "36 pairs, 200 questions"),
    _attribution("sort-of-clevr/rn-pixels", "625 pairs of cells merged to objects and ground, 200 questions"),
    _attribution("sort-of-clevr/rn-slots", "36 pairs of found objects, 200 questions"),
    _attribution("clevr/rn-states", "9 to 100 pairs, 200 questions such as “What color is the cube left of the ball?”"),
    _attribution(
        "babi/rn-joint",
        "4 to 400 pairs, 140 questions that exactly two sentences answer",
        " --attribution-scenes 140",
    ),
    Section(
        "Live race: objects",
        "python -m benchmarks.race --seeds 2",
        "The default race of the Train page from a cold start, on two idle cores; 100 validation scenes.",
        _record("race"),
    ),
    Section(
        "Live race: images, answers only",
        "python -m benchmarks.race --task sort-of-clevr/pixels --answers-only --goal 88 --seeds 1",
        "No labels and no other weights: single objects first, then all questions; from a cold start on two idle cores "
        "with native bf16; 16 validation scenes.",
        _record("race_pixels"),
    ),
    Section(
        "Live race: stories",
        "python -m benchmarks.race --task babi --seeds 1",
        "After a head start that pretrains pairs of sentences; 100 validation stories per task, two idle cores.",
        _record("race_babi"),
    ),
    Section(
        "Live race: three objects",
        "python -m benchmarks.race --task sort-of-clevr/triples --seeds 2",
        "A network over triples (A, B, k) against one over the pairs (A, k) and (B, k), from a cold start on two idle "
        "cores.",
        _record("race_triples"),
    ),
    Section(
        "Your data: from upload to matrix",
        "python -m benchmarks.own_data",
        "A new CSV of 3,000 questions on the page Your data, in Chromium on two idle cores.",
        _record("own_data"),
    ),
    Section(
        "A class of thirty",
        "python -m benchmarks.classroom --rounds 3 --pause 2",
        "How soon thirty students see what the teacher shows, over WebSockets, server and students on two idle cores.",
        _record("classroom"),
    ),
    Section(
        "During a drag",
        "python -m benchmarks.dragging",
        "How often answers follow while an object is held, in Chromium with software rendering on two idle cores.",
        _record("dragging"),
    ),
    Section(
        "Thirty open sessions",
        "python -m benchmarks.sessions --seconds 40 --actions explore babi physics pull lesson reveal clevr",
        "On two idle cores of an AMD EPYC; a watched race may slow a new scene's p95 by 1.5 at most.",
        _record("sessions"),
    ),
    Section(
        "Speed and memory",
        "python -m rn_core bench --device cpu --threads 1",
        "Against the plain implementation in `rn_core/experiments/plain.py` (every pair concatenated, 32 bits, one "
        "question per scene), on one core of an AMD EPYC with native bf16.",
        _record("bench"),
    ),
    Section(
        "Physics: scenes per second",
        "python -m benchmarks.physics_scenes",
        "Sampled and simulated on one core.",
        _record("physics_scenes"),
    ),
)


def format_page() -> str:
    """Return the whole page as Markdown."""
    return "\n".join([_HEAD, *(section.format() for section in SECTIONS)])


def main() -> None:
    """Write the page."""
    PAGE.write_text(format_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
