"""What the scripts get is what the report says, to the last digit."""

from typing import Any

import msgspec
import pytest

from memprof.report.digest import digests
from memprof.report.record import Report
from memprof.reports.page.data import page_data
from memprof.reports.page.first import assumed, figures
from tests.reports.measured_sample import on_cpu, traced
from tests.reports.sample import sample


def data(*reports: Report) -> Any:
    return msgspec.json.decode(msgspec.json.encode(page_data(digests(reports))))


def column(page: Any, key: str) -> int:
    return [item["key"] for item in page["columns"]].index(key)


def test_every_operator_is_in_one_group_of_each_view() -> None:
    report = sample("inceptionnext_t", "train")
    own = data(report)["reports"][0]
    for what, groups in (*own["groups"].items(), *own["parents"].items()):
        found = sorted(row for group in groups for row in group["rows"])
        assert found == list(range(len(report.operators))), what


def test_a_depthwise_convolution_moves_to_its_intensity_at_each_level() -> None:
    """7x7: 49 multiply-adds for 8 bytes of DRAM, and at L1 49 inputs and weights of 4 bytes each and 4 bytes out."""
    page = data(sample())
    group = next(item for item in page["reports"][0]["groups"]["kind"] if item["name"] == "depthwise convolution")
    assert group["x"]["dram"] == pytest.approx(2 * 49 / 8, rel=1e-9)
    assert group["x"]["l1"] == group["x"]["binding"] == pytest.approx(2 * 49 / (8 * 49 + 4), rel=1e-9)
    bandwidth = 108 * 128 * 1.41e9
    assert group["roof"] == pytest.approx(group["x"]["l1"] * bandwidth, rel=1e-9)  # its ring lies on the L1 roof
    (roof,) = [roof for roof in page["devices"][0]["roofs"] if roof["code"] == "l1"]
    (left, low), (right, high) = roof["ends"]["l1"]
    assert low / left == pytest.approx(bandwidth)
    assert (right, high) == pytest.approx((156e12 / bandwidth, 156e12))


def test_flat_roofs_begin_where_the_roof_of_the_level_meets_them() -> None:
    roofs = {roof["code"]: roof["ends"] for roof in data(sample())["devices"][0]["roofs"]}
    assert roofs["tensor"]["dram"][0] == pytest.approx([156e12 / 1.555e12, 156e12])
    assert roofs["fp32"]["binding"][0] == pytest.approx([19.5e12 / (108 * 128 * 1.41e9), 19.5e12])


def test_the_tree_sums_what_is_below_and_comes_in_the_networks_order() -> None:
    report = sample("convnext_t", "train")
    nodes = data(report)["reports"][0]["tree"]
    assert nodes[0]["parent"] == -1
    assert nodes[0]["time"] == pytest.approx(sum(row.seconds for row in report.operators), rel=1e-12)
    assert all(node["parent"] < place for place, node in enumerate(nodes))
    for place, node in enumerate(nodes):
        below = [child for child in nodes if child["parent"] == place]
        for measure in ("time", "flops", "dram"):
            if below:
                assert sum(child[measure] for child in below) == pytest.approx(node[measure], rel=1e-9)
    ends = sorted(row for node in nodes for row in node.get("rows", ()))
    assert ends == list(range(len(report.operators)))
    top = [node["name"] for node in nodes if node["parent"] == 0]
    assert top == ["stem", "stages", "head", "(optimizer)"]
    assert any(node["name"] == "convolution (backward)" for node in nodes)


def test_a_measured_group_tells_prediction_and_bound_apart() -> None:
    page = data(traced())
    group = next(item for item in page["reports"][0]["groups"]["kind"] if item["name"] == "matmul")
    measured, predicted, least = (group["values"][column(page, key)] for key in ("time", "predicted", "least"))
    flops = group["values"][column(page, "flops")]
    assert group["y"] == pytest.approx(flops / measured, rel=1e-9)
    assert group["predicted"] == pytest.approx(flops / predicted, rel=1e-9)
    assert group["roof"] == pytest.approx(flops / least, rel=1e-9)
    assert page["first"] == "lost"


def test_what_neither_computes_nor_takes_time_has_no_place() -> None:
    groups = data(sample("inceptionnext_t"))["reports"][0]["groups"]["kind"]
    assert ["y" in group for group in groups if group["name"] == "layout"] == [False]


def test_the_first_screen_says_how_fast_how_close_and_what_binds() -> None:
    (own,) = digests([sample()])
    speed, roof, bound = figures(own)
    assert (speed.value, speed.remark) == (f"{128 / own.totals.seconds:,.0f} images/s", "predicted: not measured")
    assert roof.share == pytest.approx(own.totals.roofline_seconds / own.totals.seconds)
    assert bound.share == own.bounds[0].time_share
    assert [fact.value for fact in assumed(own)][2:] == ["tf32", "batch 128", "channels-last", "today's PyTorch"]


def test_of_a_cpu_nothing_is_predicted() -> None:
    (own,) = digests([on_cpu()])
    assert "redict" not in " ".join(f"{figure.value} {figure.remark}" for figure in figures(own))
    assert "predicted" not in [item["key"] for item in data(on_cpu())["columns"]]
