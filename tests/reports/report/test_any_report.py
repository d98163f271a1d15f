"""Whatever a report holds, every writer writes it, and the plot keeps its promises."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from memprof import reports
from memprof.comparisons import reports as side_by_side
from memprof.findings import findings
from memprof.report.digest import digest, digests
from memprof.report.groups import seconds_of
from memprof.report.record import DeviceCeilings, Memory, OperatorRow, Report, Workload
from memprof.report.run import DeviceTime, Gap, KernelRow, Measured, Reading, Stray, Telemetry, Timing
from memprof.reports import RenderOptions
from memprof.reports.roofline.plot import build_plot
from memprof.vocabulary import GROUPINGS
from tests.reports.measured_sample import HOST
from tests.reports.sample import A100, Cost, assemble, row

names = some.text(some.characters(exclude_categories=["Cs"]), max_size=12)
amounts = some.one_of(some.just(0.0), some.floats(1e-3, 1e18))
kinds = some.sampled_from(["convolution", "depthwise convolution", "elementwise", "layout", "a kind of next year"])
ceilings = some.sampled_from(
    [
        A100,
        replace(A100, memory_bytes_per_second={"dram": 1.555e12}),
        replace(A100, memory_bytes_per_second={"dram": 1e9, "l1": 1e15}, peak_flops_per_second={"fp32": 1e12}),
        replace(A100, name="other", title="an “other” device", peak_flops_per_second={"fp32": 19.5e12}),
        HOST,
    ]
)


@some.composite
def operators(draw: some.DrawFn, device: DeviceCeilings) -> OperatorRow:
    sizes = some.lists(some.integers(0, 512).map(lambda size: (size, 1, 7, 7)), max_size=3)
    made = row(
        draw(names),
        draw(kinds),
        draw(names),
        draw(sizes),
        cost=Cost(*(draw(amounts) for _ in range(4))),
        engine=draw(some.sampled_from(sorted(device.peak_flops_per_second))),
        phase=draw(some.sampled_from(["forward", "backward", "optimizer"])),
        device=device,
    )
    held_up = draw(some.sampled_from(["launch", "host", made.bound, made.bound]))
    slowdown = draw(some.floats(1, 1e6))
    return replace(made, bound=held_up, seconds=slowdown * made.seconds, launches=draw(some.integers(0, 10**6)))


perhaps = some.none() | amounts
texts = some.lists(names, max_size=2).map(tuple)
activities = some.sampled_from(["kernel", "copy", "fill", "communication", "host"])
gaps = some.lists(some.builds(Gap, amounts, amounts, names, names, some.booleans()), max_size=2).map(tuple)
strays = some.lists(some.builds(Stray, names, activities, names, some.integers(0, 9), amounts), max_size=2).map(tuple)
device_times = some.builds(DeviceTime, *[amounts] * 9, gaps)
timings = some.builds(
    Timing,
    some.lists(amounts, max_size=3).map(tuple),
    amounts,
    amounts,
    amounts,
    amounts,
    some.integers(0, 9),
    some.booleans(),
)
measurements = some.builds(
    Measured,
    some.sampled_from(["trace", "run", "something else"]),
    texts,
    names,
    some.integers(0, 5),
    amounts,
    perhaps,
    some.floats(0, 1),
    strays,
    some.none() | device_times,
    some.none() | timings,
)
readings = some.none() | some.builds(Reading, amounts, amounts, amounts)
sensors = some.builds(Telemetry, some.integers(0, 99), *[readings] * 5, perhaps, texts, some.booleans(), texts)


@some.composite
def measured_rows(draw: some.DrawFn, made: OperatorRow) -> OperatorRow:
    """Return the row as measured: below its roof or above, in no time at all, or with no roof to hold it against."""
    if draw(some.booleans()):
        made = replace(made, kind="unknown", bound="unknown", seconds=0.0, roofline_seconds=0.0, flops=0.0)
    seconds = draw(some.one_of(amounts, some.floats(0.3, 30).map(lambda factor: factor * made.roofline_seconds)))
    share = 100 * made.roofline_seconds / seconds if made.roofline_seconds and seconds else None
    kernel = KernelRow(draw(names), draw(activities), draw(some.integers(1, 9)), seconds)
    counted = {f"counted_{level}_bytes": draw(perhaps) for level in ("dram", "l2", "l1")}
    return replace(
        made,
        measured_seconds=seconds,
        percent_of_roof=share,
        inferred=draw(names),
        **counted,
        kernels=(kernel,) if draw(some.booleans()) else (),
    )


@some.composite
def as_measured(draw: some.DrawFn, report: Report) -> Report:
    rows = tuple(draw(measured_rows(item)) for item in report.operators)
    totals = replace(report.totals, parameters=0, measured_seconds=sum(item.measured_seconds or 0.0 for item in rows))
    memory, pixels = draw(some.sampled_from([report.memory, None])), draw(some.sampled_from([224, None]))
    workload, telemetry = replace(report.workload, resolution=pixels), draw(some.none() | sensors)
    return replace(
        report,
        operators=rows,
        totals=totals,
        measured=draw(measurements),
        memory=memory,
        telemetry=telemetry,
        workload=workload,
    )


@some.composite
def any_report(draw: some.DrawFn, *, measured: bool | None = None) -> Report:
    """Return a report; `measured` says whether anything was, by default one or the other."""
    report = draw(simulated_report())
    return draw(as_measured(report)) if (draw(some.booleans()) if measured is None else measured) else report


@some.composite
def simulated_report(draw: some.DrawFn) -> Report:
    device = draw(ceilings)
    workload = Workload(draw(names), draw(some.integers(1, 4096)), 224, "train", "tf32", "channels-last")
    report = assemble(tuple(draw(some.lists(operators(device), max_size=6))), workload, device=device)
    held = Memory(*(draw(amounts) for _ in range(5)), draw(some.sampled_from([True, False, None])))
    device = replace(device, memory_capacity_bytes=draw(some.none() | some.floats(1, 1e15)))
    totals = replace(report.totals, host_seconds=draw(some.just(0.0) | some.floats(1e-9, 1e6)))
    return replace(report, memory=held, device=device, totals=totals)


some_reports = some.lists(any_report(), min_size=1, max_size=3)
relaxed = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@relaxed
@given(some_reports, some.sampled_from(GROUPINGS), some.sampled_from([20, 80, 120]))
def test_every_quick_writer_writes_it(records: list[Report], by: str, width: int) -> None:
    options = RenderOptions(by=by, width=width, top=3)
    for name in ("text", "md", "csv", "json", "html"):
        assert reports.get(name).render(records, options)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_reports)
def test_it_can_be_drawn(records: list[Report]) -> None:
    assert reports.get("png").render(records, RenderOptions()).startswith(b"\x89PNG")


@relaxed
@given(any_report())
def test_shares_sum_to_one_or_there_is_nothing(report: Report) -> None:
    own = digest(report)
    for groups in (own.kinds, own.modules, own.operators):
        whole = 1 if any(seconds_of(row, is_measured=own.is_measured) for row in report.operators) else 0
        assert sum(group.time_share for group in groups) == pytest.approx(whole)


@relaxed
@given(any_report(measured=True))
def test_what_was_measured_lies_where_it_was_measured_above_its_roof_or_below(report: Report) -> None:
    drawn = build_plot([digest(report)])
    assert sum(len(point.group.rows) for point in (*drawn.points, *drawn.rail)) == len(report.operators)
    for point in drawn.points:
        took = sum(row.measured_seconds or 0.0 for row in point.group.rows)
        assert point.is_measured
        assert point.y == pytest.approx(sum(row.flops for row in point.group.rows) / took)
        if point.group.roof_share and len(point.group.rows) == 1 and point.roof and point.y:
            assert point.y / point.roof == pytest.approx(point.group.roof_share)
    for group in digest(report).operators:
        if group.lost_seconds is not None:
            assert group.lost_seconds == pytest.approx(group.roofed_seconds - group.roofline_seconds)
            assert (group.lost_seconds < 0) is ((group.roof_share or 0) > 1)


@relaxed
@given(any_report(measured=False))
def test_nothing_lies_above_a_roof_and_nothing_is_dropped(report: Report) -> None:
    drawn = build_plot([digest(report)])
    assert sum(len(point.group.rows) for point in (*drawn.points, *drawn.rail)) == len(report.operators)
    for point in drawn.points:
        bandwidth = report.device.memory_bytes_per_second.get(point.level)
        assert point.y
        if bandwidth and point.x:
            assert point.roof
            assert point.y <= point.roof * (1 + 1e-6)
            assert point.roof <= bandwidth * point.x * (1 + 1e-6)
        x, y = drawn.fraction(point.x, point.y)
        assert 0 <= x <= 1
        assert 0 <= y <= 1
        assert y <= drawn.fraction(point.x, point.roof)[1]


@relaxed
@given(some_reports)
def test_there_is_always_something_to_say(records: list[Report]) -> None:
    assert side_by_side.title(digests(records))
    for report in records:
        for finding in findings(digest(report)):
            assert finding.sentence.endswith(".")
            assert "nan" not in finding.sentence.lower().split()
            assert "inf" not in finding.sentence.lower().split()
