"""What a report says of a real run: how long it took, what the device did meanwhile, and at which clocks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KernelRow:
    """`calls` runs of one kernel, their seconds summed; `activity` is "kernel", "copy", "fill" or "communication"."""

    name: str
    activity: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Stray:
    """What a device ran that no operator with recorded shapes accounts for, and why: `calls` runs, `seconds` in all."""

    name: str
    activity: str
    reason: str
    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which the device ran nothing, `start_seconds` after the first thing it ran.

    `before` and `after` are the kernels at its ends. `waited_for_host` tells that the kernel after it had not been
    launched yet when the gap began.
    """

    start_seconds: float
    seconds: float
    before: str
    after: str
    waited_for_host: bool


@dataclass(frozen=True, slots=True)
class KernelRuns:
    """What a device ran one after the other, from its beginning on: columns, an entry for each run in order of start.

    `names` are distinct; `kernels` are places in them. `starts_seconds` count from the first start, `seconds` are how
    long each took; `operators` are places in the report's operators, -1 where none with recorded shapes launched it.
    `left_out` runs came later and are not listed.
    """

    names: tuple[str, ...]
    kernels: tuple[int, ...]
    streams: tuple[int, ...]
    starts_seconds: tuple[float, ...]
    seconds: tuple[float, ...]
    operators: tuple[int, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """Where the time of the device went, in seconds.

    `span_seconds` is from the start of the first to the end of the last thing it ran. In `busy_seconds`, and in
    `idle_seconds`, which is the rest, overlap counts once. `launch_bound_seconds` is what of the idle time passed
    before the next kernel was launched. `kernel_seconds`, `copy_seconds` and `fill_seconds` are sums: overlap counts
    each time. Of communication, overlap among itself counts once, and `exposed_communication_seconds` is what nothing
    else ran beside. `gaps` are the longest, longest first. `runs` is None where an older memprof wrote the report.
    """

    span_seconds: float
    busy_seconds: float
    idle_seconds: float
    launch_bound_seconds: float
    kernel_seconds: float
    copy_seconds: float
    fill_seconds: float
    communication_seconds: float
    exposed_communication_seconds: float
    gaps: tuple[Gap, ...] = ()
    runs: KernelRuns | None = None

    @property
    def idle_share(self) -> float:
        """Return the idle part of the span, 0 where it has no length."""
        return self.idle_seconds / self.span_seconds if self.span_seconds else 0.0

    @property
    def parts(self) -> tuple[tuple[str, float], ...]:
        """Divide the span into parts that do not overlap: computing, communication beside which nothing ran, idle."""
        exposed = min(self.exposed_communication_seconds, self.busy_seconds)
        waiting = min(self.launch_bound_seconds, self.idle_seconds)
        return (
            ("computing or copying", self.busy_seconds - exposed),
            ("communication only", exposed),
            ("waiting for launches", waiting),
            ("otherwise idle", self.idle_seconds - waiting),
        )


@dataclass(frozen=True, slots=True)
class Timing:
    """Steps timed one by one without the profiler.

    `low_seconds` and `high_seconds` are the ends of the 95 % confidence interval of the median. `profiled_seconds` is
    the time of the step that was profiled: what it takes beyond the median is the profiler's own. `warm_up` steps ran
    before. `compiled` tells that torch.compile was used.
    """

    step_seconds: tuple[float, ...]
    median_seconds: float
    low_seconds: float
    high_seconds: float
    profiled_seconds: float
    warm_up: int
    compiled: bool = False

    @property
    def spread(self) -> float:
        """Return the width of what was measured over its median: (slowest - fastest) / median."""
        width = max(self.step_seconds, default=0.0) - min(self.step_seconds, default=0.0)
        return width / self.median_seconds if self.median_seconds else 0.0

    @property
    def overhead(self) -> float:
        """Return what the profiler added to a step, over the median; below 0 where the profiled step was faster."""
        return (self.profiled_seconds - self.median_seconds) / self.median_seconds if self.median_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a sensor said during a run: least, mean and most."""

    least: float
    mean: float
    most: float


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the device's sensors said while the steps were timed; a reading is None where the device has no such sensor.

    Clocks in Hz, power in watts, temperature in degrees Celsius, memory in bytes, all processes' on the device.
    `throttle_reasons` are those that were active in any sample, idling aside; `throttled` tells that one of them slowed
    the device down, so that its times are not what it can do. `missing` names the readings the device refused.
    """

    samples: int
    sm_clock_hz: Reading | None
    memory_clock_hz: Reading | None
    power_watts: Reading | None
    temperature_celsius: Reading | None
    memory_used_bytes: Reading | None
    energy_joules_per_image: float | None
    throttle_reasons: tuple[str, ...]
    throttled: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Where a report's measured times come from.

    `source` is "trace" or "run"; `origin` names the files, or the command's device. `device_name` is what the profile
    or the system calls the device that ran. The report's totals are those of `steps` steps, which took `seconds` from
    start to end. `attributed_share` is the fraction of the kernels' time that belongs to operators with recorded
    shapes; `strays` are the rest. `device_time` is None where a CPU ran the step, `timing` where a trace was read.
    `steps_from` is what the steps of a trace are known from: "marks", "updates" (of the optimizer), "operators" (which
    repeat) or "nothing"; "" of a run, and where an older memprof wrote the report.
    """

    source: str
    origin: tuple[str, ...]
    device_name: str
    steps: int
    seconds: float
    images_per_second: float | None
    attributed_share: float
    strays: tuple[Stray, ...] = ()
    device_time: DeviceTime | None = None
    timing: Timing | None = None
    steps_from: str = ""

    @property
    def stray_seconds(self) -> float:
        """Return the time of what the device ran for no operator with recorded shapes."""
        return sum(stray.seconds for stray in self.strays)
