"""What is said of many batch sizes, by hand-made reports."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof.errors import WorkloadError
from memprof.whatif.batches import Analysed, Batches, Power, check_price, collect
from tests.comparisons.explain_rows import WORKLOAD, report, row

SECONDS = {1: 1e-3, 2: 1e-3, 4: 1.1e-3, 8: 2e-3, 16: 3.9e-3}
"""Of a step: 1000, 2000, 3636, 4000 and 4103 images a second."""


def found(*, largest: int | None = 8, power: Power | None = None, dollars: float | None = None) -> Batches:
    reports = [
        report(
            row("conv2d", "convolution", "stem", seconds, bound="host" if size < 4 else "dram"),
            workload=replace(WORKLOAD, batch_size=size),
            fits=size <= 8,
        )
        for size, seconds in SECONDS.items()
    ]
    return collect([Analysed(reports, largest, (1, 2, 4, 16))], power, dollars)


def test_the_best_fits_and_the_smallest_near_it_is_enough():
    (curve,) = found().curves

    assert curve.best == 8  # 16 is faster, and does not fit
    assert curve.enough == 8  # 3636 images a second are 91 % of 4000
    assert [batch.bound for batch in curve.batches] == ["host", "host", "dram", "dram", "dram"]
    text = " ".join(found().sentences)
    assert "goes from 1,000 images/s to 4,103 images/s (4.1x)" in text
    assert "the largest batch that fits Toy GPU is 8" in text
    assert "up to batch 2 the host sets the pace" in text
    assert "batch 8 is the largest that fits" in " ".join(found(largest=None).sentences)


def test_a_million_images_cost_their_time_at_price_and_power():
    batches = found(power=Power(360.0, "a datasheet"), dollars=3.6)
    batch = batches.curves[0].at(8)

    assert batch is not None
    assert batch.dollars_per_image == pytest.approx(3.6 / 3600 * 2e-3 / 8)
    assert batch.joules_per_image == pytest.approx(360 * 2e-3 / 8)
    # 2.5e-4 s an image, 250 s a million: 3.6 dollars an hour are 0.25, 360 W are 90 kJ, 0.025 kWh
    assert "a million images take about $0.250 and 0.0250 kWh at most" in " ".join(batches.sentences)
    assert "estimates" in batches.notes[0]
    assert "360 W: a datasheet" in batches.notes[1]


def test_without_a_figure_there_is_no_energy():
    batches = found()

    assert [batch.joules_per_image for batch in batches.curves[0].batches] == [None] * 5
    assert batches.notes == ("There is no figure for this device's power, hence none for energy.",)


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan"), float("inf")])
def test_what_is_no_price_is_refused(price):
    with pytest.raises(WorkloadError, match="no price"):
        check_price(price)
