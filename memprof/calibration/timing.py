"""Timing probes in turns, within a given time: what disturbs the machine for a moment then spoils none of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from memprof.calibration.records import Group, Missed, Probe, Task, Timing
from memprof.profiles.run.timer import Timer

Clock = Callable[[], float]
Progress = Callable[[str, float], None]
"""Is told what is measured, and what fraction of the time is over."""

_SWEEPS = 2
"""Through all groups: half a minute lies between the two, in which another program may have ended."""
_ROUNDS = 2
"""Turns that each probe of a group has in a sweep."""
_LONGEST_CALL = 0.1
"""Of the time of its group: a probe whose call is expected to take longer is not tried."""
_SHORTEST = 1e-9
"""Seconds of a call that a coarse clock did not notice."""
_FEWEST_CALLS = 2
"""At a probe's first turn: the first call makes operands and chooses kernels."""


def time_probes(
    groups: Sequence[Group], timer: Timer, now: Clock, seconds: float, progress: Progress = lambda what, done: None
) -> tuple[list[Timing], list[Missed]]:
    """Measure all probes in about `seconds` and return their times, and what failed with the reason torch gave.

    Each group gets time by its weight; what one leaves over is the next ones'. Of each group one probe is called in
    each sweep however long it takes; one that is too slow for the time of its group is left out.
    """
    start = now()
    weights = sum(group.weight for group in groups)
    trials = [_Trials(group, timer, now, _LONGEST_CALL * seconds * group.weight / weights) for group in groups]
    order = trials * _SWEEPS
    for place, trial in enumerate(order):
        left = max(0.0, start + seconds - now())
        share = left * trial.group.weight / sum(later.group.weight for later in order[place:])

        def tell(name: str = trial.group.name) -> None:
            progress(name, min(1.0, (now() - start) / seconds) if seconds else 1.0)

        tell()
        trial.sweep(now() + share, tell)
    timings = [timing for trial in trials for timing in trial.timings()]
    return timings, [item for trial in trials for item in trial.missed]


class _Times:
    """The seconds of a task's calls: those that came first in a sweep, and those that count."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.first: list[float] = []
        self.counted: list[float] = []
        self.error = ""

    @property
    def seconds(self) -> list[float]:
        """The calls that count; the first ones only where there are no others."""
        return self.counted or self.first


class _Trials:
    """The probes of one group, each of which gets several turns in a sweep."""

    def __init__(self, group: Group, timer: Timer, now: Clock, longest: float) -> None:
        self.group = group
        self._error = ""
        self._timer = timer
        self._now = now
        self._longest = longest
        self._times: dict[str, _Times] = {}

    def sweep(self, end: float, tell: Callable[[], None]) -> None:
        """Build the probes and give each its turns until `end`."""
        try:
            probes = self.group.build()
        except (RuntimeError, MemoryError) as error:
            self._error = _reason(error)
            return
        called: set[str] = set()
        turns_left = _ROUNDS * len(probes)
        for probe in probes * _ROUNDS:
            times = self._times.setdefault(probe.task.name, _Times(probe.task))
            if not times.error and self._is_worth(times, end, called):
                self._turn(probe, times, self._now() + max(0.0, end - self._now()) / turns_left, called)
            turns_left -= 1
            tell()

    def timings(self) -> list[Timing]:
        """Return the best and the median of each probe's calls."""
        return [
            Timing(times.task, min(times.seconds), statistics.median(times.seconds), len(times.seconds))
            for times in self._times.values()
            if times.seconds
        ]

    @property
    def missed(self) -> list[Missed]:
        """What was never measured because torch failed; not what there was no time for."""
        failed = [times for times in self._times.values() if times.error and not times.seconds]
        items = [Missed(f"{self.group.name}: {times.task.name}", times.error) for times in failed]
        return items if self._times or not self._error else [Missed(self.group.name, self._error)]

    def _turn(self, probe: Probe, times: _Times, end: float, called: set[str]) -> None:
        name = probe.task.name
        try:
            while True:
                kept = times.counted if name in called else times.first
                kept.append(max(_SHORTEST, self._timer.time(probe.call)))
                is_early = len(times.counted) < _FEWEST_CALLS - 1 and kept[-1] <= self._longest
                called.add(name)
                if self._now() >= end and not is_early:
                    return
        except (RuntimeError, MemoryError) as error:
            times.error = _reason(error)

    def _is_worth(self, times: _Times, end: float, called: set[str]) -> bool:
        """Return whether there is time for a call; in each sweep one is made of the first probe, whatever the time."""
        if not called:
            return True
        rates = [other.task.amount / min(other.seconds) for other in self._times.values() if other.seconds]
        expected = min(times.seconds) if times.seconds else times.task.amount / max(rates)
        return expected <= min(self._longest, end - self._now())


def _reason(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
