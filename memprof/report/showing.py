"""How a report shows itself: in a line, in a notebook, on axes, in a file, as a table.

A report is read everywhere, also where nothing is drawn; what draws it lies above it, and is found by name when a user
asks for it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from memprof import units
from memprof.errors import OutputError, did_you_mean

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from memprof.report.record import OperatorRow, Report

_NUMBERS = ("int | None", "float | None")


class Shown:
    """The part of a report that people look at."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return one line: workload, device, time, memory, and how much of it is known."""
        return _one_line(_report(self))

    def _repr_html_(self) -> str:
        """Return what a notebook shows: headline, roofline and the ten most expensive operators."""
        return _html(_report(self))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the roofline on `ax`, or on a new figure, and return the axes.

        Its coordinates are fractions of the axes, since the labels are laid out for them: mark a point with
        `ax.annotate(..., xycoords="axes fraction")`.
        """
        return _axes_of(_report(self), "roofline", ax)

    def plot_time(self, ax: Axes | None = None) -> Axes:
        """Draw the time of each kind of operator in milliseconds, by what binds it, and return the axes."""
        return _axes_of(_report(self), "time", ax)

    def plot_memory(self, ax: Axes | None = None) -> Axes:
        """Draw what holds the memory at the peak of the step, in GB, and return the axes."""
        return _axes_of(_report(self), "memory", ax)

    def save(self, path: str | Path) -> Path:
        """Write the report to a file and return its path; the extension says how: html, png, json, csv, md or txt.

        OutputError where there is no such format, or the file cannot be written; what was there before is kept then.
        """
        return _save(_report(self), path)

    def to_pandas(self) -> pandas.DataFrame:
        """Return the operators as a table, one row each, columns named as in the JSON report.

        Numbers are numbers: what is not known (nothing was measured) is NaN. Shapes and kernels are tuples.
        """
        made = plain_table(_report(self).operators)
        fields: dict[str, Any] = type(_report(self).operators[0]).__dataclass_fields__ if len(made) else {}
        numbers = {name: "float64" for name, field in fields.items() if field.type in (*_NUMBERS, "float")}
        return made.astype(numbers | {name: "int64" for name, field in fields.items() if field.type == "int"})


def plain_table(rows: Sequence[OperatorRow]) -> pandas.DataFrame:
    """Return rows as a table of what they hold, None where something is not known."""
    import pandas

    record: Any = _part("report.record").OperatorRow
    columns = list(record.__dataclass_fields__)
    return pandas.DataFrame([[getattr(row, name) for name in columns] for row in rows], columns=columns)


def _report(shown: Shown) -> Report:
    return cast("Report", shown)


def _one_line(report: Report) -> str:
    """Return a report in one line of at most some 200 characters."""
    workload, totals = report.workload, report.totals
    what = [workload.model, workload.phase, f"batch {workload.batch_size}", workload.precision]
    seconds, how = totals.seconds, "predicted"
    if totals.measured_seconds is not None:
        seconds, how = totals.measured_seconds, "measured"
    figures = [f"{units.milliseconds(seconds)} ms {how}"]
    if totals.images_per_second:
        figures.append(f"{totals.images_per_second:,.0f} images/s")
    if report.memory is not None:
        figures.append(f"{units.gigabytes(report.memory.peak_bytes)} GB")
    figures.append(f"{len(report.operators)} rows")
    if report.coverage.bytes < 1:
        figures.append(f"{units.coverage(report.coverage.bytes)} of bytes covered")
    text = f"{', '.join(part for part in what if part)} on {report.device.name}"
    return f"<Report {' '.join(text.split())[:120]}: {', '.join(figures)}>"


def _html(report: Report) -> str:
    """Return the report as a notebook shows it."""
    content: str = _part("reports.report.notebook").render(_digest(report))
    return content


def _axes_of(report: Report, name: str, axes: Axes | None) -> Axes:
    """Draw what is called `name` on axes, new ones where there are none, and return them."""
    drawn: Axes = getattr(_part("reports.report.axes"), name)(_digest(report), axes)
    return drawn


def _save(report: Report, path: str | Path) -> Path:
    """Write the report in the format that the path's extension names, and return the path."""
    path = Path(path)
    formats = _part("reports")
    extensions = {formats.get(name).extension: name for name in formats.NAMES}
    name = extensions.get(path.suffix.removeprefix(".").lower())
    if name is None:
        raise OutputError(
            f"no report is written as {path.suffix or 'a file without an extension'}",
            did_you_mean(path.suffix.removeprefix("."), extensions),
        )
    content = formats.get(name).render([report])
    _part("files").write_files(path.parent, {path.name: content}, "name another place")
    return path


def _digest(report: Report) -> Any:
    return _part("report.digest").digests([report])[0]


def _part(name: str) -> Any:
    return importlib.import_module(f"memprof.{name}")
