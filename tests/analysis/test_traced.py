"""From traces made by hand to reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memprof import devices
from memprof.analysis.strays import BY_GRAPH
from memprof.analysis.traced import WITHOUT_SHAPES, analyze_trace, check_selection, device_of, select_rank
from memprof.errors import DeviceError, TraceError, WorkloadError
from memprof.findings import coverage, findings, headline
from memprof.profiles.records import Activity, Event, EventCategory, Kernel, Profile
from memprof.report.digest import digest
from memprof.report.labels import describe
from memprof.report.record import Report
from memprof.traces.records import Orphan, Trace, TraceDevice, TraceStep
from memprof.vocabulary import StepsFrom
from tests.operators.building import tensor

LEFT, RIGHT = tensor(20, 50), tensor(50, 30)
A100 = TraceDevice(0, "NVIDIA A100-PCIE-40GB", 108, 40 << 30)


def kernel(name: str, start: int, duration: int, **fields: object) -> Kernel:
    return Kernel(name, start, duration, **fields)  # type: ignore[arg-type]


def op(name: str, *inputs: object, kernels: tuple[Kernel, ...] = (), category=EventCategory.OPERATOR) -> Event:
    return Event(name, category, inputs, None, (), 0, 0, kernels)  # type: ignore[arg-type]


GEMM, COPY = kernel("gemm", 1000, 500), kernel("Memcpy HtoD", 0, 200, activity=Activity.COPY)
NODE, LOST = kernel("accumulate", 2000, 100), kernel("graph", 3000, 400)
EVENTS = (
    op("aten::copy_", tensor(20, 50), tensor(20, 50), False, kernels=(COPY,)),
    op("aten::mm", LEFT, RIGHT, kernels=(GEMM,)),
    op("AccumulateGrad", kernels=(NODE,), category=EventCategory.AUTOGRAD),
)


def trace(**fields: object) -> Trace:
    whole = Trace(
        path=Path("run.pt.trace.json.gz"),
        rank=None,
        world_size=None,
        devices=(A100,),
        profile=Profile(EVENTS),
        kernels=(COPY, GEMM, NODE, LOST),
        orphans=(Orphan(LOST, "no launch"),),
        steps=(),
        start_ns=0,
        end_ns=5000,
        has_strides=True,
        has_concrete_inputs=True,
    )
    return replace(whole, **fields)


def test_kernels_go_to_operators_or_to_strays_and_none_is_lost():
    report = analyze_trace(trace())
    measured = report.measured
    assert measured is not None
    rows = {row.name: row.measured_seconds for row in report.operators}
    assert rows == {"aten::copy_": pytest.approx(200e-9), "aten::mm": pytest.approx(500e-9)}
    assert [(stray.name, stray.reason, stray.calls) for stray in measured.strays] == [
        ("graph", "no launch", 1),
        ("accumulate", f"{WITHOUT_SHAPES}: AccumulateGrad", 1),
    ]
    assert [row.bound for row in report.operators if row.name == "aten::copy_"] == ["unknown"]  # from the host
    total = sum(rows.values()) + sum(stray.seconds for stray in measured.strays)
    assert total == pytest.approx(1200e-9)
    assert measured.attributed_share == pytest.approx(500 / 1000)  # copies are no kernels


def test_what_could_not_be_read_lowers_every_figure_of_completeness():
    report, whole = analyze_trace(trace(read_share=0.9)), analyze_trace(trace())
    assert (report.coverage.calls, report.coverage.bytes) == (
        pytest.approx(0.9 * whole.coverage.calls),
        pytest.approx(0.9 * whole.coverage.bytes),
    )
    assert report.measured is not None
    assert report.measured.attributed_share == pytest.approx(0.9 * 500 / 1000)
    assert coverage(digest(report)).startswith("90.0 % of the operator calls could be read and are accounted for")


def test_what_the_device_did_is_said():
    measured = analyze_trace(trace()).measured
    assert measured is not None
    assert measured.device_time is not None
    assert measured.device_time.kernel_seconds == pytest.approx(1000e-9)
    assert measured.device_time.copy_seconds == pytest.approx(200e-9)
    assert measured.seconds == measured.device_time.span_seconds == pytest.approx(3400e-9)
    assert (measured.source, measured.origin, measured.device_name) == ("trace", ("run.pt.trace.json.gz",), A100.name)


def test_throughput_is_that_of_the_steps():
    steps = tuple(TraceStep(number, f"ProfilerStep#{number}", 0, 1) for number in (3, 4))
    measured = analyze_trace(trace(steps=steps, steps_from=StepsFrom.MARKS)).measured
    assert measured is not None
    assert measured.steps == 2
    assert measured.images_per_second == pytest.approx(2 * 20 / 3400e-9)


def test_each_product_is_held_against_what_its_kernels_ran_on():
    """2 x 2048^3 FLOP: 0.881 ms at 19.5 TFLOP/s on CUDA cores, 0.110 ms at 156 TFLOP/s in TF32; both took 1.05 ms."""
    square = tensor(2048, 2048)
    kernels = (kernel("sm80_xmma_gemm_f32f32_tf32f32_f32_tn", 0, 1_050_000), kernel("ampere_sgemm_tn", 0, 1_050_000))
    events = tuple(op("aten::mm", square, square, kernels=(item,)) for item in kernels)
    report = analyze_trace(trace(profile=Profile(events), kernels=kernels, orphans=()))
    assert report.workload.precision == "tf32"
    percent = {row.engine: row.percent_of_roof for row in report.operators}
    assert percent == {
        "tensor": pytest.approx(100 * 2 * 2048**3 / 156e12 / 1.05e-3),
        "fp32": pytest.approx(100 * 2 * 2048**3 / 19.5e12 / 1.05e-3),
    }
    assert percent["fp32"] == pytest.approx(84, abs=0.5)


def test_the_trace_names_its_device_and_an_option_overrules_it():
    assert analyze_trace(trace()).device.name == "a100-pcie-40gb"
    assert analyze_trace(trace(), device=devices.get("h100")).device.name.startswith("h100")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"devices": ()}, "does not name its GPU; name it with --device"),
        ({"devices": (replace(A100, name="GeForce 9999"),)}, "recorded on 'GeForce 9999', which memprof does not know"),
        ({"devices": (replace(A100, index=5),)}, "does not name its GPU"),
        ({"kernels": (), "orphans": ()}, "no GPU kernels"),
    ],
)
def test_a_device_that_is_not_known_is_told_with_the_option(fields, words):
    with pytest.raises(DeviceError, match=words):
        device_of(trace(**fields))


def test_operators_without_shapes_are_told_how_to_get_them():
    without = Profile((op("aten::mm", None, None, kernels=(GEMM,)),))
    with pytest.raises(TraceError, match="record_shapes=True"):
        analyze_trace(trace(profile=without, kernels=(), orphans=()), device=devices.get("a100"))
    report = analyze_trace(trace(profile=without))
    assert report.operators == ()
    assert report.measured is not None
    reasons = {stray.name: stray.reason for stray in report.measured.strays}
    assert reasons["gemm"] == "the operator that launched it has no recorded shapes: aten::mm"
    with pytest.raises(TraceError, match=r"ProfilerActivity\.CPU"):
        analyze_trace(trace(profile=Profile(()), kernels=(), orphans=()), device=devices.get("a100"))


def test_a_trace_of_kernels_only_tells_where_the_time_went():
    """From 0 to 3400 ns: 200 + 500 + 400 ns of kernels and copies; no operator, so no batch and no precision."""
    lost = tuple(Orphan(item, "the trace has no operators") for item in (COPY, GEMM, LOST))
    report = analyze_trace(trace(profile=Profile(()), kernels=(COPY, GEMM, LOST), orphans=lost))
    assert report.operators == ()
    assert describe(report.workload) == "workload not known"
    measured = report.measured
    assert measured is not None
    assert measured.device_time is not None
    assert measured.device_time.idle_seconds == pytest.approx(2300e-9)
    assert [(stray.name, stray.seconds) for stray in measured.strays] == [
        ("gemm", pytest.approx(500e-9)),
        ("graph", pytest.approx(400e-9)),
        ("Memcpy HtoD", pytest.approx(200e-9)),
    ]
    assert measured.images_per_second is None
    assert measured.attributed_share == 0
    assert Report.from_json(report.to_json()) == report
    assert headline(digest(report)) == "Measured 3.40 µs a step; the device was idle for 68 % of it"
    assert [finding.code for finding in findings(digest(report))] == ["device", "beside", "empty"]


def test_a_mark_around_kernels_is_no_operator():
    step = op("ProfilerStep#1", kernels=(GEMM, replace(LOST, in_graph=True)))
    report = analyze_trace(trace(profile=Profile((step,)), kernels=(GEMM, replace(LOST, in_graph=True)), orphans=()))
    assert report.measured is not None
    assert {stray.name: stray.reason for stray in report.measured.strays} == {
        "gemm": f"{WITHOUT_SHAPES}: ProfilerStep#1",
        "graph": f"{BY_GRAPH}: ProfilerStep#1",
    }


def test_a_trace_of_a_cpu_takes_the_host_s_times():
    event = Event("aten::mm", EventCategory.OPERATOR, (LEFT, RIGHT), None, (), 0, 700)
    cpu = trace(profile=Profile((event,)), kernels=(), orphans=(), devices=())
    report = analyze_trace(cpu, device=devices.get("a100"))
    (row,) = report.operators
    assert row.measured_seconds == pytest.approx(700e-9)
    assert report.measured is not None
    assert report.measured.device_time is None
    assert report.measured.seconds == pytest.approx(5000e-9)


def test_kernels_on_several_devices_are_said_of_the_busiest():
    other = kernel("gemm", 0, 50, device=1)
    report = analyze_trace(trace(kernels=(COPY, GEMM, NODE, LOST, other), orphans=(Orphan(LOST, "no launch"),)))
    assert "several-devices" in {warning.code for warning in report.warnings}
    assert report.measured is not None
    assert report.measured.device_time is not None
    assert report.measured.device_time.kernel_seconds == pytest.approx(1000e-9)


def test_many_strays_are_summed_and_none_is_lost():
    lost = tuple(Orphan(kernel(f"k{number}", number, 10 + number), "no launch") for number in range(300))
    measured = analyze_trace(trace(orphans=lost, kernels=(GEMM, *(item.kernel for item in lost)))).measured
    assert measured is not None
    assert len(measured.strays) <= 202
    assert sum(stray.calls for stray in measured.strays) == 301
    total = sum(item.kernel.duration_ns for item in lost) + NODE.duration_ns
    assert sum(stray.seconds for stray in measured.strays) == pytest.approx(total * 1e-9)


def test_the_report_reads_back():
    report = analyze_trace(trace())
    assert Report.from_json(report.to_json()) == report


def test_a_rank_is_chosen_or_told():
    ranks = [trace(rank=0), trace(rank=3)]
    assert select_rank(ranks, 3) == [ranks[1]]
    with pytest.raises(TraceError, match="no files are of rank 7: the files are of ranks 0, 3"):
        select_rank(ranks, 7)
    with pytest.raises(TraceError, match="no file says of which rank it is"):
        select_rank([trace()], 0)


FILE, OTHER = Path("a.json"), Path("b.json")


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        ((FILE,), {"step": 1, "start": 0.5}, "give --step, or --from and --to"),
        ((FILE,), {"start": 2.0, "end": 1.0}, "--from 2 is not before --to 1"),
        ((FILE, FILE), {}, r"a\.json is given twice"),
        ((FILE, OTHER), {"model": "resnet50"}, "--model goes with one trace"),
        ((FILE, OTHER), {"counters": FILE}, "--counters goes with one trace"),
    ],
)
def test_selections_that_do_not_go_together_are_told(files, fields, words):
    options = {"step": None, "rank": None, "start": None, "end": None, "counters": None, "model": None, **fields}
    with pytest.raises(WorkloadError, match=words):
        check_selection(files, **options)
