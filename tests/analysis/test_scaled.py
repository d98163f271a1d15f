"""Times of a trace on another GPU: measured there, times what is predicted elsewhere over here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof import devices
from memprof.analysis.scaled import check_alone, is_another, scale_trace
from memprof.analysis.traced import analyze_trace
from memprof.errors import WorkloadError
from memprof.profiles.records import Profile
from memprof.traces.records import TraceStep
from memprof.vocabulary import SCALED_TIMES, StepsFrom
from tests.analysis.test_traced import A100, kernel, op, trace
from tests.operators.building import tensor

H100 = devices.get("h100")
LARGE = tensor(4096, 4096)


def product(start: int, duration: int):
    ran = kernel("sm80_xmma_gemm_f32f32_tf32f32_f32_tn", start, duration)
    return op("aten::mm", LARGE, LARGE, kernels=(ran,))


def run(**fields):
    """Two steps of one product, of 2 and 4 ms; nothing else."""
    events = product(0, 2_000_000), product(5_000_000, 4_000_000)
    steps = tuple(TraceStep(number, "", 5_000_000 * number, 5_000_000 * (number + 1)) for number in (0, 1))
    kernels = tuple(event.kernels[0] for event in events)
    whole = trace(profile=Profile(events), kernels=kernels, orphans=(), steps=steps, steps_from=StepsFrom.MARKS)
    return replace(whole, end_ns=10_000_000, **fields)


def predicted(report):
    return sum(row.seconds for row in report.operators)


def test_each_operator_is_scaled_by_its_predicted_ratio():
    here, there = analyze_trace(run()), analyze_trace(run(), device=H100)
    scaled = scale_trace(run(), H100)
    assert scaled.device.name == H100.name
    assert scaled.measured is None
    (row,) = scaled.operators
    assert row.seconds == pytest.approx(3e-3 * predicted(there) / predicted(here))
    assert scaled.totals.seconds == pytest.approx(row.seconds)
    assert (row.calls, row.kernels, row.measured_seconds) == (1, (), None)
    assert row.flops == scaled.totals.flops == 2 * 4096**3
    assert scaled.totals.images_per_second == pytest.approx(scaled.workload.batch_size / row.seconds)


def test_on_its_own_gpu_times_stay_what_they_were():
    own = devices.get("a100-pcie-40gb")
    assert scale_trace(run(), own).totals.seconds == pytest.approx(3e-3)


def test_the_report_says_that_it_is_scaled_and_what_is_left_out():
    warning = scale_trace(trace(), H100).warnings[0]
    assert warning.code == SCALED_TIMES
    # 200 ns of a copy from the host, 100 ns of a node's kernel, 400 ns of a graph's
    assert warning.message == (
        "Times are scaled from measured times on NVIDIA A100 PCIe 40 GB by predicted ratios: a prediction; 700 ns a "
        "step without a prediction and idle time are left out"
    )
    assert scale_trace(run(), H100).warnings[0].message.endswith("a prediction; idle time is left out")


def test_what_the_other_gpu_lacks_is_done_in_fp32():
    assert analyze_trace(run()).workload.precision == "tf32"
    assert scale_trace(run(), devices.get("v100")).workload.precision == "fp32"


def test_a_device_is_another_where_the_catalogue_has_both():
    assert is_another(run(), H100)
    assert not is_another(run(), devices.get("a100-pcie-40gb"))
    assert not is_another(run(), replace(H100, name="mine"))  # a file that describes what ran it
    assert not is_another(run(devices=(replace(A100, name="GeForce 9999"),)), H100)
    assert not is_another(run(devices=()), H100)


def test_scaled_times_go_with_nothing_measured():
    with pytest.raises(WorkloadError, match=f"times scaled to {H100.name} do not go with 2 traces"):
        check_alone(H100, 2, counters=None, model=None)
    with pytest.raises(WorkloadError, match="do not go with --model"):
        check_alone(H100, 1, counters=None, model="resnet50")
