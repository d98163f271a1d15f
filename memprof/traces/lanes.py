"""The events of a trace, sorted out: per thread of the host what was called and launched, and what devices ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from memprof.profiles.records import EventCategory, Kernel
from memprof.traces.arguments import NO_INPUTS, ArgumentReader, Inputs
from memprof.traces.kinds import Kind, called_module, categorize, kind_of, step_number
from memprof.traces.records import TraceStep
from memprof.traces.times import nanoseconds
from memprof.traces.wire import NOTHING, Value, WireArguments, WireEvent

Thread = tuple[str, str]
"""A thread of the host, by the names of its process and itself."""

AFTER_CALLS = 1 << 62
"""The `order` of launches: a call that began in the same microsecond may have made it, and comes first."""
_NO_ARGUMENTS = WireArguments()
_SEQUENCE_BITS = 40


@dataclass(slots=True)
class Span:
    """A stretch of time on one thread of the host: a call, or a launch where `category` is None.

    `order` is the number in which the profiler counted it, -1 where it did not: it tells apart what began in the same
    microsecond. `kernels` are what a launch started; of a call it is None.
    """

    start_ns: int
    end_ns: int
    order: int
    name: str
    category: EventCategory | None
    inputs: Inputs = NO_INPUTS
    sequence_number: int | None = None
    kernels: list[Kernel] | None = None

    @property
    def minus_end_ns(self) -> int:
        """Return the end with its sign changed: of what begins together, the longest comes first."""
        return -self.end_ns


in_order = attrgetter("start_ns", "order", "minus_end_ns", "name")
"""Sorts the spans of one thread so that each comes before what lies in it, whatever their order in the file."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch and the thread that made it."""

    span: Span
    thread: Thread


@dataclass(frozen=True, slots=True)
class DeviceSpan:
    """Something that a device ran; `arguments` and `thread` as the trace has them."""

    start_ns: int
    duration_ns: int
    event: WireEvent
    arguments: WireArguments


@dataclass(slots=True)
class Lanes:
    """What a trace holds, by where it happened.

    `calls` and `modules`, which are the calls of modules that Python's own events show, by thread; `launches` by
    correlation id. `steps` are the marked ones, by process. `skipped` counts events without a readable time,
    `negative` those that end before they begin, whose duration counts as 0. `is_pytorch` tells that there is any event
    of PyTorch's profiler, `coarse` that all times of devices are whole microseconds.
    """

    calls: dict[Thread, list[Span]] = field(default_factory=lambda: defaultdict(list))
    modules: dict[Thread, list[Span]] = field(default_factory=lambda: defaultdict(list))
    launches: dict[Value, list[Launch]] = field(default_factory=lambda: defaultdict(list))
    device: list[DeviceSpan] = field(default_factory=list)
    steps: dict[str, list[TraceStep]] = field(default_factory=lambda: defaultdict(list))
    skipped: int = 0
    negative: int = 0
    is_pytorch: bool = False
    coarse: bool = True


def sort_out(events: Iterable[WireEvent]) -> Lanes:
    """Return what the events say, each time read once."""
    sorter = _Sorter()
    for event in events:
        kind = kind_of(event.cat)
        if kind is Kind.FOREIGN:
            continue
        sorter.lanes.is_pytorch = True
        if event.ph == "X" and kind is not Kind.NOISE:
            sorter.add(event, kind)
    sorter.add_launches()
    _keep_processes_apart(sorter.lanes)
    return sorter.lanes


class _Sorter:
    """Takes the events of a file one by one. It is the innermost loop of reading: names are looked at once each."""

    def __init__(self) -> None:
        self.lanes = Lanes()
        self._read = ArgumentReader().read
        self._names: dict[str, _Name] = {}
        self._threads: dict[tuple[Value, Value], Thread] = {}
        self._launches: list[WireEvent] = []

    def add(self, event: WireEvent, kind: Kind) -> None:
        name = self._names.get(event.name)
        if name is None:
            name = self._names[event.name] = _Name(event.name)
        if kind is Kind.LAUNCH:
            self._launches.append(event)  # most of them launch nothing
            return
        if kind is Kind.PYTHON and name.module is None:
            return
        start, duration = self._times(event)
        if start is None:
            return
        if kind is Kind.CALL:
            self._add_call(event, name, start, start + duration)
        elif kind is Kind.DEVICE:
            event.name = name.whole
            self.lanes.coarse = self.lanes.coarse and b"." not in bytes(event.ts) + bytes(event.dur)
            self.lanes.device.append(DeviceSpan(start, duration, event, event.args or _NO_ARGUMENTS))
        elif name.module:
            span = Span(start, start + duration, -1, name.module, EventCategory.MODULE)
            self.lanes.modules[self._thread(event)].append(span)

    def _add_call(self, event: WireEvent, name: _Name, start: int, end: int) -> None:
        thread = self._thread(event)
        if name.step is not None:
            self.lanes.steps[thread[0]].append(TraceStep(name.step, name.whole, start, end))
            return
        arguments = event.args
        if arguments is None:
            self.lanes.calls[thread].append(Span(start, end, -1, name.short, name.category))
            return
        order, number = arguments.external_id, arguments.sequence_number
        self.lanes.calls[thread].append(
            Span(
                start,
                end,
                order if isinstance(order, int) else -1,
                name.short,
                name.category,
                self._read(arguments),
                number if isinstance(number, int) and number >= 0 else None,
            )
        )

    def add_launches(self) -> None:
        """Add the launches of something that is in the trace."""
        wanted = {item.arguments.correlation for item in self.lanes.device} - {None, 0}
        for event in self._launches:
            number = event.args.correlation if event.args else None
            if number not in wanted:
                continue
            start, duration = self._times(event)
            if start is not None:
                span = Span(start, start + duration, AFTER_CALLS, event.name, None, kernels=[])
                self.lanes.launches[number].append(Launch(span, self._thread(event)))

    def _times(self, event: WireEvent) -> tuple[int | None, int]:
        """Return the start of an event, None where it has none, and its duration, in nanoseconds."""
        try:
            start = nanoseconds(event.ts)
            duration = nanoseconds(event.dur) if event.dur is not NOTHING else 0
        except ValueError:
            self.lanes.skipped += 1
            return None, 0
        if duration < 0:
            self.lanes.negative += 1
            return start, 0
        return start, duration

    def _thread(self, event: WireEvent) -> Thread:
        key = event.pid, event.tid
        thread = self._threads.get(key)
        if thread is None:
            thread = self._threads[key] = (str(event.pid), str(event.tid))
        return thread


class _Name:
    """What the name of an event says: the step it marks, the module it calls, or what it stands for."""

    __slots__ = ("category", "module", "short", "step", "whole")

    def __init__(self, name: str) -> None:
        self.whole = name
        self.step = step_number(name)
        self.module = called_module(name)
        self.category, self.short = categorize(name)


def _keep_processes_apart(lanes: Lanes) -> None:
    """Make the sequence numbers of a second process differ from the first's: they say which node is whose."""
    places = {process: place for place, process in enumerate(sorted({process for process, _ in lanes.calls}))}
    for (process, _), spans in lanes.calls.items() if len(places) > 1 else ():
        offset = places[process] << _SEQUENCE_BITS
        for span in spans:
            if span.sequence_number is not None:
                span.sequence_number += offset
