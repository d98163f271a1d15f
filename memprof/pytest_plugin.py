"""The fixture `memprof_gate` for pytest: a test fails where a network became slower than its accepted baseline.

    def test_perf(memprof_gate):
        memprof_gate("inceptionnext_t", batch_size=64, budget="+2 %")

`pytest --memprof-update` accepts today's figures, into memprof-tests.json beside pytest's configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memprof.vocabulary import CHANNELS_LAST, INFER

if TYPE_CHECKING:
    from memprof.gate.records import Baseline, Entry, WorkloadResult
    from memprof.report.record import Report

FILE_NAME = "memprof-tests.json"
_UPDATE = "accept today's figures with `pytest --memprof-update`, and commit the file"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what a user may choose."""
    group = parser.getgroup("memprof")
    group.addoption("--memprof-update", action="store_true", help="Accept today's figures of every memprof_gate.")
    parser.addini(
        "memprof_baseline",
        f"The file of accepted figures, beside pytest's configuration: {FILE_NAME}.",
        default=FILE_NAME,
    )


@dataclass(frozen=True)
class MemprofGate:
    """Holds models against their accepted figures, under the name of the test where they have none of their own."""

    baseline: Path
    test: str
    accepts: bool

    def __call__(
        self,
        model: Any,
        *,
        batch_size: int = 128,
        resolution: int | None = None,
        phase: str = INFER,
        device: str = "a100",
        precision: str | None = None,
        layout: str = CHANNELS_LAST,
        budget: str | Mapping[str, str] | None = None,
    ) -> WorkloadResult | None:
        """Fail the test unless the model's predicted figures are within their budgets.

        `model` is a name as `memprof roofline` takes it, a torch.nn.Module, or a function that builds one; the other
        settings are those of `memprof.analyze`. `budget` is how much the predicted step time may grow ("+2 %"), or
        budgets by metric ({"seconds": "+2 %", "launches": "+3"}); metrics without one have the gate's defaults.
        Returns what was found, None where it was accepted. Errors of memprof are raised as they are.
        """
        from memprof.analysis.simulated import analyze
        from memprof.gate.budgets import complete, parse

        given = {"seconds": budget} if isinstance(budget, str) else dict(budget or {})
        budgets = complete({name: parse(name, text) for name, text in given.items()})
        report = analyze(
            _model_or_builder(model),
            device=device,
            batch_size=batch_size,
            resolution=resolution,
            phase=phase,
            precision=precision,
            layout=layout,
        )
        if not isinstance(model, str):  # the name of the test stays when that of a function or class changes
            report = replace(report, workload=replace(report.workload, model=self.test))
        if self.accepts:
            self._accept(report)
            return None
        return self._check(report, budgets)

    def _check(self, report: Report, budgets: Mapping[str, Any]) -> WorkloadResult:
        from memprof.gate import checking
        from memprof.gate.baseline import load_baseline
        from memprof.gate.config import GateConfig
        from memprof.gate.entries import collect
        from memprof.gate.records import Verdict
        from memprof.reports.gate import WRITERS
        from memprof.reports.writer import RenderOptions

        today = collect([report])
        (entry,) = today.entries
        accepted = load_baseline(self.baseline) if self.baseline.exists() else None
        known = [item for item in accepted.entries if item.workload == entry.workload] if accepted else []
        if accepted is None or not known:
            pytest.fail(f"{self.baseline.name} has no figures of {entry.workload.model} like this: {_UPDATE}", False)
        config = GateConfig(self.baseline, (entry.workload.model,), budgets=budgets)
        terms = checking.Terms(self.baseline.name, self.test)
        result = checking.check(config, terms, replace(accepted, entries=tuple(known)), today)
        if result.verdict in (Verdict.REGRESSED, Verdict.CANNOT_TELL):
            verdict = WRITERS.render(replace(result, remedy=""), "text", RenderOptions(width=100)).decode()
            pytest.fail(f"{verdict}If it is meant, {_UPDATE}", False)
        return result.results[0]

    def _accept(self, report: Report) -> None:
        from memprof.gate.baseline import update_baseline
        from memprof.gate.entries import collect

        today = collect([report])
        update_baseline(self.baseline, lambda before: _merge(before, today))  # pytest-xdist runs several processes


@pytest.fixture
def memprof_gate(request: pytest.FixtureRequest) -> MemprofGate:
    """Hold a model against its accepted figures: `memprof_gate(model, batch_size=..., budget="+2 %")`."""
    config = request.config
    root = config.inipath.parent if config.inipath else config.rootpath
    return MemprofGate(
        root / config.getini("memprof_baseline"), request.node.nodeid, config.getoption("--memprof-update")
    )


def _model_or_builder(model: Any) -> str | Callable[[], Any]:
    return (lambda: model) if hasattr(model, "named_modules") else model


def _merge(before: Baseline | None, today: Baseline) -> Baseline:
    """Put today's entries in the place of the ones of before; of another cost model none can stay beside them."""
    if before is None or before.cost_model != today.cost_model:
        return today
    entries: dict[Any, Entry] = {entry.workload: entry for entry in (*before.entries, *today.entries)}
    merged = tuple(entries[workload] for workload in sorted(entries))
    return replace(today, entries=merged, devices={**before.devices, **today.devices})
