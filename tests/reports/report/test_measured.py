"""What writers make of a measured report: totals, the table of what is lost, the device's time, traffic, sensors."""

import io
from dataclasses import replace

import pandas
import pytest

from memprof import reports, units
from memprof.report.digest import digest
from memprof.report.record import Report
from memprof.report.run import Telemetry
from memprof.reports import RenderOptions
from memprof.reports.parts.tables import Table
from memprof.reports.report import facts, measured_tables, tables, top_table
from tests.reports.measured_sample import INFERRED, STRAYS, TELEMETRY, on_cpu, run, traced
from tests.reports.sample import sample


def facts_by_name(report: Report) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.value, fact.remark) for fact in facts.totals(digest(report))}


def column(table: Table, header: str) -> list[str]:
    index = [" ".join(item.header.split()) for item in table.columns].index(header)
    return [row[index] for row in table.rows]


def headers(table: Table) -> list[str]:
    return [" ".join(item.header.split()) for item in table.columns]


def test_measured_time_stands_beside_bound_and_prediction() -> None:
    totals, report = facts_by_name(traced()), traced()
    assert report.measured
    assert totals["Measured time"] == (units.seconds(report.measured.seconds), "per step, from start to end")
    total = report.totals
    ratios = [units.ratio(took / total.seconds) for took in (total.measured_seconds or 0, report.measured.seconds)]
    assert totals["Predicted time"][1] == f"a prediction, of kernels alone; operators took {ratios[0]}, all {ratios[1]}"
    assert totals["Least possible time"] == (units.seconds(report.totals.roofline_seconds), "per step: a lower bound")
    assert totals["Of the roof reached"] == ("59 %", "while operators ran; 53 % all in all")
    # FLOPs and DRAM bytes over the time of operators
    rate = report.totals.flops / (report.totals.measured_seconds or 0)
    assert totals["Achieved arithmetic"] == (
        units.flops_per_second(rate),
        f"{rate / 156e10:.0f} % of the peak of the tensor cores",
    )
    moved = report.totals.dram_bytes / (report.totals.measured_seconds or 0)
    assert totals["Achieved DRAM rate"][1] == f"modelled bytes; {moved / 1.555e10:.0f} % of the bandwidth"


def test_several_steps_are_said_to_be_several() -> None:
    totals = facts_by_name(traced(steps=3))
    assert totals["Measured time"][1] == "in 3 steps, from start to end"
    assert "FLOPs in 3 steps" in totals
    assert totals["Kernel launches"][1] == "in 3 steps"
    assert not any("per step" in remark for _, remark in totals.values())


def test_a_timed_run_gives_an_interval() -> None:
    totals = facts_by_name(run())
    assert totals["Measured time"][1].startswith("per step: the median of 7; 95 % interval 41.6 to 42.9 ms")
    assert totals["Measured throughput"] == ("3,043 images/s", "95 % interval 2,984 to 3,074")


def test_a_trace_has_neither_parameters_nor_memory() -> None:
    totals = facts_by_name(traced())
    assert not {"Parameters", "Peak memory", "Fits the device", "MACs per image", "MACs per sample"} & set(totals)
    assert {"Parameters", "Peak memory", "MACs per image"} <= set(facts_by_name(run()))


def test_a_cpu_has_no_prediction_and_no_launches() -> None:
    assert not {"Predicted time", "Predicted throughput", "Kernel launches", "Host time"} & set(facts_by_name(on_cpu()))
    assert "predicted ms" not in headers(top_table.top(digest(on_cpu()), RenderOptions()))
    assert headers(tables.ceilings(digest(on_cpu())))[2:] == ["matrix units, 180 GFLOP/s", "vector units, 120 GFLOP/s"]
    simulated = replace(on_cpu(), measured=None)
    assert set(facts_by_name(simulated)) >= {"Least possible time", "Throughput at most"}
    assert "Predicted time" not in facts_by_name(simulated)


def test_operators_are_sorted_by_the_time_that_they_lose() -> None:
    shown = top_table.top(digest(traced()), RenderOptions(top=100))
    assert headers(shown) == [
        "Operator",
        "module",
        "",
        "input",
        "calls",
        "measured ms",
        "predicted ms",
        "least ms",
        "of roof",
        "lost ms",
        "bound by",
    ]
    assert shown.title == "All 76 operators by time lost"
    sums = [float(lost) if lost != "–" else 1.2 for lost in column(shown, "lost ms")]
    assert sums == sorted(sums, reverse=True)
    # 0.40 of its roof: least over measured
    assert (column(shown, "of roof")[0], column(shown, "module")[0]) == ("40 %", "stages.0.blocks.*.conv_dw")
    times = [float(cell.replace(",", "")) for cell in column(shown, "measured ms")]
    assert sum(times) == pytest.approx(1e3 * (traced().totals.measured_seconds or 0), rel=1e-2)


def test_what_no_ceiling_bounds_has_its_time_and_dashes() -> None:
    shown = top_table.top(digest(traced()), RenderOptions(top=100))
    place = column(shown, "Operator").index("custom::scan")
    row = dict(zip(headers(shown), shown.rows[place], strict=True))
    assert row["measured ms"] == "1.20"
    assert {row[name] for name in ("predicted ms", "least ms", "of roof", "lost ms", "bound by")} == {"–"}
    assert any("no ceiling is known" in note for note in top_table.notes(digest(traced()), RenderOptions(top=100)))


def test_what_was_inferred_and_what_is_above_its_roof_are_marked_and_explained() -> None:
    shown = top_table.top(digest(traced()), RenderOptions(top=100))
    names = column(shown, "Operator")
    assert [name for name in names if name.endswith("‡")] == ["convolution†‡"]
    assert column(shown, "of roof")[names.index("convolution†‡")] == "132 %"
    assert column(shown, "lost ms")[names.index("convolution†‡")].startswith("-")
    assert sum("†" in name for name in names) == sum("conv" in name for name in names)
    inferred, above, _ = top_table.notes(digest(traced()), RenderOptions(top=100))
    assert INFERRED in inferred
    assert "above" in above
    assert top_table.notes(digest(sample()), RenderOptions()) == ()


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ("phase", "backward"),
        ("shape", "128x96x56x56, 96x1x7x7†"),
        ("module", "stages.0"),
        ("kind", "depthwise convolution"),
    ],
)
def test_every_grouping_has_a_table_of_what_is_lost(by: str, name: str) -> None:
    shown = top_table.top(digest(traced()), RenderOptions(by=by, top=100))
    assert shown.rows[0][0] == name
    assert headers(shown)[0] == by.capitalize()
    predicted = top_table.top(digest(sample()), RenderOptions(by=by))
    assert "lost ms" not in headers(predicted)


def test_where_the_devices_time_went_adds_up() -> None:
    shown = measured_tables.device_time(digest(traced()))
    assert shown
    seconds = {row[0].strip(): float(row[1]) for row in shown.rows}
    assert seconds["busy"] + seconds["idle"] == pytest.approx(seconds["from start to end"], rel=1e-2)
    assert seconds["of it launch-bound"] == 6.5
    assert seconds["of it exposed"] == 2.2
    # 5.1 + 3.2 + 0.7 + 0.1 ms belong to no operator
    assert seconds["kernels of no operator"] == 9.1
    assert dict(zip(column(shown, "ms"), (row[3] for row in shown.rows), strict=True))["6.50"].startswith("the next")
    assert measured_tables.device_time(digest(on_cpu())) is None
    assert measured_tables.device_time(digest(sample())) is None


def test_gaps_and_strays_are_told_with_their_reasons() -> None:
    gaps, strays = measured_tables.gaps(digest(traced())), measured_tables.strays(digest(traced()))
    assert gaps
    assert strays
    assert column(gaps, "idle ms") == ["3.90", "1.40", "0.600"]
    assert column(gaps, "why") == ["not launched yet", "not launched yet", "launched, waiting"]
    assert column(strays, "why no operator has it") == [stray.reason for stray in STRAYS]
    assert column(strays, "Kernel")[2] == "cutlass_80_tensorop"
    assert measured_tables.gaps(digest(run())) is None
    assert measured_tables.strays(digest(run())) is None


def test_counted_traffic_stands_beside_modelled_traffic() -> None:
    shown = measured_tables.traffic(digest(traced()), 3)
    assert shown
    assert len(shown.rows) == 1 + 3
    whole = shown.rows[0]
    assert (whole[0], whole[3], whole[6], whole[9]) == ("all counted operators", "1.07x", "0.93x", "1.31x")
    assert float(whole[1]) == pytest.approx(1.07 * float(whole[2]), rel=1e-2)
    assert measured_tables.traffic(digest(run()), 3) is None


def test_sensors_that_say_nothing_are_shown_as_missing() -> None:
    shown = measured_tables.telemetry(digest(run()))
    assert shown
    assert [row for row in shown.rows if row[0] == "memory in use"] == [("memory in use", *["missing"] * 3)]
    assert [row for row in shown.rows if row[0] == "power"] == [("power", "212 W", "361 W", "402 W")]
    notes = measured_tables.telemetry_notes(digest(run()))
    assert notes == (
        "Energy per image: 134 mJ.",
        "THROTTLED; active in some sample: software power cap.",
        "The device does not report: memory in use.",
    )
    silent = Telemetry(0, None, None, None, None, None, None, (), throttled=False)
    nothing = replace(run(), telemetry=silent)
    assert measured_tables.telemetry_notes(digest(nothing)) == ("Energy per image: missing.", "Not throttled.")
    assert measured_tables.telemetry(digest(traced())) is None
    assert measured_tables.telemetry_notes(digest(traced())) == ()


def test_how_it_was_timed() -> None:
    timing = {fact.name: (fact.value, fact.remark) for fact in measured_tables.timing(digest(run()))}
    assert timing["Steps timed"] == ("7", "without profiler; 3 to warm up")
    assert timing["Spread"] == ("4 %", "from 41.6 to 43.1 ms")  # 1.025 - 0.988 of the median
    assert timing["Profiled step"][1] == "+9 % of the median"
    assert measured_tables.timing(digest(traced())) == ()


def test_the_longest_kernels_are_told_with_how_often_they_ran() -> None:
    shown = measured_tables.kernels(digest(traced()), 2)
    assert shown
    assert shown.title == "The 2 longest of 11 kernels"
    assert column(shown, "Kernel") == ["ampere_sgemm_128x64_tn", "conv_depthwise2d_forward_kernel"]
    assert measured_tables.kernels(digest(on_cpu()), 2) is None


def test_what_was_measured_is_told_with_its_origin() -> None:
    assert measured_tables.origin(digest(traced(steps=2))) == (
        "Read from a trace (convnext_t.json.gz) of NVIDIA A100-SXM4-40GB; 2 steps"
    )
    assert measured_tables.origin(digest(on_cpu())) == "Measured in a run (cpu) on AMD EPYC 7B13, 2 threads; 1 step"
    assert measured_tables.origin(digest(sample())) == ""


@pytest.mark.parametrize("name", ["text", "md", "html"])
def test_a_throttled_run_is_marked_in_every_format(name: str) -> None:
    def rendered(report: Report) -> str:
        return " ".join(reports.get(name).render([report, sample()], RenderOptions()).decode().split())

    assert "THROTTLED: the device was slowed down" in rendered(run())
    calm = replace(run(), telemetry=replace(TELEMETRY, throttled=False))
    assert "THROTTLED" not in rendered(calm)


@pytest.mark.parametrize("name", ["text", "md", "html"])
def test_names_of_kernels_and_reasons_cannot_take_effect(name: str) -> None:
    report = traced()
    assert report.measured
    evil = replace(STRAYS[0], name="<b>|`x`\x1b[31m", reason="<script>alert(1)</script>")
    text = reports.get(name).render(
        [replace(report, measured=replace(report.measured, strays=(evil,)))], RenderOptions()
    )
    if name == "text":
        assert b"\x1b" not in text
    else:
        assert b"<script>alert" not in text
        assert b"<b>" not in text


def test_csv_holds_what_was_measured_where_something_was() -> None:
    def table(*records: Report) -> pandas.DataFrame:
        return pandas.read_csv(io.BytesIO(reports.get("csv").render(records, RenderOptions())))

    measured = table(traced())
    assert measured["measured_seconds"].sum() == pytest.approx(traced().totals.measured_seconds)
    assert measured["percent_of_roof"].max() == pytest.approx(132)
    assert measured["kernels"].iloc[0].endswith("_kernel_cudnn x1")
    assert set(measured["inferred"].dropna()) == {INFERRED}
    assert "measured_seconds" not in table(sample()).columns
    both = table(traced(), sample())
    assert both["measured_seconds"].isna().sum() == len(sample().operators)
