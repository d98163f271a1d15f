"""A traced run beside its simulation: hand-made traces of a net of two layers, and the shared traces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from memprof import devices
from memprof.errors import DeviceError, WorkloadError
from memprof.traces.reading import read_trace
from memprof.traces.records import Trace
from memprof.validation.statistics import errors
from memprof.validation.tables import MeasurementError
from memprof.validation.trace_records import PassCase, TraceValidation, pass_errors
from memprof.validation.traced_workload import Wanted
from memprof.validation.traces import validate_trace
from tests.traces.making import kernel, launch, op, read

TRACES = Path(__file__).parents[3] / "shared" / "traces"
NET = "from torch import nn\n\n\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.ReLU())\n"
WANTED = Wanted(batch_size=2, resolution=6, precision="fp32")
IMAGE, WEIGHT, HIDDEN = [2, 3, 6, 6], [8, 3, 3, 3], [2, 8, 4, 4]


def ran(number: int, name: str, *shapes: list[int], microseconds: float, times: int = 1) -> list[dict[str, Any]]:
    """Return an operator, its launches, and its kernels of so many microseconds each."""
    start = 1000.0 * number
    events = [op(name, start, 100, *shapes)]
    for index in range(times):
        events.append(launch(10 * number + index, start + 10 * index))
        events.append(kernel(10 * number + index, start + 200 + 50 * index, microseconds, name=f"{name}_{index}"))
    return events


def two_layers(folder: Path, *, shapes: bool, more: list[dict[str, Any]] | None = None) -> Trace:
    events = ran(1, "convolution", *([IMAGE, WEIGHT] if shapes else []), microseconds=3, times=2)
    events += ran(2, "relu", *([HIDDEN] if shapes else []), microseconds=2)
    return read(folder, *events, *(more or []), deviceProperties=[{"id": 0, "name": "Tesla V100-SXM2-16GB"}])


@pytest.fixture
def net(tmp_path: Path) -> str:
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    return f"{tmp_path / 'net.py'}:build"


@pytest.mark.parametrize("told", [{"inputs": ("5x3x6x6",)}, {"resolution": (6, 6)}])
def test_the_model_may_have_had_inputs_of_its_own(net: str, tmp_path: Path, told: dict[str, Any]) -> None:
    found = validate_trace(two_layers(tmp_path, shapes=True), net, wanted=Wanted(2, precision="fp32", **told))
    assert (found.left_out, found.workload.resolution, found.workload.inputs) == ((), None, "2x3x6x6")
    with pytest.raises(WorkloadError, match="inputs have a resolution of their own"):
        validate_trace(two_layers(tmp_path, shapes=True), net, wanted=Wanted(2, 6, inputs=("2x3x6x6",)))


@pytest.mark.parametrize("shapes", [True, False])
def test_each_pass_has_the_time_of_its_kernels(net: str, tmp_path: Path, shapes: bool):
    found = validate_trace(two_layers(tmp_path, shapes=shapes), net, wanted=Wanted(2, 6, precision="fp32"))

    assert (found.by_shapes, found.steps, found.left_out, found.unsplit) == (shapes, 1, (), 0)
    assert [(case.operator, case.pass_name) for case in found.cases] == [
        ("convolution", "forward"),
        ("relu", "forward"),
    ]
    assert [case.measured_seconds for case in found.cases] == [pytest.approx(2 * 3e-6), pytest.approx(2e-6)]
    assert found.measured_seconds == pytest.approx(8e-6)
    assert found.cases[0].kernels == ("convolution_0", "convolution_1")
    assert found.cases[0].shapes == ((2, 3, 6, 6), (8, 3, 3, 3))
    assert sum(case.predicted_seconds for case in found.cases) == pytest.approx(found.predicted_seconds)
    workload = found.workload
    assert (workload.batch_size, workload.resolution, workload.phase) == (2, 6, "infer")
    assert (workload.precision, workload.layout) == ("fp32", "channels-first")


def test_what_has_no_counterpart_is_told_with_its_time(net: str, tmp_path: Path):
    more = [*ran(3, "copy_", microseconds=1), kernel(99, 9000, 4, name="lost")]
    nccl = [op("all_reduce", 5000, 100), launch(77, 5010), kernel(77, 5100, 50, name="ncclKernel_AllReduce")]
    found = validate_trace(two_layers(tmp_path, shapes=False, more=[*more, *nccl]), net, wanted=WANTED)

    assert [(item.operator, item.reason) for item in found.left_out] == [
        ("kernels outside operators", "no operator launched them"),
        ("copy", "the simulation has none"),
    ]
    assert [item.measured_seconds for item in found.left_out] == [pytest.approx(4e-6), pytest.approx(1e-6)]
    assert found.measured_seconds == pytest.approx((8 + 1 + 4) * 1e-6)
    assert found.communication_seconds == pytest.approx(50e-6)


def test_a_trace_of_another_model_is_an_error(net: str, tmp_path: Path):
    trace = two_layers(tmp_path, shapes=False, more=ran(3, "convolution", microseconds=40))

    with pytest.raises(MeasurementError, match="convolution, forward: 2 calls a step in the trace, 1 in the sim"):
        validate_trace(trace, net, wanted=WANTED)


def test_without_shapes_a_trace_does_not_tell_how_the_model_ran(net: str, tmp_path: Path):
    trace = two_layers(tmp_path, shapes=False)

    with pytest.raises(WorkloadError, match="say it with --batch-size and --precision"):
        validate_trace(trace, net)
    with pytest.raises(WorkloadError, match="say it with --precision"):
        validate_trace(trace, net, wanted=Wanted(batch_size=2))


def test_traces_of_no_gpu_or_an_unknown_one_are_errors(net: str, tmp_path: Path):
    with pytest.raises(MeasurementError, match="has no GPU kernels"):
        validate_trace(read(tmp_path, op("relu", 1, 2, HIDDEN)), net)
    other = read(tmp_path, *ran(1, "relu", microseconds=1), deviceProperties=[{"id": 0, "name": "GPU X"}])
    with pytest.raises(DeviceError, match="name a device like it with --device"):
        validate_trace(other, net, wanted=WANTED)


def test_errors_by_kind_and_pass_by_hand():
    def case(kind: str, pass_name: str, measured: float, predicted: float) -> PassCase:
        return PassCase("x", kind, pass_name, "", (), measured, predicted, 0.0, "dram", ())

    cases = [case("matmul", "forward", 1.0, 1.5), case("convolution", "forward", 4.0, 3.0)]
    cases += [case("convolution", "weight gradient", 5.0, 5.5), case("matmul", "forward", 0.0, 1.0)]
    groups = pass_errors(cases)

    assert [(group.kind, group.pass_name, group.errors.count) for group in groups] == [
        ("", "", 3),
        ("convolution", "", 2),
        ("convolution", "weight gradient", 1),
        ("convolution", "forward", 1),
        ("matmul", "", 1),
    ]
    assert (groups[1].measured_seconds, groups[1].predicted_seconds) == (4.0 + 5.0, 3.0 + 5.5)
    assert groups[1].errors.median_absolute_percentage_error == pytest.approx((0.25 + 0.1) / 2)
    assert groups[1].errors == errors([3.0, 5.5], [4.0, 5.0])


shared = pytest.mark.skipif(not TRACES.exists(), reason="../shared/traces is not beside this checkout")


def _convolutions(found: TraceValidation) -> dict[str, int]:
    names = [case.pass_name for case in found.cases if case.kind == "convolution"]
    return {name: names.count(name) for name in dict.fromkeys(names)}


@shared
def test_a_resnet_without_shapes_lines_up_by_order():
    trace = read_trace(TRACES / "a100_resnet50_train_tf32_b32_noshapes.json.gz")
    found = validate_trace(trace, "resnet50", device=devices.get("a100"), wanted=Wanted(batch_size=32))

    assert (found.by_shapes, found.steps, found.unsplit) == (False, 3, 0)
    assert found.workload.precision == "tf32"
    # 53 convolutions; nobody asks for the gradient of the images.
    assert _convolutions(found) == {"forward": 53, "weight gradient": 53, "data gradient": 52}
    stem = found.cases[0]
    assert (stem.module, stem.measured_seconds) == ("conv1", pytest.approx(464e-6, abs=1e-6))
    assert found.measured_seconds == pytest.approx(39.44e-3, abs=0.01e-3)
    assert sum(item.measured_seconds for item in found.left_out) < 0.04 * found.measured_seconds
    parts = (*found.cases, *found.left_out)
    assert sum(part.measured_seconds for part in parts) == pytest.approx(found.measured_seconds)


@shared
def test_a_resnet_with_shapes_lines_up_by_shapes():
    trace = read_trace(TRACES / "v100_resnet50_train_fp32_b32_kineto_2021.json.gz")
    found = validate_trace(trace, "resnet50")

    assert (found.by_shapes, found.steps, found.unsplit, found.workload.batch_size) == (True, 6, 0, 32)
    assert _convolutions(found) == {"forward": 53, "weight gradient": 53, "data gradient": 52}
