"""A figure as a file: PNG, SVG or PDF, the same bytes each time, as large as asked for, on a light or dark ground.

Figures are drawn at `Look.drawn_inches`, with text of its usual size, and enlarged here as a whole.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text

from memprof.reports.look import Look
from memprof.reports.parts import darkening
from memprof.reports.parts.harmless import show_hidden

_SIZE = re.compile(r'(<svg\b[^>]*?) width="[0-9.]+pt" height="[0-9.]+pt"', re.DOTALL)
_POINTS = 72
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: found, read aloud, edited
    "svg.hashsalt": "memprof",  # names of clip paths, by chance without it
    "pdf.fonttype": 42,  # TrueType, a subset: publishers refuse Type 3
}


def save(figure: Figure, name: str, look: Look) -> bytes:
    """Return a figure as "png", "svg" or "pdf"; U+FFFD stands for characters that would turn or hide others."""
    for text in figure.findobj(Text):
        text.set_text(show_hidden(text.get_text()))
    if look.is_dark:
        darkening.darken(figure)
    with _quiet(), matplotlib.rc_context(_SETTINGS):
        return {"png": _png, "svg": _svg, "pdf": _pdf}[name](figure, look)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # names may use any script
        yield


def _png(figure: Figure, look: Look) -> bytes:
    buffer, dpi = io.BytesIO(), look.dots_per_inch
    figure.savefig(buffer, format="png", dpi=dpi * look.scale, pil_kwargs={"dpi": (dpi, dpi)})
    return buffer.getvalue()


def _svg(figure: Figure, look: Look) -> bytes:
    """Return an SVG whose text is text, in a font of which it holds the letters that it needs."""
    from memprof.reports.parts import fonts  # only here: fontTools takes a while to import

    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": "memprof"})
    width, height = (inches * look.scale * _POINTS for inches in figure.get_size_inches())
    content = _SIZE.sub(rf'\1 width="{width:.2f}pt" height="{height:.2f}pt"', buffer.getvalue(), count=1)
    head, start, rest = content.partition("<defs>")
    return f"{head}{start}{fonts.embedded(figure.findobj(Text))}{rest}".encode()


def _pdf(figure: Figure, look: Look) -> bytes:
    """Return a PDF as matplotlib makes it, with one line more: everything is enlarged."""
    from matplotlib.backend_bases import FigureCanvasBase
    from matplotlib.backends import backend_mixed, backend_pdf

    mixed: Any = backend_mixed  # neither is typed
    pdf: Any = backend_pdf
    buffer = io.BytesIO()
    FigureCanvasBase(figure)
    width, height = figure.get_size_inches()
    figure.dpi = _POINTS
    file = pdf.PdfFile(buffer, metadata={"CreationDate": None, "Creator": "memprof"})
    try:
        file.newPage(width * look.scale, height * look.scale)
        file.width, file.height = width, height  # lines are cut off there, before they are enlarged
        file.output(look.scale, 0, 0, look.scale, 0, 0, pdf.Op.concat_matrix)
        renderer = mixed.MixedModeRenderer(
            figure, width, height, _POINTS, pdf.RendererPdf(file, _POINTS, height, width)
        )
        figure.draw(renderer)
        renderer.finalize()
        file.finalize()
    finally:
        file.close()
    return buffer.getvalue()
