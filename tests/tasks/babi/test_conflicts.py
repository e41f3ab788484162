"""Stories that contradict themselves have no true answer, whatever is asked; the sentence names the statements."""

from __future__ import annotations

import pytest

from rn_core.common.errors import SceneError
from rn_core.tasks.babi.solvers import solve

#: Task, statements of which some contradict each other, a question that those decide, one that others decide, and what
#: the sentence says.
CONFLICTS = {
    "a thing of two persons": (
        2,
        ["John went to the office.", "Mary got the milk.", "John got the milk.", "John got the apple."],
        "Where is the milk?",
        "Where is the apple?",
        "Statement 3 contradicts statement 2, by which Mary has the milk, not John;",
    ),
    "a thing put down by another": (
        3,
        ["Mary got the milk.", "Mary went to the office.", "Mary went to the garden.", "John dropped the milk."],
        "Where was the milk before the garden?",
        "Where was the milk before the garden?",
        "Statement 4 contradicts statement 1, by which Mary has the milk, not John;",
    ),
    "a thing given by another": (
        5,
        ["Bill gave the milk to Fred.", "Mary gave the milk to Jeff.", "Bill gave the apple to Mary."],
        "Who gave the milk?",
        "Who gave the apple?",
        "Statement 2 contradicts statement 1, by which Fred has the milk, not Mary;",
    ),
    "a thing counted twice": (
        7,
        ["Mary got the milk.", "John got the milk.", "Daniel got the apple."],
        "How many objects is Mary carrying?",
        "How many objects is Daniel carrying?",
        "Statement 2 contradicts statement 1,",
    ),
    "a thing carried twice": (
        8,
        ["Mary got the milk.", "John got the milk.", "Daniel got the apple."],
        "What is Mary carrying?",
        "What is Daniel carrying?",
        "Statement 2 contradicts statement 1,",
    ),
    "a thing taken where it is not": (
        2,
        [
            "Mary went to the office.",
            "Mary dropped the milk.",
            "John went to the kitchen.",
            "John got the milk.",
            "John got the apple.",
        ],
        "Where is the milk?",
        "Where is the apple?",
        "Statement 4 contradicts statement 2, by which the milk is in the office, not in the kitchen with John;",
    ),
    "a thing given across rooms": (
        7,
        [
            "John went to the office.",
            "Daniel travelled to the kitchen.",
            "John gave the milk to Daniel.",
            "Mary got the apple.",
        ],
        "How many objects is Daniel carrying?",
        "How many objects is Mary carrying?",
        "Statement 3 contradicts statement 2, by which Daniel is in the kitchen, not in the office with John;",
    ),
    "a map in a circle": (
        4,
        [
            "The office is north of the kitchen.",
            "The kitchen is north of the garden.",
            "The garden is north of the office.",
            "The bedroom is west of the hallway.",
        ],
        "What is north of the kitchen?",
        "What is west of the hallway?",
        "Statements 1, 2, 3 contradict each other, the ",
    ),
    "two places at a time": (
        14,
        [
            "Bill went to the park yesterday.",
            "Yesterday Bill went to the school.",
            "Julie went to the park yesterday.",
            "Julie went to the cinema this morning.",
        ],
        "Where was Bill before the park?",
        "Where was Julie before the cinema?",
        "Statement 2 contradicts statement 1, Bill yesterday cannot be both in the park and in the school;",
    ),
    "two fears": (
        15,
        [
            "Mice are afraid of wolves.",
            "Cats are afraid of sheep.",
            "Mice are afraid of cats.",
            "Emily is a mouse.",
            "Winona is a cat.",
        ],
        "What is emily afraid of?",
        "What is winona afraid of?",
        "Statement 3 contradicts statement 1, Mice cannot be both afraid of wolves and afraid of cats;",
    ),
    "two animals": (
        15,
        ["Mice are afraid of wolves.", "Cats are afraid of sheep.", "Emily is a mouse.", "Emily is a cat."],
        "What is emily afraid of?",
        "What is emily afraid of?",
        "Statement 4 contradicts statement 3, Emily cannot be both a mouse and a cat;",
    ),
    "two colors": (
        16,
        ["Lily is a swan.", "Lily is white.", "Lily is green.", "Greg is yellow."],
        "What color is Lily?",
        "What color is Greg?",
        "Statement 3 contradicts statement 2, Lily cannot be both white and green;",
    ),
    "a thing above itself": (
        17,
        [
            "The triangle is above the red square.",
            "The red square is above the triangle.",
            "The red sphere is above the blue square.",
        ],
        "Is the triangle above the red square?",
        "Is the red sphere above the blue square?",
        "contradicts the others",
    ),
    "a thing larger than itself": (
        18,
        [
            "The box fits inside the chest.",
            "The chest fits inside the suitcase.",
            "The box is bigger than the suitcase.",
            "The container is bigger than the chocolate.",
        ],
        "Does the box fit in the chest?",
        "Does the chocolate fit in the container?",
        "Statements 1, 2, 3 contradict each other, the ",
    ),
    "a way in a circle": (
        19,
        [
            "The office is east of the kitchen.",
            "The kitchen is east of the garden.",
            "The garden is east of the office.",
            "The bedroom is west of the hallway.",
        ],
        "How do you go from the office to the kitchen?",
        "How do you go from the bedroom to the hallway?",
        "Statements 1, 2, 3 contradict each other, the ",
    ),
}


@pytest.mark.parametrize(("task", "told", "about", "beside", "says"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_a_conflict_is_named_whatever_is_asked(task, told, about, beside, says):
    for question in (about, beside):
        with pytest.raises(SceneError) as raised:
            solve(task, told, question)
        assert says in str(raised.value)
        assert str(raised.value).endswith("; drop one of them.")


@pytest.mark.parametrize(
    ("task", "told", "question", "answer"),
    [
        (1, ["Mary went to the office.", "Mary went to the garden."], "Where is Mary?", "garden"),
        (9, ["Mary is in the office.", "Mary is not in the office."], "Is Mary in the office?", "no"),
        (20, ["Sumit is tired.", "Sumit is hungry."], "Where will sumit go?", "kitchen"),
        (2, ["Mary got the milk.", "Mary got the milk.", "Mary went to the office."], "Where is the milk?", "office"),
        (
            2,
            ["Mary went to the office.", "Mary dropped the milk.", "Mary got the milk."],
            "Where is the milk?",
            "office",
        ),
        (15, ["Mice are afraid of cats."] * 2 + ["Emily is a mouse."] * 2, "What is emily afraid of?", "cat"),
        (18, ["The box fits inside the chest."] * 2, "Does the box fit in the chest?", "yes"),
    ],
)
def test_what_changes_with_time_or_is_told_twice_is_no_conflict(task, told, question, answer):
    assert solve(task, told, question).answer == answer
