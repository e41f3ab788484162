"""Objects, arrows, cells, lines: 3:1 or more in contrast to what they lie on, in both themes (WCAG 2.2, 1.4.11).

The colors are read from the style sheets and figures that draw them. What a share of nearly nothing looks like is left
out: there the color is the number, which stands beside it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pages._lab.contrast import luminance
from pages._lab.figures import Look
from rn_core.tasks.physics.world import COLORS
from rn_core.tasks.sort_of_clevr.rendering import PALETTE

ROOT = Path(__file__).resolve().parents[2]
COMPONENTS = ROOT / "pages" / "_ui" / "components"
THEME = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"]
LEAST = 3.0
WHITE = "#ffffff"

Color = tuple[float, float, float]
NAMED = {"white": (255.0, 255.0, 255.0), "black": (0.0, 0.0, 0.0)}


def read_rules(*names: str) -> dict[str, dict[str, str]]:
    """Return selector -> property -> value of style sheets of `COMPONENTS`; later ones win, conditions are left out."""
    rules: dict[str, dict[str, str]] = {}
    for name in names:
        sheet = re.sub(r"/\*.*?\*/", "", (COMPONENTS / name).read_text(), flags=re.DOTALL).partition("\n@")[0]
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
            found = dict(re.findall(r"([\w-]+):\s*([^;]+);", body))
            for selector in selectors.split(","):
                rules.setdefault(selector.strip(), {}).update(found)
    return rules


def split(text: str) -> list[str]:
    """Return the arguments of a function of CSS, which may be functions themselves."""
    depth, parts = 0, [""]
    for sign in text:
        depth += {"(": 1, ")": -1}.get(sign, 0)
        parts = [*parts, ""] if sign == "," and depth == 0 else [*parts[:-1], parts[-1] + sign]
    return [part.strip() for part in parts]


def mix(one: Color, other: Color, share: float) -> Color:
    """Return two colors mixed in sRGB, `share` of the first."""
    red, green, blue = (share * a + (1 - share) * b for a, b in zip(one, other, strict=True))
    return red, green, blue


def read(value: str, known: dict[str, str], ground: Color, dark: bool) -> Color:
    """Return a color of CSS as it is seen on a ground.

    Args:
        value: hexadecimal, a name, `var`, `light-dark`, `color-mix` in sRGB or `rgb` with its opacity.
        known: custom properties.
        ground: what shows through.
        dark: the theme.
    """
    value = value.strip()
    if value.startswith("#"):
        red, green, blue = (float(int(value[k : k + 2], 16)) for k in (1, 3, 5))
        return red, green, blue
    if value in NAMED:
        return NAMED[value]
    name, _, inside = value.partition("(")
    inside = inside.removesuffix(")")
    if name == "var":
        first, *other = split(inside)
        return read(known.get(first, *other), known, ground, dark)
    if name == "light-dark":
        return read(split(inside)[dark], known, ground, dark)
    if name == "rgb":
        channels, _, opacity = inside.partition("/")
        red, green, blue = map(float, channels.split())
        return mix((red, green, blue), ground, float(opacity.strip(" %")) / 100)
    assert name == "color-mix", value
    _, one, other = split(inside)
    color, _, share = one.rpartition(" ")
    back = ground if other == "transparent" else read(other, known, ground, dark)
    return mix(read(color, known, ground, dark), back, float(share.rstrip("%")) / 100)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast of two colors, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def page(dark: bool) -> Color:
    """Return the page's ground."""
    return read(THEME["dark" if dark else "light"]["backgroundColor"], {}, NAMED["white"], dark)


def measure(rules: dict[str, dict[str, str]], mark: str, part: str, ground: Color, dark: bool, **known: str) -> float:
    """Return the contrast of a mark's `fill` or `stroke` to its ground, its opacity counted in."""
    properties = {name: value for rule in rules.values() for name, value in rule.items() if name.startswith("--")}
    text = THEME["dark" if dark else "light"]["textColor"]
    properties |= {"--st-text-color": text, "--st-primary-color": THEME["dark" if dark else "light"]["primaryColor"]}
    properties |= {f"--{name}": value for name, value in known.items()}
    value = rules[mark][part].replace("currentColor", text)
    opacity = float(rules[mark].get("opacity", rules[mark].get(f"{part}-opacity", 1)))
    return contrast(mix(read(value, properties, ground, dark), ground, opacity), ground)


SCENE = read_rules("pair_picture.css", "scene/scene.css")
PICTURE = read_rules("pair_picture.css", "scene/scene.css", "scene/picture.css")
STORY = read_rules("pair_picture.css", "story/story.css")
TABLE = read_rules("pair_picture.css", "table/table.css", "table/matrix.css")
DIAGRAM = read_rules("diagram/diagram.css")


@pytest.mark.parametrize(
    ("mark", "part"),
    [
        (".ground", "stroke"), (".middle", "stroke"), (".shape", "stroke"), (".cell", "stroke"), (".dot", "fill"),
        (".chip", "stroke"), (".positive", "stroke"), (".negative", "stroke"), (".tip.positive", "fill"),
        (".tip.negative", "fill"), (".truth-line", "stroke"), (".chosen .halo", "stroke"),
        (".overlapping .halo", "stroke"), (".triple.positive", "stroke"), (".triple.negative", "stroke"),
        (".path polyline", "stroke"),
    ],
)  # fmt: skip
def test_marks_of_a_scene_are_seen_on_its_white_ground(mark, part):
    assert measure(SCENE, mark, part, NAMED["white"], dark=False) >= LEAST


SPOT, TRUTH = (".spot .shape", ".spot .mark"), (".truth-casing", ".truth-line")
CELL = (".node .halo.casing", ".node .halo.cell-halo")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("strokes", "widths"),
    [
        (SPOT, SPOT),
        (SPOT, (".spot.chosen .shape", ".spot.chosen .mark")),
        (SPOT, (".spot:focus-visible .shape", ".spot:focus-visible .mark")),
        (TRUTH, TRUTH),
        ((".node.chosen .halo.casing", ".chosen .halo"), CELL),
        ((".node:focus-visible .halo.casing", ".node:focus-visible .halo"), CELL),
    ],
)
def test_rings_on_a_picture_are_seen_whatever_lies_beside_them(strokes, widths, dark):
    """A picture has any color: of a ring's two tones, of which the wider one lies below, one is far from it."""
    edge, ring = (float(PICTURE[mark]["stroke-width"]) for mark in widths)
    assert edge >= ring + 0.5
    for gray in range(256):
        ground = (float(gray), float(gray), float(gray))
        tones = [read(PICTURE[mark]["stroke"], {}, ground, dark) for mark in strokes]
        assert max(contrast(tone, ground) for tone in tones) >= LEAST


@pytest.mark.parametrize("dark", [False, True])
def test_a_weak_pair_s_arrow_is_still_seen(dark):
    for rules, subtle, ground in ((SCENE, ".arc.subtle", NAMED["white"]), (STORY, ".story .subtle", page(dark))):
        opacity = float(rules[subtle]["opacity"])
        for name in ("--positive", "--negative"):
            first = ".story" if rules is STORY else ".pairs"
            color = read(rules[first][name], {}, ground, dark)
            assert contrast(mix(color, ground, opacity), ground) >= LEAST


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("mark", "part"), [(".way", "stroke"), (".ghost", "stroke")])
def test_the_ways_of_every_ball_are_seen_on_the_cloth(mark, part, dark):
    cloth = read(TABLE[".table"]["--cloth"], {}, page(dark), dark)
    colors = {name: "#" + "".join(f"{value:02x}" for value in rgb) for name, rgb in COLORS.items()}
    seen = {name: measure(TABLE, mark, part, cloth, dark, ball=color) for name, color in colors.items()}
    assert {name: ratio for name, ratio in seen.items() if ratio < LEAST} == {}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("mark", [".ground", ".table .body", ".cell", ".ring", ".outline", ".curve", ".spring"])
def test_marks_of_the_table_of_balls_are_seen(mark, dark):
    cloth = read(TABLE[".table"]["--cloth"], {}, page(dark), dark)
    assert measure(TABLE, mark, "stroke", cloth, dark) >= LEAST


@pytest.mark.parametrize("dark", [False, True])
def test_a_certain_connection_is_seen_on_the_cloth(dark):
    """The rest of the scale leads from the cloth to it: a network that is not sure looks pale."""
    cloth = read(TABLE[".table"]["--cloth"], {}, page(dark), dark)
    least, more = map(float, re.findall(r"[\d.]+", TABLE[".connection"]["stroke-opacity"])[:2])
    for name in ("--positive", "--negative"):
        color = read(TABLE[".table"][name], {}, cloth, dark)
        assert contrast(mix(color, cloth, least + more), cloth) >= LEAST


@pytest.mark.parametrize("dark", [False, True])
def test_boxes_of_the_diagram_are_seen(dark):
    outlines = {mark: rule["stroke"] for mark, rule in DIAGRAM.items() if "stroke" in rule and "fill" in rule}
    assert len(outlines) >= 4
    for mark, stroke in outlines.items():
        if "--pair" not in stroke:
            ground = NAMED["white"] if stroke.startswith(("#", "rgb")) and stroke != WHITE else page(dark)
            if stroke != WHITE:  # the casing of a name
                assert measure(DIAGRAM, mark, "stroke", ground, dark) >= LEAST, mark


@pytest.mark.parametrize("look", [Look(), Look(dark=True)])
def test_marks_of_figures_are_seen_on_the_page_and_between_empty_cells(look):
    middle = look.colorscale[1][1]
    for color in (look.color(1), look.color(-1), look.edge, look.ink):
        for ground in (page(look.dark), read(middle, {}, page(look.dark), look.dark)):
            assert contrast(read(color, {}, ground, look.dark), ground) >= LEAST


def test_objects_of_every_color_have_an_outline_that_is_seen():
    """Yellow alone would not be: 1.3:1."""
    assert min(contrast(tuple(map(float, rgb)), NAMED["white"]) for rgb in PALETTE.values()) < LEAST
    assert measure(SCENE, ".shape", "stroke", NAMED["white"], dark=False) >= LEAST
