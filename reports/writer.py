"""The one contract of all writers, and what a user may choose about their output.

The writers of a document are the modules `write_NAME` of its folder: adding a format is adding one file, and the names
that a command offers follow from the files that are there. `write_figure` is one file for three formats: it draws a
figure, which is saved as PNG, SVG or PDF. A writer is imported when it renders, so that nobody waits for a plotting,
table or template library that no format of his needs. It opens no file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from memprof.errors import OutputError, did_you_mean
from memprof.reports.look import Look
from memprof.vocabulary import GROUPINGS

if TYPE_CHECKING:
    from memprof.report.elsewhere import WhatIf

Document = TypeVar("Document")
_Taken_contra = TypeVar("_Taken_contra", contravariant=True)
_PREFIX = "write_"
_FIGURE = "figure"
FIGURE_FORMATS = ("png", "svg", "pdf")
"""The formats of a document that has a module `write_figure`."""
_USUAL = ("html", *FIGURE_FORMATS, "json", "csv", "md", "text")
"""The order in which formats are told, whichever of them there are; others follow by name."""

_USUAL_LOOK = Look()


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a document is shown.

    `by`, one of `memprof.vocabulary.GROUPINGS`, groups a report's table of the most expensive; `top` is its length, in
    a validation 0 for as many rows as suit the file. `width` in columns, `color` (ANSI escapes) and `depth`, down to
    which the modules are shown as a tree (0: not at all), concern only text for a terminal, `look` only figures.
    `what_if` returns what else a page of reports can show; only who shows it calls it.
    """

    by: str = "operator"
    top: int = 10
    width: int = 100
    color: bool = False
    what_if: Callable[[], WhatIf] | None = None
    look: Look = _USUAL_LOOK
    depth: int = 0

    def __post_init__(self) -> None:
        if self.by not in GROUPINGS:
            raise ValueError(f"cannot group by {self.by!r}; one of {', '.join(GROUPINGS)}")


class Writer(Protocol[_Taken_contra]):
    """What a module `write_NAME` has: `EXTENSION` ends the names of its files, without a dot; `render` makes one.

    Where others look for a file of a certain name, it also has that as `FILE_NAME`.
    """

    EXTENSION: str

    def render(self, document: _Taken_contra, options: RenderOptions) -> bytes:
        """Return the content of the file."""
        ...


@dataclass(frozen=True, slots=True)
class Format(Generic[Document]):
    """A format of a document: what a user calls it, and its writer, which is loaded when it is needed."""

    name: str
    folder: str
    prepare: Callable[[Document], Any]

    @property
    def extension(self) -> str:
        """Return the extension of such a file, without the dot: "html"."""
        return self._writer.EXTENSION

    def file_name(self, stem: str) -> str:
        """Return what its file is called where those of other formats are `stem` and their extension."""
        return getattr(self._writer, "FILE_NAME", f"{stem}.{self.extension}")

    def render(self, document: Document, options: RenderOptions | None = None) -> bytes:
        """Return the content of the file."""
        return self._writer.render(self.prepare(document), options or RenderOptions())

    @property
    def _writer(self) -> Writer[Any]:
        if self.name in FIGURE_FORMATS and _FIGURE in _modules(self.folder):
            return cast(Writer[Any], _Picture(self.name, self.folder))
        return cast(Writer[Any], importlib.import_module(f"{self.folder}.{_PREFIX}{self.name}"))


@dataclass(frozen=True, slots=True)
class _Picture:
    """Saves in one format what a document's module `write_figure` draws."""

    EXTENSION: str
    folder: str

    def render(self, document: Any, options: RenderOptions) -> bytes:
        """Return the content of the file."""
        figure = importlib.import_module(f"{self.folder}.{_PREFIX}{_FIGURE}").draw(document, options)
        content: bytes = importlib.import_module("memprof.reports.parts.saving").save(
            figure, self.EXTENSION, options.look
        )
        return content


@dataclass(frozen=True, slots=True)
class Writers(Generic[Document]):
    """The writers of one document: those in the package `folder`.

    `command` is what a user runs for it, "" where there are several. `prepare` makes what writers take of what is
    given, once for all of them; what it made it must return as it is.
    """

    folder: str
    command: str = ""
    prepare: Callable[[Document], Any] = lambda document: document

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the formats."""
        return _names(self.folder)

    @property
    def stem(self) -> str:
        """Return what files of the document are called before the extension: the name of the folder."""
        return self.folder.rpartition(".")[2]

    def check(self, name: str) -> None:
        """Raise OutputError, which names the nearest ones, where there is no format of this name."""
        if name not in self.names:
            what = f"{self.command} writes no {name!r}" if self.command else f"unknown format {name!r}"
            raise OutputError(what, did_you_mean(name, self.names))

    def get(self, name: str) -> Format[Document]:
        """Return a format; OutputError names the nearest ones where there is none."""
        self.check(name)
        return Format(name, self.folder, self.prepare)

    def render(self, document: Document, name: str, options: RenderOptions | None = None) -> bytes:
        """Return the content of the file of the format `name`; OutputError where there is none."""
        return self.get(name).render(document, options)

    def draw_on(self, axes: Any, document: Document, what: str = "") -> None:
        """Draw a panel of the document's figure on matplotlib's axes; `what` names it, "" is the first.

        OutputError where it has no figure, or no such panel.
        """
        if _FIGURE not in _modules(self.folder):
            raise OutputError(
                f"a {self.stem.replace('_', ' ')} has no figure", f"it is written as {', '.join(self.names)}"
            )
        module, prepared = importlib.import_module(f"{self.folder}.{_PREFIX}{_FIGURE}"), self.prepare(document)
        panels = module.panels(prepared)
        if what and what not in panels:
            raise OutputError(f"this {self.stem.replace('_', ' ')} has no panel {what!r}", did_you_mean(what, panels))
        module.draw_on(axes, prepared, what or panels[0])

    def files(
        self, document: Document, names: Iterable[str], stem: str, options: RenderOptions | None = None
    ) -> dict[str, bytes]:
        """Return the contents of the files by their names, mostly `stem.EXTENSION`, one for each of the formats."""
        prepared = self.prepare(document)
        formats = [self.get(name) for name in names]
        return {item.file_name(stem): item.render(prepared, options) for item in formats}


def _names(folder: str) -> tuple[str, ...]:
    modules = _modules(folder)
    names = [name for name in modules if name != _FIGURE] + list(FIGURE_FORMATS if _FIGURE in modules else ())
    usual = [name for name in _USUAL if name in names]
    return (*usual, *(name for name in sorted(names) if name not in usual))


@cache
def _modules(folder: str) -> tuple[str, ...]:
    """Return what follows `write_` in the names of a folder's modules."""
    paths = importlib.import_module(folder).__path__
    return tuple(
        item.name.removeprefix(_PREFIX) for item in pkgutil.iter_modules(paths) if item.name.startswith(_PREFIX)
    )
