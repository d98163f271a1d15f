"""The history's plot, page and table."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from matplotlib import image

from memprof.errors import GateError
from memprof.gate.history import Accepted, Commit
from memprof.gate.records import Figures, GateWorkload
from memprof.reports.history import WRITERS, History, tables

FIGURES = Figures(10, 2e9, 1e9, 3e6, 4e6, 5e6, 7, 1e-3, 128000.0, 9e6, 1.0, {"dram": 1.0})
WORKLOAD = GateWorkload("resnet50", "infer", "a100", 128, 224, "tf32", "channels-last")
EVIL = "<script>alert(1)</script>"


def accepted(day: int, seconds: float, model: str = "resnet50", cost_model: int = 1) -> Accepted:
    commit = Commit(f"{day:x}" * 40, f"2026-01-{day:02}T00:00:00+00:00")
    return Accepted(commit, "0.1.0", cost_model, replace(WORKLOAD, model=model), replace(FIGURES, seconds=seconds))


FOUND = (accepted(1, 1e-3), accepted(2, 2e-3, cost_model=2), accepted(2, 4e-3, EVIL))
SECONDS = tables.find_metric("seconds")


def test_the_table_has_a_line_for_each_commit_newest_first():
    table = tables.commits_table(FOUND, SECONDS)
    assert [column.header for column in table.columns] == [
        "commit",
        "date",
        f"{EVIL}\ninfer, a100",
        "resnet50\ninfer, a100",
    ]
    assert table.rows == (("222222222", "2026-01-02", "4", "2"), ("111111111", "2026-01-01", "–", "1"))


def test_the_page_escapes_names_and_holds_the_plot():
    page = WRITERS.render(History(FOUND, SECONDS), "html").decode()
    assert EVIL not in page
    assert "&lt;script&gt;" in page
    assert page.count('class="plane"') == 2  # of two workloads
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("name", tables.METRICS)
def test_every_metric_can_be_drawn(name: str):
    pixels = image.imread(BytesIO(WRITERS.render(History(FOUND, tables.find_metric(name)), "png")))
    assert pixels.shape[1] == 1800
    assert pixels[..., :3].min() < 0.5


def test_another_metric_is_told():
    with pytest.raises(GateError, match="did you mean seconds"):
        tables.find_metric("secconds")
