"""The table of floors and networks on questions about three objects."""

from __future__ import annotations

from benchmarks import answerers, triples
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.triple_floors import find_triple_floors, find_two_object_floors


def test_the_table_has_both_floors_and_only_networks_that_are_installed(monkeypatch, capsys):
    monkeypatch.setattr(answerers, "list_weights", dict)
    triples.main(["--scenes", "30", "--pairs", "3", "--redeals", "20", "--seed", "1"])
    head, _, blind, seeing, *rest = capsys.readouterr().out.splitlines()
    assert head == "| who answers | between | line | obtuse |"
    wanted = (find_triple_floors(make_rng(1, "test"), 30), find_two_object_floors(make_rng(1, "test"), 3, 20))
    for line, floors in zip((blind, seeing), wanted, strict=True):
        assert line.split(" | ")[1:] == [
            f"{100 * floor:.1f}" + " |" * (k == 2) for k, floor in enumerate(floors.values())
        ]
    assert not any(line.startswith("|") for line in rest) and "30 scenes of the test split, seed 1" in rest[-1]
