"""What the scripts get is what the report says, to the last digit."""

from typing import Any

import msgspec
import pytest

from memprof.report.digest import digests
from memprof.report.record import Report
from memprof.reports.page.data import page_data
from memprof.reports.page.first import assumed, figures
from tests.reports.measured_sample import on_cpu
from tests.reports.sample import sample


def data(*reports: Report) -> Any:
    return msgspec.json.decode(msgspec.json.encode(page_data(digests(reports))))


def test_every_operator_is_in_one_group_of_each_view() -> None:
    report = sample("inceptionnext_t", "train")
    own = data(report)["reports"][0]
    for what, groups in (*own["groups"].items(), *own["parents"].items()):
        found = sorted(row for group in groups for row in group["rows"])
        assert found == list(range(len(report.operators))), what


def test_the_tree_holds_every_operator_and_comes_in_the_networks_order() -> None:
    report = sample("convnext_t", "train")
    nodes = data(report)["reports"][0]["tree"]
    assert nodes[0]["parent"] == -1
    assert all(node["parent"] < place for place, node in enumerate(nodes))
    ends = sorted(row for node in nodes for row in node.get("rows", ()))
    assert ends == list(range(len(report.operators)))
    top = [node["name"] for node in nodes if node["parent"] == 0]
    assert top == ["stem", "stages", "head", "(optimizer)"]
    assert any(node["name"] == "convolution (backward)" for node in nodes)


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
