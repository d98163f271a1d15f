"""Whether a step fits, and the batch that would, against figures small enough to redo by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from memprof.findings import memory
from memprof.report.digest import digest
from memprof.report.record import Memory, Report
from tests.reports.sample import A100, sample


def report_of(
    *, fixed: float, activations: float, batch: int, capacity: float | None, fits: bool | None = False
) -> Report:
    whole = sample()
    return replace(
        whole,
        workload=replace(whole.workload, batch_size=batch),
        device=replace(A100, memory_capacity_bytes=capacity),
        memory=Memory(fixed + activations, fixed, 0.0, 0.0, activations, fits),
    )


@pytest.mark.parametrize(
    ("fixed", "activations", "batch", "capacity", "expected"),
    [
        # 85 % of 100 bytes are for the step.
        (5, 160, 128, 100, 64),  # 80 bytes are half of the activations
        (5, 161, 128, 100, 32),  # 80 / 161 * 128 = 63.6
        (5, 160, 2, 100, 1),
        (5, 160, 1, 100, 0),  # half an image
        (85, 160, 128, 100, 0),  # the weights fill it
        (5, 10, 100, 100, 64),  # never above the batch, though 800 images would fit
        (5, 0, 100, 100, 64),
    ],
)
def test_activations_grow_with_the_batch(
    fixed: float, activations: float, batch: int, capacity: float, expected: int
) -> None:
    report = report_of(fixed=fixed, activations=activations, batch=batch, capacity=capacity)
    assert memory.largest_batch(digest(report)) == expected


amounts = some.floats(0, 1e15)


@given(amounts, amounts, some.integers(1, 10**6), some.floats(1e-3, 1e15))
def test_a_suggested_batch_fits_and_is_a_power_of_two(
    fixed: float, activations: float, batch: int, capacity: float
) -> None:
    suggested = memory.largest_batch(
        digest(report_of(fixed=fixed, activations=activations, batch=batch, capacity=capacity))
    )
    assert 0 <= suggested <= batch
    if suggested:
        assert suggested & (suggested - 1) == 0
        assert fixed + activations * suggested / batch <= 0.85 * capacity * (1 + 1e-9) + fixed * 1e-9


def test_the_words_of_a_step_that_fits() -> None:
    report = report_of(fixed=1e9, activations=2e9, batch=8, capacity=40e9, fits=True)
    assert memory.verdict(digest(report)) == "yes"
    assert memory.remark(digest(report)) == "in its 40.0 GB"
    assert memory.sentence(digest(report)) == ""
    assert memory.parts(digest(report)) == "parameters 1.00 GB, activations 2.00 GB"


def test_the_words_of_a_step_that_does_not_fit() -> None:
    report = report_of(fixed=2e9, activations=50e9, batch=128, capacity=40e9)
    assert memory.verdict(digest(report)) == "NO"
    # 0.85 * 40 - 2 = 32 of 50 GB: 81 images.
    assert memory.remark(digest(report)) == "52.0 GB and the CUDA context are needed of 40.0 GB: try batch 64"
    alone = report_of(fixed=2e9, activations=50e9, batch=1, capacity=40e9)
    assert memory.remark(digest(alone)).endswith("of 40.0 GB, not even with batch 1")
    assert memory.sentence(digest(alone)).endswith("take a device with more memory or a lower precision.")


def test_a_device_without_a_capacity_leaves_it_open() -> None:
    report = report_of(fixed=2e9, activations=50e9, batch=128, capacity=None, fits=None)
    assert memory.verdict(digest(report)) == "not known"
    assert "no memory capacity" in memory.remark(digest(report))
    assert memory.sentence(digest(report)) == ""
    assert memory.largest_batch(digest(report)) == 0
