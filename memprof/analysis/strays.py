"""Kernels that ran for no operator with shapes: no row of a report has their time, so it is told beside the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain

from memprof.calls import OperatorCall
from memprof.profiles.records import Kernel
from memprof.report.run import Stray
from memprof.vocabulary import NANOSECOND

BY_GRAPH = "a CUDA graph launched it, in a call without recorded shapes"


def sum_strays(
    orphans: Iterable[tuple[Kernel, str]], shapeless: Iterable[OperatorCall], without_shapes: str
) -> list[Stray]:
    """Count kernels of one name and reason together, the longest first.

    `orphans` are those that no call launched, each with its reason. `without_shapes` is the reason, before its name,
    of what a call without shapes launched; what a CUDA graph launched there says so.
    """
    launched = (
        (kernel, f"{BY_GRAPH if kernel.in_graph else without_shapes}: {call.name}")
        for call in shapeless
        for kernel in call.kernels
    )
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for kernel, reason in chain(orphans, launched):
        groups[kernel.name, str(kernel.activity), reason].append(kernel.duration_ns)
    strays = [Stray(*key, len(spans), sum(spans) * NANOSECOND) for key, spans in groups.items()]
    return sorted(strays, key=lambda stray: (-stray.seconds, stray.name))
