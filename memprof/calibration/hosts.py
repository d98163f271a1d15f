"""Calibrate the host: what this machine's Python and PyTorch need to call operators and modules, as a host file."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from memprof.calibration.timing import Clock, Progress
from memprof.devices import Figure, hosts
from memprof.errors import DeviceError
from memprof.profiles.run.timer import Timer

FEWEST_TURNS = 5
"""Turns of each probe, however little time there is: a median of fewer says nothing."""
DEFAULT_SECONDS = 10.0
ELEMENTWISE, ON_GPU = "torch.add", "torch.add on the GPU"
"""The probes whose difference is what a launch costs."""


@dataclass(frozen=True, slots=True)
class HostProbe:
    """A run of many equal calls: what figure it tells, how many calls it makes, and the run itself.

    `prepare` is not timed and makes what `run` works on. `key` is "" for a probe that tells no figure by itself.
    """

    name: str
    key: str
    calls: int
    prepare: Callable[[], object]
    run: Callable[[object], object]


@dataclass(frozen=True, slots=True)
class CallTime:
    """The seconds of one call of a probe: the median over its runs, and how much longer that is than the best."""

    probe: HostProbe
    seconds: float
    spread: float
    runs: int


def calibrate_host(
    probes: Sequence[HostProbe],
    timer: Timer,
    now: Clock,
    seconds: float,
    about: str,
    title: str,
    progress: Progress = lambda what, done: None,
) -> hosts.Host:
    """Time probes in turns for about `seconds` and return the host that they make.

    `about` says when and with what it was measured. Probes that tell the same figure count equally. DeviceError where
    a figure comes out as nothing, as a clock that is too coarse makes it.
    """
    times = _time_in_turns(probes, timer, now, seconds, progress)
    figures = {}
    for key in hosts.FIGURES:
        told = [time for time in times if time.probe.key == key]
        if told:
            figures[key] = _mean(told, about)
    figures["seconds_per_launch"] = _launch(times, about)
    for key, figure in figures.items():
        if figure.value <= 0:
            raise DeviceError(
                f"{hosts.FIGURES[key]} took no time that could be measured", "leave the machine alone, and run it again"
            )
    return hosts.Host(hosts.THIS_MACHINE, title, {key: figures[key] for key in hosts.FIGURES})


def _time_in_turns(
    probes: Sequence[HostProbe], timer: Timer, now: Clock, seconds: float, progress: Progress
) -> list[CallTime]:
    start = now()
    taken: dict[str, list[float]] = defaultdict(list)
    turns = 0
    while turns <= FEWEST_TURNS or now() < start + seconds:
        for probe in probes:
            progress(probe.name, min(1.0, (now() - start) / seconds))
            operand = probe.prepare()
            taken[probe.name].append(timer.time(partial(probe.run, operand)) / probe.calls)
        turns += 1
    times = []
    for probe in probes:
        counted = taken[probe.name][1:]  # the first run chooses kernels
        median, best = statistics.median(counted), min(counted)
        times.append(CallTime(probe, median, median / best - 1 if best else 0.0, len(counted)))
    return times


def _mean(times: Sequence[CallTime], about: str) -> Figure:
    names = ", ".join(time.probe.name for time in times)
    spread = max(time.spread for time in times)
    how = "" if len(times) == 1 else "mean of "
    source = f"{about}; {how}{names}: median of {times[0].runs} runs, spread {spread:.0%}"
    return Figure(float(f"{statistics.fmean(time.seconds for time in times):.3g}"), source)


def _launch(times: Sequence[CallTime], about: str) -> Figure:
    """Return what a launch costs: by how much an operator takes longer with one; without a GPU, the default host's."""
    by_name = {time.probe.name: time for time in times}
    if ON_GPU not in by_name:
        return Figure(
            hosts.default_costs().seconds_per_launch,
            f"not measured, as a launch needs a GPU: that of {hosts.DEFAULT_HOST}",
        )
    longer = by_name[ON_GPU].seconds - by_name[ELEMENTWISE].seconds
    return Figure(float(f"{longer:.3g}"), f"{about}; what {ELEMENTWISE} takes longer on the GPU than on the CPU")
