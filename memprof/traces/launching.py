"""Which call on the host launched what a device ran: by correlation id, the only join that traces keep reliably."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from memprof.profiles.records import Kernel
from memprof.traces.kinds import activity_of, launches_graph, whole_number
from memprof.traces.lanes import DeviceSpan, Lanes, Launch
from memprof.traces.wire import Value

MOST_BYTES = 1e18
"""More than any device has: a copy of more is a mistake."""


def link(lanes: Lanes) -> tuple[Kernel, ...]:
    """Return what the devices ran, in order of start, and hand each kernel to the launch that started it.

    The launches that started something join the calls of their threads. A kernel that no launch started has no
    `launched_ns`.
    """
    choose = _Chooser(lanes.launches, lanes.device)
    shared = _shared(lanes)
    kernels = []
    for item in sorted(lanes.device, key=_order):
        launch = choose(item)
        number = item.arguments.correlation
        graph = launches_graph(launch.span.name) if launch else number in shared
        kernel = _kernel(item, launch, graph or item.arguments.graph_node is not None)
        kernels.append(kernel)
        if launch and launch.span.kernels is not None:
            launch.span.kernels.append(kernel)
    for launches in lanes.launches.values():
        for launch in launches:
            if launch.span.kernels:
                lanes.calls[launch.thread].append(launch.span)
    return tuple(kernels)


def _order(item: DeviceSpan) -> tuple[int, int, str, int, int, str]:
    return (
        item.start_ns,
        item.duration_ns,
        item.event.name,
        _device(item),
        _stream(item),
        str(item.arguments.correlation),
    )


def _shared(lanes: Lanes) -> set[Value]:
    """Return the correlation ids that several kernels have without a launch in sight: only graphs launch several."""
    counts = Counter(item.arguments.correlation for item in lanes.device)
    return {number for number, count in counts.items() if count > 1 and number and number not in lanes.launches}


def _kernel(item: DeviceSpan, launch: Launch | None, in_graph: bool) -> Kernel:
    event, arguments = item.event, item.arguments
    moved = arguments.bytes
    return Kernel(
        event.name,
        item.start_ns,
        item.duration_ns,
        activity_of(event.cat, event.name),
        device=_device(item),
        stream=_stream(item),
        launched_ns=launch.span.start_ns if launch else None,
        bytes_moved=float(moved) if isinstance(moved, (int, float)) and 0 <= moved <= MOST_BYTES else None,
        in_graph=in_graph,
    )


def _device(item: DeviceSpan) -> int:
    device = item.arguments.device
    if isinstance(device, int):
        return device
    return whole_number(item.event.pid if device is None else device) or 0


def _stream(item: DeviceSpan) -> int:
    """Return the stream, which old traces have as a thread only: "stream 7"."""
    stream = item.arguments.stream
    if isinstance(stream, int):
        return stream
    return whole_number(str(item.event.tid).removeprefix("stream ") if stream is None else stream) or 0


class _Chooser:
    """Finds the launch of something that a device ran.

    Numbers are unique within a process. Where a file holds several processes, a device's own process is the one that
    launched what can be told; of several launches there, it is the last that began before.
    """

    def __init__(self, launches: dict[Value, list[Launch]], device: Sequence[DeviceSpan]) -> None:
        self._launches = launches
        self._several: dict[Value, _Several] = {}
        self._processes: dict[int, str] = {}
        if any(len(several) > 1 for several in launches.values()):
            votes: dict[int, Counter[str]] = defaultdict(Counter)
            for item in device:
                candidates = launches.get(item.arguments.correlation, ())
                if len(candidates) == 1:
                    votes[_device(item)][candidates[0].thread[0]] += 1
            self._processes = {device: max(sorted(count), key=count.__getitem__) for device, count in votes.items()}

    def __call__(self, item: DeviceSpan) -> Launch | None:
        candidates = self._launches.get(item.arguments.correlation)
        if not candidates:
            return None
        if len(candidates) == 1:
            return candidates[0]
        number = item.arguments.correlation
        several = self._several.get(number)
        if several is None:
            several = self._several[number] = _Several(candidates)
        return several.find(self._processes.get(_device(item)), item.start_ns)


class _Several:
    """Launches of one number, of each process and of all of them in order of start."""

    def __init__(self, launches: Iterable[Launch]) -> None:
        self._all = sorted(launches, key=_begin)
        self._by_process: dict[str, list[Launch]] = defaultdict(list)
        for launch in self._all:
            self._by_process[launch.thread[0]].append(launch)

    def find(self, process: str | None, start_ns: int) -> Launch:
        """Return the last launch up to `start_ns`, or the first, of `process` where that has any."""
        launches = self._all
        if process is not None:
            launches = self._by_process.get(process, launches)
        return launches[max(0, bisect_right(launches, start_ns, key=_start) - 1)]


def _start(launch: Launch) -> int:
    return launch.span.start_ns


def _begin(launch: Launch) -> tuple[int, tuple[str, str]]:
    return launch.span.start_ns, launch.thread
