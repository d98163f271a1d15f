"""From a trace file to the records that the rest of memprof reads."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from memprof.errors import TraceError
from memprof.profiles.records import Event, EventCategory, Kernel, Profile
from memprof.traces import foreign
from memprof.traces.content import LARGEST_BYTES, read_content
from memprof.traces.kinds import entry, find_rank, is_operator, whole_number
from memprof.traces.lanes import Lanes, Span, sort_out
from memprof.traces.launching import link
from memprof.traces.list_types import fill_in
from memprof.traces.modules import name_modules
from memprof.traces.nesting import nest
from memprof.traces.records import Orphan, Trace, TraceDevice, TraceStep
from memprof.traces.remarks import EXPORT_AGAIN, Facts, remark
from memprof.traces.stepping import find_steps
from memprof.traces.times import MOST_NS
from memprof.traces.wire import Wire, decode
from memprof.vocabulary import StepsFrom

NO_OPERATORS = "the trace has no operators"
NO_LAUNCH = "the trace does not show what launched it"
OUTSIDE = "launched outside every operator"
IN_GRAPH = "launched by a CUDA graph outside every operator"


def read_trace(path: Path, *, largest_bytes: int = LARGEST_BYTES) -> Trace:
    """Read a trace of torch.profiler, plain or packed, of NVIDIA and AMD GPUs, torch 1.8 to today.

    `largest_bytes` limits the text, unpacked. TraceError where the file cannot be read, is not such a trace, or holds
    neither operators nor kernels.
    """
    with _pause_collector():
        text = read_content(path, largest_bytes)
        wire = decode(text, path)
        lanes = sort_out(wire.events or ())
        foreign.check(text, wire, lanes.is_pytorch, path)
        del text
        if not lanes.calls and not lanes.device and lanes.skipped:
            raise TraceError(
                f"no event of {path} has a time that can be read: microseconds in decimal, within 292 years of 0",
                EXPORT_AGAIN,
            )
        if not lanes.calls and not lanes.device:
            raise TraceError(
                f"{path} holds neither operators nor kernels",
                "record it with activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]",
            )
        return _assemble(path, wire, lanes)


@contextmanager
def _pause_collector() -> Iterator[None]:
    """Keep the garbage collector from going over what is being read again and again: nothing in it is a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _assemble(path: Path, wire: Wire, lanes: Lanes) -> Trace:
    calls = list(chain.from_iterable(lanes.calls.values()))
    fill_in(calls)
    kernels = link(lanes)
    shortened = _add_modules(lanes, calls)
    threads, outside = _nest_all(lanes)
    orphans = _orphans(kernels, outside, any(is_operator(call.category, call.name) for call in calls))
    devices = _devices(wire.properties)
    marked = _steps(lanes)
    start, end = _ends(path, calls, kernels, marked)
    found, source = find_steps(threads, start, end)
    if marked and (len(marked) >= len(found) or source is not StepsFrom.UPDATES):
        found, source = marked, StepsFrom.MARKS
    rank = whole_number(entry(wire.distributed, "rank"))
    read, skipped = len(calls) + len(kernels), wire.skipped + lanes.skipped
    return Trace(
        path=path,
        rank=find_rank(path) if rank is None else rank,
        world_size=whole_number(entry(wire.distributed, "world_size")),
        devices=devices,
        profile=Profile(tuple(sorted(chain.from_iterable(threads), key=lambda event: event.start_ns))),
        kernels=kernels,
        orphans=orphans,
        steps=found,
        start_ns=start,
        end_ns=end,
        has_strides=any(call.inputs.has_strides for call in calls),
        has_concrete_inputs=any(call.inputs.has_concrete for call in calls),
        steps_from=source,
        warnings=remark(Facts(path.name, wire, lanes, calls, devices, kernels, orphans, shortened)),
        read_share=read / (read + skipped),
    )


def _ends(path: Path, calls: Sequence[Span], kernels: Sequence[Kernel], steps: Sequence[TraceStep]) -> tuple[int, int]:
    """Return when the first thing began and the last ended; TraceError where 64 bits do not hold that."""
    start = min(item.start_ns for item in chain[Span | Kernel | TraceStep](calls, kernels, steps))
    end = max(item.end_ns for item in chain[Span | Kernel | TraceStep](calls, kernels, steps))
    first = min((kernel.launched_ns for kernel in kernels if kernel.launched_ns is not None), default=start)
    if end > MOST_NS or end - min(start, first) > MOST_NS:
        raise TraceError(f"{path} has an event that ends more than 292 years after 0, or after another", EXPORT_AGAIN)
    return start, end


def _add_modules(lanes: Lanes, calls: Sequence[Span]) -> bool:
    """Add the module calls that Python's events show, unless memprof's own scopes name the modules already.

    Tells whether a path was too long to be written down.
    """
    if any(call.category is EventCategory.MODULE for call in calls):
        return False
    shortened = name_modules(lanes.modules.values())
    for thread, spans in lanes.modules.items():
        lanes.calls[thread] += spans
    return shortened


def _nest_all(lanes: Lanes) -> tuple[list[list[Event]], list[Kernel]]:
    """Return the outermost events of each thread, and the kernels launched outside every call."""
    nested = [nest(lanes.calls[thread]) for thread in sorted(lanes.calls)]
    return [events for events, _ in nested], [kernel for _, kernels in nested for kernel in kernels]


def _orphans(kernels: Sequence[Kernel], outside: Sequence[Kernel], has_operators: bool) -> tuple[Orphan, ...]:
    lost = {id(kernel) for kernel in outside}
    return tuple(
        Orphan(kernel, _reason(kernel, has_operators))
        for kernel in kernels
        if kernel.launched_ns is None or id(kernel) in lost
    )


def _reason(kernel: Kernel, has_operators: bool) -> str:
    if kernel.in_graph:
        return IN_GRAPH
    if not has_operators:
        return NO_OPERATORS
    return NO_LAUNCH if kernel.launched_ns is None else OUTSIDE


def _devices(properties: object) -> tuple[TraceDevice, ...]:
    """Return the devices that a trace describes; what is malformed is left out."""
    devices = []
    for item in properties if isinstance(properties, list) else ():
        index, name = whole_number(entry(item, "id")), entry(item, "name")
        if index is not None and isinstance(name, str):
            count, size = (whole_number(entry(item, key)) for key in ("numSms", "totalGlobalMem"))
            devices.append(TraceDevice(index, name, count, size))
    return tuple(devices)


def _steps(lanes: Lanes) -> tuple[TraceStep, ...]:
    """Return the steps of the process that marks most of them; other processes' overlap with them."""
    if not lanes.steps:
        return ()
    process = max(sorted(lanes.steps), key=lambda name: len(lanes.steps[name]))
    return tuple(sorted(lanes.steps[process], key=lambda step: (step.start_ns, step.number)))
