"""Which kernels ran when, and for which operators of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memprof.calls import OperatorCall
from memprof.profiles.records import Kernel
from memprof.report.record import OperatorRow
from memprof.report.run import KernelRuns
from memprof.vocabulary import NANOSECOND

MOST_RUNS = 4000
"""How many runs a report lists: those of several steps of a network; a trace of minutes has millions."""
_BITS = 64
"""Of a number in a report; a damaged trace may number its streams by larger ones, which are all one stream then."""


def kernel_runs(
    kernels: Sequence[Kernel], calls: Iterable[OperatorCall], operators: Sequence[OperatorRow]
) -> KernelRuns | None:
    """Return the first runs of one device's `kernels`, for which of `operators` each; None where there are none.

    Calls of a row that different things bind are told apart by nothing that a profile records: the first such row
    stands for them.
    """
    if not kernels:
        return None
    places: dict[tuple[object, ...], int] = {}
    for place, row in enumerate(operators):
        places.setdefault((row.name, row.module, row.phase, row.input_shapes), place)
    owners: dict[int, int] = {}
    for call in calls:
        key = call.name, call.module, str(call.phase), tuple(tensor.shape for tensor in call.tensors())
        owners |= dict.fromkeys(map(id, call.kernels), places.get(key, -1))
    ordered = sorted(kernels, key=lambda kernel: (kernel.start_ns, kernel.stream))
    listed, origin = ordered[:MOST_RUNS], ordered[0].start_ns
    names = {name: place for place, name in enumerate(dict.fromkeys(kernel.name for kernel in listed))}
    return KernelRuns(
        tuple(names),
        tuple(names[kernel.name] for kernel in listed),
        tuple(kernel.stream if kernel.stream.bit_length() < _BITS else -1 for kernel in listed),
        tuple(round((kernel.start_ns - origin) * NANOSECOND, 9) for kernel in listed),
        tuple(round(kernel.duration_ns * NANOSECOND, 9) for kernel in listed),
        tuple(owners.get(id(kernel), -1) for kernel in listed),
        len(ordered) - len(listed),
    )
