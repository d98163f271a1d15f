"""When the host has launched each kernel: what Python, PyTorch and autograd need before the device may begin.

The host goes through a step's calls in order and does not wait for the device. In forward and in the optimizer a call
comes from Python; the backward pass runs in autograd's own thread, without modules and without Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from memprof.calls import ALLOCATIONS, OperatorCall
from memprof.operators.work import Work
from memprof.report.record import HostCosts
from memprof.vocabulary import Phase

_CASTS = frozenset({"aten::_to_copy"})
"""Nearly all of them are autocast's, which makes them in C++: `tensor.to(dtype)` from Python is rare in a network."""


def launch_times(calls: Iterable[tuple[OperatorCall, Sequence[Work]]], host: HostCosts | None) -> NDArray[np.float64]:
    """Return for each kernel the seconds from the step's begin after which it is launched (n,); all 0 without a host.

    `calls` are calls in order, each with its kernels.
    """
    times: list[float] = []
    clock, module = 0.0, ""
    for call, works in calls:
        looped = host.seconds_per_view if host is not None and _is_looped(call) else 0.0
        if host is not None:
            clock += _call_seconds(call, bool(works), host)
            if call.phase is Phase.FORWARD:
                clock += host.seconds_per_module if enters_module(module, call.module) else 0.0
                module = call.module
        for place, work in enumerate(works):
            clock += looped if place else 0.0
            clock += work.launches * host.seconds_per_launch if host is not None else 0.0
            times.append(clock)
    return np.array(times, dtype=np.float64)


def enters_module(before: str, after: str) -> bool:
    """Return whether a module is called between a call in the module `before` and the next one in `after`.

    It is where the path changes, but not to a module that `before` is inside of, which only goes on. So a module called
    twice in a row counts once, and containers, and modules without operators, count nothing.
    """
    return after not in ("", before) and not before.startswith(f"{after}.")


def _is_looped(call: OperatorCall) -> bool:
    """Return whether a call stands for a loop in Python over the parameters.

    An operator in place, without modules, memory or a graph, takes what a view does, and its launch: element-wise ones
    were seen to take 12.3, 7.3 and 2.7 microseconds with their launches beside the hosts of 2020, 2022 and 2024.
    """
    return call.stack.loops_over_parameters and call.name.startswith("aten::_foreach_")


def _call_seconds(call: OperatorCall, has_kernels: bool, host: HostCosts) -> float:
    """Return what a call costs besides launching its kernels; allocations belong to the call that they are for."""
    if not has_kernels:
        return 0.0 if call.name in ALLOCATIONS else host.seconds_per_view
    if call.name in _CASTS:
        return host.seconds_per_cast
    return host.seconds_per_backward if call.phase is Phase.BACKWARD else host.seconds_per_operator
