"""The result of a check as GitLab's code quality report, which merge requests show.

A JSON list of objects with description, check_name, fingerprint, severity (info, minor, major, critical or blocker),
location.path and location.lines.begin (docs.gitlab.com, "Code Quality report format"). GitLab keeps one problem of
each fingerprint, and takes one that the target branch has too for known: it must not depend on figures.
"""

from __future__ import annotations

import hashlib
import json

from memprof.gate.records import Verdict
from memprof.reports.gate import problems, words
from memprof.reports.gate.check import Check
from memprof.reports.gate.problems import Problem
from memprof.reports.parts.harmless import show_hidden
from memprof.reports.writer import RenderOptions

EXTENSION = "json"
FILE_NAME = "gl-code-quality-report.json"
"""What GitLab's documentation calls it."""


def render(check: Check, options: RenderOptions) -> bytes:
    """Return JSON: a problem for each figure that is beyond its budget; an empty list where all passed."""
    issues = {_fingerprint(problem): problem for problem in problems.problems(check.result, check.sources)}
    text = json.dumps([_issue(print_, problem) for print_, problem in issues.items()], indent=2)
    return f"{text}\n".encode("utf-8", "replace")


def _issue(fingerprint: str, problem: Problem) -> dict[str, object]:
    return {
        "description": _text(f"{problem.subject}: {problem.verdict}: {problem.text}"),
        "check_name": _text(f"memprof gate: {words.title(problem.check)}"),
        "fingerprint": fingerprint,
        "severity": _severity(problem),
        "location": {"path": _text(problem.place.path.removeprefix("./")), "lines": {"begin": problem.place.line}},
    }


def _text(text: str) -> str:
    """Return text as it is shown in a merge request, nothing hidden in it."""
    return show_hidden(text)


def _severity(problem: Problem) -> str:
    if problem.verdict is Verdict.IMPROVED:
        return "minor" if problem.fails else "info"
    if problem.verdict is Verdict.CANNOT_TELL:
        return "critical" if problem.fails else "minor"
    return "major"


def _fingerprint(problem: Problem) -> str:
    identity = json.dumps([problem.subject, problem.check, problem.verdict])
    return hashlib.sha256(identity.encode()).hexdigest()[:32]
