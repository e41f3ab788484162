"""Public weights: they answer as their author's network does, and nothing else is taken for them."""

from __future__ import annotations

import contextlib
import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pages._lab.layout import card_text
from rn_core import cli
from rn_core.answering import Answerer, load
from rn_core.cli import main
from rn_core.common.errors import QuestionError, RNCoreError, SceneError, UnknownNameError, WeightsError
from rn_core.common.files import sha256
from rn_core.models import QuestionAnsweringModel
from rn_core.tasks import TASKS
from rn_core.tasks.clevr.encoding import ANSWERS
from rn_core.tasks.clevr.public import VOCABULARY
from rn_core.tasks.clevr.tokens import TOKENS
from rn_core.weights import public as public_weights
from rn_core.weights.public import (
    PUBLIC,
    convert_public,
    fetch_public,
    import_file,
    import_public,
)
from rn_core.weights.store import find_weights, list_weights, load_weights, weights_status

pytestmark = pytest.mark.weights

PUBLIC_NAMES = NAME, NAME_IR = "clevr/rn-pixels-public", "clevr/rn-pixels-public-ir"
#: Right answers to the 40 official questions that must be reached.
LEAST_RIGHT = {NAME: 37, NAME_IR: 36}


def make_state(name: str = NAME) -> dict[str, Tensor]:
    """Return random tensors by the names and in the shapes of the public file."""
    with torch.device("meta"):
        shapes = QuestionAnsweringModel(PUBLIC[name].config).state_dict()
    return {f"module.{key}": torch.rand(shapes[own].shape) for key, own in PUBLIC[name].names.items()}


def pack(state: dict[str, Tensor]) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def data(shared_data) -> Path:
    return shared_data


@pytest.fixture(scope="module")
def here(data, tmp_path_factory) -> Path:
    """A folder into which both public files have been imported."""
    folder = tmp_path_factory.mktemp("pretrained")
    for name, public in PUBLIC.items():
        import_file(name, data / "clevr-public-weights" / public.file, folder)
    return folder


@pytest.fixture(scope="module")
def official(data) -> list[tuple[np.ndarray, str, str]]:
    """The official questions of training images 0 to 3: picture, question, answer."""
    path = data / "clevr" / "questions" / "official_train_questions_images0-3.json"
    questions = json.loads(path.read_text())["questions"]
    return [(load_picture(data, row["image_filename"]), row["question"], row["answer"]) for row in questions]


def load_picture(data: Path, name: str) -> np.ndarray:
    with Image.open(data / "clevr" / "images" / name) as image:
        return np.asarray(image.convert("RGB"))


@contextlib.contextmanager
def flush_denormal() -> Iterator[None]:
    """Take numbers that are almost 0 as 0 inside the block: with them, the published network is ten times as slow."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def load_published(data: Path, name: str) -> tuple[dict[str, Tensor], dict[str, dict[str, int]]]:
    """Return the file's own tensors and the vocabulary that goes with them."""
    folder = data / "clevr-public-weights"
    state = torch.load(folder / PUBLIC[name].file, weights_only=True, map_location="cpu")
    vocabulary = json.loads((folder / "vocab.json").read_text())
    return {key.removeprefix("module."): value for key, value in state.items()}, vocabulary


def answer_as_published(
    state: dict[str, Tensor], vocabulary: dict[str, dict[str, int]], layer: int, picture: np.ndarray, question: str
) -> np.ndarray:
    """Return the logits by the steps that the data's README gives, in this project's order of answers."""
    small = np.array(Image.fromarray(picture).resize((128, 128), Image.Resampling.BILINEAR))
    seen = torch.from_numpy(small).permute(2, 0, 1)[None] / 255
    for k in "1234":
        seen = functional.conv2d(seen, state[f"conv.conv{k}.weight"], state[f"conv.conv{k}.bias"], 2, 1)
        parts = (state[f"conv.batchNorm{k}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        seen = functional.batch_norm(seen, *parts).clamp(min=0)
    line = torch.linspace(-4, 4, 8)
    objects = torch.cat([seen[0], line.expand(1, 8, 8), line[:, None].expand(1, 8, 8)]).flatten(1).T  # (64, 26)
    spaced = question.lower().replace("?", " ?").replace(";", " ;")
    words = [vocabulary["question"][word] for word in spaced.split()]
    words = torch.tensor((words + [0] * 44)[:44][::-1])
    lstm = torch.nn.LSTM(32, 128)
    lstm.load_state_dict({key[10:]: value for key, value in state.items() if key.startswith("text.lstm.")})
    asked = lstm(state["text.wembedding.weight"][words])[0][-1]  # (128,)
    hidden = torch.cat([objects.repeat(64, 1), objects.repeat_interleave(64, 0)], dim=1)  # (4096, 52)
    for k in range(4):
        if k == layer:
            hidden = torch.cat([hidden, asked.expand(len(hidden), -1)], dim=1)
        weight, bias = (state[f"rl.g_layers.{k}.{part}"] for part in ("weight", "bias"))
        hidden = functional.linear(hidden, weight, bias).clamp(min=0)
    hidden = hidden.sum(dim=0)
    for k in "12":
        hidden = functional.linear(hidden, state[f"rl.f_fc{k}.weight"], state[f"rl.f_fc{k}.bias"]).clamp(min=0)
    logits = functional.linear(hidden, state["rl.f_fc3.weight"], state["rl.f_fc3.bias"])
    return logits[[vocabulary["answer"][answer] - 1 for answer in ANSWERS]].numpy()


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_it_answers_the_official_questions_as_the_published_network_does(name, here, data, official):
    loaded, task = load_weights(name, here), TASKS["clevr/pixels"]
    pictures, questions, answers = zip(*official, strict=True)
    with torch.inference_mode(), flush_denormal():
        logits = loaded.model(task.encode_scenes(pictures), task.encode_questions(questions)).numpy()
        how = (*load_published(data, name), PUBLIC[name].config.core.question_layer)
        published = np.stack([answer_as_published(*how, *row[:2]) for row in official])
    np.testing.assert_allclose(logits, published, rtol=1e-3, atol=1e-2)
    assert (logits.argmax(axis=1) == published.argmax(axis=1)).all()
    right = sum(ANSWERS[best] == answer for best, answer in zip(logits.argmax(axis=1), answers, strict=True))
    assert len(official) == 40
    assert right >= LEAST_RIGHT[name]


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_it_answers_questions_about_validation_pictures(name, here, data):
    rows = json.loads((data / "clevr" / "questions" / "reference_questions_val0-9.json").read_text())["questions"]
    loaded, task = load_weights(name, here), TASKS["clevr/pixels"]
    files = sorted({row["image_filename"] for row in rows})
    pictures = task.encode_scenes([load_picture(data, file) for file in files])
    index = torch.tensor([files.index(row["image_filename"]) for row in rows])
    with torch.inference_mode():
        logits = loaded.model(pictures, task.encode_questions([row["question"] for row in rows]), index)
    right = [ANSWERS[best] == row["answer_text"] for best, row in zip(logits.argmax(dim=1).tolist(), rows, strict=True)]
    assert len(right) == 100
    assert np.mean(right) >= 0.93


@pytest.fixture
def answerer(here) -> Answerer:
    return load(NAME, "cpu", here)


def test_a_question_in_english_about_a_picture_of_any_size(answerer, official):
    picture, question, truth = official[0]
    answer = answerer.answer(picture, question)
    assert answer.text == truth
    assert answer.contributions.shape == (64 * 64,)
    assert abs(answer.completeness_gap) < 1e-9
    enlarged = np.asarray(Image.fromarray(picture).resize((960, 640), Image.Resampling.BILINEAR))
    assert answerer.answer(enlarged, question.lower().rstrip("?")).text == truth
    assert answerer.trace(picture, question).relations.shape == (1, 64 * 64, 256)
    with pytest.raises(RNCoreError, match="has no mean aggregate; choose zero"):
        answerer.mean_aggregate(question)


@pytest.mark.parametrize(
    ("scene", "question", "error", "sentence"),
    [
        (np.zeros((9, 9, 3)), "Is there a cube?", SceneError, r"must be a uint8 array .*, got float64 \(9, 9, 3\)"),
        (np.zeros((9, 9), np.uint8), "Is there a cube?", SceneError, r"got uint8 \(9, 9\)"),
        (np.zeros((9, 0, 3), np.uint8), "Is there a cube?", SceneError, r"got uint8 \(9, 0, 3\)"),
        (np.broadcast_to(np.uint8(0), (9, 10_001, 3)), "Is there a cube?", SceneError, "sides of 1 to 10,000 pixels"),
        ({"objects": []}, "Is there a cube?", SceneError, "got dict"),
        (np.zeros((9, 9, 3), np.uint8), "Is there a pyramid?", QuestionError, "'pyramid'"),
        (np.zeros((9, 9, 3), np.uint8), "", QuestionError, "Type a question"),
    ],
)
def test_bad_scenes_and_questions_are_one_sentence(answerer, scene, question, error, sentence):
    with pytest.raises(error, match=sentence):
        answerer.answer(scene, question)


def test_the_card_says_where_the_weights_are_from(here, data):
    for name, public in PUBLIC.items():
        entry = find_weights(name, here)
        assert weights_status(entry) == "sound"
        assert entry.card.task in TASKS
        assert entry.card.original.sha256 == public.sha256
        assert entry.card.original.is_published_file
        copyright_line = (data / "clevr-public-weights" / "LICENSE.txt").read_text().splitlines()[2]
        assert entry.card.license == f"MIT, {copyright_line}"
        assert (entry.card.words, entry.card.answers) == (TOKENS, ANSWERS)


def test_the_vocabulary_is_the_one_that_goes_with_them(data):
    given = json.loads((data / "clevr-public-weights" / "vocab.json").read_text())
    ours = json.loads(VOCABULARY.read_text())
    assert {word: number + 1 for number, word in enumerate(ours["words"])} == given["question"]
    assert {answer: number + 1 for number, answer in enumerate(ours["answers"])} == given["answer"]
    assert "CC BY 4.0" in ours["license"]


def test_words_and_answers_stand_where_this_project_has_them():
    vocabulary = json.loads(VOCABULARY.read_text())
    state = make_state()
    converted = convert_public(NAME, state, "x")
    words, rows = converted["question_encoder.words.weight"], state["module.text.wembedding.weight"]
    assert torch.equal(words[0], rows[0])
    for number, word in enumerate(TOKENS, start=1):
        assert torch.equal(words[number], rows[vocabulary["words"].index(word) + 1])
    for unit, answer in enumerate(ANSWERS):
        row = vocabulary["answers"].index(answer)
        assert torch.equal(converted["core.f_phi.5.weight"][unit], state["module.rl.f_fc3.weight"][row])
        assert torch.equal(converted["core.f_phi.5.bias"][unit], state["module.rl.f_fc3.bias"][row])


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_numbers_of_16_and_64_bits_are_read_in_32(kind):
    state = make_state()
    wanted = convert_public(NAME, {key: value.to(kind).float() for key, value in state.items()}, "x")
    found = convert_public(NAME, {key: value.to(kind) for key, value in state.items()}, "x")
    assert all(torch.equal(found[key], value) and found[key].dtype == value.dtype for key, value in wanted.items())


def test_a_checkpoint_of_a_compiled_model_is_the_same_model():
    state = make_state()
    wrapped = {"epoch": 3, "state_dict": {key.replace("module.", "_orig_mod."): value for key, value in state.items()}}
    wanted = import_bytes(pack(state)).state_dict()
    found = import_bytes(pack(wrapped)).state_dict()
    assert all(torch.equal(found[key], value) for key, value in wanted.items())


def import_bytes(content: bytes) -> QuestionAnsweringModel:
    """Return the model of a file, in memory."""
    return public_weights.read_public(NAME, content).model


def test_numbers_that_are_almost_zero_become_zero():
    state = make_state()
    state["module.rl.g_layers.3.weight"][0, :4] = torch.tensor([1e-40, -1e-31, 1e-29, -3.0])
    converted = convert_public(NAME, state, "x")["core.g_theta.3.weight"]
    assert converted[0, :4].tolist() == [0, 0, pytest.approx(1e-29), -3]
    assert torch.equal(converted[1:], state["module.rl.g_layers.3.weight"][1:])


def test_names_are_those_that_loading_knows():
    assert tuple(PUBLIC) == PUBLIC_NAMES
    assert PUBLIC[NAME].config.core.question_layer == 0
    assert PUBLIC[NAME_IR].config.core.question_layer == 2


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_a_file_of_the_same_shapes_is_taken_with_and_without_its_prefix(name, tmp_path):
    state = make_state(name)
    one = import_public(name, pack(state), tmp_path / "one")
    bare = {key.removeprefix("module."): value for key, value in state.items()}
    bare["conv.batchNorm1.num_batches_tracked"] = torch.tensor(7)
    other = import_public(name, pack(bare), tmp_path / "other")
    assert one.card.sha256 == other.card.sha256
    assert not one.card.original.is_published_file
    assert not load_weights(name, tmp_path / "one").model.training


def test_another_files_card_claims_neither_source_nor_license(tmp_path, monkeypatch, capsys):
    content = pack(make_state())
    (tmp_path / "mine.pth").write_bytes(content)
    entry = import_file(NAME, tmp_path / "mine.pth", tmp_path / "pretrained")
    assert weights_status(entry) == "sound"
    found = find_weights(NAME, tmp_path / "pretrained").card
    card = found.to_dict()
    assert card["data"] == "unknown: not the published file"
    assert {"license", "source", "start"}.isdisjoint(card)
    assert card["original"] == {"bytes": len(content), "sha256": sha256(content), "is_published_file": False}
    told = json.dumps(card)
    assert all(claim not in told for claim in ("mesnico", "MIT", "Messina", "Santoro", PUBLIC[NAME].file, "fetch"))
    monkeypatch.setattr(cli, "list_weights", lambda: {NAME: entry})
    assert main(["weights"]) == 0
    assert capsys.readouterr().out.endswith("sound, not the published file\n")
    assert "not the published file" in card_text(found)


def change(**changes: Tensor) -> bytes:
    return pack(make_state() | {f"module.{key.replace('__', '.')}": value for key, value in changes.items()})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: b"not weights", "is not a complete weights file"),
        (lambda: pack({"a": torch.ones(2)}), "has the unknown tensor 'a'"),
        (lambda: pack(dict(list(make_state().items())[1:])), "lacks tensor 'text.wembedding.weight'"),
        (
            lambda: pack(make_state(NAME_IR)),
            r"has shape \(256, 52\) instead of \(256, 180\).*original_fp_epoch_493.pth",
        ),
        (lambda: change(rl__f_fc3__bias=torch.ones(29)), r"has shape \(29,\) instead of \(28,\)"),
        (
            lambda: change(rl__f_fc3__bias=torch.ones(28).long()),
            "must hold finite numbers of .* bits, got torch.int64",
        ),
        (
            lambda: change(rl__f_fc3__bias=torch.full((28,), 1e300, dtype=torch.float64)),
            "must hold finite numbers",
        ),
        (lambda: change(rl__f_fc3__bias=torch.full((28,), torch.nan)), "must hold finite numbers"),
        (lambda: change(rl__f_fc3__bias=torch.ones(28).to_sparse()), "must hold finite numbers"),
        (lambda: change(rl__f_fc3__bias=torch.ones(1).half().expand(2**40)), r"has shape \(1099511627776,\)"),
        (lambda: change(rl__f_fc3__bias=torch.ones(1).expand(2**40)), r"has shape \(1099511627776,\)"),
    ],
)
def test_what_is_not_the_file_is_one_sentence_and_leaves_nothing(make, sentence, tmp_path):
    with pytest.raises(WeightsError, match=sentence) as caught:
        import_public(NAME, make(), tmp_path)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.rglob("*")) == []


def test_a_gigabyte_a_folder_and_nothing_are_not_read(tmp_path):
    with (tmp_path / "huge.pth").open("wb") as file:
        file.truncate(10**9)
    with pytest.raises(WeightsError, match=r"^'huge.pth' is larger than the limit of 10,000,000 bytes"):
        import_file(NAME, tmp_path / "huge.pth", tmp_path)
    for path in (tmp_path, tmp_path / "nowhere.pth", Path("/dev/zero")):
        with pytest.raises(WeightsError, match=r"^There is no file"):
            import_file(NAME, path, tmp_path)
    with pytest.raises(UnknownNameError, match=f"Did you mean '{NAME}'"):
        import_file(NAME[:-1], tmp_path / "huge.pth", tmp_path)
    assert list_weights(tmp_path) == {}


class Home(http.server.BaseHTTPRequestHandler):
    """Serves `content` under every name, or cuts it short, or has nothing."""

    content = b""
    sent: int | None = None

    def do_GET(self) -> None:
        self.send_response(200 if self.content else 404)
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content[: self.sent])

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def home(monkeypatch) -> Iterator[str]:
    monkeypatch.setattr(Home, "content", b"")
    monkeypatch.setattr(Home, "sent", None)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = http.server.HTTPServer(("127.0.0.1", 0), Home)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_a_download_is_the_file_by_hand(name, home, data, here, tmp_path):
    Home.content = (data / "clevr-public-weights" / PUBLIC[name].file).read_bytes()
    entry = fetch_public(name, tmp_path, home)
    assert find_weights(name, tmp_path).card == find_weights(name, here).card
    assert weights_status(entry) == "sound"


@pytest.mark.parametrize(
    ("content", "sent", "sentence"),
    [
        (b"", None, "Could not download '.*original_fp_epoch_493.pth' .*404.*weights import FILE --name"),
        (b"another file", None, "its SHA-256 differs"),
        (bytes(100_000), 50_000, "cut short; nothing was kept|Could not download"),
        (bytes(20_000_000), None, "its SHA-256 differs"),
    ],
    ids=["missing", "another", "cut", "endless"],
)
def test_a_failed_download_is_one_sentence_and_leaves_nothing(content, sent, sentence, home, tmp_path):
    Home.content, Home.sent = content, sent
    with pytest.raises(WeightsError, match=sentence) as caught:
        fetch_public(NAME, tmp_path, home)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.rglob("*")) == []


def test_without_a_network_it_says_how_to_do_without(tmp_path):
    with pytest.raises(WeightsError, match=f"connect to the network, or get the file .* --name {NAME}"):
        fetch_public(NAME, tmp_path, "http://127.0.0.1:9/")
    with pytest.raises(UnknownNameError, match="Use one of: clevr/rn-pixels-public"):
        fetch_public("clevr/rn-pixels", tmp_path)
    assert PUBLIC[NAME].home.startswith("https://")


def test_asking_for_public_weights_that_are_not_here_says_how_to_get_them(tmp_path):
    with pytest.raises(WeightsError, match=f"`python -m rn_core weights fetch {NAME_IR}`"):
        load_weights(NAME_IR, tmp_path)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fetch"], "Say what to fetch, such as `weights fetch clevr/rn-pixels-public`."),
        (["fetch", "clevr/rn-pixel-public"], "Did you mean 'clevr/rn-pixels-public'?"),
        (["import", "nowhere.pth", "--name", NAME], "There is no file 'nowhere.pth'"),
        (["import", "x.pth"], f"Say which weights 'x.pth' holds: give --name, one of {', '.join(PUBLIC_NAMES)}."),
    ],
)
def test_commands_answer_bad_input_with_a_sentence(arguments, sentence, capsys):
    assert main(["weights", *arguments]) == 1
    assert sentence in capsys.readouterr().err


def test_commands_hand_over_what_they_were_given(monkeypatch, capsys):
    given = []
    monkeypatch.setattr(public_weights, "fetch_public", lambda *arguments: given.append(arguments))
    monkeypatch.setattr(public_weights, "import_file", lambda *arguments: given.append(arguments))
    assert main(["weights", "fetch", NAME, "--json"]) == 0
    assert main(["weights", "import", "x.pth", "--name", NAME_IR, "--json"]) == 0
    assert given == [(NAME,), (NAME_IR, Path("x.pth"))]
    assert all("weights" in json.loads(line) for line in capsys.readouterr().out.splitlines())
