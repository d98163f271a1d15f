"""Budgets: what they mean, what is refused, and that a larger one never fails what a smaller one lets pass."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import GateError
from memprof.gate.budgets import DEFAULTS, complete, judge, parse
from memprof.gate.metrics import BUDGETED, MEASURED, METRICS, SHARES, Better, find
from memprof.gate.records import Figures, Verdict

LESS, MORE = METRICS["seconds"], METRICS["coverage"]
AMOUNTS = st.floats(0, 1e15, allow_nan=False)


@pytest.mark.parametrize(
    ("name", "text", "before", "allowance"),
    [
        ("seconds", "+2 %", 0.5, 0.5 * 2 / 100),
        ("seconds", "2%", 0.5, 0.5 * 2 / 100),
        ("seconds", "+0.001", 0.5, 0.001),
        ("launches", "+3", 200, 3),
        ("launches", 3, 200, 3),
        ("launches", "0", 200, 0),
        ("launches", "-0", 200, 0),
        ("flops", "1e6", 2e12, 1e6),
        ("coverage", "-0", 0.9, 0),
        ("coverage", -0.01, 0.9, 0.01),
        ("coverage", "-1 %", 0.9, 0.9 * 1 / 100),
        ("bound_shares", "0.05", 0.3, 0.05),
        ("flops", "off", 2e12, math.inf),
        ("flops", "OFF", 0, math.inf),
    ],
)
def test_a_budget_allows_what_it_says(name: str, text: str | float, before: float, allowance: float):
    assert parse(name, text).allowance(before) == pytest.approx(allowance, rel=1e-12)


@pytest.mark.parametrize("name", sorted(BUDGETED))
@pytest.mark.parametrize("text", ["0", "3", "2 %", "0.25 %", "1e-7", "off"])
def test_a_budget_in_words_reads_back_as_itself(name: str, text: str):
    if text != "off" and name == (SHARES if "%" in text else MEASURED.name):
        return  # refused, see below
    budget = parse(name, text)
    assert parse(name, budget.text) == budget


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("seconds", "-2 %", "write seconds = +2 %"),
        ("coverage", "+1 %", "write coverage = -1 %"),
        ("images_per_second", "+2 %", "gets worse as it falls"),
        ("seconds", "+٢ %", "is no budget"),
        ("seconds", "two", "write, for example, seconds = +2 %"),
        ("seconds", "", "is no budget"),
        ("seconds", "2 % 3", "is no budget"),
        ("seconds", "nan", "is no budget"),
        ("seconds", "inf", "is no budget"),
        ("seconds", "1e999", 'write seconds = "off"'),
        ("seconds", True, "is no budget"),
        ("bound_shares", "5 %", "write bound_shares = 0.05"),
        ("measured_seconds", "+0.1", "write measured_seconds = +5 %"),
        ("secnds", "0", "did you mean seconds"),
        ("flop", "0", "did you mean flops"),
    ],
)
def test_what_is_no_budget_is_refused_with_what_to_write(name: str, text: str | float, says: str):
    with pytest.raises(GateError) as caught:
        parse(name, text)
    assert says in str(caught.value)


def test_every_figure_has_its_facts_and_nothing_else_has():
    assert set(METRICS) == set(Figures.__dataclass_fields__)
    assert all(metric.budget or metric.follows in METRICS for metric in METRICS.values())
    assert {name for name, budget in DEFAULTS.items() if budget.is_off} == {SHARES}


def test_what_is_given_replaces_the_default():
    found = complete({"seconds": parse("seconds", "+9 %")})
    assert found["seconds"].text == "+9 %"
    assert found["flops"].text == "0"
    assert "images_per_second" not in found


def test_a_share_has_the_facts_of_all_shares():
    assert find("bound_shares.l1").name == SHARES


@pytest.mark.parametrize(
    ("name", "before", "after", "budget", "verdict"),
    [
        ("flops", 2e12, 2e12 + 1, "0", Verdict.REGRESSED),  # counts are exact
        ("flops", 2e12, 2e12 - 1, "0", Verdict.IMPROVED),
        ("flops", 2e12, 2e12, "0", Verdict.PASSED),
        ("launches", 100, 103, "+3", Verdict.PASSED),
        ("launches", 100, 104, "+3", Verdict.REGRESSED),
        ("launches", 100, 96, "+3", Verdict.IMPROVED),
        ("seconds", 1.0, 1.02, "+2 %", Verdict.PASSED),
        ("seconds", 1.0, 1.021, "+2 %", Verdict.REGRESSED),
        ("seconds", 1.0, 0.979, "+2 %", Verdict.IMPROVED),
        ("seconds", 1.0, 1 + 1e-9, "0", Verdict.PASSED),  # the tenth digit
        ("coverage", 1.0, 0.9999, "-0", Verdict.REGRESSED),
        ("coverage", 0.9, 0.91, "-0", Verdict.IMPROVED),
        ("bound_shares", 0.5, 0.56, "0.05", Verdict.REGRESSED),
        ("bound_shares", 0.5, 0.44, "0.05", Verdict.REGRESSED),
        ("bound_shares", 0.5, 0.54, "0.05", Verdict.PASSED),
    ],
)
def test_a_figure_is_judged_by_its_budget(name: str, before: float, after: float, budget: str, verdict: Verdict):
    assert judge(METRICS[name], before, after, parse(name, budget)) is verdict


@given(before=AMOUNTS, after=AMOUNTS, small=AMOUNTS, more=AMOUNTS, percent=st.booleans())
def test_a_larger_budget_never_fails_what_a_smaller_one_lets_pass(
    before: float, after: float, small: float, more: float, percent: bool
):
    unit = " %" if percent else ""
    first, second = (parse("seconds", f"{amount!r}{unit}") for amount in (small, small + more))
    if judge(LESS, before, after, first) is not Verdict.REGRESSED:
        assert judge(LESS, before, after, second) is not Verdict.REGRESSED
    if judge(LESS, before, after, second) is Verdict.REGRESSED:
        assert judge(LESS, before, after, first) is Verdict.REGRESSED


@given(before=AMOUNTS, better=AMOUNTS, amount=AMOUNTS)
def test_what_gets_better_never_regresses_and_what_gets_worse_never_improves(
    before: float, better: float, amount: float
):
    for metric, sign in ((METRICS["flops"], "+"), (LESS, "+"), (MORE, "-")):
        budget = parse(metric.name, f"{sign}{amount!r}")
        up = judge(metric, before, before + better, budget)
        down = judge(metric, before + better, before, budget)
        good, bad = (down, up) if metric.better is Better.LESS else (up, down)
        assert good is not Verdict.REGRESSED
        assert bad is not Verdict.IMPROVED


@given(before=AMOUNTS, after=AMOUNTS)
def test_no_budget_gates_nothing(before: float, after: float):
    assert judge(LESS, before, after, parse("seconds", "off")) is Verdict.PASSED
