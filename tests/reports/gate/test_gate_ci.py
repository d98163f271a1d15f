"""What CI systems read of a check: annotations, JUnit XML, GitLab's code quality report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.gate.baseline import to_json
from memprof.gate.records import GateResult
from memprof.reports import gate
from memprof.reports.gate.check import Check
from memprof.reports.gate.lines import Sources, workload_line, workload_place
from tests.gate.entry_sample import ENTRY, baseline
from tests.reports.gate.gate_sample import (
    ALL,
    ALL_PASSED,
    BETTER,
    CANNOT_TELL,
    EVERYTHING,
    EVIL,
    FINE,
    IMPROVED,
    NOISY,
    PASSED,
    REFUSED,
    REGRESSED,
    REGRESSION,
    UNKNOWN,
    WORKLOAD,
    WORSE,
    hostile,
    result,
)

CONFIG = (
    "[metadata]\nname = inceptionnext_t\n\n\n\n\n[memprof]\nmodels =\n  resnet50d\n  resnet50\n  my_pkg.nets:build\n"
)
BASELINE = to_json(
    baseline(*(replace(ENTRY, workload=item.workload) for item in EVERYTHING.results if item is not UNKNOWN))
)
ANY = st.text() | st.just(EVIL)


def lines(found: GateResult) -> list[str]:
    return gate.WRITERS.render(Check(found, Sources(BASELINE, CONFIG)), "github").decode().splitlines()


def unescaped(text: str) -> str:
    """Do what GitHub does with a property; of a message, ":" and "," are not written otherwise."""
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, char)
    return text


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """Read a workflow command."""
    form = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert form is not None
    properties = dict(part.split("=", 1) for part in form[2].split(","))
    return form[1], {name: unescaped(value) for name, value in properties.items()}, unescaped(form[3])


def test_annotations_are_on_the_lines_of_the_baseline_and_of_the_configuration():
    found = [parsed(line) for line in lines(EVERYTHING)]
    places = [
        (level, item["title"].removeprefix("memprof gate: "), item["file"], int(item["line"]))
        for level, item, _ in found
    ]
    rows = BASELINE.splitlines()
    worse = next(place for place, row in enumerate(rows, 1) if '"workload"' in row and '"inceptionnext_t"' in row)
    better = next(place for place, row in enumerate(rows, 1) if '"resnet50", "phase": "train"' in row)
    assert places == [
        ("error", "inceptionnext_t, inference on a100-sxm4-40gb: regressed", "memprof-baseline.json", worse),
        ("error", "my_pkg.nets:build, inference on a100-sxm4-40gb: cannot tell", "setup.cfg", 11),
        ("error", "inceptionnext_t, inference, batch 8, measured: regressed", "setup.cfg", 7),
        ("error", "resnet50, training, batch 8, measured: cannot tell", "setup.cfg", 10),
        ("notice", "resnet50, training on a100-sxm4-40gb: improved", "memprof-baseline.json", better),
    ]
    message = found[0][2].splitlines()
    assert message[0] == "DRAM traffic 42.1 GB to 46.5 GB, +10.5 % (budget +1 %)"
    assert message[3].startswith("stages (54 modules): aten::add")


def test_nothing_is_annotated_where_all_passed():
    assert gate.WRITERS.render(ALL_PASSED, "github") == b""
    assert json.loads(gate.WRITERS.render(ALL_PASSED, "gitlab")) == []


def test_without_the_files_annotations_are_where_the_section_begins():
    (line,) = gate.WRITERS.render(REGRESSION, "github").decode().splitlines()
    assert line.startswith("::error file=setup.cfg,line=7,title=memprof gate%3A inceptionnext_t%2C inference on ")


@pytest.mark.parametrize(
    ("found", "level"),
    [
        (result(BETTER, verdict=IMPROVED), "notice"),
        (result(BETTER, verdict=IMPROVED, strict=True), "error"),
        (result(FINE, verdict=PASSED, measured=(NOISY,)), "warning"),
        (result(FINE, verdict=CANNOT_TELL, measured=(NOISY,)), "error"),
        (REFUSED, "error"),
    ],
)
def test_what_makes_the_check_fail_is_an_error_and_nothing_else(found: GateResult, level: str):
    assert {parsed(line)[0] for line in lines(found)} == {level}
    suite = xml.fromstring(gate.WRITERS.render(found, "junit"))
    assert (int(suite.get("failures", 0)) + int(suite.get("errors", 0)) > 0) == (level == "error")


def test_github_shows_ten_annotations_of_a_kind_so_the_last_one_counts_the_rest():
    found = result(
        *(replace(WORSE, workload=replace(WORKLOAD, batch_size=size)) for size in range(25)), verdict=REGRESSED
    )
    shown = lines(found)
    assert len(shown) == 10
    assert parsed(shown[-1])[2].startswith("16 more: REGRESSED: all 25 workloads got worse beyond budget")


@given(ANY)
def test_any_text_is_one_annotation_in_one_line(text: str):
    found = hostile(text)
    shown = gate.WRITERS.render(Check(found, Sources(text, text)), "github").decode()
    assert len(re.split(r"[\r\n]", shown.rstrip("\n"))) == len(shown.splitlines()) == 3
    for line in shown.splitlines():
        level, properties, _ = parsed(line)
        assert (level, set(properties)) == ("error", {"file", "line", "title"})


def test_special_characters_come_back_as_they_were():
    _, properties, message = parsed(
        lines(result(replace(UNKNOWN, reasons=("50 %0A, a:b\nc\r",)), verdict=CANNOT_TELL))[0]
    )
    assert message == "50 %0A, a:b\nc\r"
    assert properties["title"] == "memprof gate: my_pkg.nets:build, inference on a100-sxm4-40gb: cannot tell"


def test_a_workload_is_found_in_a_baseline_however_it_is_laid_out():
    item = EVERYTHING.results[0]
    spread = json.dumps(json.loads(BASELINE), indent=4)
    place = workload_line(spread, item.workload)
    assert place is not None
    told = "\n".join(spread.splitlines()[place - 1 : place + 8])
    assert told.startswith('            "workload": {')
    assert '"model": "inceptionnext_t"' in told
    assert workload_line(BASELINE, replace(item.workload, batch_size=1)) is None
    for broken in ("", '"workload": {', '{"workload": {"model": 1}}', '"workload": {' * 3, "\x00"):
        assert workload_line(broken, item.workload) is None
    assert workload_place(REGRESSION, item.workload, Sources()).line == 7


def junit(found: GateResult) -> xml.Element:
    return xml.fromstring(gate.WRITERS.render(found, "junit"))


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_junit_counts_what_it_holds(found: GateResult):
    root = junit(found)
    assert root.tag == "testsuites"
    (suite,) = root
    for name, path in (
        ("tests", "testcase"),
        ("failures", "testcase/failure"),
        ("errors", "testcase/error"),
        ("skipped", "testcase/skipped"),
    ):
        assert int(suite.attrib[name]) == int(root.attrib[name]) == len(suite.findall(path))
    names = [(case.get("classname"), case.get("name")) for case in suite]
    assert len(set(names)) == len(names)


def test_junit_has_a_case_for_each_figure():
    suite = junit(EVERYTHING)[0]
    cases = {(case.attrib["classname"].partition(",")[0], case.attrib["name"]): case for case in suite}
    failure = cases["inceptionnext_t", "DRAM traffic"].find("failure")
    assert failure is not None
    assert failure.get("message") == "DRAM traffic 42.1 GB to 46.5 GB, +10.5 % (budget +1 %): regressed"
    assert "1 new aten::clone each" in (failure.text or "")
    assert len(cases["inceptionnext_t", "parameters"]) == 0
    error = cases["my_pkg.nets:build", "comparison"].find("error")
    assert error is not None
    assert error.get("message") == "this workload is not in the baseline"


@given(ANY)
def test_any_text_gives_xml_that_can_be_read(text: str):
    root = junit(hostile(text))
    assert len(root.findall("testsuite/testcase")) > 10


def test_gitlab_reads_a_problem_for_each_figure():
    issues = json.loads(gate.WRITERS.render(Check(EVERYTHING, Sources(BASELINE, CONFIG)), "gitlab"))
    assert {tuple(issue) for issue in issues} == {("description", "check_name", "fingerprint", "severity", "location")}
    told = [(issue["check_name"], issue["severity"], issue["location"]["path"]) for issue in issues]
    assert told == [
        ("memprof gate: DRAM traffic", "major", "memprof-baseline.json"),
        ("memprof gate: kernel launches", "major", "memprof-baseline.json"),
        ("memprof gate: predicted step time", "major", "memprof-baseline.json"),
        ("memprof gate: comparison", "critical", "setup.cfg"),
        ("memprof gate: DRAM traffic", "info", "memprof-baseline.json"),
        ("memprof gate: measured step time", "major", "setup.cfg"),
        ("memprof gate: measured step time", "critical", "setup.cfg"),
    ]
    assert all(issue["location"]["lines"]["begin"] >= 1 for issue in issues)
    assert issues[0]["description"].endswith("regressed: DRAM traffic 42.1 GB to 46.5 GB, +10.5 % (budget +1 %)")


def prints(found: GateResult) -> set[str]:
    return {issue["fingerprint"] for issue in json.loads(gate.WRITERS.render(found, "gitlab"))}


def test_fingerprints_tell_problems_apart_and_do_not_depend_on_figures():
    worse = replace(WORSE, metrics=tuple(replace(item, after=item.after * 1.1) for item in WORSE.metrics), changes=())
    assert prints(REGRESSION) == prints(result(worse, verdict=REGRESSED))
    other = replace(WORSE, workload=replace(WORKLOAD, batch_size=1))
    both = result(WORSE, other, verdict=REGRESSED)
    assert len(prints(both)) == 2 * len(prints(REGRESSION)) == 6


@given(ANY)
def test_any_text_is_a_code_quality_report(text: str):
    content = gate.WRITERS.render(Check(hostile(text), Sources(text, text)), "gitlab")
    issues = json.loads(content)
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) > 2
    assert content.decode().encode() == content
