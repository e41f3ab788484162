"""Scenes on the page: drawn, bundled, opened and pulled; every bad one is one sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._lab.physics.scenes import (
    MOST_PULLS,
    N_BUNDLED,
    N_PLAYED,
    Pull,
    bundled_scene,
    format_pulls,
    make_rows,
    name_balls,
    name_scene,
    parse_pulls,
    pulled_scene,
    read_scene_file,
    round_place,
    sampled_scene,
    take_balls_away,
)
from rn_core.common.errors import RNCoreError, SceneError
from rn_core.tasks.physics import PhysicsScene
from rn_core.tasks.physics.encoding import encode_rows
from rn_core.tasks.physics.scene import stack_scenes
from rn_core.tasks.physics.truth import find_systems
from rn_core.tasks.physics.world import N_FRAMES

SCENE = sampled_scene(0, 10)
#: A ball of a spring, and one of a rigid link, of scenes that have both.
PULLED = sampled_scene(3, 10)


def content_of(scene: PhysicsScene, **changes: object) -> bytes:
    """Return a scene's file with some of its fields changed."""
    return json.dumps({**json.loads(scene.to_json()), **changes}).encode()


def free_place(scene: PhysicsScene, ball: int, frame: int) -> tuple[float, float]:
    """Return a place nearby to which a ball can be pulled."""
    for step in np.linspace(0.02, 0.3, 15):
        for x, y in ((step, 0), (-step, 0), (0, step), (0, -step)):
            place = round_place(*(scene.positions[frame, ball] + np.array([x, y], dtype=np.float32)))
            try:
                pulled_scene(scene, (Pull(ball, frame, *place),))
            except SceneError:
                continue
            return place
    pytest.fail("no room to pull the ball")


def test_a_seed_is_one_scene_and_frames_are_played_beyond_those_that_are_seen():
    assert SCENE.n_frames == N_PLAYED == 2 * N_FRAMES
    again = sampled_scene(0, 10)
    assert again.to_json() == SCENE.to_json()
    assert sampled_scene(0, 10) is again  # the last ones are remembered
    assert not np.array_equal(sampled_scene(1, 10).positions, SCENE.positions)
    assert [sampled_scene(0, n).n_balls for n in (2, 16)] == [2, 16]


def test_every_bundled_scene_is_there():
    counts = [find_systems(bundled_scene(number).links[None]).max() + 1 for number in range(1, N_BUNDLED + 1)]
    assert counts == [number for number in range(1, 11) for _ in range(2)]


@pytest.mark.parametrize("ball", range(10))
def test_what_is_rigidly_connected_comes_along_and_everything_else_stays_where_it_was(ball):
    frame = 9
    x, y = free_place(PULLED, ball, frame)
    scene = pulled_scene(PULLED, (Pull(ball, frame, x, y),))
    bodies = find_systems(PULLED.rigid[None])[0]
    along = bodies == bodies[ball]
    offsets = scene.positions[0] - PULLED.positions[frame]
    np.testing.assert_allclose(scene.positions[0, ball], (x, y), atol=1e-6)
    np.testing.assert_allclose(offsets[along], np.broadcast_to(offsets[ball], offsets[along].shape), atol=1e-6)
    assert not offsets[~along].any()
    np.testing.assert_array_equal(scene.velocities[0, ~along], PULLED.velocities[frame, ~along])
    assert not scene.velocities[0, along].any()
    apart = np.linalg.norm(scene.positions[:, :, None] - scene.positions[:, None], axis=3)
    assert np.abs(apart - PULLED.lengths)[:, PULLED.rigid].max(initial=0) < 0.02
    np.testing.assert_array_equal(scene.lengths, PULLED.lengths)
    assert scene.n_frames == N_PLAYED


def test_pulls_follow_one_another():
    first = Pull(0, 5, *free_place(SCENE, 0, 5))
    once = pulled_scene(SCENE, (first,))
    second = Pull(1, 20, *free_place(once, 1, 20))
    twice = pulled_scene(SCENE, (first, second))
    np.testing.assert_array_equal(twice.positions, pulled_scene(once, (second,)).positions)
    assert pulled_scene(SCENE, ()) is SCENE


@pytest.mark.parametrize(
    ("pull", "words"),
    [
        (Pull(0, 3, 2.0, 0.0), "Ball red would lie at (2.00, 0.00)"),
        (Pull(12, 3, 0.0, 0.0), "ball to pull must be 0 to 9, got 12"),
        (Pull(0, 32, 0.0, 0.0), "frame to start with must be 0 to 31, got 32"),
    ],
)
def test_a_pull_that_cannot_be_is_one_sentence(pull, words):
    with pytest.raises(SceneError) as caught:
        pulled_scene(SCENE, (pull,))
    assert words in str(caught.value)


def test_a_pull_onto_another_ball_names_both_by_color():
    with pytest.raises(SceneError, match=r"^Ball red would lie 0\.0\d m from ball "):
        pulled_scene(SCENE, (Pull(0, 3, *round_place(*SCENE.positions[3, 4])),))


def test_balls_are_called_by_their_colors():
    assert name_balls("Balls 0 and 2 touch; move ball 15.") == "Balls red and blue touch; move ball magenta."
    assert name_balls("got 1000 balls; ball 16 is none") == "got 1000 balls; ball 16 is none"


def test_a_saved_scene_is_opened_as_it_was():
    scene = read_scene_file(SCENE.to_json().encode(), "scene.json")
    np.testing.assert_array_equal(scene.positions, SCENE.positions)
    assert name_scene(scene) == name_scene(SCENE)
    assert name_scene(scene).startswith("10-")
    assert name_scene(sampled_scene(1, 10)) != name_scene(SCENE)


def test_a_scene_of_16_frames_is_played_on_as_the_simulation_has_it():
    short = stack_scenes([SCENE]).frames(0, N_FRAMES).scene(0)
    scene = read_scene_file(short.to_json().encode(), "scene.json")
    np.testing.assert_array_equal(scene.positions[:N_FRAMES], short.positions)
    apart = np.abs(scene.positions - SCENE.positions).max(axis=(1, 2))
    assert len(scene.positions) == N_PLAYED
    assert apart[N_FRAMES] < 1e-4


FRAMES = json.loads(SCENE.to_json())["positions"]
NAN = [[[float("nan"), 0.0], *FRAMES[0][1:]], *FRAMES[1:]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "'x.json' is not a scene (JSON text): it has the byte 0x89"),
        (b"", "A scene must be JSON with"),
        (b"[1, 2]", "A scene must be a JSON object with"),
        (content_of(SCENE, positions=NAN), "Ball red's position in frame 0 must be"),
        (content_of(SCENE, positions=[[]] * 32), "must have 1 to 16 balls, got 0"),
        (content_of(SCENE, positions=[[[0, 0]] * 1000] * 32), "must have 1 to 16 balls, got 1000"),
        (content_of(SCENE, positions=[]), "must have 1 to 256 frames, got 0"),
        (content_of(SCENE, positions=FRAMES[:20]), "velocity for each of the 20 frames, got 32 frames"),
        (content_of(SCENE, frame_rate=25), '"frame_rate" must be 10'),
        (stack_scenes([SCENE]).frames(0, 15).scene(0).to_json().encode(), "in 16 to 32 frames, got 10 in 15"),
        (
            content_of(SCENE, positions=[[[0, 0]]] * 16, velocities=[[[0, 0]]] * 16, links=[]),
            "2 to 16 balls in 16 to 32 frames, got 1 in 16",
        ),
    ],
)
def test_a_bad_file_is_one_sentence(content, words):
    with pytest.raises(RNCoreError) as caught:
        read_scene_file(content, "x.json")
    assert words in str(caught.value)
    assert str(caught.value).startswith("'x.json' ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 450


def test_rows_are_those_that_training_sees_without_the_balls_taken_away():
    rows, _ = encode_rows(stack_scenes([SCENE]).frames(0, N_FRAMES))
    np.testing.assert_array_equal(make_rows(SCENE), rows[0])
    np.testing.assert_array_equal(make_rows(SCENE, ("green", "gray")), np.delete(rows[0], [1, 9], axis=0))
    np.testing.assert_array_equal(
        take_balls_away(SCENE, ("green", "gray")), np.delete(np.delete(SCENE.links, [1, 9], axis=0), [1, 9], axis=1)
    )
    with pytest.raises(SceneError, match="keep at least one"):
        take_balls_away(SCENE, ("red", "green", "blue", "orange", "purple", "yellow", "cyan", "pink", "brown", "gray"))


MILLIMETRES = st.integers(-1100, 1100).map(lambda step: step / 1000)
PULLS = st.lists(
    st.builds(Pull, st.integers(0, 15), st.integers(0, 31), MILLIMETRES, MILLIMETRES), min_size=1, max_size=MOST_PULLS
)


@given(PULLS.map(tuple))
def test_pulls_survive_the_url(pulls):
    assert parse_pulls(format_pulls(pulls)) == pulls


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "got ''"), ("3.12.250", "must read like"), ("1.1.1.1_" * 12 + "1.1.1.1", "at most 12 pulls, got 13")],
)
def test_bad_pulls_are_one_sentence(text, words):
    with pytest.raises(SceneError, match=words):
        parse_pulls(text)
