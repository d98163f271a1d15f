"""Sums are checked against figures small enough to add by hand."""

from dataclasses import replace

import pytest

from memprof.report.digest import digest
from memprof.report.groups import Group, group_rows, module_at, module_depth, module_pattern
from memprof.report.labels import describe, differences, labels
from memprof.report.record import Report, Workload
from memprof.report.run import Measured
from memprof.vocabulary import GROUPINGS
from tests.reports.sample import Cost, assemble, row, sample

WORKLOAD = Workload("toy", 2, 32, "infer", "fp32", "channels-first")


def toy() -> Report:
    """At least 3 + 1 ms bound by DRAM, 6 ms by arithmetic: bytes over 1.555e12 B/s, FLOPs over 19.5e12 FLOP/s.

    Predicted to reach 80 % of the ceilings: 3.75 + 1.25 ms and 7.5 ms.
    """
    rows = (
        row("relu", "elementwise", "a.0.act", [(4,)], cost=Cost(10, 3e-3 * 1.555e12, 0, 0)),
        row("relu", "elementwise", "a.1.act", [(4,)], cost=Cost(20, 1e-3 * 1.555e12, 0, 0)),
        row("mm", "matmul", "b.fc", [(4, 4)], cost=Cost(6e-3 * 19.5e12, 8, 0, 0)),
    )
    return assemble(rows, WORKLOAD)


def test_groups_are_summed_and_the_longest_comes_first() -> None:
    matmul, elementwise = digest(toy()).kinds
    assert (matmul.name, elementwise.name) == ("matmul", "elementwise")
    assert elementwise.seconds == pytest.approx(5e-3)
    assert elementwise.roofline_seconds == pytest.approx(4e-3)
    assert elementwise.launches == 2
    assert elementwise.flops == 10 + 20
    assert elementwise.calls == 2
    assert elementwise.time_share == pytest.approx(4 / 10)
    assert elementwise.dram_bytes == pytest.approx(4e-3 * 1.555e12)


def test_intensity_and_attainable_speed_of_a_group() -> None:
    elementwise = digest(toy()).kinds[1]
    assert elementwise.intensity("dram") == pytest.approx(30 / (4e-3 * 1.555e12))
    assert elementwise.intensity("l1") is None
    assert elementwise.attainable_flops_per_second == pytest.approx(30 / 4e-3)
    assert elementwise.achieved_flops_per_second == pytest.approx(30 / 5e-3)


def test_shares_are_of_the_predicted_time() -> None:
    # The product slowed down to 15 ms, beside 5 ms: 3 quarters, though its bound is 6 of 10 ms.
    whole = toy()
    slow = replace(whole.operators[2], seconds=15e-3)
    matmul, _ = digest(assemble((*whole.operators[:2], slow), WORKLOAD)).kinds
    assert matmul.time_share == pytest.approx(0.75)
    assert matmul.roofline_seconds == pytest.approx(6e-3)


def test_a_group_without_seconds_has_no_rates() -> None:
    (nothing,) = digest(assemble((row("relu", "elementwise", "", [], cost=Cost(0, 0, 0, 0)),), WORKLOAD)).kinds
    assert (nothing.achieved_flops_per_second, nothing.attainable_flops_per_second) == (0, 0)


def test_the_share_of_several_bounds() -> None:
    assert digest(toy()).bound_share("dram") == pytest.approx(0.4)
    assert digest(toy()).bound_share("dram", "fp32") == pytest.approx(1)
    assert digest(toy()).bound_share("host") == 0


def test_equal_operators_with_several_bounds_are_one_group() -> None:
    whole = toy()
    waiting = replace(whole.operators[0], bound="launch")
    groups = digest(assemble((waiting, *whole.operators[1:]), WORKLOAD)).operators
    assert [group.calls for group in groups] == [1, 2]
    assert groups[1].bound == "launch"  # of 3.75 ms against 1.25 ms


def test_by_bound_gives_each_ceiling_the_time_of_its_operators() -> None:
    assert {group.name: round(group.time_share, 6) for group in digest(toy()).bounds} == {"fp32": 0.6, "dram": 0.4}


def test_by_operator_joins_calls_that_differ_only_in_the_numbers_of_their_path() -> None:
    groups = digest(toy()).operators
    assert [group.calls for group in groups] == [1, 2]
    assert module_pattern(groups[1].rows) == "a.*.act"


def modules_at(report: Report, depth: int) -> tuple[Group, ...]:
    return group_rows(report.operators, lambda row: module_at(row, depth), digest(report).wholes)


def test_modules_can_be_cut_at_any_depth() -> None:
    assert {group.name for group in modules_at(toy(), 1)} == {"a", "b"}
    assert {group.name for group in modules_at(toy(), 2)} == {"a.0", "a.1", "b.fc"}


def test_the_default_depth_tells_the_stages_apart() -> None:
    assert {"stages.0", "stages.1", "stages.2", "stages.3"} <= {group.name for group in digest(sample()).modules}
    assert {"layer1", "layer4", "conv1"} <= {group.name for group in digest(sample("resnet50")).modules}
    assert "stages.0" in {group.name for group in digest(sample("inceptionnext_t", "train")).modules}


def test_operators_outside_of_modules_have_a_name() -> None:
    step = toy().operators[0]
    assert module_at(replace(step, module=""), 2) == "(model)"
    assert module_at(replace(step, module="", phase="optimizer"), 2) == "(optimizer)"


@pytest.mark.parametrize("model", ["convnext_t", "inceptionnext_t", "resnet50"])
@pytest.mark.parametrize("phase", ["infer", "train"])
@pytest.mark.parametrize("way", ["kinds", "bounds", "engines", "phases", "modules", "operators"])
def test_shares_sum_to_one(model: str, phase: str, way: str) -> None:
    groups = getattr(digest(sample(model, phase)), way)
    assert sum(group.time_share for group in groups) == pytest.approx(1)
    assert sum(group.flops_share for group in groups) == pytest.approx(1)
    assert sum(group.seconds for group in groups) == pytest.approx(sample(model, phase).totals.seconds)


def test_labels_name_only_what_differs() -> None:
    one, other = sample("convnext_t"), sample("resnet50")
    assert labels([one, other]) == ("convnext_t", "resnet50")
    smaller = replace(one, workload=replace(one.workload, batch_size=1))
    assert labels([one, smaller]) == ("convnext_t (batch 128)", "convnext_t (batch 1)")


def test_differences_say_why_reports_cannot_be_compared() -> None:
    one = sample()
    other = replace(one, device=replace(one.device, name="v100"), workload=replace(one.workload, precision="fp32"))
    assert differences([one, sample("resnet50")]) == ()
    assert differences([one, other]) == ("precision", "device")


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match="operator, module, kind"):
        digest(toy()).groups("colour")


def test_nothing_has_no_groups() -> None:
    empty = assemble((), WORKLOAD)
    assert digest(empty).kinds == ()
    assert module_depth(empty.operators, digest(empty).wholes) == 1


def measured() -> Report:
    """Return the toy as measured: 5 + 1 ms against 3 + 1 ms at best, and 5 ms against 6: faster than its roof."""
    whole = toy()
    rows = [replace(row, measured_seconds=took) for row, took in zip(whole.operators, (5e-3, 1e-3, 5e-3), strict=True)]
    facts = Measured("trace", (), "toy", 1, 12e-3, None, 1.0)
    return replace(assemble(tuple(rows), WORKLOAD), measured=facts)


def test_groups_of_a_measured_report_are_of_the_measured_time() -> None:
    elementwise, matmul = digest(measured()).kinds
    assert (elementwise.name, elementwise.measured_seconds) == ("elementwise", pytest.approx(6e-3))
    assert elementwise.time_share == pytest.approx(6 / 11)
    assert elementwise.seconds == pytest.approx(5e-3)  # the prediction stays
    assert elementwise.roof_share == pytest.approx(4 / 6)
    assert elementwise.lost_seconds == pytest.approx(2e-3)
    assert elementwise.achieved_flops_per_second == pytest.approx(30 / 6e-3)
    assert elementwise.achieved_bytes_per_second == pytest.approx(4e-3 * 1.555e12 / 6e-3)
    assert matmul.roof_share == pytest.approx(6 / 5)
    assert matmul.lost_seconds == pytest.approx(-1e-3)
    assert digest(measured()).wholes.seconds == pytest.approx(11e-3)
    assert digest(measured()).time.name == "measured time"


def test_a_predicted_group_has_reached_and_lost_nothing() -> None:
    for group in digest(toy()).kinds:
        assert (group.measured_seconds, group.roof_share, group.lost_seconds) == (None, None, None)
        assert group.time_seconds == group.seconds
    assert digest(toy()).time.name == "predicted time"


def test_what_took_longest_in_a_group_is_what_was_measured() -> None:
    whole = measured()
    waiting = replace(whole.operators[1], bound="launch", measured_seconds=9e-3)
    (group,) = digest(replace(whole, operators=(whole.operators[0], waiting))).kinds
    assert group.bound == "launch"  # 9 ms against 5 ms, though predicted to take 1.25 against 3.75


def test_phases_and_shapes_are_groups_too() -> None:
    whole = toy()
    backward = replace(whole.operators[2], phase="backward")
    report = assemble((*whole.operators[:2], backward), WORKLOAD)
    assert {group.name: group.calls for group in digest(report).groups("phase")} == {"forward": 2, "backward": 1}
    assert {group.name: group.calls for group in digest(report).groups("shape")} == {"4": 2, "4x4": 1}
    bare = replace(whole.operators[0], input_shapes=())
    assert digest(assemble((bare,), WORKLOAD)).groups("shape")[0].name == "(no tensor)"


@pytest.mark.parametrize("by", GROUPINGS)
def test_every_grouping_keeps_all_rows(by: str) -> None:
    for report in (sample("convnext_t", "train"), measured()):
        groups = digest(report).groups(by)
        assert sum(len(group.rows) for group in groups) == len(report.operators)
        assert sum(group.time_share for group in groups) == pytest.approx(1)


def test_what_a_trace_does_not_tell_is_no_difference() -> None:
    one, other = sample(), sample("resnet50")
    unknown = replace(other, workload=replace(other.workload, resolution=None))
    assert differences([one, unknown]) == ()
    assert labels([one, unknown]) == ("convnext_t", "resnet50")
    assert describe(unknown.workload) == "inference, tf32, batch 128, channels-last"
