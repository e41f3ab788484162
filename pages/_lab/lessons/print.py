"""The quizzes as one page to print: questions with boxes to tick, the answers on a last page of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pages._lab.lessons.file import FAMILY_VIEWS, Lesson
from pages._lab.lessons.layout import LETTERS
from pages._lab.plain import escape
from pages._lab.words import format_signed
from rn_core.tasks.sort_of_clevr import Scene
from rn_core.tasks.sort_of_clevr.rendering import PALETTE
from rn_core.tasks.sort_of_clevr.scene import IMAGE_SIZE, MIDDLE, RADIUS

#: Views whose question to the class is about no scene in particular.
_NO_PICTURE = ("crowds", "cost", *FAMILY_VIEWS)
_SCALE = 4


def make_quiz_page(
    lessons: Sequence[Lesson],
    matrices: Mapping[str, tuple[Sequence[str], np.ndarray]],
    with_answers: bool,
) -> bytes:
    """Return a page of HTML that needs nothing else and prints on white paper.

    Args:
        lessons: in the order of their numbers.
        matrices: lesson -> labels and pair matrix, printed in place of the scene.
        with_answers: whether a last page holds the answers.
    """
    quizzes = "".join(
        _quiz_html(number, lesson, _picture_html(lesson, matrices)) for number, lesson in enumerate(lessons, start=1)
    )
    return _PAGE.format(quizzes=quizzes, answers=_answers_html(lessons) if with_answers else "").encode()


def _quiz_html(number: int, lesson: Lesson, picture: str) -> str:
    """Return one question with its choices."""
    choices = "".join(
        f"<li>☐ {letter} · {escape(choice)}</li>" for letter, choice in zip(LETTERS, lesson.quiz.choices, strict=False)
    )
    asked = f"<p>The networks are asked: “{escape(lesson.domain.ask(lesson.state).question)}”</p>" if picture else ""
    return (
        f"<section><div><h2>{number} · {escape(lesson.title)}</h2>{asked}"
        f"<p><b>{escape(lesson.quiz.ask)}</b></p><ul>{choices}</ul></div>{picture}</section>"
    )


def _picture_html(lesson: Lesson, matrices: Mapping[str, tuple[Sequence[str], np.ndarray]]) -> str:
    """Return what the question is about: a pair matrix, a scene, or nothing."""
    if lesson.slug in matrices:
        return _matrix_html(*matrices[lesson.slug])
    if lesson.view in _NO_PICTURE:
        return ""
    return scene_svg(lesson.explore.scene) if lesson.page == "explore" else _objects_html(lesson)


def _objects_html(lesson: Lesson) -> str:
    """Return the objects of a lesson's scene in words, one per line: a story's sentences, or what stands where."""
    lines = "".join(f"<li>{escape(thing.name)}</li>" for thing in lesson.domain.list_objects(lesson.state))
    return f'<ul class="objects">{lines}</ul>'


def _matrix_html(labels: Sequence[str], matrix: np.ndarray) -> str:
    """Return a pair matrix as a table of numbers."""
    head = "".join(f"<th>{escape(label)}</th>" for label in labels)
    rows = "".join(
        f"<tr><th>{escape(label)}</th>{''.join(f'<td>{format_signed(value)}</td>' for value in row)}</tr>"
        for label, row in zip(labels, matrix.tolist(), strict=True)
    )
    return f"<table><caption>first object down, second across</caption><tr><td></td>{head}</tr>{rows}</table>"


def scene_svg(scene: Scene) -> str:
    """Return a scene as a drawing with the colors' names, which reads without color too."""
    parts = []
    for thing in scene.objects:
        x, y, radius = _SCALE * thing.x, _SCALE * thing.y, _SCALE * RADIUS
        fill = f'fill="rgb{PALETTE[thing.color]}" stroke="#000"'
        if thing.shape == "circle":
            parts.append(f'<circle cx="{x}" cy="{y}" r="{radius}" {fill}/>')
        else:
            parts.append(f'<rect x="{x - radius}" y="{y - radius}" width="{2 * radius}" height="{2 * radius}" {fill}/>')
        parts.append(f'<text x="{x}" y="{y + radius + 14}">{escape(thing.color)}</text>')
    size, middle = _SCALE * IMAGE_SIZE, _SCALE * MIDDLE
    return (
        f'<svg viewBox="0 0 {size} {size + 16}" width="{size}" role="img"><title>Scene of the question</title>'
        f'<rect width="{size}" height="{size + 16}" fill="#fff" stroke="#999"/>'
        f'<path d="M{middle} 0V{size}M0 {middle}H{size}" stroke="#999" stroke-dasharray="6"/>{"".join(parts)}</svg>'
    )


def _answers_html(lessons: Sequence[Lesson]) -> str:
    """Return the answers, on a page of their own."""
    rows = "".join(
        f"<li><b>{LETTERS[lesson.quiz.answer]} · {escape(lesson.quiz.right)}</b><br>"
        f"{escape(_plain(lesson.quiz.why))}</li>"
        for lesson in lessons
    )
    return f"<article><h1>Answers</h1><ol>{rows}</ol></article>"


def _plain(markdown: str) -> str:
    """Return text without the marks of bold, italics and code."""
    return markdown.replace("*", "").replace("`", "")


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Relation Networks: questions</title>
<style>
@page {{margin: 16mm}}
body {{font: 12pt/1.4 system-ui, sans-serif; max-width: 190mm; margin: 0 auto; padding: 1rem; color: #000;
  background: #fff; print-color-adjust: exact}}
h1 {{font-size: 17pt}} h2 {{font-size: 13pt; margin: 0 0 .3rem}} p {{margin: .2rem 0 .4rem}}
section {{display: grid; grid-template-columns: 1fr auto; gap: 6mm; break-inside: avoid; padding: 4mm 0;
  border-bottom: 1px solid #999}}
ul {{list-style: none; padding: 0; margin: 0}} li {{margin: .2rem 0}}
ul.objects {{max-width: 70mm; margin: 0; font-size: 10pt}}
svg {{width: 46mm; height: auto}} svg text {{font-size: 15px; text-anchor: middle}}
table {{border-collapse: collapse; font-size: 8.5pt; align-self: start}} td, th {{border: 1px solid #999;
  padding: 1mm 1.5mm; text-align: right}} caption {{caption-side: bottom}}
article {{break-before: page}} article li {{margin: .5rem 0}}
.name {{display: flex; gap: 3rem}} .name span {{flex: 1; border-bottom: 1px solid #000}}
</style></head>
<body><h1>Relation Networks: questions</h1><p class="name">Name <span></span> Date <span></span></p>
{quizzes}{answers}</body></html>
"""
