"""Reports become a comparison: of two layouts the faster, everything per image, sentences that follow from figures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.comparisons.models import SCHEMA, compare, entry, faster, labels
from memprof.report.record import Report, ReportWarning
from tests.comparisons.explain_rows import DEVICE, WORKLOAD, report, row

BATCH = WORKLOAD.batch_size
H100 = replace(DEVICE, name="other", title="Other GPU")


def step(
    model: str,
    depthwise: float,
    dense: float,
    *,
    phase: str = "infer",
    layout: str = "channels-last",
    kind: str = "convolution",
    fits: bool | None = True,
) -> Report:
    return report(
        row("convolution", "depthwise convolution", "stages.0", depthwise, bound="l1", dram=800.0),
        row("convolution", kind, "stages.0", dense, bound="tensor", dram=1600.0),
        workload=replace(WORKLOAD, model=model, phase=phase, layout=layout),
        fits=fits,
    )


def test_of_two_layouts_the_faster_counts_in_each_phase() -> None:
    item = entry(
        [
            step("a", 1.0, 1.0),
            step("a", 0.5, 1.0, layout="channels-first"),
            step("a", 3.0, 1.0, phase="train"),
            step("a", 5.0, 1.0, phase="train", layout="channels-first"),
        ]
    )
    infer, train = item.step("infer"), item.step("train")
    assert infer is not None
    assert train is not None
    assert (infer.layout, infer.seconds, infer.images_per_second) == ("channels-first", 1.5, 8 / 1.5)
    assert (train.layout, train.seconds, train.images_per_second) == ("channels-last", 4.0, 8 / 4.0)
    considered = [(item.layout, item.images_per_second) for item in infer.considered]
    assert considered == [("channels-last", 8 / 2.0), ("channels-first", 8 / 1.5)]
    assert item.step("optimize") is None


def test_equal_layouts_leave_the_first() -> None:
    first, second = step("a", 1.0, 1.0), step("a", 1.0, 1.0, layout="channels-first")
    assert faster([first, second]) is first


def test_amounts_are_per_image_and_shares_of_the_step() -> None:
    (item,) = compare([[step("a", 3.0, 1.0)]]).entries
    (only,) = item.steps
    assert only.dram_bytes_per_image == (800 + 1600) / 8
    assert [(part.name, part.seconds_per_image, part.share) for part in only.kinds] == [
        ("depthwise convolution", 3.0 / 8, 0.75),
        ("convolution", 1.0 / 8, 0.25),
    ]
    assert [(part.name, part.share) for part in only.bounds] == [("l1", 0.75), ("tensor", 0.25)]
    assert (only.roofline_seconds, only.roofline_images_per_second) == (2.0, 4.0)


times = st.floats(1e-6, 10)


@given(st.lists(st.tuples(times, times), min_size=1, max_size=4))
def test_kinds_and_bounds_each_divide_the_step(layouts: list[tuple[float, float]]) -> None:
    item = entry([step("a", *pair) for pair in layouts])
    (only,) = item.steps
    assert only.seconds == min(sum(pair) for pair in layouts)
    for parts in (only.kinds, only.bounds):
        assert sum(part.seconds_per_image for part in parts) == pytest.approx(only.seconds / BATCH)
        assert sum(part.share for part in parts) == pytest.approx(1)
    assert only.images_per_second == max(item.images_per_second for item in only.considered)


def test_models_are_ranked_and_the_largest_difference_is_named() -> None:
    comparison = compare([[step("slow", 4.0, 1.0)], [step("fast", 0.5, 1.5, kind="matmul")]])
    order, why = comparison.sentences
    assert order == "Predicted for inference: fast 4.00 images/s and slow 1.60 images/s (0.40x)."
    # (5 - 2) / 8 s an image more, of which depthwise (4 - 0.5) / 8; dense work is one topic and takes less
    assert (
        why == "In inference slow takes 375 ms more an image than fast: depthwise convolutions 500 ms against 62.5 ms."
    )


def test_models_alike_need_no_explanation() -> None:
    comparison = compare([[step("a", 1.0, 1.0)], [step("b", 1.01, 1.0)]])
    assert len(comparison.sentences) == 1


def test_devices_are_held_against_the_first() -> None:
    first, second = step("a", 2.0, 2.0), replace(step("a", 1.0, 1.0), device=H100)
    comparison = compare([[first], [second]])
    assert labels(comparison.entries) == ("a (toy)", "a (other)")
    assert (
        comparison.sentences[-1] == "Against Toy GPU, predicted throughput of inference: Other GPU reaches 2.0x for a."
    )


def test_labels_say_what_differs() -> None:
    large = step("b", 1.0, 1.0)
    large = replace(large, workload=replace(large.workload, resolution=64, precision="fp32"))
    assert labels(compare([[step("a", 1.0, 1.0)], [large]]).entries) == ("a (32 px, tf32)", "b (64 px, fp32)")
    assert labels(compare([[step("a", 1.0, 1.0)]]).entries) == ("a",)


def test_a_step_that_does_not_fit_is_told() -> None:
    small = replace(DEVICE, memory_capacity_bytes=8e9)
    comparison = compare([[replace(step("a", 1.0, 1.0, phase="train", fits=False), device=small)]])
    assert comparison.entries[0].steps[0].fits is False
    assert "a, training: The step does NOT fit the device" in comparison.sentences[-1]


def test_warnings_come_once_and_only_from_the_chosen_layout() -> None:
    warning, other = ReportWarning("x", "message", "remedy"), ReportWarning("y", "never", "seen")
    cell = [
        replace(step("a", 1.0, 1.0), warnings=(warning,)),
        replace(step("a", 9.0, 1.0, layout="channels-first"), warnings=(other,)),
        replace(step("a", 1.0, 1.0, phase="train"), warnings=(warning,)),
    ]
    assert entry(cell).warnings == (warning,)


def test_a_step_of_nothing_divides_by_nothing() -> None:
    nothing = report(workload=replace(WORKLOAD, model="b"))
    comparison = compare([[nothing], [step("a", 1.0, 1.0)]])
    assert comparison.entries[0].steps[0].images_per_second == 0
    assert json.loads(comparison.to_json())["schema"] == SCHEMA
