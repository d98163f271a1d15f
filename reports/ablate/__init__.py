"""Writers of `memprof ablate`: variants of a model, or a sweep over one option, as terminal text or a file."""

from __future__ import annotations

from memprof.reports.parts.formats import Formats
from memprof.whatif.ablation import Ablation
from memprof.whatif.sweep import Sweep


def stem(found: Ablation | Sweep) -> str:
    """Return what the files are called, before the extension."""
    return "sweep" if isinstance(found, Sweep) else "ablate"


def text(found: Ablation | Sweep, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports.ablate import write_text as terminal

    return terminal.render(found, width=width, color=color)


def _markdown(found: Ablation | Sweep) -> bytes:
    from memprof.reports.ablate import write_md as markdown

    return markdown.render(found).encode()


def _csv(found: Ablation | Sweep) -> bytes:
    from memprof.reports.ablate import write_csv as csv

    return csv.render(found).encode()


def _png(found: Ablation | Sweep) -> bytes:
    if isinstance(found, Sweep):
        from memprof.reports.sweep import write_png as sweep_figure

        return sweep_figure.draw(found)
    from memprof.reports.ablate import write_png as figure

    return figure.draw(found)


def _json(found: Ablation | Sweep) -> bytes:
    return found.to_json().encode()


FORMATS: Formats[Ablation | Sweep] = Formats("ablate", {"md": _markdown, "csv": _csv, "png": _png, "json": _json})
