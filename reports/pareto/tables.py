"""The tables of a frontier as text cells: on each device the networks that none beats, and those close to them."""

from __future__ import annotations

from memprof import units, words
from memprof.frontier.front import name_of
from memprof.frontier.records import Candidate, DeviceFront, Frontier
from memprof.reports.parts.document import Document, Section
from memprof.reports.parts.tables import Column, Table

_MOST_MISSING = 10


def title(found: Frontier) -> str:
    """Name what is shown."""
    return f"Accuracy, published, against throughput in {words.phase(found.phase)}, predicted"


def subtitle(found: Frontier) -> str:
    """Say what was analysed."""
    layout = "the faster layout" if found.layout == "best" else found.layout
    weights = "weights trained on ImageNet-1K alone" if found.trained_on == "in1k" else "weights trained on any data"
    assumed = words.assumed(found.host, found.stack)
    return f"batch {found.batch_size}, {layout}, test resolution; {weights}; predicted, not measured ({assumed})"


def document(found: Frontier) -> Document:
    """Return everything as a document of tables."""
    sources = "; ".join(f"{name}: {source}" for name, source in found.sources)
    sentences = (f"{subtitle(found)}.", *found.sentences, f"Accuracies are published, not computed. {sources}.")
    sections = [Section(front(item), notes(item)) for item in found.devices]
    if found.missing:
        sections.append(Section(missing(found)))
    return Document(title(found), sentences, tuple(sections))


def front(item: DeviceFront) -> Table:
    """Return the networks on the front of a device, fastest first."""
    columns = (
        Column("Network", number=False),
        Column("px"),
        Column("top-1 %\n(published)"),
        Column("images/s\n(predicted)"),
        Column("typically\nfrom"),
        Column("\nto"),
    )
    return Table(f"On the front: {item.device_title}, {item.precision}", columns, tuple(map(_row, item.front)))


def notes(item: DeviceFront) -> tuple[str, ...]:
    """Say who is close, and what does not fit."""
    near = [name_of(each.accuracy) for each in item.candidates if each.near_front and not each.on_front]
    large = [name_of(each.accuracy) for each in item.candidates if each.fits is False]
    told = []
    if near:
        told.append(f"Within the prediction's own error of the front: {_some(near)}.")
    if large:
        told.append(f"Not on it, since the step does not fit into the memory: {_some(large)}.")
    if any(each.relative_error is None for each in item.candidates):
        told.append("Where no range is given, nothing like the step was ever compared, or its host sets the pace.")
    return tuple(told)


def missing(found: Frontier) -> Table:
    """Return the networks without a prediction."""
    columns = (Column("No prediction", number=False), Column("because", number=False, wraps=True))
    shown = found.missing[:_MOST_MISSING]
    rows = tuple((item.model, item.reason) for item in shown)
    rest = len(found.missing) - len(shown)
    return Table("Without a prediction", columns, (*rows, *(((f"{rest} more", ""),) if rest > 0 else ())))


def rate(value: float) -> str:
    """Return images per second without the unit."""
    return f"{value:,.0f}" if value >= 100 else units.number(value)


def _row(item: Candidate) -> tuple[str, ...]:
    low, high = (rate(end) for end in item.span) if item.relative_error else ("–", "–")
    accuracy = item.accuracy
    name = accuracy.model.removeprefix("timm:")
    return name, str(accuracy.resolution), f"{accuracy.top1:.1f}", rate(item.images_per_second), low, high


def _some(names: list[str]) -> str:
    shown = names[:12]
    more = len(names) - len(shown)
    return words.enumerate_words([*shown, *([f"{more} more"] if more else [])])
