"""The result of a check in GitHub's Markdown: for a job's summary, and for a comment on a pull request."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence

from memprof.gate.records import GateResult, Verdict, WorkloadResult
from memprof.reports.gate import tables, words
from memprof.reports.gate.check import Check
from memprof.reports.parts import markdown
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.parts.tables import Table
from memprof.reports.writer import RenderOptions

EXTENSION = "md"
LIMIT_BYTES = 65_000
"""GitHub takes 65,536 characters in a comment, and 1 MiB in the summary of a step (docs.github.com)."""
_NOTABLE = frozenset(map(str, set(Verdict) - {Verdict.PASSED}))
_MOST_CHANGES, _MOST_OF_ALL_CHANGES = 10, 200
_LONGEST = 2000
"""Characters of one piece of text; what is longer is no name or sentence that anybody reads."""
_CUT = (
    "_The rest was left out, since GitHub takes no longer texts: `memprof gate check` prints more, and with `--json` "
    "everything._"
)


def render(check: Check, options: RenderOptions) -> bytes:
    """Return Markdown that GitHub takes."""
    return markdown_text(check.result).encode("utf-8", "replace")


def markdown_text(result: GateResult, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return Markdown of at most `limit_bytes` in UTF-8: the verdict, what to do, what changed, then all figures."""
    kept: list[str] = []
    left = limit_bytes - len(_CUT.encode()) - 2
    for block in _blocks(result):
        left -= len(block.encode()) + 1
        if left < 0:
            return "\n".join([*kept, _CUT, ""])
        kept.append(block)
    return "\n".join(kept)


def _blocks(result: GateResult) -> Iterator[str]:
    """Yield pieces of text, each of which may be the last one, what matters most first."""
    yield _text(
        f"## memprof gate: {result.verdict}",
        "",
        f"**{_safe(_sentence(words.summary(result)))}**",
        _safe(words.other_verdicts(result)),
        "",
    )
    if result.remedy:
        yield _text(f"**What to do:** {_with_code(_sentence(result.remedy))}", "")
    yield from (_text(f"> {_safe(note)}.", "") for note in result.notes)
    for item in tables.notable_workloads(result):
        yield from _workload(item)
    for reasons, items in tables.incomparable_workloads(result).items():
        names = [_safe(words.full_name(item.workload)) for item in items]
        yield _text(
            f"### {names[0] if len(items) == 1 else f'{len(items)} workloads'}: cannot tell",
            "",
            *_list(_sentence(reason) for reason in reasons),
        )
        if len(items) > 1:
            yield _details("Which workloads", [f"- {name}" for name in names])
    if result.measured:
        yield _text(
            f"### {tables.measured_table(result.measured).title}",
            "",
            *_table(tables.measured_table(result.measured), bold_verdicts=True),
            *_list(tables.measured_notes(result.measured)),
        )
    passed = tables.passed_workloads(result)
    if passed.rows:
        count = len(passed.rows)
        yield _details(f"{count} {'workload' if count == 1 else 'workloads'} passed", _table(passed))
    for item in tables.notable_workloads(result):
        yield _details(f"Every metric of {words.full_name(item.workload)}", _table(tables.metrics(item.metrics)))
        if len(item.changes) > _MOST_CHANGES:
            shown = item.changes[:_MOST_OF_ALL_CHANGES]
            yield _details(
                f"{len(shown)} of {len(item.changes)} changes of {words.full_name(item.workload)}",
                _list(change.text for change in shown),
            )
    if result.results:
        yield _text(f"Baseline {_safe(result.baseline)}, budgets of {_safe(result.config)}. {words.PREDICTED}", "")


def _workload(result: WorkloadResult) -> Iterator[str]:
    title = f"### {_safe(words.name(result.workload))}: {result.verdict}"
    yield _text(
        title,
        "",
        f"{_safe(words.details(result.workload))}",
        "",
        *(_list(_sentence(reason) for reason in result.reasons) if result.reasons else []),
    )
    shown = words.changed_metrics(result)
    unchanged = words.unchanged_count(result)
    if shown:
        yield _text(*_table(tables.metrics(shown), bold_verdicts=True), *([f"{unchanged}.", ""] if unchanged else []))
    if result.changes:
        yield _text("What changed, and what that costs (predicted):", "")
        rest = len(result.changes) - _MOST_CHANGES
        more = [f"- and {rest} more that {'weighs' if rest == 1 else 'weigh'} less"] if rest > 0 else []
        yield _text(*_list(change.text for change in result.changes[:_MOST_CHANGES])[:-1], *more, "")


def _table(shown: Table, *, bold_verdicts: bool = False) -> list[str]:
    """Return the lines of a table, safe to show; what is beyond a budget stands out where `bold_verdicts`."""
    rows = [[_safe(cell) for cell in row] for row in shown.rows]
    if bold_verdicts:
        for row in rows:
            row[-1] = f"**{row[-1]}**" if row[-1] in _NOTABLE else row[-1]
    ruler = "|".join("--:" if column.number else "---" for column in shown.columns)
    headers = " | ".join(_safe(column.header) for column in shown.columns)
    return [f"| {headers} |", f"|{ruler}|", *(f"| {' | '.join(row)} |" for row in rows), ""]


def _list(sentences: Iterable[str]) -> list[str]:
    return [*(f"- {_safe(sentence)}" for sentence in sentences), ""]


def _details(title: str, lines: Sequence[str]) -> str:
    """Return lines that show when their title is clicked; the empty lines let GitHub read Markdown between the tags."""
    summary = f"<summary>{html.escape(_plain(title))}</summary>"
    return _text("<details>", summary, "", _text(*lines).rstrip(), "", "</details>", "")


def _text(*lines: str) -> str:
    return "\n".join(lines)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def _with_code(text: str) -> str:
    """Return text whose parts in backticks stay code: commands to copy."""
    parts = _plain(text).split("`")
    if len(parts) % 2 == 0:
        return _safe(text)
    return "".join(f"`{part}`" if place % 2 else _escape(part) for place, part in enumerate(parts))


def _safe(text: str) -> str:
    """Return text that shows as it stands, in one line: no Markdown, no HTML, nobody notified, nothing hidden."""
    return _escape(_plain(text))


def _escape(text: str) -> str:
    return markdown.escape(text).replace("&", "&amp;").replace("@", "@\N{ZERO WIDTH NON-JOINER}")


def _plain(text: str) -> str:
    """Return text in one line, without control characters, and not longer than anybody reads."""
    line = show_hidden(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
