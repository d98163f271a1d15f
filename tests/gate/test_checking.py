"""Checks: every verdict, and that nothing incomparable is ever green."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof._version import COST_MODEL
from memprof.gate.budgets import complete, parse
from memprof.gate.checking import Terms, check, exit_code, refuse, worst
from memprof.gate.metrics import METRICS, SHARES, Better
from memprof.gate.records import Baseline, Entry, GateResult, MeasuredResult, Verdict
from tests.gate.entry_sample import CONFIG, ENTRY, FIGURES, LINE, WORKLOAD, baseline, with_figures

PASSED, IMPROVED, REGRESSED, CANNOT_TELL = Verdict
NAMES = [name for name in METRICS if name != SHARES]
TOGETHER = ("seconds", "images_per_second")
MEASURED = MeasuredResult("resnet50", "infer", 8, "main", "here", 20, 1.0, 1.0, 1.0, 0.99, 1.01, 0.01, 0.05, PASSED)


def checked(
    before: Baseline,
    after: Baseline,
    *measured: MeasuredResult,
    strict: bool = False,
    lenient: bool = False,
    **budgets: str,
) -> GateResult:
    limits = complete({name: parse(name, text) for name, text in budgets.items()})
    terms = Terms("memprof-baseline.json", "memprof.toml", strict=strict, lenient=lenient)
    return check(replace(CONFIG, budgets=limits), terms, before, after, measured)


def against(after: Entry, **options) -> GateResult:
    return checked(baseline(), baseline(after), **options)


def test_the_same_figures_pass():
    found = against(ENTRY)
    assert (found.verdict, exit_code(found)) == (PASSED, 0)
    (result,) = found.results
    assert [item.metric for item in result.metrics] == NAMES
    assert {item.change for item in result.metrics} == {0.0}
    assert (result.changes, result.reasons, found.notes, found.remedy) == ((), (), (), "")


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_that_gets_worse_by_more_than_its_budget_regresses(name: str):
    metric = METRICS[name]
    factor = 1.03 if metric.better is Better.LESS else 0.97
    after = {name: type(getattr(FIGURES, name))(getattr(FIGURES, name) * factor)}
    if name in TOGETHER:
        after |= {"seconds": FIGURES.seconds * 1.03, "images_per_second": FIGURES.images_per_second / 1.03}
    found = against(with_figures(**after))
    (result,) = found.results
    verdicts = {item.metric: item.verdict for item in result.metrics}
    assert verdicts[name] is REGRESSED
    assert (found.verdict, exit_code(found)) == (REGRESSED, 1)
    assert {other for other, verdict in verdicts.items() if verdict is not PASSED} == set(after)
    assert "memprof gate update" in found.remedy


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_that_gets_better_by_more_than_its_budget_improves(name: str):
    metric = METRICS[name]
    factor = 0.97 if metric.better is Better.LESS else 1.03
    after = {name: type(getattr(FIGURES, name))(getattr(FIGURES, name) * factor)}
    if name in TOGETHER:
        after |= {"seconds": FIGURES.seconds * 0.97, "images_per_second": FIGURES.images_per_second / 0.97}
    found = against(with_figures(**after))
    assert (found.verdict, exit_code(found)) == (IMPROVED, 0)
    strict = against(with_figures(**after), strict=True)
    assert (strict.verdict, exit_code(strict), strict.strict) == (IMPROVED, 1, True)
    assert "memprof gate update" in strict.remedy


def test_budgets_of_the_configuration_count():
    after = with_figures(seconds=0.0206, images_per_second=128 / 0.0206)
    assert against(after).verdict is REGRESSED
    assert against(after, seconds="+3 %").verdict is PASSED
    assert against(after, seconds="+0.0006").verdict is PASSED
    assert against(after, seconds="off").verdict is PASSED
    assert against(after, seconds="+3 %", images_per_second="-1 %").verdict is REGRESSED
    budgets = {item.metric: item.budget for item in against(after).results[0].metrics}
    assert (budgets["seconds"], budgets["images_per_second"], budgets["flops"]) == ("+2 %", "as seconds", "0")


def test_shares_of_time_are_shown_where_they_change_and_gated_where_that_is_asked_for():
    after = with_figures(bound_shares={"dram": 0.65, "tensor": 0.2495, "l1": 0.1})
    found = against(after)
    shown = {
        item.metric: (item.before, item.after, item.budget)
        for item in found.results[0].metrics
        if item.metric not in NAMES
    }
    assert shown == {"bound_shares.dram": (0.75, 0.65, "off"), "bound_shares.l1": (0.0, 0.1, "off")}
    assert found.verdict is PASSED
    assert against(after, bound_shares="0.05").verdict is REGRESSED
    assert against(after, bound_shares="0.2").verdict is PASSED


def test_a_worse_figure_counts_more_than_a_better_one():
    after = with_figures(flops=1e12, launches=101)
    assert against(after).verdict is REGRESSED


def test_what_changed_is_said():
    halved = replace(LINE, dtype="float16", dram_bytes=LINE.dram_bytes / 2)
    (result,) = against(
        replace(with_figures(dram_bytes=FIGURES.dram_bytes - LINE.dram_bytes), operators=(halved,))
    ).results
    assert {change.what for change in result.changes} == {"dtype"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf])
@pytest.mark.parametrize("today", [True, False])
def test_a_figure_that_cannot_be_is_never_green(name: str, value: float, today: bool):
    bad, good = baseline(with_figures(**{name: value})), baseline()
    for options in ({}, {"lenient": True}, {"strict": True}, {name: "off"}):
        found = checked(*((good, bad) if today else (bad, good)), **options)
        assert (found.verdict, exit_code(found)) == (CANNOT_TELL, 2)
        assert METRICS[name].title in found.results[0].reasons[0]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "images_per_second"])
def test_a_figure_that_collapsed_is_never_green(name: str):
    value = getattr(FIGURES, name) * 1000
    before = baseline(with_figures(**{name: type(value)(value)}))
    found = checked(before, baseline(with_figures(**{name: type(value)(value * 0.0099)})))
    assert (found.verdict, exit_code(found)) == (CANNOT_TELL, 2)
    assert f"{METRICS[name].title} collapsed" in found.results[0].reasons[0]


def test_a_model_may_have_no_parameters():
    nothing = baseline(with_figures(parameters=0, macs_per_image=0.0, flops=0.0))
    assert checked(nothing, nothing).verdict is PASSED


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("model", "resnet18", "this workload is not in the baseline"),
        ("phase", "train", "which has it with phase infer"),
        ("device", "t4", "which has it with device a100-sxm4-40gb"),
        ("batch_size", 64, "which has it with batch size 128"),
        ("resolution", 256, "which has it with resolution 224"),
        ("precision", "fp32", "which has it with precision tf32"),
        ("layout", "channels-first", "which has it with layout channels-last"),
    ],
)
def test_another_workload_is_not_comparable(field: str, value: object, says: str):
    found = against(replace(ENTRY, workload=replace(WORKLOAD, **{field: value})))
    assert (found.verdict, exit_code(found)) == (CANNOT_TELL, 2)
    reasons = {result.workload: result.reasons[0] for result in found.results}
    assert len(reasons) == 2
    assert any(says in reason for reason in reasons.values())
    assert any("is not in the configuration" in reason for reason in reasons.values())


def test_a_workload_too_few_or_too_many_is_never_green():
    other = replace(ENTRY, workload=replace(WORKLOAD, phase="train"))
    for before, after in ((baseline(ENTRY, other), baseline()), (baseline(), baseline(ENTRY, other))):
        found = checked(before, after, lenient=True)
        assert (found.verdict, exit_code(found)) == (CANNOT_TELL, 2)
        assert [result.verdict for result in found.results] == [PASSED, CANNOT_TELL]


def test_another_cost_model_is_no_regression():
    found = checked(baseline(cost_model=COST_MODEL - 1), baseline(with_figures(flops=9e12)))
    assert (found.verdict, exit_code(found)) == (CANNOT_TELL, 2)
    assert "memprof's cost model changed, this is no regression" in found.results[0].reasons[0]
    assert "memprof gate update" in found.remedy
    newer = checked(baseline(cost_model=COST_MODEL + 1), baseline())
    assert "of a newer memprof" in newer.results[0].reasons[0]
    assert "install memprof" in newer.remedy
    terms = Terms("b", "c")
    assert refuse(CONFIG, terms, baseline()) is None
    assert refuse(CONFIG, terms, baseline(cost_model=COST_MODEL - 1)) is not None


def test_a_device_with_other_figures_is_not_comparable():
    found = checked(replace(baseline(), devices={"a100-sxm4-40gb tf32": "another"}), baseline())
    assert exit_code(found) == 2
    assert "figures of the device a100-sxm4-40gb" in found.results[0].reasons[0]
    assert exit_code(checked(replace(baseline(), devices={}), baseline())) == 2


def test_other_versions_of_libraries_are_noted():
    before = replace(baseline(), environment={"torch": "2.12.0"}, memprof="0.0.1")
    found = checked(before, baseline())
    assert found.verdict is PASSED
    assert [note.split(":")[0] for note in found.notes] == [
        "fvcore is 0.1.5 here and unknown in the baseline",
        "torch is 2.13.0 here and 2.12.0 in the baseline",
        "memprof is 0.1.0 here and 0.0.1 in the baseline",
    ]


@pytest.mark.parametrize(
    ("measured", "lenient", "verdict", "code"),
    [
        (PASSED, False, PASSED, 0),
        (REGRESSED, False, REGRESSED, 1),
        (REGRESSED, True, REGRESSED, 1),
        (CANNOT_TELL, False, CANNOT_TELL, 2),
        (CANNOT_TELL, True, PASSED, 0),
    ],
)
def test_a_measurement_counts(measured: Verdict, lenient: bool, verdict: Verdict, code: int):
    found = checked(baseline(), baseline(), replace(MEASURED, verdict=measured), lenient=lenient)
    assert (found.verdict, exit_code(found)) == (verdict, code)
    assert any("--lenient" in note for note in found.notes) == (lenient and measured is CANNOT_TELL)
    assert ("measured_seconds" in found.remedy) == (code == 1)


def test_a_measurement_that_failed_passes_on_no_terms():
    """As where a model's code ends the measuring process: nothing was measured, so there is no noise to allow for."""
    failed = replace(MEASURED, verdict=CANNOT_TELL, rounds=0, reasons=("the measuring process died, exit code 0",))
    found = checked(baseline(), baseline(), failed, lenient=True)
    assert (found.verdict, exit_code(found), found.notes) == (CANNOT_TELL, 2, ())


def test_a_certain_regression_decides_over_what_cannot_be_told():
    assert worst([PASSED, CANNOT_TELL, IMPROVED, REGRESSED]) is REGRESSED
    assert worst([PASSED, CANNOT_TELL, IMPROVED]) is CANNOT_TELL
    assert worst([PASSED, IMPROVED]) is IMPROVED
    assert worst([]) is PASSED


FACTORS = st.floats(0.5, 2.0)


@given(
    st.dictionaries(st.sampled_from(["flops", "seconds", "dram_bytes", "coverage"]), FACTORS, min_size=1),
    st.floats(0, 50),
    st.floats(0, 50),
)
def test_larger_budgets_never_fail_what_smaller_ones_let_pass(factors: dict[str, float], small: float, more: float):
    after = with_figures(**{name: getattr(FIGURES, name) * factor for name, factor in factors.items()})
    tight, loose = (
        against(after, seconds=f"{amount} %", flops=f"{amount} %", dram_bytes=f"{amount} %", coverage=f"{amount} %")
        for amount in (small, small + more)
    )
    assert exit_code(loose) <= exit_code(tight)


@given(st.dictionaries(st.sampled_from([name for name in NAMES if not METRICS[name].follows]), st.floats(0.02, 1)))
def test_what_gets_better_never_fails(factors: dict[str, float]):
    changes = {}
    for name, factor in factors.items():
        was = getattr(FIGURES, name)
        better = was * factor if METRICS[name].better is Better.LESS else was + (1 - was) * (1 - factor)
        changes[name] = type(was)(max(better, was * 0.011))
    found = against(with_figures(**changes))
    assert found.verdict in (PASSED, IMPROVED)
    assert exit_code(found) == 0
