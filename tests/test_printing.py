"""What the command line prints of figures: every number in its place, by value."""

from __future__ import annotations

from rn_core.common.records import Accuracy, Distance
from rn_core.evaluation.printing import (
    format_accuracy,
    format_percentages,
    print_attribution,
    print_evaluation,
    print_set_results,
)
from rn_core.tasks.own.dataset import Floors
from tests.cards import make_figures

ALL, HALF, GOOD = Accuracy(0.75, 0.7, 0.8, 40), Accuracy(0.5, 0.35, 0.65, 20), Accuracy(0.96, 0.8, 0.99, 15)


def test_an_accuracy_stands_before_its_interval():
    assert format_accuracy(Accuracy(0.9699, 0.96844, 0.97084, 10)) == "97.0 [96.8, 97.1]"
    assert format_accuracy(Accuracy(0.9699, 0.96844, 0.97084, 10), digits=2) == "96.99 [96.84, 97.08]"


def test_percentages_of_types_stand_in_a_line():
    assert format_percentages({"left": 0.5, "count": 0.9917}) == "left 50.0%  count 99.2%"


def test_an_evaluation_is_printed_with_intervals_floors_and_what_is_solved(capsys):
    found = make_figures(
        n=10, seed=3, overall=ALL, groups={"qa1": HALF, "qa2": GOOD}, types={"left": HALF, "top": GOOD},
        blind_floor={"left": 0.25},
    )  # fmt: skip
    print_evaluation("mine", found, solved_above=0.95)
    assert capsys.readouterr().out.splitlines() == [
        "mine, 10 test scenes, seed 3",
        "  overall             75.00%  [70.00%, 80.00%]  n 40",
        "  qa1                 50.00%  [35.00%, 65.00%]  n 20",
        "  qa2                 96.00%  [80.00%, 99.00%]  n 15",
        "  left                50.00%  [35.00%, 65.00%]  n 20  blind 25.00%",
        "  top                 96.00%  [80.00%, 99.00%]  n 15",
        "  5 of 40 questions have no program; they count in the overall accuracy only",
        "  1 of 2 solved, which is above 95%",
    ]


def test_distances_of_paths_come_first(capsys):
    distance = Distance(0.01234, 0.01, 0.015, [0.001, 0.02, 0.03])
    print_evaluation("paths", make_figures(types={"paths": ALL}, overall=ALL, distances={"model": distance}))
    assert capsys.readouterr().out.splitlines()[1] == (
        "  model              0.01234 table widths per frame  [0.01000, 0.01500]  first frame 0.00100, last 0.03000"
    )


def test_without_known_answers_there_is_no_accuracy(capsys):
    print_evaluation("mine", None)
    assert capsys.readouterr().out == (
        "mine: no answer is known, so there is no accuracy; the model's answers are written\n"
    )


def test_networks_of_a_set_stand_side_by_side_and_a_single_type_is_no_row_of_its_own(capsys):
    two = make_figures(n=7, overall=ALL, types={"left": HALF, "a type with a very long name": GOOD})
    print_set_results({"rn": two, "mlp": two}, Floors(0.3, 0.4))
    head, kinds, overall, *types, floors = capsys.readouterr().out.splitlines()
    assert head == "7 test scenes, 40 questions; accuracy with 95 % interval"
    assert kinds.split() == ["RN", "MLP"]
    assert overall.split("  n ")[0].count("75.0% [ 70.0%,  80.0%]") == 2 and overall.endswith("  n 40")
    assert [row[2:26].rstrip() for row in types] == ["left", "a type with a very long"]
    assert {len(row) for row in types} == {len(overall)}
    assert floors == "  commonest answer 30.0%, commonest answer to each question 40.0%"
    print_set_results({"rn": make_figures(n=7, overall=ALL, types={"left": ALL})}, Floors(0.3, 0.4))
    assert "left" not in capsys.readouterr().out


def test_an_attribution_table_has_each_figure_beside_its_control(capsys):
    row = {
        "n": 12.0, "pointing_game": 0.9, "randomised_weights_pointing_game": 0.1, "relevance_mass": 0.8,
        "randomised_weights_relevance_mass": 0.2, "deletion": 0.25, "random_order_deletion": 0.75, "insertion": 0.95,
        "random_order_insertion": 0.65, "completeness_gap": 3e-10,
    }  # fmt: skip
    print_attribution({"exact_path": row})
    printed = capsys.readouterr().out
    assert "attribution over 12 questions with a known deciding pair" in printed
    assert printed.splitlines()[-1] == (
        "| exact_path | 90.0% (10.0%) | 80.0% (20.0%) | 0.25 (0.75) | 0.95 (0.65) | 3e-10 |"
    )
