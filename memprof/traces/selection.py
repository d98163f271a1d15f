"""A part of a trace: one step, or a stretch of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from memprof.errors import TraceError
from memprof.profiles.records import Event, Kernel, Profile
from memprof.traces.kinds import is_operator
from memprof.traces.records import Trace, TraceStep
from memprof.vocabulary import StepsFrom

_NANOSECONDS = 10**9
_MARK_STEPS = "record it with torch.profiler.schedule and call step(), or select with --from and --to"


def select(
    trace: Trace, *, step: int | None = None, start_seconds: float | None = None, end_seconds: float | None = None
) -> Trace:
    """Return the part of a trace in step `step`, or from `start_seconds` up to `end_seconds` after its start.

    An operator belongs to the part in which it began on the host, with everything it called and launched: a kernel
    that runs after the end of its step belongs to the step that launched it. Kernels that no event launched belong to
    the part in which they began themselves. The whole trace where nothing is selected; TraceError where there is no
    such step, the times make no stretch, or nothing happened in it.
    """
    if step is not None and (start_seconds is not None or end_seconds is not None):
        raise TraceError("a step and a stretch of time are selected", "give one of them")
    if step is not None:
        chosen = _find_step(trace, step)
        return _cut(trace, chosen.start_ns, chosen.end_ns, (chosen,))
    if start_seconds is None and end_seconds is None:
        return trace
    start = trace.start_ns if start_seconds is None else trace.start_ns + _nanoseconds(start_seconds)
    end = trace.end_ns + 1 if end_seconds is None else trace.start_ns + _nanoseconds(end_seconds)
    if start >= end:
        raise TraceError(f"the selected stretch of {trace.path} ends before it begins", _duration(trace))
    steps = tuple(item for item in trace.steps if start <= item.start_ns and item.end_ns <= end)
    part = _cut(replace(trace, steps_from=trace.steps_from if steps else StepsFrom.NOTHING), start, end, steps)
    if not part.profile.events and not part.kernels:
        raise TraceError(f"nothing happened in the selected stretch of {trace.path}", _duration(trace))
    return part


def whole_steps(trace: Trace) -> Trace:
    """Return the part of a trace in its steps, where these were found: what precedes and follows them is no step's."""
    if trace.steps_from is StepsFrom.MARKS or not trace.steps:
        return trace
    start, end = trace.steps[0].start_ns, trace.steps[-1].end_ns
    return trace if start <= trace.start_ns and end >= trace.end_ns else _cut(trace, start, end, trace.steps)


def _nanoseconds(seconds: float) -> int:
    try:
        return round(seconds * _NANOSECONDS)
    except (ValueError, OverflowError) as error:
        raise TraceError(f"{seconds} is not a time", "give seconds since the trace's start") from error


def _duration(trace: Trace) -> str:
    return f"the trace lasts {(trace.end_ns - trace.start_ns) / _NANOSECONDS:.6g} s"


def _find_step(trace: Trace, number: int) -> TraceStep:
    step = next((item for item in trace.steps if item.number == number), None)
    if step is None and not trace.steps:
        raise TraceError(f"{trace.path} marks no steps", _MARK_STEPS)
    if step is None:
        numbers = _numbers([item.number for item in trace.steps])
        raise TraceError(f"{trace.path} has no step {number}", f"choose one of its steps: {numbers}")
    return step


def _numbers(numbers: Sequence[int]) -> str:
    """Write numbers down, in stretches where they follow one another: "5 to 10, 12"."""
    stretches: list[list[int]] = []
    for number in sorted(set(numbers)):
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    return ", ".join(f"{stretch[0]} to {stretch[-1]}" if len(stretch) > 1 else str(stretch[0]) for stretch in stretches)


def _cut(trace: Trace, start: int, end: int, steps: tuple[TraceStep, ...]) -> Trace:
    events = tuple(chain.from_iterable(_clip(event, start, end) for event in trace.profile.events))
    orphans = tuple(orphan for orphan in trace.orphans if start <= orphan.kernel.start_ns < end)
    launched = chain.from_iterable(map(_kernels_of, events))
    kernels = sorted(chain(launched, (orphan.kernel for orphan in orphans)), key=_order)
    return replace(
        trace,
        profile=Profile(events),
        kernels=tuple(kernels),
        orphans=orphans,
        steps=steps,
        start_ns=max(start, trace.start_ns),
        end_ns=min(end, trace.end_ns),
    )


def _clip(event: Event, start: int, end: int) -> Iterator[Event]:
    """Yield what of an event belongs to a stretch: an operator whole or not at all, of a mere scope the part."""
    inside = start <= event.start_ns < end
    if is_operator(event.category, event.name):
        if inside:
            yield event
        return
    children = tuple(chain.from_iterable(_clip(child, start, end) for child in event.children))
    if children or (inside and (event.kernels or not event.children)):
        yield replace(event, children=children, kernels=event.kernels if inside else ())


def _kernels_of(event: Event) -> Iterator[Kernel]:
    yield from event.kernels
    for child in event.children:
        yield from _kernels_of(child)


def _order(kernel: Kernel) -> tuple[int, int, str]:
    return kernel.start_ns, kernel.duration_ns, kernel.name
