"""A document that is no report, with every kind of chart, and names that would run if they were not text."""

from __future__ import annotations

from memprof.reports.charts.records import Axis, Bar, Bars, Guide, Mark, Part, Plot, Series
from memprof.reports.page import colors
from memprof.reports.page.document import Cell, Column, Grid, Page, Row, Section
from memprof.reports.page.first import Figure
from memprof.reports.page.write import write
from memprof.reports.parts.tables import Fact

HOSTILE = "<script>alert(1)</script>"
NETWORKS = {"resnet50": (900.0, 1000.0), "convnext_t, 31": (600.0, 575.0), HOSTILE: (950.0, 901.0), "net": (30.0, 60.0)}
"""Predicted and measured images per second."""


def sample_page() -> bytes:
    """Return a page with four networks in a plot, in bars and in a table of two phases."""
    marks = tuple(
        Mark(measured, predicted, name, (f"{predicted:.0f} predicted",), key=name, label=name)
        for name, (predicted, measured) in NETWORKS.items()
    )
    plot = Plot(
        "Predicted against measured images per second of four networks",
        Axis("measured images/s", log=True),
        Axis("predicted images/s", log=True),
        (Series("training", colors.series_class(0), marks),),
        (Guide(((30.0, 30.0), (1000.0, 1000.0)), "predicted = measured"),),
    )
    bars = Bars(
        "Milliseconds of an image by network",
        "ms",
        tuple(
            Bar(name, (Part(1e3 / rate, colors.kind_class("matmul"), "all"),), f"{1e3 / rate:.1f} ms", key=name)
            for name, (rate, _) in NETWORKS.items()
        ),
    )
    columns = (
        Column("Network", "Its name.", number=False),
        Column("phase", number=False, facet=True),
        Column("predicted", "Images per second."),
        Column("share", "Of the fastest.", main=False),
    )
    rows = tuple(
        Row((name, "train" if place < 3 else "infer, fast", Cell(f"{rate:,.0f}", rate), _share(rate)), key=name)
        for place, (name, (rate, _)) in enumerate(NETWORKS.items())
    )
    grid = Grid("Rates", columns, rows, 2)
    return write(
        Page(
            "sample",
            f"ResNet-50 is predicted to be 1.5x as fast as {HOSTILE}.",
            (
                Figure("How fast", "900 images/s", "predicted"),
                Figure("How close", "50 %", "of the roof", 0.5, "roof-share"),
                Figure("What binds it", "DRAM", "40 % of the time", 0.4, colors.bound_class("dram")),
            ),
            "A100, batch 128",
            (Fact("Device", "A100", "40 GB"),),
            (
                Section("picture", "Picture", "Predicted against measured", charts=(plot,)),
                Section("time", "Time", "What an image takes", charts=(bars,), tables=(grid,)),
            ),
            (("roof", "The most that is possible."),),
            f'{{"name": "{HOSTILE}"}}',
        )
    )


def _share(rate: float) -> Cell:
    return Cell(f"{rate / 950:.0%}", rate / 950, rate / 950, colors.kind_class("matmul"))
