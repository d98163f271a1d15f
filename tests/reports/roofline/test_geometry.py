from collections.abc import Sequence
from dataclasses import replace

import pytest

from memprof.report.digest import digests
from memprof.report.record import Report
from memprof.reports.roofline import captions, geometry
from memprof.reports.roofline.geometry import Plot
from memprof.reports.roofline.plot import build_plot
from memprof.reports.roofline.scene import Canvas, lay_out
from tests.reports.measured_sample import on_cpu, run, traced
from tests.reports.sample import A100, Cost, assemble, row, sample

CANVAS = Canvas(0.6, (0.009, 0.03))
MODELS = ["convnext_t", "inceptionnext_t", "resnet50"]


def plot(reports: Sequence[Report]) -> Plot:
    return build_plot(digests(reports))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("phase", ["infer", "train"])
def test_no_point_lies_above_a_roof(model: str, phase: str) -> None:
    report = sample(model, phase)
    for point in plot([report]).points:
        assert point.x
        assert point.y
        assert point.y <= report.device.memory_bytes_per_second[point.level] * point.x * (1 + 1e-9)
        assert point.roof
        assert point.y <= point.roof <= report.device.memory_bytes_per_second[point.level] * point.x * (1 + 1e-9)
        assert point.roof <= report.device.peak_flops_per_second[point.group.engine] * (1 + 1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_a_ring_lies_on_the_roof_that_binds_and_the_point_at_the_predicted_speed(model: str) -> None:
    report = sample(model)
    for point in plot([report]).points:
        assert point.x
        assert point.has_stem
        assert point.y == pytest.approx(point.group.flops / point.group.seconds)
        if point.group.bound == "launch":
            continue
        roofs = {**report.device.memory_bytes_per_second, **report.device.peak_flops_per_second}
        bound = point.group.bound
        roof = roofs[bound] * point.x if bound in report.device.memory_bytes_per_second else roofs[bound]
        assert point.roof == pytest.approx(roof)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("phase", ["infer", "train"])
def test_every_operator_is_on_the_plot_or_the_rail(model: str, phase: str) -> None:
    report = sample(model, phase)
    drawn = plot([report])
    shown = [item for point in (*drawn.points, *drawn.rail) for item in point.group.rows]
    assert len(shown) == len(report.operators)
    assert set(map(id, shown)) == set(map(id, report.operators))


def test_operators_without_flops_are_on_the_rail() -> None:
    drawn = plot([sample("inceptionnext_t")])
    assert {item.name for point in drawn.rail for item in point.group.rows} == {"aten::cat"}
    assert all(point.group.flops for point in drawn.points)
    assert "no FLOPs" in drawn.rail[0].text


def test_operators_that_compute_without_moving_a_byte_are_drawn_at_the_right_edge() -> None:
    only = row("mm", "matmul", "", [(8,)], cost=Cost(1e9, 0, 0, 0))
    drawn = plot([assemble((only,), sample().workload)])
    assert drawn.points[0].x is None
    assert drawn.fraction(drawn.points[0].x, drawn.points[0].y)[0] == 1


def test_the_ridge_point_lies_where_the_dram_roof_meets_the_peak() -> None:
    ridges = {ridge.engine: ridge for ridge in plot([sample()]).ridges}
    assert ridges["tensor"].x == pytest.approx(156e12 / 1.555e12)
    assert ridges["fp32"].x == pytest.approx(19.5e12 / 1.555e12)


def test_the_callout_leads_to_what_dram_alone_would_allow() -> None:
    # A 7 x 7 depthwise convolution does 98 FLOPs for 8 bytes of DRAM and 396 bytes of L1.
    (callout,) = plot([sample()]).callouts
    assert callout.point.group.kind == "depthwise convolution"
    assert callout.point.x == pytest.approx(98 / 396)
    assert callout.dram_x == pytest.approx(98 / 8)
    assert callout.dram_y == pytest.approx(98 / 8 * 1.555e12)
    assert "3.9x" in callout.text


def test_a_callout_compares_ceilings_whatever_is_predicted() -> None:
    report = sample()
    slow = [replace(item, seconds=5 * item.seconds) if item.bound == "l1" else item for item in report.operators]
    (callout,) = plot([replace(report, operators=tuple(slow))]).callouts
    assert callout.dram_y == pytest.approx(98 / 8 * 1.555e12)
    assert "3.9x" in callout.text


def test_what_a_launch_holds_up_is_drawn_at_the_memory_that_would_bind_otherwise() -> None:
    # 1e6 bytes of L1 take 51 ns, 1e4 bytes of DRAM 6 ns.
    tiny = row("mm", "matmul", "", [(8,)], cost=Cost(1e3, 1e4, 1e4, 1e6))
    (point,) = plot([assemble((replace(tiny, bound="launch", seconds=3e-6),), sample().workload)]).points
    assert (point.level, point.x) == ("l1", 1e3 / 1e6)
    assert point.y == pytest.approx(1e3 / 3e-6)
    assert point.roof == pytest.approx(1e-3 * 108 * 128 * 1.41e9)
    assert "bound by the latency of launching kernels" in point.text


@pytest.mark.parametrize("bound", ["issue", "latency"])
def test_what_waits_inside_the_sms_is_drawn_at_the_memory_that_would_bind_otherwise(bound: str) -> None:
    """392 bytes of L1 at 19.49 TB/s for 8 of DRAM at 1.555: the depthwise convolution stands under the L1 roof."""
    cost = Cost(2 * 49 * 1e9, 8e9, 8e9, 392e9)
    slow = replace(row("convolution", "depthwise convolution", "dw", [(1,), (8, 1, 7, 7)], cost=cost), bound=bound)
    (point,) = plot([assemble((slow,), sample().workload)]).points
    assert point.level == "l1"


def test_a_point_at_its_roof_has_no_ring() -> None:
    tiny = row("mm", "matmul", "", [(8,)], cost=Cost(1e9, 1e4, 1e4, 1e4))
    full = replace(tiny, seconds=tiny.roofline_seconds)
    assert [point.has_stem for point in plot([assemble((full,), sample().workload)]).points] == [False]


def test_stems_lead_straight_up() -> None:
    reports = [sample()]
    drawn = plot(reports)
    stems = lay_out(drawn, digests(reports), CANVAS).stems
    assert len(stems) == sum(point.has_stem for point in drawn.points) > 5
    for stem in stems:
        assert stem.start[0] == stem.end[0]
        assert stem.start[1] < stem.end[1]


def test_several_devices_have_their_own_roofs() -> None:
    report = sample()
    other = replace(report, device=replace(A100, name="half", memory_bytes_per_second={"dram": 0.7e12}))
    roofs = plot([report, other]).roofs
    assert {roof.device for roof in roofs} == {0, 1}
    assert [roof.per_second for roof in roofs if roof.device == 1 and roof.is_memory] == [0.7e12]


def test_ceilings_that_are_not_known_have_no_roof() -> None:
    bare = replace(A100, memory_bytes_per_second={"dram": 1.555e12})
    roofs = plot([replace(sample(), device=bare)]).roofs
    assert [roof.ceiling for roof in roofs if roof.is_memory] == ["dram"]


def test_places_are_fractions_of_the_axes() -> None:
    drawn = plot([sample()])
    for point in drawn.points:
        x, y = drawn.fraction(point.x, point.y)
        assert 0 < x < 1
        assert 0 < y < 1
    assert drawn.fraction(1e-30, 1e30) == (0, 1)


def test_decades_are_the_powers_of_ten_within_the_limits() -> None:
    assert geometry.decades((0.05, 200)) == [0.1, 1, 10, 100]


def area_covered(drawn: Plot, reports: list[Report]) -> float:
    boxes = [label.box for _, label in lay_out(drawn, digests(reports), CANVAS).labels]
    return sum(one.overlap(other) for index, one in enumerate(boxes) for other in boxes[:index])


@pytest.mark.parametrize("models", [["convnext_t"], ["inceptionnext_t"], ["resnet50"], MODELS])
def test_labels_do_not_cover_each_other(models: list[str]) -> None:
    reports = [sample(model) for model in models]
    drawn = plot(reports)
    assert area_covered(drawn, reports) == pytest.approx(0, abs=2e-3)


def test_labels_stay_inside_the_plot() -> None:
    reports = [sample()]
    for _, label in lay_out(plot(reports), digests(reports), CANVAS).labels:
        assert label.box.left >= -0.01
        assert label.box.right <= 1.01
        assert label.box.bottom >= -0.01
        assert label.box.top <= 1.01


def test_a_measured_point_stands_at_its_speed_and_an_arrow_leads_to_its_roof() -> None:
    records = [traced()]
    drawn = plot(records)
    stems = {id(stem.point): stem for stem in lay_out(drawn, digests(records), CANVAS).stems}
    assert len(stems) == len(drawn.points)
    for point in drawn.points:
        assert point.is_measured
        assert point.y == pytest.approx(point.group.flops / sum(item.measured_seconds for item in point.group.rows))
        stem = stems[id(point)]
        assert stem.is_arrow
        assert stem.start == drawn.fraction(point.x, point.y)
        assert stem.end == drawn.fraction(point.x, point.roof)
        assert "of the measured time" in point.text
        assert "of the roof" in point.text


def test_an_arrow_leads_down_from_what_is_above_its_roof() -> None:
    records = [traced()]
    (above,) = [stem for stem in lay_out(plot(records), digests(records), CANVAS).stems if stem.start[1] > stem.end[1]]
    assert above.point.group.rows[0].module == "stem.0"
    assert above.point.group.roof_share == pytest.approx(1.32)
    assert above.point.y == pytest.approx(1.32 * above.point.roof)
    assert "132 % of the roof" in above.point.text


def test_each_group_has_one_point_and_at_most_one_arrow() -> None:
    for records in ([traced()], [on_cpu()], [traced(), sample("convnext_t", "train")]):
        drawn = plot(records)
        stems = lay_out(drawn, digests(records), CANVAS).stems
        assert len({id(stem.point) for stem in stems}) == len(stems) <= len(drawn.points)
        assert {stem.is_arrow for stem in stems if stem.point.report == 0} == {True}
        assert {stem.is_arrow for stem in stems if stem.point.report == 1} <= {False}


def test_measured_operators_without_flops_are_on_the_rail_with_their_time() -> None:
    (point,) = plot([traced()]).rail
    assert [item.name for item in point.group.rows] == ["custom::scan"]
    assert point.group.time_seconds == pytest.approx(1.2e-3)
    assert captions.rail_label(plot([traced()]), digests([traced()])).startswith("no FLOPs counted (custom::scan); ")


def test_the_roofs_of_a_cpu_are_called_by_its_units() -> None:
    assert {roof.label.partition(" units")[0] for roof in plot([on_cpu()]).roofs if not roof.is_memory} == {
        "matrix",
        "vector",
    }
    scene = lay_out(plot([on_cpu()]), digests([on_cpu()]), CANVAS)
    assert all("units" in name.text for _, name in scene.ridges)
    assert not any("CUDA" in point.text or "tensor" in point.text for point in plot([on_cpu()]).points)


def test_captions_say_what_a_bubble_and_its_arrow_are() -> None:
    assert captions.reading_guide(digests([sample()])) == (
        "Bubble: like operators at their predicted speed; area: share of the predicted time. Ring: the most that the "
        "roofs allow (slanted: memory, flat: arithmetic)."
    )
    assert "measured speed" in captions.reading_guide(digests([traced()]))
    assert "Arrow: to the most" in captions.reading_guide(digests([traced()]))
    mixed = captions.reading_guide(digests([traced(), sample()]))
    assert "measured or predicted speed" in mixed
    assert "Ring, or arrow from what was measured" in mixed
    assert captions.y_axis(digests([traced()])) == "FLOP/s: measured (bubbles) and at most (arrows)"
    assert captions.subtitle(digests([traced()])).endswith(
        "measured 148 ms a step, 866 samples/s (predicted 99.6 ms a step)"
    )
    assert "predicted" not in captions.subtitle(digests([on_cpu()]))
    assert (captions.mark(digests([sample(), run()])), captions.mark(digests([traced()]))) == ("THROTTLED", "")


def bound_inside(bound: str) -> Report:
    """Return the sample in training with its depthwise convolutions bound by `bound`, at a tenth of their speed."""
    report = sample("convnext_t", "train")
    rows = [
        replace(item, bound=bound, seconds=10 * item.seconds) if item.kind == "depthwise convolution" else item
        for item in report.operators
    ]
    return replace(report, operators=tuple(rows))


@pytest.mark.parametrize("bound", ["issue", "latency"])
def test_bounds_inside_the_sms_have_an_effective_ceiling_where_they_bind(bound: str) -> None:
    report = bound_inside(bound)
    (ceiling,) = plot([report]).ceilings
    group = ceiling.point.group
    assert (group.kind, group.bound) == ("depthwise convolution", bound)
    assert ceiling.per_second == pytest.approx(group.flops / group.seconds)  # the sample's device states no launch
    assert ceiling.start[1] == ceiling.end[1] == ceiling.per_second
    assert ceiling.point.x
    assert ceiling.start[0] < ceiling.point.x < ceiling.end[0]
    assert ceiling.label.startswith(f"{bound} ")
    ((_, name),) = lay_out(plot([report]), digests([report]), CANVAS).ceilings
    assert name.text == ceiling.label
    assert 0 <= name.x < 1
    slow = replace(report, device=replace(report.device, achievable={"launch_seconds": 1e-5}))
    (faster,) = plot([slow]).ceilings
    assert faster.per_second == pytest.approx(group.flops / (group.seconds - group.launches * 1e-5))


def test_nothing_else_has_an_effective_ceiling() -> None:
    assert plot([sample("convnext_t", "train")]).ceilings == ()
    assert "Dashed" not in captions.reading_guide(digests([sample()]))
    assert "Dashed: what issue or latency leaves" in captions.reading_guide(digests([sample()]), ceilings=True)


def test_amds_engines_have_their_own_names() -> None:
    report = sample("convnext_t", "train")
    amds = replace(report, device=replace(report.device, maker="amd"))
    assert {roof.label.partition(" 1")[0] for roof in plot([amds]).roofs if not roof.is_memory} == {
        "matrix cores",
        "vector units",
    }
    texts = [point.text for point in plot([amds]).points]
    assert not any("CUDA" in text or "tensor" in text for text in texts)
