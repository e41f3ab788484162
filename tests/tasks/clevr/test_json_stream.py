"""Records of a large JSON file: the same as `json.loads`, wherever a chunk of the file ends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rn_core.common.errors import RNCoreError
from rn_core.tasks.clevr import json_stream
from rn_core.tasks.clevr.json_stream import stream_records

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=4), parts, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def write(tmp_path):
    """Writes a file and returns its path."""

    def write_file(content: str | bytes):
        path = tmp_path / "CLEVR_val_questions.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 20])
@given(
    before=st.dictionaries(st.text(max_size=4).map("a{}".format), JSON, max_size=2),
    items=st.lists(JSON, max_size=4),
    after=st.dictionaries(st.text(max_size=4).map("b{}".format), JSON, max_size=2),
    indent=st.sampled_from([None, 1]),
)
def test_items_are_those_of_the_whole_file(tmp_path_factory, chunk, before, items, after, indent):
    path = tmp_path_factory.mktemp("stream") / "file.json"
    path.write_text(json.dumps({**before, "list": items, **after}, indent=indent), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        assert list(stream_records(path, "list")) == items


def test_every_file_of_the_real_data_is_read_alike(shared_data):
    for path, key in (
        ("clevr/scenes/CLEVR_train_scenes_first200.json", "scenes"),
        ("clevr-oracle/questions_synthetic0-299.json", "questions"),
    ):
        assert list(stream_records(shared_data / path, key)) == json.loads((shared_data / path).read_text())[key]


def test_only_a_part_of_the_file_is_held(write, monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK", 100)
    monkeypatch.setattr(json_stream, "_MAX_VALUE", 300)
    path = write(json.dumps({"questions": [{"text": "x" * 50}] * 1000}))
    assert sum(1 for _ in stream_records(path, "questions")) == 1000


def test_a_file_cut_off_anywhere_is_one_sentence(write):
    text = json.dumps({"info": {"split": "val"}, "questions": [{"a": 1}, {"b": [2, "x"]}], "more": 12})
    for end in range(len(text)):
        with pytest.raises(
            RNCoreError, match=r"^'CLEVR_val_questions\.json' is not a complete JSON file: it .*again\.$"
        ):
            list(stream_records(write(text[:end]), "questions"))
    assert len(list(stream_records(write(text), "questions"))) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[]", r"must be an object with 'questions', got a bare list; wrap it as \{\"questions\": \[\.\.\.\]\}\.$"),
        ("3", r"goes wrong at '3'; download or write it again\.$"),
        ('{"questions": 3}', r"goes wrong at '3\}';"),
        ('{"questions": [1 2]}', r"goes wrong at '2\]\}';"),
        ('{"questions": [1,]}', r"goes wrong at '\]\}';"),
        ('{"questions": [1]} x', r"goes wrong at 'x';"),
        ('{"questions" [1]}', r"goes wrong at '\[1\]\}';"),
        ('{"scenes": []}', r"must hold a list named 'questions', found none; is it the right file\?$"),
        (b'{"questions": ["\xff"]}', r"^'CLEVR_val_questions\.json' is not readable JSON; download it again\.$"),
        ('{"questions": [' + "[" * 100_000, r"is not readable JSON; download it again\.$"),
        ('{"questions": [' + "9" * 5000 + "]}", r"goes wrong at '9{30}';"),
        (b"\x00" * 100, r"goes wrong at"),
    ],
)
def test_a_file_that_is_no_such_json_is_one_sentence(write, content, sentence):
    with pytest.raises(RNCoreError, match=sentence) as caught:
        list(stream_records(write(content), "questions"))
    assert "\n" not in str(caught.value)


def test_a_value_too_long_is_given_up(write, monkeypatch):
    monkeypatch.setattr(json_stream, "_CHUNK", 1000)
    monkeypatch.setattr(json_stream, "_MAX_VALUE", 5000)
    with pytest.raises(RNCoreError, match=r"is not a complete JSON file: it goes wrong at '\"x+';"):
        list(stream_records(write('{"questions": ["' + "x" * 10_000 + '"]}'), "questions"))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(RNCoreError, match=r"^Could not read '.*none\.json': No such file or directory; check that the"):
        list(stream_records(tmp_path / "none.json", "questions"))
    with pytest.raises(RNCoreError, match=r"^Could not read '.*': Is a directory; check that the file is there\.$"):
        list(stream_records(tmp_path, "questions"))
