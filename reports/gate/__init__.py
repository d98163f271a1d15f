"""Writers of `memprof gate check`: terminal text, and what CI systems show where people look."""

from __future__ import annotations

import msgspec

from memprof.gate.records import GateResult
from memprof.report.json_text import indented_json
from memprof.reports.parts.formats import Formats

_FILES = {"md": "gate.md", "junit": "gate-junit.xml", "gitlab": "gl-code-quality-report.json", "json": "gate.json"}


def file_name(name: str) -> str:
    """Return what the file of a format is called; "github" has none, as GitHub takes it from standard output."""
    return _FILES[name]


def text(result: GateResult, *, width: int = 100, color: bool = False) -> str:
    """Return text for a terminal of `width` columns; plain unless `color`."""
    from memprof.reports.gate import terminal

    return terminal.render(result, width=width, color=color)


def formats(baseline: str = "", config: str = "") -> Formats[GateResult]:
    """Return the formats besides text; with the texts of the baseline and the configuration they name lines of these.

    Without them an annotation is on the line on which memprof's section of the configuration begins.
    """

    def github(result: GateResult) -> bytes:
        from memprof.reports.gate import github as gate_github
        from memprof.reports.gate import lines

        return _encode(gate_github.render(result, lines.Sources(baseline, config)))

    def gitlab(result: GateResult) -> bytes:
        from memprof.reports.gate import gitlab as gate_gitlab
        from memprof.reports.gate import lines

        return _encode(gate_gitlab.render(result, lines.Sources(baseline, config)))

    writers = {"md": _markdown, "github": github, "junit": _junit, "gitlab": gitlab, "json": _json}
    return Formats("gate check", writers)


def _markdown(result: GateResult) -> bytes:
    from memprof.reports.gate import markdown

    return _encode(markdown.render(result))


def _junit(result: GateResult) -> bytes:
    from memprof.reports.gate import junit

    return junit.render(result)


def _json(result: GateResult) -> bytes:
    return indented_json(_replace_surrogates(msgspec.to_builtins(result)))


def _replace_surrogates(value: object) -> object:
    """Return JSON values without halves of surrogates, which names of files may hold and UTF-8 has no bytes for."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(value) for key, value in value.items()}
    return [_replace_surrogates(item) for item in value] if isinstance(value, (list, tuple)) else value


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")


FORMATS = formats()
"""The formats of who does not know the files: see `formats`."""
