"""Where names go on a roofline: what they may not be written across."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof.report.digest import digests
from memprof.reports.roofline.geometry import Plot
from memprof.reports.roofline.plot import build_plot
from memprof.reports.roofline.scene import Canvas, Name, lay_out
from tests.reports.sample import sample

CANVAS = Canvas(0.6, (0.009, 0.025))
INSIDE = ("depthwise convolution", "normalization", "elementwise")


def plotted(model: str, phase: str) -> Plot:
    """Return a plot on which issuing instructions binds three kinds of operators."""
    report = sample(model, phase)
    rows = tuple(replace(row, bound="issue") if row.kind in INSIDE else row for row in report.operators)
    return build_plot(digests([replace(report, operators=rows)]))


def lines_of(name: Name) -> tuple[int, int]:
    lines = name.text.split("\n")
    return max(map(len, lines)), len(lines)


def crosses(plot: Plot, name: Name) -> bool:
    """Tell whether a roof goes through the middle of an upright name."""
    length, height = (size * unit for size, unit in zip(lines_of(name), CANVAS.character, strict=True))
    for roof in plot.roofs:
        (x0, y0), (x1, y1) = plot.fraction(*roof.start), plot.fraction(*roof.end)
        for step in range(21):
            x = name.x + step / 20 * length
            if x0 <= x <= x1 and abs(y0 + (x - x0) * (y1 - y0) / (x1 - x0) - name.y) < 0.3 * height:
                return True
    return False


@pytest.mark.parametrize("phase", ["infer", "train"])
@pytest.mark.parametrize("model", ["convnext_t", "inceptionnext_t"])
def test_effective_ceilings_are_named_beside_roofs_and_one_another(model: str, phase: str) -> None:
    plot = plotted(model, phase)
    scene = lay_out(plot, digests([sample(model, phase)]), CANVAS)
    names = [name for _, name in scene.ceilings]
    assert len(names) >= 2
    assert not any(crosses(plot, name) for name in names)
    for one in names:
        for other in names:
            apart = abs(one.y - other.y) >= 0.45 * CANVAS.character[1] * (lines_of(one)[1] + lines_of(other)[1])
            left, right = sorted((one, other), key=lambda name: name.x)
            beside = right.x >= left.x + lines_of(left)[0] * CANVAS.character[0] * 0.95
            assert one is other or apart or beside
