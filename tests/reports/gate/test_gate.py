"""What `memprof gate check` prints and writes, by hand-made results.

After a wanted change, write the golden files again and read the diff:

MEMPROF_REFRESH_GOLDEN=1 python -m pytest tests/reports/gate/test_gate.py
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import OutputError
from memprof.gate.records import GateResult
from memprof.reports import RenderOptions, gate
from memprof.reports.gate import words, write_md
from tests.reports.gate.gate_sample import (
    ALL,
    ALL_PASSED,
    BETTER,
    CANNOT_TELL,
    CHANGES,
    EQUAL,
    EVERYTHING,
    EVIL,
    FINE,
    IMPROVED,
    METRICS,
    NEARLY,
    NOISY,
    PASSED,
    REFUSED,
    REGRESSED,
    REGRESSION,
    SLOWER,
    UNKNOWN,
    WORSE,
    hostile,
    metric,
    result,
)

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    **{f"gate_{name}_80.txt": (found, 80) for name, found in ALL.items()},
    "gate_everything_120.txt": (EVERYTHING, 120),
    "gate_regression.md": (REGRESSION, None),
    "gate_everything.md": (EVERYTHING, None),
}


def terminal(found: GateResult, width: int, *, color: bool = False) -> str:
    return gate.WRITERS.render(found, "text", RenderOptions(width=width, color=color)).decode()


def markdown(found: GateResult) -> str:
    return gate.WRITERS.render(found, "md").decode()


@pytest.mark.parametrize("name", CASES)
def test_output_is_as_read(name: str):
    found, width = CASES[name]
    text = markdown(found) if width is None else terminal(found, width)
    if os.environ.get("MEMPROF_REFRESH_GOLDEN"):
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("found", [*ALL.values(), hostile(EVIL), hostile("a" * 300)], ids=[*ALL, "evil", "long"])
def test_the_terminal_text_keeps_to_its_width_and_is_plain(found: GateResult, width: int):
    text = terminal(found, width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "not measured" in " ".join(text.split())
    assert "\x1b[" in terminal(found, width, color=True)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (REGRESSION, "REGRESSED: 1 of 3 workloads got worse beyond budget"),
        (ALL_PASSED, "PASSED: both workloads kept to budget"),
        (result(FINE, verdict=PASSED), "PASSED: the workload kept to budget"),
        (
            result(FINE, NEARLY, FINE, verdict=PASSED, measured=(EQUAL,)),
            "PASSED: all 3 workloads and the measurement kept to budget",
        ),
        (IMPROVEMENT := ALL["improvement"], "IMPROVED: 1 of 2 workloads got better beyond budget"),
        (REFUSED, "CANNOT TELL: no workload can be judged"),
        (result(FINE, UNKNOWN, verdict=CANNOT_TELL), "CANNOT TELL: 1 of 2 workloads cannot be judged"),
        (result(FINE, verdict=CANNOT_TELL, measured=(NOISY,)), "CANNOT TELL: no measurement can be judged"),
        (
            result(FINE, NEARLY, verdict=REGRESSED, measured=(SLOWER, EQUAL)),
            "REGRESSED: 1 of 2 measurements got worse beyond budget",
        ),
        (EVERYTHING, "REGRESSED: 1 of 5 workloads and 1 of 3 measurements got worse beyond budget"),
        (result(verdict=PASSED), "PASSED: nothing was compared"),
    ],
)
def test_the_verdict_comes_first_in_one_line(found: GateResult, said: str):
    assert terminal(found, 80).splitlines()[0] == said
    assert len(said) <= 80


def test_what_else_there_is_comes_next():
    assert words.other_verdicts(EVERYTHING) == (
        "Besides, 1 workload and 1 measurement cannot be judged; 1 workload got better beyond budget; 2 workloads and "
        "1 measurement kept to budget."
    )
    assert words.other_verdicts(ALL_PASSED) == ""


def test_the_remedy_comes_last():
    lines = terminal(REGRESSION, 120).splitlines()
    assert lines[-1] == "→ Undo what made it worse; if it is meant, run `memprof gate update` and commit the baseline."


def test_only_figures_that_changed_are_shown_and_the_others_counted():
    text = terminal(REGRESSION, 120)
    lines = [line.split() for line in text.splitlines()]
    assert ["DRAM", "traffic", "42.1", "GB", "46.5", "GB", "+10.5", "%", "+1", "%", "regressed"] in lines
    assert ["kernel", "launches", "372", "390", "+4.8", "%", "0", "regressed"] in lines
    assert ["time", "bound", "by", "DRAM", "51", "%", "56", "%", "+4.9", "points", "off", "not", "gated"] in lines
    assert "parameters" not in text
    assert "3 metrics unchanged" in text


def test_ten_changes_are_told_and_the_rest_counted():
    many = tuple(replace(CHANGES[1], text=f"stages.{number}: 1 new aten::clone") for number in range(13))
    found = result(replace(WORSE, changes=many), verdict=REGRESSED)
    for text in (terminal(found, 120), markdown(found).partition("<details>")[0]):
        assert "stages.9:" in text.replace("\\", "")
        assert "stages.10:" not in text.replace("\\", "")
        assert "and 3 more" in text
    assert "stages.12: 1 new" in markdown(found).replace("\\", "")
    assert "13 of 13 changes of inceptionnext_t" in markdown(found)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (100.0, 105.24, "+5.2 %"),
        (100.0, 99.5, "−0.50 %"),
        (100.0, 100.0, "none"),
        (100.0, 100.0001, "+<0.01 %"),
        (100.0, 99.9999, "−<0.01 %"),
        (0.0, 5.0, "–"),
        (1.0, 12.0, "+1,100.0 %"),
        (100.0, 100.996, "+1.0 %"),
    ],
)
def test_changes_are_never_rounded_to_nothing(before: float, after: float, said: str):
    assert words.change(metric("dram_bytes", before, after, "0")) == said


def test_a_measurement_that_failed_shows_no_figures():
    failed = replace(
        NOISY,
        ratio=0.0,
        low=0.0,
        high=0.0,
        base_seconds=0.0,
        head_seconds=0.0,
        rounds=0,
        reasons=("its process was killed",),
    )
    text = terminal(result(FINE, verdict=CANNOT_TELL, measured=(failed,)), 80)
    assert [line.split() for line in text.splitlines() if line.startswith(" resnet50 train")] == [
        ["resnet50", "train", "–", "–", "–", "–", "cannot", "tell"]
    ]
    assert "its process was killed." in text
    assert words.measured_sentence(failed) == "measured step time is not known"


def test_markdown_holds_figures_changes_and_what_to_do():
    text = markdown(REGRESSION)
    assert text.startswith("## memprof gate: regressed\n\n**1 of 3 workloads got worse beyond budget.**\n")
    assert "run `memprof gate update` and commit" in text
    assert "| DRAM traffic | 42.1 GB | 46.5 GB | +10.5 % | +1 % | **regressed** |" in text
    assert "- stages.\\*.blocks.\\* (18 modules): 1 new aten::clone each" in text
    assert "<summary>2 workloads passed</summary>" in text
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize("limit", [400, 1500, 4000, write_md.LIMIT_BYTES])
def test_markdown_keeps_to_githubs_limit_and_says_what_is_left_out(limit: int):
    workloads = [replace(WORSE, workload=replace(WORSE.workload, batch_size=size)) for size in range(200)]
    whole = write_md.markdown_text(result(*workloads, verdict=REGRESSED, remedy="undo it"), 10**9)
    text = write_md.markdown_text(result(*workloads, verdict=REGRESSED, remedy="undo it"), limit)
    assert len(whole.encode()) > write_md.LIMIT_BYTES >= limit >= len(text.encode())
    assert "left out" in text
    assert "left out" not in whole
    assert whole.startswith(text[: text.index("_The rest")])
    assert text.count("<details>") == text.count("</details>")
    assert "regressed" in text
    long = write_md.markdown_text(hostile("a" * 70_000), limit)
    assert len(long.encode()) <= limit


ROW = re.compile(r"(?<!\\)\|")


@given(st.text())
def test_no_text_takes_effect_in_markdown(text: str):
    found = markdown(hostile(text))
    plain = markdown(hostile("x"))
    rows = [len(ROW.findall(line)) for line in found.splitlines() if line.startswith("| ")]
    assert rows == [len(ROW.findall(line)) for line in plain.splitlines() if line.startswith("| ")]
    assert "\x1b" not in found
    assert "\x00" not in found


def test_names_neither_format_nor_notify():
    text = markdown(hostile(EVIL))
    outside = re.sub(r"<summary>.*?</summary>", "", text)
    assert "\\<b\\>" in outside
    assert re.sub(r"\\<|</?details>", "", outside).count("<") == 0
    assert "<b>" not in text
    assert "@team" not in re.sub(r"<summary>.*?</summary>", "", text)
    assert "&lt;b&gt;" in text


@pytest.mark.parametrize("found", ALL.values(), ids=ALL)
def test_json_is_the_result_itself(found: GateResult):
    assert msgspec.json.decode(gate.WRITERS.render(found, "json"), type=GateResult) == found


@given(st.text() | st.just(EVIL))
def test_any_text_is_json(text: str):
    found = json.loads(gate.WRITERS.render(hostile(text), "json"))
    assert found["verdict"] == "regressed"
    assert found["remedy"] == text.encode("utf-8", "replace").decode()


def test_every_file_has_a_name_of_its_own():
    names = [name for name in gate.WRITERS.names if name not in ("text", "github")]
    assert {gate.WRITERS.get(name).file_name("gate") for name in names} == {
        "gate.md",
        "gate-junit.xml",
        "gl-code-quality-report.json",
        "gate.json",
    }
    with pytest.raises(OutputError, match="writes no 'junitt'; did you mean junit"):
        gate.WRITERS.render(REGRESSION, "junitt")


def test_the_samples_are_what_they_say():
    assert {item.verdict for item in (WORSE, FINE, BETTER, UNKNOWN)} == {REGRESSED, PASSED, IMPROVED, CANNOT_TELL}
    assert all(item.change == pytest.approx(item.after / item.before - 1) for item in METRICS)
