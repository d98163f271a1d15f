"""Where charts put things, by arithmetic that a reader can redo."""

from __future__ import annotations

import pytest

from memprof.reports.charts import layout, ticks
from memprof.reports.charts.records import Axis, Bar, Bars, Guide, Mark, Part, Plot, Series


def test_ticks_are_round_and_few() -> None:
    assert ticks.linear(0, 1000) == (0, 200, 400, 600, 800, 1000)
    assert ticks.linear(0.2, 0.61) == (0.2, 0.3, 0.4, 0.5, 0.6)
    assert ticks.logarithmic(8, 120_000) == (10, 100, 1000, 10_000, 100_000)
    assert ticks.logarithmic(1, 60) == (1, 2, 5, 10, 20, 50)
    assert ticks.logarithmic(100, 130) == (100, 110, 120, 130)
    assert [ticks.plain(value) for value in (0.25, 20, 2000)] == ["0.25", "20", "2,000"]


def test_a_plot_lies_between_the_ends_of_its_axes() -> None:
    marks = (Mark(1, 50, "one", low=25, high=75), Mark(10, 100, "two"), Mark(100, 0, "three"), Mark(0, 1, "no place"))
    plot = Plot("", Axis("x", 1, 100, log=True), Axis("y", 0, 100), (Series("all", "c", marks, line=True),))
    drawn = layout.plane(plot)
    assert [(spot.x, spot.y) for spot in drawn.spots] == [(0, 50), (50, 0), (100, 100)]  # 10 is half of 2 decades
    assert (drawn.spots[0].low, drawn.spots[0].high) == (75, 25)
    assert drawn.paths[0].d == "M0.00 50.00L50.00 0.00L100.00 100.00"
    assert [tick.text for tick in drawn.y_ticks] == ["0", "20", "40", "60", "80", "100"]
    assert [tick.at for tick in drawn.y_ticks] == [100, 80, 60, 40, 20, 0]


def test_labels_go_where_there_is_room_and_nowhere_where_there_is_none() -> None:
    marks = tuple(Mark(5, 5, name, label=name) for name in ("right", "left", "above", "below", "none"))
    edges = Mark(10, 0, "edge", label="edge"), Mark(0, 10, "corner", label="corner")
    drawn = layout.plane(Plot("", Axis("x", 0, 10), Axis("y", 0, 10), (Series("", "c", (*marks, *edges), dots=False),)))
    found = {spot.mark.name: (spot.label, spot.side.anchor, spot.side.dy) for spot in drawn.spots}
    assert found["right"] == ("right", "start", 4)
    assert found["left"] == ("left", "end", 4)
    assert (found["above"][1], found["below"][1]) == ("middle", "middle")
    assert found["above"][2] < 0 < found["below"][2]
    assert found["none"][0] == ""
    assert found["edge"][:2] == ("edge", "end")  # to the right it would leave the plane
    assert found["corner"][0] == "corner"


def test_guides_cross_the_plane_and_empty_plots_are_drawn() -> None:
    guide = Guide(((0, 0), (10, 10)), "equal")
    drawn = layout.plane(Plot("", Axis("x", 0, 10), Axis("y", 0, 20), (), (guide,)))
    assert drawn.guides[0].d == "M0.00 100.00L100.00 50.00"
    assert drawn.guides[0].end == (100, 50)
    assert layout.plane(Plot("", Axis("x", log=True), Axis("y"), ())).spots == ()


def test_bars_share_one_scale_with_its_zero() -> None:
    bars = (
        Bar("sum", (Part(30, "a", "A"), Part(10, "b", "B"))),
        Bar("less", (Part(-10, "a", "A"),)),
        Bar("further", (Part(20, "b", "B"),), start=20),
    )
    drawn = layout.stack(Bars("", "ms", bars))
    # from -10 to 40: zero at a fifth
    assert drawn.zero == pytest.approx(20)
    found = [[(piece.x, piece.width, piece.color) for piece in strip.pieces] for strip in drawn.strips]
    assert found == [[(20, 60, "a"), (80, 20, "b")], [(0, 20, "a")], [(60, 40, "b")]]
    assert drawn.legend == (("A", "a"), ("B", "b"))
    assert layout.stack(Bars("", "ms", (Bar("none", (Part(0, "a"),)),))).zero is None
