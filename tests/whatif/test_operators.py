"""What a study says of an operator, against arithmetic by hand."""

from __future__ import annotations

from memprof.analysis.lone import of_setting, simulate_alone, time_alone
from memprof.models.lone import plan
from memprof.whatif.operators import Study, collect

N, C, SIDE = 16, 64, 28
OUTPUTS = N * C * SIDE * SIDE
SMALL = {"channels": str(C), "resolution": str(SIDE), "batch_size": str(N)}


def study(name: str, **asked: str) -> Study:
    chosen = plan(name, {**SMALL, **asked})
    reports = [simulate_alone(of_setting(setting), "a100") for setting in chosen.settings]
    return collect(chosen, reports, [None] * len(reports))


def test_a_depthwise_convolution_alone_is_nothing_but_that() -> None:
    small, large = study("depthwise", kernel="3,5").points
    assert small.forward.flops == OUTPUTS * (2 * 9 + 1)
    assert large.forward.flops == OUTPUTS * (2 * 25 + 1)
    assert small.forward.dram_bytes == 4 * (2 * OUTPUTS + C * 9) + 4 * (2 * OUTPUTS + C)  # cuDNN adds the bias apart
    assert small.backward.flops >= 2 * OUTPUTS * 2 * 9  # gradients of input and weight
    assert small.parameters == C * 9 + C
    assert large.seconds > small.seconds >= small.forward.roofline_seconds + small.backward.roofline_seconds


def test_decompositions_say_what_they_save() -> None:
    found = study("decompositions", kernel="7")
    whole, separable, inception, fused, dilated, branches = found.points
    assert whole.forward.flops == OUTPUTS * (2 * 49 + 1)
    assert separable.forward.flops == 2 * OUTPUTS * (2 * 7 + 1)
    assert dilated.forward.flops == 2 * OUTPUTS * (2 * 9 + 1)
    assert inception.forward.flops == OUTPUTS // 8 * (2 * (9 + 11 + 11) + 3) == fused.forward.flops
    assert branches.forward.flops == OUTPUTS * (2 * 49 + 1 + 2 * 25 + 1 + 1)
    assert [point.receptive_field for point in found.points] == [7, 7, 11, 11, 7, 7]
    assert fused.forward.dram_bytes < inception.forward.dram_bytes
    assert found.sentences[0].startswith("1x7, then 7x1: 0.3")
    assert "of 7x7, forward and backward, and sees 7 pixels a side" in found.sentences[0]


def test_an_operator_really_runs() -> None:
    setting = plan("gelu", {"channels": "2", "resolution": "4", "batch_size": "1"}).settings[0]
    forward, backward = time_alone(of_setting(setting), "cpu", "fp32", "channels-last")
    assert forward > 0
    assert backward is not None
    assert backward > 0
