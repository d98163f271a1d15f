"""From a run to a report: the laws of every measured report on a CPU, and a run on a GPU made by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import memprof
from memprof import devices
from memprof.analysis.measured import measure
from memprof.analysis.run_report import analyze_run
from memprof.devices.ceilings import ceilings
from memprof.errors import DeviceError, ModelError, WorkloadError
from memprof.profiles.kineto import Recording
from memprof.profiles.records import Activity, Event, EventCategory, Kernel
from memprof.profiles.run.machine import Machine
from memprof.profiles.run.measured import Run
from memprof.profiles.run.telemetry import Sample, Throttle, summary
from memprof.profiles.run.timer import HostTimer, timing_of
from memprof.report.record import DeviceCeilings, Report, Workload
from memprof.report.run import KernelRow, Stray, Timing
from memprof.tensors.spec import TensorSpec

ROOF = """
name = "toy-cpu"
architecture = "CPU"

[figures]
dram_bytes_per_second = 20e9
fp32_flops_per_second = 100e9
fp32_tensor_flops_per_second = 200e9
bf16_tensor_flops_per_second = 400e9
sm_count = 2
boost_clock_hz = 3e9
"""


@pytest.fixture(scope="module")
def roof(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("devices") / "toy-cpu.toml"
    path.write_text(ROOF, encoding="utf-8")
    return path


def tiny() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


def of_tiny(roof: Path, **options: object) -> Report:
    return measure(tiny, **{"roof": roof, "batch_size": 2, "resolution": 48, "warm_up": 1, "repeat": 7, **options})


@pytest.fixture(scope="module", params=["infer", "train"])
def report(request: pytest.FixtureRequest, roof: Path) -> Report:
    return of_tiny(roof, phase=request.param)


@pytest.fixture(scope="module")
def of_zoo(roof: Path) -> Report:
    return measure("convnext_atto", roof=roof, batch_size=1, resolution=64, warm_up=1, repeat=6)


def test_operators_take_no_longer_than_the_step(report: Report) -> None:
    assert report.measured is not None
    total = report.totals.measured_seconds
    assert total == pytest.approx(sum(row.measured_seconds or 0.0 for row in report.operators))
    assert 0 < total <= report.measured.seconds
    assert report.measured.seconds == report.measured.timing.profiled_seconds
    assert total + sum(stray.seconds for stray in report.measured.strays) == pytest.approx(report.measured.seconds)
    assert report.measured.attributed_share == pytest.approx(total / report.measured.seconds)


def test_every_row_says_what_of_its_roof_it_reached(report: Report) -> None:
    for row in report.operators:
        assert row.measured_seconds is not None
        assert row.measured_seconds > 0
        assert row.kernels == ()
        if row.roofline_seconds:
            assert row.percent_of_roof == pytest.approx(100 * row.roofline_seconds / row.measured_seconds)
        else:
            assert row.percent_of_roof is None


def test_on_a_cpu_what_is_predicted_is_the_bound(report: Report) -> None:
    assert report.device.kind == "cpu"
    assert report.device.achievable == {}
    assert [row.seconds for row in report.operators] == [row.roofline_seconds for row in report.operators]
    assert report.totals.seconds == report.totals.roofline_seconds > 0
    assert report.totals.host_seconds == 0.0
    bounds = {row.bound for row in report.operators if row.roofline_seconds}
    assert bounds <= {"dram", "tensor", "fp32"}


def test_the_same_holds_for_a_simulated_report(roof: Path) -> None:
    report = memprof.analyze("resnet18", device=roof, batch_size=1, resolution=64)
    assert report.totals.seconds == report.totals.roofline_seconds > 0


def test_rates_follow_from_the_steps_that_were_timed(report: Report) -> None:
    timing = report.measured.timing
    assert len(timing.step_seconds) == 7
    assert report.measured.images_per_second == 2 / timing.median_seconds
    assert timing.low_seconds == min(timing.step_seconds)  # of 7, the interval is the whole range
    assert timing.high_seconds == max(timing.step_seconds)


def test_a_report_says_what_it_was_measured_on(report: Report) -> None:
    measured = report.measured
    assert (measured.source, measured.origin, measured.steps, measured.device_time) == ("run", ("cpu",), 1, None)
    assert measured.device_name == report.environment["cpu"]
    assert report.environment["threads"] == str(torch.get_num_threads())
    assert report.environment["torch"]
    assert report.telemetry is None
    assert report.workload.precision == "fp32"
    assert report.memory.peak_bytes > report.memory.parameters_bytes > 0


def test_a_report_reads_back_as_it_was_written(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


def test_phases_and_modules_are_those_of_the_model(roof: Path) -> None:
    rows = of_tiny(roof, phase="train").operators
    assert {row.phase for row in rows} == {"forward", "backward", "optimizer"}
    for phase in ("forward", "backward"):
        assert {"0", "1", "2", "3", "6"} <= {row.module for row in rows if row.phase == phase}


def test_every_operator_of_the_simulation_is_measured(of_zoo: Report, roof: Path) -> None:
    simulated = memprof.analyze("convnext_atto", device=roof, batch_size=1, resolution=64)
    assert len(simulated.operators) > 20

    def counted(report: Report) -> Counter[object]:
        rows = [row for row in report.operators if row.roofline_seconds]
        return Counter({(row.name, row.module, row.input_shapes, row.flops, row.dram_bytes): row.calls for row in rows})

    assert counted(of_zoo) == counted(simulated)
    assert of_zoo.totals.flops == simulated.totals.flops
    assert of_zoo.totals.parameters == simulated.totals.parameters
    assert of_zoo.memory == simulated.memory


def test_defaults_of_a_cpu(roof: Path) -> None:
    report = measure(lambda: nn.Conv2d(3, 4, 1), roof=roof, resolution=16, warm_up=0, repeat=1)
    workload = report.workload
    assert (workload.batch_size, workload.precision, workload.phase, workload.layout) == (
        8,
        "fp32",
        "infer",
        "channels-last",
    )


class Branches(nn.Module):
    """A model that reads a value, which no simulation has."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Linear(3, 5)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        means = images.mean((2, 3))
        return self.weight(means if means.sum().item() > 0 else -means)


def branches() -> nn.Module:
    return Branches()


def test_a_model_that_reads_values_is_measured_without_a_figure_for_its_memory(roof: Path) -> None:
    report = measure(branches, roof=roof, batch_size=2, resolution=16, warm_up=0, repeat=6)
    assert report.memory is None
    assert "no-memory-figure" in [warning.code for warning in report.warnings]
    assert "aten::addmm" in [row.name for row in report.operators]
    with pytest.raises(ModelError, match="item"):
        memprof.analyze(branches, device=roof, batch_size=2, resolution=16)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"device": "gpu"}, WorkloadError, "cannot measure on 'gpu'"),
        ({"repeat": 0}, WorkloadError, "0 repetitions"),
        ({"warm_up": -1}, WorkloadError, "-1 warm-up steps"),
        ({"precision": "tf32"}, WorkloadError, "a CPU does not compute in tf32"),
        ({"precision": "int8"}, WorkloadError, "unknown precision"),
        ({"precision": "fp16"}, DeviceError, "toy-cpu has no FP16"),
        ({"phase": "test"}, WorkloadError, "unknown phase"),
        ({"batch_size": 0}, WorkloadError, "batch size 0"),
        ({"roof": "nonsense"}, DeviceError, "unknown device 'nonsense'"),
        ({"batch_size": 60_000, "resolution": 8_000}, ModelError, "at batch size 60000 needs .* GB of memory"),
    ],
)
def test_mistakes_are_told_before_anything_runs(roof: Path, options, error, words) -> None:
    def build() -> nn.Module:
        model = tiny()
        model.register_forward_pre_hook(lambda module, inputs: None if inputs[0].is_meta else pytest.fail("it ran"))
        return model

    with pytest.raises(error, match=words):
        measure(build, **{"roof": roof, "batch_size": 2, "resolution": 16, **options})


def unknown_device(name: object) -> object:
    raise DeviceError(f"unknown device {name!r}", "a remedy for others")


def test_a_cpu_that_nobody_calibrated_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "get", unknown_device)
    with pytest.raises(DeviceError, match="the ceilings of this CPU are not known") as caught:
        measure(tiny)
    assert "memprof calibrate" in caught.value.remedy
    assert "--roof" in caught.value.remedy


def test_the_host_is_the_roof_of_a_cpu(monkeypatch: pytest.MonkeyPatch, roof: Path) -> None:
    device = devices.get(roof)
    monkeypatch.setattr(devices, "get", lambda name: device if name == "host" else pytest.fail(name))
    assert measure(tiny, batch_size=1, resolution=16, warm_up=0, repeat=1).device.name == "toy-cpu"


def test_a_gpu_that_nobody_knows_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Machine("cuda", "NVIDIA Wonder 9000", HostTimer())
    monkeypatch.setattr("memprof.profiles.run.machine.find_machine", lambda device: gpu)
    with pytest.raises(DeviceError, match="'NVIDIA Wonder 9000', which memprof does not know") as caught:
        measure(tiny, device="cuda")
    assert "--roof" in caught.value.remedy


def test_a_gpu_is_found_by_what_it_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of an A100 that does not say how much memory it has; its memory does."""
    gpu = Machine("cuda", "NVIDIA A100-PG509-200", HostTimer(), sm_count=108, memory_bytes=42297524224)
    monkeypatch.setattr("memprof.profiles.run.machine.find_machine", lambda device: gpu)
    monkeypatch.setattr("memprof.analysis.measured._run", lambda *given: on_gpu())
    assert measure(tiny, device="cuda", batch_size=1, resolution=16).device.name == "a100-sxm4-40gb"


TOY = DeviceCeilings("toy", "Toy", {"dram": 1e9}, {"tensor": 1e12, "fp32": 1e11}, 1e9)
WORKLOAD = Workload("net", 4, 32, "infer", "tf32", "channels-first")
LEFT, RIGHT = TensorSpec((20, 50), (50, 1), "float32"), TensorSpec((50, 30), (30, 1), "float32")
STEADY = timing_of((1e-3,) * 6, 2e-3, 3, compiled=False)


def kernel(name: str, start: int, duration: int, **facts: object) -> Kernel:
    return Kernel(name, start, duration, **facts)


def on_gpu() -> Run:
    """A product of two kernels, a compiled one without shapes, a copy that nothing launched: 100, 40, 20 and 10 us."""
    product = Event(
        "aten::mm",
        EventCategory.OPERATOR,
        (LEFT, RIGHT),
        kernels=(
            kernel("gemm", 0, 70_000, launched_ns=0),
            kernel("reduce", 70_000, 30_000, launched_ns=1_000),
        ),
        duration_ns=9_000,
    )
    fused = Event(
        "triton::fused_add",
        EventCategory.OPERATOR,
        kernels=(
            kernel("triton_poi_0", 150_000, 20_000, launched_ns=140_000),
            kernel("triton_poi_0", 170_000, 20_000),
        ),
    )
    copy = kernel("Memcpy HtoD", 190_000, 10_000, activity=Activity.COPY)
    return Run(Recording((product, fused), (copy,)), STEADY, None, 7)


GPU = Machine("cuda", "NVIDIA Toy", HostTimer(), facts={"driver": "580.1"})


def test_on_a_gpu_an_operator_takes_as_long_as_its_kernels() -> None:
    report = analyze_run(on_gpu(), GPU, WORKLOAD, TOY, None)
    (row,) = report.operators
    assert row.measured_seconds == pytest.approx(100e-6)
    assert [(item.name, item.calls, item.seconds) for item in row.kernels] == [
        ("gemm", 1, pytest.approx(70e-6)),
        ("reduce", 1, pytest.approx(30e-6)),
    ]
    assert row.kernels[0] == KernelRow("gemm", "kernel", 1, row.kernels[0].seconds)
    least = 4 * (20 * 50 + 50 * 30 + 20 * 30) / 1e9
    assert row.percent_of_roof == pytest.approx(100 * least / 100e-6)
    assert report.totals.parameters == 7


def test_what_no_operator_with_shapes_launched_on_a_gpu_is_listed() -> None:
    measured = analyze_run(on_gpu(), GPU, WORKLOAD, TOY, None).measured
    assert measured.strays == (
        Stray(
            "triton_poi_0",
            "kernel",
            "what launched it has no recorded shapes: triton::fused_add",
            2,
            pytest.approx(40e-6),
        ),
        Stray("Memcpy HtoD", "copy", "no recorded call launched it", 1, pytest.approx(10e-6)),
    )
    assert measured.attributed_share == pytest.approx(100 / (100 + 40 + 10))


def test_where_the_time_of_a_gpu_went() -> None:
    report = analyze_run(on_gpu(), GPU, WORKLOAD, TOY, None)
    measured, time = report.measured, report.measured.device_time
    assert (measured.origin, measured.device_name, measured.seconds) == (("cuda",), "NVIDIA Toy", 2e-3)
    assert measured.images_per_second == 4 / 1e-3
    assert time.span_seconds == pytest.approx(200e-6)
    assert time.busy_seconds == pytest.approx(150e-6)
    assert time.idle_seconds == pytest.approx(50e-6)
    assert time.launch_bound_seconds == pytest.approx(40e-6)  # the first fused kernel was launched at 140 us
    assert (time.kernel_seconds, time.copy_seconds) == (pytest.approx(140e-6), pytest.approx(10e-6))
    assert report.environment["driver"] == "580.1"
    assert Report.from_json(report.to_json()) == report


def codes(run: Run, machine: Machine = GPU) -> list[str]:
    known = {"no-l2-bandwidth", "no-l1-bandwidth", "no-memory-figure"}
    return [item.code for item in analyze_run(run, machine, WORKLOAD, TOY, None).warnings if item.code not in known]


def timed(*seconds: float) -> Timing:
    return timing_of(seconds, 2e-3, 3, compiled=False)


def test_a_throttled_run_is_marked() -> None:
    slow = summary([Sample(throttle=frozenset({Throttle.THERMAL}))], 1.0, 4)
    report = analyze_run(replace(on_gpu(), telemetry=slow), GPU, WORKLOAD, TOY, None)
    (warning,) = [item for item in report.warnings if item.code == "throttled"]
    assert "too hot, slowed by the driver" in warning.message
    assert report.telemetry == slow
    assert codes(replace(on_gpu(), telemetry=summary([Sample(throttle=frozenset())], 1.0, 4))) == []


def test_a_gpu_without_sensors_is_said_to_have_none() -> None:
    assert codes(on_gpu()) == ["no-telemetry"]
    assert codes(on_gpu(), replace(GPU, device="cpu")) == []


CPU = replace(GPU, device="cpu", threads=2, cores=2)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ((1.0,) * 6, []),
        ((1.0,) * 5, ["few-repetitions"]),
        ((1.0, 1.0, 1.0, 1.0, 1.0, 1.09), []),
        ((1.0, 1.0, 1.0, 1.0, 1.0, 1.11), ["unsteady"]),
        ((1.0,) * 8 + (1.5,), []),  # of nine, the outermost do not count
        ((1.0, 2.0), ["few-repetitions", "unsteady"]),
    ],
)
def test_times_that_say_little_are_marked(seconds, expected) -> None:
    assert codes(replace(on_gpu(), timing=timed(*seconds)), CPU) == expected


@pytest.mark.parametrize(
    ("others", "machine", "expected"),
    [
        (1.0, CPU, ["busy"]),
        (0.1, CPU, []),
        (None, replace(CPU, threads=4), []),
        (5.5, replace(CPU, threads=2, cores=8), []),  # there is room for both
        (1.0, replace(GPU, threads=2, cores=2), ["no-telemetry"]),
    ],
)
def test_a_cpu_that_others_use_is_marked(others, machine, expected) -> None:
    assert codes(replace(on_gpu(), others=others), machine) == expected


@pytest.mark.parametrize(("threads", "expected"), [(2.0, []), (None, []), (8.0, ["other-threads"])])
def test_roofs_of_other_threads_are_marked(threads, expected) -> None:
    report = analyze_run(on_gpu(), CPU, WORKLOAD, TOY, None, threads)
    assert [item.code for item in report.warnings if item.code == "other-threads"] == expected


def test_the_threads_of_a_calibrated_roof_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "many.toml"
    path.write_text(f"{ROOF}thread_count = {torch.get_num_threads() + 1}\n", encoding="utf-8")
    report = measure(tiny, roof=path, batch_size=1, resolution=16, warm_up=0, repeat=1)
    assert "other-threads" in [item.code for item in report.warnings]


def test_kernels_of_the_compiler_are_told_from_python_on_a_cpu() -> None:
    """A compiled graph of 400 us: 150 us in an operator it left alone, 250 us in kernels of its own; a step of 1 ms."""
    left = Event("aten::mm", EventCategory.OPERATOR, (LEFT, RIGHT), duration_ns=150_000)
    graph = Event("## Call CompiledFxGraph abc ##", EventCategory.OPERATOR, children=(left,), duration_ns=400_000)
    region = Event("Torch-Compiled Region: 0/0", EventCategory.OPERATOR, children=(graph,), duration_ns=500_000)
    run = Run(Recording((region,)), timing_of((1e-3,) * 6, 1e-3, 3, compiled=True), None, 0)
    measured = analyze_run(run, CPU, WORKLOAD, TOY, None).measured
    fused, rest = measured.strays
    assert (fused.name, fused.calls, fused.seconds) == ("kernels made by torch.compile", 1, pytest.approx(250e-6))
    assert rest.seconds == pytest.approx(1e-3 - 400e-6)
    assert measured.attributed_share == pytest.approx(0.15)


def test_constants_of_gpus_are_not_those_of_a_cpu(roof: Path) -> None:
    cpu = devices.get(roof)
    assert ceilings(cpu, "fp32").achievable == {}
    assert ceilings(replace(cpu, architecture=None), "fp32").achievable["launch_seconds"] > 0
