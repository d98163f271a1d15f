"""The tables and remarks of an operator's study as text cells, the same in the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from memprof import units, words
from memprof.reports.compare.tables import ABSENT
from memprof.reports.parts.tables import Column, Table
from memprof.whatif.operators import Pass, Point, Study

NOTE = (
    "least: the time that the device's ceilings allow, a lower bound. The operator runs as inside a network: what the "
    "layer before has just written may lie in L2. GFLOP and MB (at DRAM) are of the forward pass."
)
DECOMPOSED = (
    "Without norms and activations. Merged branches cost in inference what the whole kernel costs. InceptionNeXt's "
    "branches see a cross, on three eighths of the channels; fused is memprof's Triton kernel, never timed on a GPU. "
    "time: forward and backward, against the whole kernel."
)


def title(study: Study) -> str:
    """Name the operator, what is varied, and the device."""
    by = " and ".join(name.replace("_", " ") for name, _ in study.varied)
    shown = study.title if study.inputs else study.title[:1].upper() + study.title[1:]
    return f"{shown}{f' by {by}' if by else ''} on {study.device_title}"


def subtitle(study: Study) -> str:
    """Say what was analysed, for which host and stack, and what was measured."""
    parts = [f"{name.replace('_', ' ')} {value}" for name, value in study.fixed]
    parts += [f"inputs {study.inputs}"] if study.inputs else []
    predicted = f"predicted, not measured ({words.assumed(study.host, study.stack)})"
    measured = f"; beside it measured on this machine's {study.measured_on}" if study.measured_on else ""
    return f"{', '.join([*parts, study.precision, study.layout])}; {predicted}{measured}"


def tables(study: Study) -> list[Table]:
    """Return all tables: those of the points, or of decompositions."""
    if study.variants:
        return [item for values in _kernels(study) for item in _decomposed(study, values)]
    if len(study.varied) == 2:
        return [_grid(study, "forward"), _grid(study, "backward")]
    return [_points(study)]


def groups(table: Table) -> tuple[int, ...]:
    """Return how many columns of a table belong together, from the second on."""
    rest = len(table.columns) - 1
    return (3, 3, rest - 6) if table.title == "Time" else (3, 5, rest - 8) if table.columns[0].wraps else ()


def notes(study: Study) -> tuple[str, ...]:
    """Say how to read the columns."""
    return (NOTE, DECOMPOSED) if study.variants else (NOTE,)


def _points(study: Study) -> Table:
    measured = any(point.forward.measured_seconds for point in study.points)
    names = [name for name, _ in study.varied] or [name for name, _ in study.fixed][:1] or ["operator"]
    columns = [
        Column("\n" + names[0].replace("_", " ")),
        *_time_columns("forward"),
        *_time_columns("backward"),
        Column("\nGFLOP"),
        Column("\nMB"),
        *([Column("measured\nforward"), Column("measured\nbackward")] if measured else []),
    ]
    rows = [
        (
            str(dict(point.values).get(names[0], study.operator)),
            *_time(point.forward, study.device_family),
            *_time(point.backward, study.device_family),
            units.gigaflops(point.forward.flops),
            units.number(point.forward.dram_bytes / 1e6),
            *(_measured(point) if measured else ()),
        )
        for point in study.points
    ]
    return Table("Time", tuple(columns), tuple(rows))


def _time_columns(what: str) -> list[Column]:
    return [Column(f"{what}\nms"), Column("least\nms"), Column("bound\nby", number=False)]


def _time(item: Pass, family: str) -> tuple[str, str, str]:
    if not item.bound:
        return ABSENT, ABSENT, ABSENT
    return (
        units.milliseconds(item.seconds),
        units.milliseconds(item.roofline_seconds),
        words.short_bound(item.bound, family),
    )


def _measured(point: Point) -> tuple[str, ...]:
    seconds = (point.forward.measured_seconds, point.backward.measured_seconds)
    return tuple(ABSENT if item is None else units.milliseconds(item) for item in seconds)


def _grid(study: Study, what: str) -> Table:
    (down, rows), (across, columns) = study.varied
    place = {(point.value(down), point.value(across)): getattr(point, what) for point in study.points}
    cells = tuple((str(row), *(_cell(place[row, column]) for column in columns)) for row in rows)
    title = f"{what.capitalize()}, predicted ms: {down.replace('_', ' ')} down, {across.replace('_', ' ')} across"
    return Table(title, (Column(down.replace("_", " ")), *(Column(str(column)) for column in columns)), cells)


def _cell(item: Pass) -> str:
    return units.milliseconds(item.seconds) if item.bound else ABSENT


def _kernels(study: Study) -> list[list[Point]]:
    """Return the decompositions of each setting, in order."""
    count = len(study.points) // len({point.values for point in study.points})
    return [list(study.points[start : start + count]) for start in range(0, len(study.points), count)]


def _decomposed(study: Study, points: Sequence[Point]) -> list[Table]:
    measured = any(point.forward.measured_seconds for point in points)
    whole = points[0]
    where = "".join(f", {name.replace('_', ' ')} {whole.value(name)}" for name, _ in study.varied if name != "kernel")
    columns = (
        Column(f"{whole.variant}{where}", number=False, wraps=True),
        Column("forward\nms"),
        Column("backward\nms"),
        Column("time\nagainst"),
        Column("\nGFLOP"),
        Column("DRAM\nMB"),
        Column("L1\nGB"),
        Column("\nparameters"),
        Column("sees\npixels"),
        *((Column("measured\nforward"), Column("measured\nbackward")) if measured else ()),
    )
    rows = tuple(
        (
            point.variant,
            units.milliseconds(point.forward.seconds),
            units.milliseconds(point.backward.seconds),
            units.ratio(point.seconds / whole.seconds) if whole.seconds else ABSENT,
            units.gigaflops(point.forward.flops),
            units.number(point.forward.dram_bytes / 1e6),
            units.number(point.forward.l1_bytes / 1e9),
            units.count(point.parameters),
            str(point.receptive_field),
            *(_measured(point) if measured else ()),
        )
        for point in points
    )
    return [Table(f"Decompositions of {whole.variant}{where}", columns, rows)]
