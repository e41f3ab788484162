"""Child processes: what they ask of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rn_core.common.children import count_threads

_ROOT = Path(__file__).resolve().parents[1]
_COUNT_FAULTS = """
import resource, sys
from rn_core.common.children import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    bytearray(48 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def count_faults(word: str) -> int:
    """Return the page faults of claiming 48 MiB twenty times."""
    command = [sys.executable, "-c", _COUNT_FAULTS, word]
    return int(subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has the setting")
def test_freed_memory_that_is_kept_is_not_claimed_again():
    assert count_faults("keep") * 4 < count_faults("usual")


@pytest.mark.parametrize(("cores", "half", "all_of_them"), [(None, 1, 1), (1, 1, 1), (2, 1, 2), (6, 3, 4), (64, 4, 4)])
def test_threads_leave_half_of_the_cores_to_others_or_none(monkeypatch, cores, half, all_of_them):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert (count_threads(all_cores=False), count_threads(all_cores=True)) == (half, all_of_them)
