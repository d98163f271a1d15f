"""The result of a check as annotations: what GitHub shows on lines of a pull request.

A workflow command is a line `::error file=F,line=N,title=T::message`, printed by a step (docs.github.com, "Workflow
commands for GitHub Actions"). In a message the characters %, CR and LF are written as %25, %0D and %0A, in a property
also ":" and "," as %3A and %2C. A step can have ten errors, ten warnings and ten notices; more are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from memprof.gate.records import GateResult, MeasuredResult, Verdict, WorkloadResult
from memprof.reports.gate import lines as gate_lines
from memprof.reports.gate import problems, words
from memprof.reports.gate.check import Check
from memprof.reports.gate.lines import Place, Sources
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.writer import RenderOptions

EXTENSION = "txt"
MOST = 10
"""Annotations of a kind that GitHub shows of one step."""
_MOST_CHANGES = 3
_LONGEST = 4000
_IN_MESSAGE = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(check: Check, options: RenderOptions) -> bytes:
    """Return a line for each workload and measurement that did not pass; nothing where all did."""
    result = check.result
    by_level: dict[str, list[str]] = {"error": [], "warning": [], "notice": []}
    for level, line in _annotations(result, check.sources):
        by_level[level].append(line)
    lines = []
    for level, several in by_level.items():
        lines += several if len(several) <= MOST else [*several[: MOST - 1], _rest(result, level, several)]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def annotation(level: str, place: Place, title: str, message: str) -> str:
    """Return one annotation, in one line whatever its texts hold."""
    properties = {"file": place.path, "line": str(place.line), "title": title}
    text = ",".join(f"{key}={_plain(value).translate(_IN_PROPERTY)}" for key, value in properties.items())
    return f"::{level} {text}::{_plain(message).translate(_IN_MESSAGE)}"


def _annotations(result: GateResult, sources: Sources) -> Iterator[tuple[str, str]]:
    for item in sorted(result.results, key=lambda item: item.verdict is not Verdict.REGRESSED):
        if item.verdict is not Verdict.PASSED:
            place = gate_lines.workload_place(result, item.workload, sources)
            title = f"memprof gate: {words.name(item.workload)}: {item.verdict}"
            level = _level(result, item.verdict)
            yield level, annotation(level, place, title, _message(item))
    for run in result.measured:
        if run.verdict is not Verdict.PASSED:
            place = gate_lines.model_place(result, run.model, sources)
            title = f"memprof gate: {problems.measured_subject(run)}: {run.verdict}"
            level = _level(result, run.verdict)
            yield level, annotation(level, place, title, _measured_message(run))


def _message(item: WorkloadResult) -> str:
    shown = [metric for metric in item.metrics if metric.verdict is not Verdict.PASSED]
    figures = [words.metric_sentence(metric) for metric in shown if not words.follows(metric)]
    changes = [change.text for change in item.changes[:_MOST_CHANGES]]
    return "\n".join([*item.reasons, *figures, *changes]) or "nothing was compared"


def _measured_message(run: MeasuredResult) -> str:
    return "\n".join([words.measured_sentence(run), *run.reasons])


def _level(result: GateResult, verdict: Verdict) -> str:
    if problems.fails(result, verdict):
        return "error"
    return "notice" if verdict is Verdict.IMPROVED else "warning"


def _rest(result: GateResult, level: str, lines: list[str]) -> str:
    more = len(lines) - MOST + 1
    place = Place(result.config, max(1, result.config_line))
    return annotation(level, place, "memprof gate", f"{more} more: {words.headline(result)}; the log has them all")


def _plain(text: str) -> str:
    """Return text without control characters but line ends, and not longer than GitHub shows."""
    shown = show_hidden(text, keep="\r\n")
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
