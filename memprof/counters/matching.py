"""Which counted runs are runs of which operator's kernel: by name, and where that is not enough, by duration.

A report knows which kernels each operator ran and how long they took, but not when. Where several operators ran one
kernel, its counted runs are shared out in proportion to calls: the longest to those in which it took longest, as it
moves more where it runs longer; without durations in the order of the report, which is that of first calls.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from memprof.counters.names import KernelName, kernel_name
from memprof.counters.records import KernelCounters
from memprof.report.record import OperatorRow

COUNTED = ("kernel", "communication")
"""Activities that Nsight Compute counts: it leaves out copies and fills."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A kernel of one operator: `calls` runs of `seconds` each on average.

    `row` is the operator's place in the report, `place` the kernel's among those of the operator.
    """

    row: int
    place: int
    name: KernelName
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Pool:
    """What goes by one name: the counted runs of a kernel, and the operators' kernels that they are runs of."""

    runs: Sequence[KernelCounters]
    slots: Sequence[Slot]

    @property
    def calls(self) -> int:
        """Return how often the operators ran the kernel."""
        return sum(slot.calls for slot in self.slots)

    @property
    def is_whole(self) -> bool:
        """Tell whether the runs can be shared out among the slots in proportion to their calls."""
        calls = self.calls
        return all(slot.calls * len(self.runs) % calls == 0 for slot in self.slots)


def slots_of(operators: Sequence[OperatorRow]) -> list[Slot]:
    """Return the kernels that counters can belong to."""
    return [
        Slot(row, place, kernel_name(kernel.name), kernel.calls, kernel.seconds / kernel.calls)
        for row, operator in enumerate(operators)
        for place, kernel in enumerate(operator.kernels)
        if kernel.activity in COUNTED and kernel.calls > 0
    ]


def match(runs: Iterable[KernelCounters], slots: Iterable[Slot]) -> tuple[list[Pool], list[KernelCounters]]:
    """Bring together what has the same name, and return the runs that are left over as well.

    First what agrees in template arguments too; then, of a function that one side names without them, the rest.
    """
    counted: dict[KernelName, list[KernelCounters]] = defaultdict(list)
    ran: dict[KernelName, list[Slot]] = defaultdict(list)
    for run in runs:
        counted[kernel_name(run.name)].append(run)
    for slot in slots:
        ran[slot.name].append(slot)
    pools = [Pool(counted.pop(name), ran.pop(name)) for name in [*counted] if name in ran]
    for function in dict.fromkeys(name.function for name in counted):
        theirs, ours = _match_function(function, counted, ran)
        if theirs and ours:
            pools.append(
                Pool(
                    [run for name in theirs for run in counted.pop(name)],
                    [slot for name in ours for slot in ran.pop(name)],
                )
            )
    return pools, [run for rest in counted.values() for run in rest]


def _match_function(
    function: str, counted: Iterable[KernelName], ran: Iterable[KernelName]
) -> tuple[list[KernelName], list[KernelName]]:
    """Return which names of a function go together, in the counters and in the report: those a bare one stands for."""
    bare = KernelName(function)
    theirs = [name for name in counted if name.function == function]
    ours = [name for name in ran if name.function == function]
    if bare in theirs:
        return [bare], ours
    if bare in ours:
        return theirs, [bare]
    return [], []


def share_out(pool: Pool, steps: int) -> list[Sequence[KernelCounters]]:
    """Return the runs of each slot of a pool that is whole; `steps` is how many steps the report's calls are of."""
    calls = pool.calls
    shares = [slot.calls * len(pool.runs) // calls for slot in pool.slots]
    durations = [run.duration_seconds for run in pool.runs]
    if None not in durations and len(set(durations)) > 1:
        return _share_by_length(pool, shares)
    counted_steps, rest = divmod(steps * len(pool.runs), calls)
    is_even = not rest and not any(share % counted_steps for share in shares)
    return _share_in_order(pool, shares, counted_steps if is_even else 1)


def _share_by_length(pool: Pool, shares: Sequence[int]) -> list[Sequence[KernelCounters]]:
    """Give the longest runs to the slots in which the kernel took longest."""
    by_length = iter(sorted(pool.runs, key=lambda run: run.duration_seconds or 0.0))
    places = sorted(range(len(shares)), key=lambda place: pool.slots[place].seconds)
    runs = {place: list(islice(by_length, shares[place])) for place in places}
    return [runs[place] for place in range(len(shares))]


def _share_in_order(pool: Pool, shares: Sequence[int], steps: int) -> list[Sequence[KernelCounters]]:
    """Give each slot its part of the runs of every one of `steps` equal steps."""
    in_order = iter(pool.runs)
    runs: list[list[KernelCounters]] = [[] for _ in shares]
    for _ in range(steps):
        for own, share in zip(runs, shares, strict=True):
            own.extend(islice(in_order, share // steps))
    return [*runs]
