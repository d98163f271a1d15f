"""Budgets: how much worse a figure may get before the gate says no."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from memprof.errors import GateError
from memprof.gate.metrics import BUDGETED, MEASURED, SHARES, Better, Metric, find
from memprof.gate.records import Verdict

OFF = "off"
TOLERANCE = 1e-8
"""By this fraction figures that are no counts may differ from machine to machine: a baseline holds nine digits."""
_FORM = re.compile(r"([+-]?)\s*(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?\s*(%?)", re.ASCII | re.IGNORECASE)
_SIGN = {Better.LESS: "+", Better.MORE: "-", Better.NEITHER: ""}


@dataclass(frozen=True, slots=True)
class Budget:
    """How much worse a figure may get: by `amount` in the figure's unit, or by that fraction of what it was.

    An infinite amount is no budget: the figure is shown and not gated.
    """

    amount: float
    is_fraction: bool
    text: str

    @property
    def is_off(self) -> bool:
        """Return whether the figure is not gated."""
        return math.isinf(self.amount)

    def allowance(self, before: float) -> float:
        """Return by how much the figure may get worse that was `before`, in its unit."""
        return self.amount * abs(before) if self.is_fraction and not self.is_off else self.amount


def parse(name: str, text: str | float) -> Budget:
    """Read the budget of the metric `name`: "+2 %", "0", "+3", "-0.001", or "off"; GateError for anything else."""
    metric = find(name)
    given = str(text).strip()
    if given.lower() == OFF:
        return Budget(math.inf, False, OFF)
    form = None if isinstance(text, bool) else _FORM.fullmatch(given)
    if form is None:
        raise GateError(f"{name} = {given!r} is no budget", f"write, for example, {name} = {_example(metric)}")
    sign, digits, exponent, percent = form.groups()
    amount = float(f"{digits}{exponent or ''}") / (100 if percent else 1)
    wanted = _SIGN[metric.better]
    if amount and sign and wanted and sign != wanted:
        raise GateError(
            f"{name} = {given!r} has the wrong sign: {metric.title} gets worse as it {_worse(metric)}",
            f"write {name} = {wanted}{given.lstrip('+-').strip()}",
        )
    if name == SHARES and percent:
        raise GateError(f"{name} = {given!r}: a share of time is a fraction itself", f"write {name} = {amount:g}")
    if name == MEASURED.name and not percent:
        raise GateError(f"{name} = {given!r}: machines differ in how long a step takes", f"write {name} = +5 %")
    if not math.isfinite(amount):
        raise GateError(f"{name} = {given!r} is no budget", f'to gate nothing, write {name} = "{OFF}"')
    return Budget(amount, bool(percent), _written(metric, amount, is_fraction=bool(percent)))


def complete(given: Mapping[str, Budget]) -> dict[str, Budget]:
    """Return the budget of every metric that has one: what is given, and otherwise the default."""
    return {**DEFAULTS, **given}


def judge(metric: Metric, before: float, after: float, budget: Budget) -> Verdict:
    """Hold one figure against its baseline; both must be finite."""
    rounding = 0.0 if metric.is_count else TOLERANCE * max(abs(before), abs(after))
    grown = after - before
    worse = {Better.LESS: grown, Better.MORE: -grown, Better.NEITHER: abs(grown)}[metric.better]
    allowance = budget.allowance(before) + rounding
    if worse > allowance:
        return Verdict.REGRESSED
    return Verdict.IMPROVED if -worse > allowance else Verdict.PASSED


def _worse(metric: Metric) -> str:
    return "grows" if metric.better is Better.LESS else "falls"


def _written(metric: Metric, amount: float, *, is_fraction: bool) -> str:
    sign = _SIGN[metric.better]
    number = f"{amount * 100:.10g} %" if is_fraction else f"{amount:.10g}"
    return number if metric.better is Better.LESS and not amount else f"{sign}{number}"


def _example(metric: Metric) -> str:
    return metric.budget if metric.budget not in ("", OFF) else "0.05" if metric.name == SHARES else "-2 %"


DEFAULTS: Mapping[str, Budget] = {
    name: parse(name, metric.budget) for name, metric in BUDGETED.items() if metric.budget
}
"""The budgets of who says nothing."""
