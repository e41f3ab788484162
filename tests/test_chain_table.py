"""The table of floors and networks on chains of jumps."""

from __future__ import annotations

from benchmarks import answerers, chain
from rn_core.common.seeding import make_rng
from rn_core.tasks.sort_of_clevr.chain_floors import FLOORS, find_chain_floors


def test_the_table_has_all_floors_and_only_networks_that_are_installed(monkeypatch, capsys):
    monkeypatch.setattr(answerers, "list_weights", dict)
    chain.main(["--scenes", "20", "--seed", "1"])
    head, _, *lines = capsys.readouterr().out.splitlines()
    assert head == "| who answers | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |"
    wanted = find_chain_floors(make_rng(1, "test"), 20)
    for line, (name, floors) in zip(lines, wanted.items(), strict=False):
        assert line == "| " + " | ".join([FLOORS[name], *(f"{100 * floor:.1f}" for floor in floors.values())]) + " |"
    assert not lines[3].startswith("|") and "20 scenes of the test split, seed 1" in lines[-1]
