"""What a function of the interface gives back that is no report: shown, printed, written, or taken apart."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from memprof.errors import OutputError, did_you_mean
from memprof.files import write_files
from memprof.reports.writer import RenderOptions, Writers

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

Record = TypeVar("Record")
_SIZE = (9.0, 5.6)
"""Inches of a new figure."""


class Result(Generic[Record]):
    """A comparison, an explanation, a study or a validation: `record` holds its figures, `print` shows it as text.

    In a notebook it shows itself. `save` writes a file, by extension; `to_pandas` gives its table.
    """

    def __init__(self, record: Record, writers: Writers[Any]) -> None:
        self.record = record
        self._writers = writers

    def __str__(self) -> str:
        return self._text("text").rstrip()

    def __repr__(self) -> str:
        what = self._writers.stem.replace("_", " ")
        return f"<{what} of memprof: print it, or save it as {', '.join(self._extensions())}>"

    def _repr_markdown_(self) -> str:
        return self._text("md") if "md" in self._writers.names else f"```\n{self}\n```"

    def save(self, path: str | Path) -> Path:
        """Write it to a file in the format that the extension names, and return the path.

        OutputError where there is no such format, or the file cannot be written.
        """
        path = Path(path)
        extensions = self._extensions()
        name = extensions.get(path.suffix.removeprefix(".").lower())
        if name is None:
            what = f"a {self._writers.stem} is not written as {path.suffix or 'a file without an extension'}"
            raise OutputError(what, did_you_mean(path.suffix.removeprefix("."), extensions))
        write_files(path.parent, {path.name: self._writers.render(self.record, name)}, "name another place")
        return path

    def plot(self, ax: Axes | None = None, what: str = "") -> Axes:
        """Draw it on `ax`, or on a new figure, and return the axes.

        `what` is one of the panels of its figure, the first where nothing is said: of a comparison, study or sweep a
        phase, of an explanation "kind" or "stage", of a model's losses "saved" or "spent", of a validation "scatter" or
        "ratios". OutputError where it has no such panel, or no figure.
        """
        if ax is None:
            from matplotlib import pyplot  # a notebook shows its figures by itself

            ax = pyplot.subplots(figsize=_SIZE, layout="constrained")[1]
        self._writers.draw_on(ax, self.record, what)
        return ax

    def to_json(self) -> str:
        """Return its figures as JSON text."""
        return self._text("json")

    def to_pandas(self) -> pandas.DataFrame:
        """Return its table; OutputError where it has none."""
        import pandas

        if "csv" not in self._writers.names:
            raise OutputError(f"a {self._writers.stem} is no table", "to_json() has its figures")
        return pandas.read_csv(io.BytesIO(self._writers.render(self.record, "csv")))

    def _text(self, name: str) -> str:
        return self._writers.render(self.record, name, RenderOptions()).decode()

    def _extensions(self) -> dict[str, str]:
        return {self._writers.get(name).extension: name for name in self._writers.names}
