"""A simulated step held against other devices is what an analysis on them finds."""

from __future__ import annotations

import math

import pytest

import memprof
from memprof import devices
from memprof.analysis.asking import Asked
from memprof.report.digest import digests
from memprof.report.record import Report


def sums(report: Report) -> dict[str, tuple[float, float, str]]:
    """Return predicted and least seconds and the bound of like operators, by what they are."""
    (digest,) = digests([report])
    return {group.name: (group.seconds, group.roofline_seconds, group.bound) for group in digest.operators}


@pytest.mark.parametrize(
    ("phase", "precision", "batch"), [("train", None, 8), ("infer", "amp-fp16", 2), ("infer", "fp16", 32)]
)
def test_it_is_the_same_as_an_analysis_there(phase: str, precision: str | None, batch: int) -> None:
    (held,) = Asked(batch_size=batch).hold("inceptionnext_t", ["a100"], phase=phase, precision=precision)
    found = {item.report.device.name: item for item in held.elsewhere()}
    for name in ("t4", "h100-sxm5-80gb", "mi300x"):
        there = found[name].report
        report = memprof.analyze("inceptionnext_t", device=name, phase=phase, precision=precision, batch_size=batch)
        assert (there.workload, there.device, there.warnings) == (report.workload, report.device, report.warnings)
        assert there.memory == report.memory
        assert there.totals.relative_error == report.totals.relative_error
        assert there.totals.images_per_second == pytest.approx(report.totals.images_per_second, rel=1e-12)
        own = sums(there)
        for key, (seconds, least, bound) in sums(report).items():
            assert math.isclose(own[key][0], seconds, rel_tol=1e-12)
            assert math.isclose(own[key][1], least, rel_tol=1e-12)
            assert own[key][2] == bound


def test_rows_are_those_at_home_in_order() -> None:
    (held,) = Asked(batch_size=1).hold("resnet50", ["a100"])  # of which the host holds up some calls, and not others
    rows = held.report.operators
    for item in held.elsewhere():
        assert sorted(item.rows) == list(item.rows)
        assert set(item.rows) == set(range(len(rows)))
        for row, place in zip(item.report.operators, item.rows, strict=True):
            assert (row.name, row.module, row.input_shapes) == (
                rows[place].name,
                rows[place].module,
                rows[place].input_shapes,
            )
        assert sum(row.flops for row in item.report.operators) == pytest.approx(sum(row.flops for row in rows))
    assert any(len(item.rows) > len(rows) for item in held.elsewhere())


def test_devices_without_the_precision_that_was_asked_for_are_left_out() -> None:
    (held,) = Asked().hold("resnet50", ["a100"], precision="amp-bf16")
    names = {item.report.device.name for item in held.elsewhere()}
    assert names == {
        record.name
        for record in devices.list_devices()
        if "amp-bf16" in devices.precisions(record) and record.name != held.report.device.name
    }
    assert "t4" not in names
