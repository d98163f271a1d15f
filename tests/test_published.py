"""Real measurements against the bound: no published throughput lies above what the roofline allows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import memprof

PUBLISHED = Path(__file__).parents[2] / "shared" / "published" / "throughput_a100_inceptionnext.csv"

needs_measurements = pytest.mark.skipif(
    not PUBLISHED.exists(), reason="the published measurements are not part of the repository"
)


def bound_images_per_second(model, phase, layout):
    report = memprof.analyze(model, device="a100", batch_size=128, phase=phase, precision="tf32", layout=layout)
    return report.totals.images_per_second


@needs_measurements
def test_no_measured_a100_throughput_exceeds_the_bound_or_falls_below_a_third_of_it():
    with PUBLISHED.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24
    for row in rows:
        bounds = [bound_images_per_second(row["model"], row["phase"], layout)
                  for layout in ("channels-first", "channels-last")]  # fmt: skip
        assert max(bounds) / 3 < float(row["images_per_second"]) < max(bounds), row
