"""The result of a check as JUnit XML, which every CI system reads: a test case for each figure of each workload.

The elements are those that all readers share: `testsuites`, `testsuite`, `testcase`, `failure` for what got worse,
`error` for what cannot be told. There is no standard; Jenkins' junit-10.xsd and Ant's JUnit.xsd describe them.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as xml

from memprof.gate.metrics import MEASURED
from memprof.gate.records import GateResult, MeasuredResult, Verdict, WorkloadResult
from memprof.reports.gate import problems, words
from memprof.reports.gate.check import Check
from memprof.reports.writer import RenderOptions

EXTENSION = "xml"
FILE_NAME = "gate-junit.xml"
"""What says that it is JUnit's."""
SUITE = "memprof gate"
_MOST_CHANGES = 20


def render(check: Check, options: RenderOptions) -> bytes:
    """Return XML in UTF-8."""
    result = check.result
    suite = xml.Element("testsuite", name=SUITE)
    for item in result.results:
        _add_workload(suite, result, item)
    for run in result.measured:
        _add_measured(suite, result, run)
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": 0,
    }
    root = xml.Element("testsuites", name=SUITE)
    for element in (root, suite):
        for name, count in counts.items():
            element.set(name, str(count))
        element.set("time", "0")
    root.append(suite)
    xml.indent(root)
    text: str = xml.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'.encode()


def _add_workload(suite: xml.Element, result: GateResult, item: WorkloadResult) -> None:
    name = words.full_name(item.workload)
    changes = [change.text for change in item.changes[:_MOST_CHANGES]]
    if item.reasons or not item.metrics:
        _add_case(suite, result, name, "comparison", item.verdict, list(item.reasons) or ["nothing was compared"])
    for metric in item.metrics:
        sentence = f"{words.metric_sentence(metric)}: {metric.verdict}"
        _add_case(suite, result, name, words.title(metric.metric), metric.verdict, [sentence, *changes])


def _add_measured(suite: xml.Element, result: GateResult, run: MeasuredResult) -> None:
    sentences = [f"{words.measured_sentence(run)}: {run.verdict}", *run.reasons]
    _add_case(suite, result, problems.measured_subject(run), MEASURED.title, run.verdict, sentences)


def _add_case(
    suite: xml.Element, result: GateResult, classname: str, name: str, verdict: Verdict, sentences: Sequence[str]
) -> None:
    """Add a test case; what does not make the check fail is no failure, and is told in its output."""
    case = xml.SubElement(
        suite, "testcase", classname=_replace_invalid(classname), name=_replace_invalid(name), time="0"
    )
    if verdict is Verdict.PASSED:
        return
    if problems.fails(result, verdict):
        kind = "error" if verdict is Verdict.CANNOT_TELL else "failure"
        element = xml.SubElement(case, kind, message=_replace_invalid(sentences[0]), type=str(verdict))
    else:
        element = xml.SubElement(case, "system-out")
    element.text = _replace_invalid("\n".join(sentences))


def _replace_invalid(text: str) -> str:
    """Return text without what XML 1.0 has no way to write: most control characters, and halves of surrogates."""
    return "".join(char if _is_valid(char) else "\N{REPLACEMENT CHARACTER}" for char in text)


def _is_valid(char: str) -> bool:
    return char in "\t\n" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char >= "\U00010000"
