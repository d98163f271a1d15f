"""The points of the figure: accuracy against training throughput, published and predicted."""

from __future__ import annotations

from dataclasses import dataclass

from memprof.papers.reproduction import Reproduction
from memprof.vocabulary import TRAIN

_FAMILIES = ("InceptionNeXt", "ConvNeXt", "Swin", "DeiT", "RSB-ResNet", "ResNet", "RegNetY")
"""How labels of the larger families begin."""
OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Point:
    """A network: training throughput in images/s, published and predicted; its accuracy was published."""

    label: str
    family: str
    published: float
    predicted: float
    relative_error: float | None
    accuracy: float

    @property
    def span(self) -> tuple[float, float]:
        """Return what the prediction's own error reaches from and to."""
        error = self.relative_error or 0.0
        return self.predicted / (1 + error), self.predicted * (1 + error)


def points(reproduction: Reproduction) -> tuple[Point, ...]:
    """Return the networks that have all three figures, each model and accuracy once."""
    found: dict[tuple[str, float], Point] = {}
    for table in reproduction.tables:
        if table.name not in reproduction.figure_tables:
            continue
        for result in table.results:
            item = result.throughput(reproduction.figure_condition, TRAIN)
            if item is None or result.accuracy is None:
                continue
            figure = item.images_per_second
            if figure.published and figure.computed:
                is_first = table.name == reproduction.figure_tables[0]
                label = result.label if is_first else _of_other(result.label)
                point = Point(
                    label, family(label), figure.published, figure.computed, item.relative_error, result.accuracy
                )
                found.setdefault((result.model, result.accuracy), point)
    return tuple(found.values())


def _of_other(label: str) -> str:
    """Return what a variant of ConvNeXt-T is called beside other networks: "ConvNeXt-T 3x3, 1/4"."""
    kernel, _, share = label.removesuffix(" of channels").partition(" on ")
    return f"ConvNeXt-T {kernel}" if share == "all channels" else f"ConvNeXt-T {kernel}, {share}"


def family(label: str) -> str:
    """Return the family that a label begins with."""
    return next((name for name in _FAMILIES if label.startswith(name)), OTHERS)
