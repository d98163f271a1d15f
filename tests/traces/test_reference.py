"""Any trace, read by the reader and by a slow one that does what is obvious: both say the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from memprof.traces.busy import device_times
from tests.traces.making import flat, kernel, launch, module, op, read


@dataclass(frozen=True)
class Node:
    """A call with those in it; `launches` are the delay and length of each kernel, `graph` makes them one launch."""

    is_module: bool
    launches: list[tuple[int, int]]
    graph: bool
    inside: list[Node]


def nodes(depth: int) -> st.SearchStrategy[Node]:
    times = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 15)), max_size=2)
    inside = st.lists(nodes(depth - 1), max_size=3) if depth else st.just([])
    return st.builds(Node, st.booleans(), times, st.booleans(), inside)


THREADS = st.lists(st.lists(nodes(2), max_size=3), min_size=1, max_size=3)


class Writer:
    """Writes a trace of nested calls, and what must be read of it: each name's kernels, by how they were written."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.owners: dict[str, str] = {}
        self.intervals: list[tuple[int, int]] = []
        self.launched: list[tuple[int, int]] = []
        self._clock = self._number = 0

    def write(self, node: Node, thread: int, owner: str, clock: int) -> int:
        """Write a call that begins at `clock`; return when it ends."""
        self._number += 1
        name = f"M_{self._number}" if node.is_module else f"aten::f{self._number}"
        mine = owner if node.is_module else name
        now = clock + 1
        together = self._number
        for place, (delay, length) in enumerate(node.launches):
            self._number += 1
            label = f"k{self._number}"
            correlation = together if node.graph else self._number
            if not node.graph or place == 0:
                host = now
                self.events.append(
                    launch(
                        correlation, now, 1, tid=thread, name="cudaGraphLaunch" if node.graph else "cudaLaunchKernel"
                    )
                )
                now += 2
            self.events.append(kernel(correlation, host + delay, length, name=label, stream=thread))
            self.owners[label] = mine
            self.intervals.append((host + delay, host + delay + length))
            self.launched.append((host + delay, host))
        for child in node.inside:
            now = self.write(child, thread, mine, now) + 1
        make = module(name.removeprefix("aten::"), clock, now - clock, tid=thread) if node.is_module else None
        self.events.append(make or op(name.removeprefix("aten::"), clock, now - clock, [2, 3], tid=thread))
        return now


def busy_and_waiting(intervals: list[tuple[int, int]], launched: list[tuple[int, int]]) -> tuple[int, int, int]:
    """Return the microseconds in which the device was busy, idle, and idle with nothing launched, one by one."""
    first, last = min(start for start, _ in intervals), max(end for _, end in intervals)
    idle = [now for now in range(first, last) if not any(start <= now < end for start, end in intervals)]
    waiting = 0
    for now in idle:
        after = min(start for start, _ in intervals if start > now)
        waiting += now < min(host for start, host in launched if start == after)
    return last - first - len(idle), len(idle), waiting


@settings(max_examples=60, deadline=None)
@given(THREADS, st.randoms(use_true_random=False))
def test_totals_busy_time_and_owners_are_those_of_the_obvious_reader(threads, chance):
    writer = Writer()
    for thread, calls in enumerate(threads, start=1):
        now = 0
        for call in calls:
            now = writer.write(call, thread, "", now) + 1
    writer.events.append(op("last", 5000, 1, [2, 3]))
    chance.shuffle(writer.events)
    with tempfile.TemporaryDirectory() as folder:
        trace = read(Path(folder), *writer.events)
    found = {item.name: event.name for event in flat(trace.profile.events) for item in event.kernels}
    found |= {orphan.kernel.name: "" for orphan in trace.orphans}
    assert found == writer.owners
    assert len(trace.kernels) == len(writer.owners)
    assert sum(item.duration_ns for item in trace.kernels) == 1000 * sum(end - start for start, end in writer.intervals)
    if not trace.kernels:
        return
    (time,) = device_times(trace.kernels).values()
    counted = [round(getattr(time, f"{name}_seconds") * 1e6) for name in ("busy", "idle", "launch_bound")]
    assert tuple(counted) == busy_and_waiting(writer.intervals, writer.launched)
