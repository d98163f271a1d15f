"""The tables that only a measured report has: where the device's time went, counted traffic, timing, telemetry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from memprof import units, words
from memprof.report.counted import counted_traffic
from memprof.report.digest import Digest
from memprof.report.groups import Group, module_pattern, share
from memprof.report.run import DeviceTime, Reading
from memprof.reports.parts.tables import Column, Fact, Table
from memprof.vocabulary import MEMORY_LEVELS, SCALED_TIMES, Phase

_ABSENT, _MISSING = "–", "missing"
TIMING = "How it was timed"
TRAFFIC_GROUPS = (3, 3, 3)
"""How many columns of the table of traffic belong together, after the first."""
GAP_NOTE = "Start: after the first thing that the device ran."


def device_time(digest: Digest) -> Table | None:
    """Return where the device's time went, with each part's share of the span; None where no device was traced."""
    measured, time = digest.report.measured, digest.device_time
    if measured is None or time is None:
        return None
    parts = [*_span(time), *_activities(time), ("kernels of no operator", measured.stray_seconds, _STRAY)]
    rows = [
        (name, units.milliseconds(seconds), units.share(share(seconds, time.span_seconds)), remark)
        for name, seconds, remark in parts
        if seconds or remark == _SPAN
    ]
    columns = Column("", number=False), Column("ms"), Column("share"), Column("", number=False, wraps=True)
    begins = next((place for place, row in enumerate(rows) if row[3] == _SUM), len(rows))
    return Table("Where the device's time went", columns, tuple(rows), frozenset({begins}))


_SPAN, _SUM, _STRAY = "first to last thing that it ran", "sum: overlap counts each time", "sum: see below"


def _span(time: DeviceTime) -> Sequence[tuple[str, float, str]]:
    return (
        ("from start to end", time.span_seconds, _SPAN),
        ("  busy", time.busy_seconds, "overlap counted once"),
        ("  idle", time.idle_seconds, "nothing ran"),
        ("    of it launch-bound", time.launch_bound_seconds, "the next kernel was not launched yet"),
    )


def _activities(time: DeviceTime) -> Sequence[tuple[str, float, str]]:
    return (
        ("kernels", time.kernel_seconds, _SUM),
        ("copies", time.copy_seconds, _SUM),
        ("fills", time.fill_seconds, _SUM),
        ("communication", time.communication_seconds, "overlap counted once"),
        ("  of it exposed", time.exposed_communication_seconds, "nothing else ran beside it"),
    )


def gaps(digest: Digest) -> Table | None:
    """Return the longest stretches in which the device ran nothing; None where there are none."""
    time = digest.device_time
    if time is None or not time.gaps:
        return None
    columns = (
        Column("start ms"),
        Column("idle ms"),
        Column("after", number=False, path=True),
        Column("before", number=False, path=True),
        Column("why", number=False),
    )
    # A trace of kernels only may not have their launches.
    launched = "launched, waiting" if digest.report.operators else "not known"
    rows = tuple(
        (
            units.milliseconds(gap.start_seconds),
            units.milliseconds(gap.seconds),
            words.kernel(gap.before),
            words.kernel(gap.after),
            "not launched yet" if gap.waited_for_host else launched,
        )
        for gap in time.gaps
    )
    return Table("The longest gaps of the device", columns, rows)


def strays(digest: Digest) -> Table | None:
    """Return what ran for no operator with recorded shapes, with the reasons; None where there is nothing."""
    if digest.report.measured is None or not digest.report.measured.strays:
        return None
    ordered = sorted(digest.report.measured.strays, key=lambda stray: -stray.seconds)
    rows = tuple(
        (words.kernel(item.name), item.activity, units.count(item.calls), units.milliseconds(item.seconds), item.reason)
        for item in ordered
    )
    columns = (
        Column("Kernel", number=False, path=True),
        Column("what", number=False),
        Column("runs"),
        Column("ms"),
        Column("why no operator has it", number=False, wraps=True),
    )
    return Table("What ran for no operator with recorded shapes", columns, rows)


def kernels(digest: Digest, most: int) -> Table | None:
    """Return the kernels that took longest, however many operators launched them; None where none is known."""
    longest = digest.kernels
    if not longest:
        return None
    whole = sum(kernel.seconds for kernel in longest)
    rows = tuple(
        (
            words.kernel(kernel.name),
            kernel.activity,
            units.count(kernel.calls),
            units.milliseconds(kernel.seconds),
            units.share(share(kernel.seconds, whole)),
        )
        for kernel in longest[:most]
    )
    columns = (
        Column("Kernel", number=False, path=True),
        Column("what", number=False),
        Column("runs"),
        Column("ms"),
        Column("share"),
    )
    title = f"All {len(longest)} kernels" if len(longest) <= most else f"The {most} longest of {len(longest)} kernels"
    return Table(title, columns, rows)


def traffic(digest: Digest, most: int) -> Table | None:
    """Return counted beside modelled bytes by memory level, of all that was counted and of what moves most.

    None where nothing was counted.
    """
    whole = digest.whole
    if not counted_traffic(whole.rows):
        return None
    groups = [group for group in digest.operators if counted_traffic(group.rows)]
    largest = sorted(groups, key=lambda group: -group.dram_bytes)[:most]
    rows = [("all counted operators", *_levels(whole)), *((_name(group), *_levels(group)) for group in largest)]
    columns = [Column("Operator", number=False, path=True)]
    for level in MEMORY_LEVELS:
        columns += [Column(f"{words.level(level)} GB\ncounted"), Column("\nmodelled"), Column("\nratio")]
    return Table("Counted beside modelled traffic", tuple(columns), tuple(rows), frozenset({1}))


def _name(group: Group) -> str:
    first, module = group.rows[0], module_pattern(group.rows)
    name = words.drop_phase(words.operator(first.name, group.kind))
    phase = f" {words.short_phase(first.phase)}" if first.phase != Phase.FORWARD else ""
    return f"{name}{phase}{f' in {module}' if module else ''}"


def _levels(group: Group) -> list[str]:
    by_level = {item.level: item for item in counted_traffic(group.rows)}
    cells = []
    for level in MEMORY_LEVELS:
        item = by_level.get(level)
        if item is None:
            cells += [_ABSENT] * 3
            continue
        ratio = units.ratio(item.ratio) if item.ratio is not None else _ABSENT
        cells += [units.gigabytes(item.counted_bytes), units.gigabytes(item.modelled_bytes), ratio]
    return cells


def timing(digest: Digest) -> tuple[Fact, ...]:
    """Return how the steps were timed; empty where they were not timed one by one."""
    timed = digest.timing
    if timed is None:
        return ()
    steps = timed.step_seconds
    interval = units.span(timed.low_seconds, timed.high_seconds)
    overhead = f"{_signed(timed.overhead)} of the median"
    return (
        Fact("Steps timed", units.count(len(steps)), f"without profiler; {units.count(timed.warm_up)} to warm up"),
        Fact("Median", units.seconds(timed.median_seconds), f"95 % interval {interval}"),
        Fact("Spread", units.share(timed.spread), _ends(steps)),
        Fact("Profiled step", units.seconds(timed.profiled_seconds), overhead),
        Fact("torch.compile", "yes" if timed.compiled else "no"),
    )


def _ends(steps: Sequence[float]) -> str:
    return f"from {units.span(min(steps), max(steps))}" if steps else ""


def _signed(fraction: float) -> str:
    return f"{'+' if fraction >= 0 else '-'}{units.share(abs(fraction))}"


def telemetry(digest: Digest) -> Table | None:
    """Return what the device's sensors said; what they did not say is "missing". None where nobody asked them."""
    sensed = digest.report.telemetry
    if sensed is None:
        return None
    rows = (
        _reading("SM clock", sensed.sm_clock_hz, units.hertz),
        _reading("memory clock", sensed.memory_clock_hz, units.hertz),
        _reading("power", sensed.power_watts, units.watts),
        _reading("temperature", sensed.temperature_celsius, units.celsius),
        _reading("memory in use", sensed.memory_used_bytes, units.byte_count),
    )
    columns = Column("", number=False), Column("least"), Column("mean"), Column("most")
    return Table(f"What the device's sensors said, {units.count(sensed.samples)} samples", columns, rows)


def telemetry_notes(digest: Digest) -> tuple[str, ...]:
    """Say the energy per image, whether the device throttled, and which readings it refused."""
    sensed = digest.report.telemetry
    if sensed is None:
        return ()
    noun = digest.noun[:-1]
    energy = _MISSING if sensed.energy_joules_per_image is None else units.joules(sensed.energy_joules_per_image)
    slowed = "THROTTLED" if sensed.throttled else "Not throttled"
    reasons = f"; active in some sample: {', '.join(sensed.throttle_reasons)}" if sensed.throttle_reasons else ""
    missing = [f"The device does not report: {', '.join(sensed.missing)}."] if sensed.missing else []
    return (f"Energy per {noun}: {energy}.", f"{slowed}{reasons}.", *missing)


def _reading(name: str, reading: Reading | None, written: Callable[[float], str]) -> tuple[str, ...]:
    if reading is None:
        return (name, *[_MISSING] * 3)
    return (name, *map(written, (reading.least, reading.mean, reading.most)))


def origin(digest: Digest) -> str:
    """Say what was measured, and how: "Read from a trace (x.json.gz) of NVIDIA A100-SXM4-40GB; 3 steps"."""
    measured = digest.report.measured
    if measured is None:
        return next((item.message for item in digest.report.warnings if item.code == SCALED_TIMES), "")
    source = {"trace": "Read from a trace", "run": "Measured in a run"}.get(
        measured.source, f"From a {measured.source}"
    )
    files = f" ({', '.join(measured.origin)})" if measured.origin else ""
    ran = f" {'of' if measured.source == 'trace' else 'on'} {measured.device_name}" if measured.device_name else ""
    return f"{source}{files}{ran}; {words.steps(digest.steps, measured.steps_from)}"
