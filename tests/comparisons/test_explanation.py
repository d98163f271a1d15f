"""A difference is divided without remainder, stages lie side by side, and every sentence follows from the figures."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.comparisons.explanation import SCHEMA, explain
from memprof.comparisons.stages import sort_stages, stages
from memprof.errors import ReportError
from memprof.report.record import OperatorRow, Report
from tests.comparisons.explain_rows import WORKLOAD, report, row

KINDS = ("convolution", "depthwise convolution", "matmul", "normalization", "elementwise")
MODULES = ("stem", "stages.0.blocks.0", "stages.1.blocks.0", "stages.2.blocks.1", "head.fc", "")


def report_b(*rows: OperatorRow) -> Report:
    return report(*rows, workload=replace(WORKLOAD, model="b"))


times = st.floats(0, 10, allow_subnormal=False) | st.floats(0, 1e-4, allow_subnormal=False)
rows = st.lists(
    st.builds(
        lambda kind, module, seconds, phase: row("x", kind, module, seconds, phase=phase),
        st.sampled_from(KINDS),
        st.sampled_from(MODULES),
        times,
        st.sampled_from(["forward", "backward", "optimizer"]),
    ),
    max_size=40,
)


@given(rows, rows, st.randoms(use_true_random=False))
def test_the_parts_sum_exactly_to_the_difference(
    ours: list[OperatorRow], theirs: list[OperatorRow], mixer: random.Random
) -> None:
    first, second = report(*ours), report_b(*theirs)
    difference = explain(first, second).difference
    assert difference.difference_seconds == difference.seconds - difference.against_seconds
    for parts in (difference.contributions, difference.kinds, difference.stages):
        for name in ("seconds", "against_seconds", "difference_seconds"):
            amounts = [getattr(part, name) for part in parts]
            assert math.fsum(amounts) == getattr(difference, name)
            mixer.shuffle(amounts)
            assert sum(amounts) == getattr(difference, name)  # in any order, without compensation
    longest = max(first.totals.seconds, second.totals.seconds)
    assert difference.seconds == pytest.approx(first.totals.seconds, abs=1e-15 * longest)
    assert difference.against_seconds == pytest.approx(second.totals.seconds, abs=1e-15 * longest)


@given(rows)
def test_a_model_against_itself_differs_in_nothing(ours: list[OperatorRow]) -> None:
    explanation = explain(report(*ours), report_b(*ours))
    assert explanation.difference.difference_seconds == 0
    assert all(part.difference_seconds == 0 for part in explanation.difference.contributions)
    assert "equally long" in explanation.sentences[0]


def test_times_go_to_their_kind_and_stage() -> None:
    ours = report(
        row("convolution", "convolution", "stem.0", 1.0),
        row("convolution", "depthwise convolution", "stages.0.dw", 8.0),
        row("convolution", "depthwise convolution", "stages.1.dw", 4.0),
        row("addmm", "matmul", "head", 0.5),
    )
    theirs = report_b(
        row("convolution", "convolution", "conv1", 2.0),
        row("convolution", "depthwise convolution", "layer1.0", 1.0),
        row("convolution", "convolution", "layer2.0", 3.0),
        row("addmm", "matmul", "fc", 0.5),
    )
    difference = explain(ours, theirs).difference
    assert (difference.seconds, difference.against_seconds, difference.difference_seconds) == (13.5, 6.5, 7.0)
    cells = {(item.kind, item.stage): item.difference_seconds for item in difference.contributions}
    assert cells == {
        ("convolution", "stem"): 1.0 - 2.0,
        ("depthwise convolution", "stage 1"): 8.0 - 1.0,
        ("depthwise convolution", "stage 2"): 4.0,
        ("convolution", "stage 2"): -3.0,
        ("matmul", "head"): 0.0,
    }
    assert [(part.name, part.difference_seconds) for part in difference.kinds] == [
        ("depthwise convolution", 8.0 + 4.0 - 1.0),
        ("convolution", 1.0 - 2.0 - 3.0),
        ("matmul", 0.0),
    ]
    assert [part.name for part in difference.stages] == ["stem", "stage 1", "stage 2", "head"]


def test_the_sentences_say_how_much_and_why() -> None:
    depthwise = "depthwise convolution"
    ours = report(
        row("convolution", depthwise, "stages.0", 8e-3, bound="l1", l1=900e9, flops=2e9, dram=4e9),
        row("add", "elementwise", "stages.1", 2e-3, dram=2e9),
    )
    theirs = report_b(
        row("convolution", depthwise, "stages.0", 1e-3, bound="dram", l1=90e9, flops=1e9, dram=2e9),
        row("add", "elementwise", "stages.1", 4e-3, dram=2.1e9),
    )
    sentences = explain(ours, theirs).sentences
    assert sentences[0] == "a needs 10.0 ms a step, b 5.00 ms (predicted): 5.00 ms more, 2.00x the time."
    assert (
        sentences[1]
        == "a does 2.0x the FLOPs of b, moves 1.46x the bytes through DRAM, and launches 2 kernels against 2."
    )
    assert sentences[2] == (
        "7.00 ms more in depthwise convolutions, 8.00 ms against 1.00 ms: L1 bandwidth binds, 900 GB through L1 "
        "against 90.0 GB; in b DRAM bandwidth binds."
    )
    assert sentences[3] == (
        "2.00 ms less in element-wise operators, 2.00 ms against 4.00 ms: DRAM bandwidth binds, 2.00 GB through DRAM "
        "against 2.10 GB; what differs is the rate, 1 TB/s against 525 GB/s."
    )
    assert sentences[4] == (
        "By stage: 7.00 ms more in stage 1 and 2.00 ms less in stage 2. The largest single difference: depthwise "
        "convolutions in stage 1, 7.00 ms more."
    )


def test_a_kind_that_one_model_lacks_and_launches_are_told() -> None:
    ours = report(
        row("a", "pooling", "x", 1e-3, dram=5e9), row("b", "elementwise", "x", 5e-3, bound="host", launches=90)
    )
    text = " ".join(explain(ours, report_b(row("b", "elementwise", "x", 1e-3, bound="host", launches=10))).sentences)
    assert "1.00 ms more in pooling, 1.00 ms against none: DRAM bandwidth binds, 5.00 GB through DRAM." in text
    assert "the host sets the pace, 90 kernels against 10." in text


def test_pointwise_convolutions_and_linear_layers_are_spoken_of_as_one() -> None:
    ours = report(row("addmm", "matmul", "x", 8e-3, bound="tensor", flops=4e9))
    theirs = report_b(row("convolution", "convolution", "x", 9e-3, bound="tensor", flops=4e9))
    sentences = explain(ours, theirs).sentences
    assert sentences[1].startswith("1.00 ms less in convolutions and matrix products (as one: a 1x1 convolution")
    assert {part.name for part in explain(ours, theirs).difference.kinds} == {"matmul", "convolution"}


def test_forward_and_backward_are_told_apart_in_training() -> None:
    ours = report(row("x", "matmul", "x", 1e-3), row("x", "matmul", "x", 2e-3, phase="backward"))
    theirs = report_b(row("x", "matmul", "x", 3e-3), row("x", "matmul", "x", 5e-3, phase="backward"))
    assert "(forward 1.00 ms against 3.00 ms, backward 2.00 ms against 5.00 ms)" in " ".join(
        explain(ours, theirs).sentences
    )


def test_different_workloads_are_not_explained() -> None:
    other = report(workload=replace(WORKLOAD, batch_size=16, phase="train"))
    with pytest.raises(ReportError, match="batch size and phase"):
        explain(report(), other)


def test_a_step_that_does_not_fit_is_told() -> None:
    small = replace(report(row("x", "matmul", "x", 1.0), fits=False))
    small = replace(small, device=replace(small.device, memory_capacity_bytes=4e9))
    other = report_b(row("x", "matmul", "x", 2.0))
    assert explain(small, replace(other, device=small.device)).sentences[-1].startswith("a: The step does NOT fit")


def test_the_record_is_json() -> None:
    explanation = explain(report(row("x", "matmul", "x", 3.0)), report_b(row("x", "matmul", "x", 1.0)))
    record = json.loads(explanation.to_json())
    assert record["schema"] == SCHEMA
    assert record["difference"]["difference_seconds"] == 2.0
    assert record["difference"]["contributions"][0]["kind"] == "matmul"


def staged(*modules: str) -> list[str]:
    """Return the stages of modules that take a second for each part of their path."""
    return list(stages(report(*(row("x", "matmul", module, module.count(".") + 1.0) for module in modules))))


def test_stages_of_the_ways_networks_name_them() -> None:
    assert staged("conv1", "layer1.0", "layer2.0", "layer2.1", "fc") == [
        "stem",
        "stage 1",
        "stage 2",
        "stage 2",
        "head",
    ]
    assert staged(
        "downsample_layers.0.0", "stages.0.0.dwconv", "downsample_layers.1.1", "stages.1.0.dwconv", "norm", ""
    ) == ["stem", "stage 1", "stage 2", "stage 2", "head", "head"]
    assert staged("stem.conv", "s1.b1", "s2.b1", "s2.b2", "head.fc") == [
        "stem",
        "stage 1",
        "stage 2",
        "stage 2",
        "head",
    ]
    # torchvision's: stages and what lies between them in one list
    assert staged("features.0.0", "features.1.0.block.0", "features.2.1", "features.3.0.block.0", "classifier.2") == [
        "stem",
        "stage 1",
        "stage 2",
        "stage 2",
        "head",
    ]
    assert staged("features.conv0", "features.denseblock1.x", "features.transition1.x", "features.denseblock2.x") == [
        "stem",
        "stage 1",
        "stage 2",
        "stage 2",
    ]


def test_many_equal_blocks_are_one_stage_and_no_numbers_none() -> None:
    blocks = [f"blocks.{number}.attn.qkv" for number in range(12)]
    assert staged("patch_embed.proj", *blocks, "norm") == ["stem", *["blocks"] * 12, "head"]
    assert staged("trunk", "classifier") == ["model", "model"]


def test_the_loss_the_backward_pass_and_the_optimizer_find_their_stage() -> None:
    places = stages(
        report(
            row("convolution", "convolution", "stem", 1),
            row("x", "matmul", "stages.0", 1),
            row("x", "matmul", "stages.1", 1),
            row("mean", "reduction", "", 1),
            row("_log_softmax", "reduction", "", 1),
            row("nll_loss_backward", "reduction", "", 1, phase="backward"),
            row("fill_", "elementwise", "", 1, phase="backward", shapes=((),)),
            row("div", "elementwise", "", 1, phase="backward"),
            row("x", "matmul", "stages.0.late", 1, phase="backward"),
            row("x", "convolution", "stem.inner", 1, phase="backward"),
            row("_foreach_add_", "optimizer", "", 1, phase="optimizer"),
        )
    )
    assert places == (
        "stem",
        "stage 1",
        "stage 2",
        "head",
        "loss",
        "loss",
        "loss",
        "head",
        "stage 1",
        "stem",
        "optimizer",
    )


def test_stages_are_in_the_order_of_a_step() -> None:
    assert sort_stages(["optimizer", "head", "stage 10", "loss", "stage 2", "stem", "stem"]) == (
        "stem",
        "stage 2",
        "stage 10",
        "head",
        "loss",
        "optimizer",
    )
