"""Timing in turns, by a clock that only probes move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.calibration.records import Group, Missed, Probe
from memprof.calibration.timing import time_probes
from tests.calibration.fakes import FakeClock, arithmetic, bandwidth, group


def test_the_best_call_counts_and_the_first_does_not() -> None:
    clock = FakeClock()
    probe = clock.probe(bandwidth("l1", moved=3e9), 5.0, 0.5, 0.3, 0.4, 0.5)
    (timing,), missed = time_probes([group("L1", [probe])], clock, clock.now, 20.0)
    assert missed == []
    assert timing.best_seconds == 0.3
    assert timing.median_seconds == 0.5
    assert timing.rate == 3e9 / 0.3
    assert timing.spread == pytest.approx((0.5 - 0.3) / 0.3)
    assert timing.calls > 10


def test_a_first_call_that_is_the_only_one_counts() -> None:
    clock = FakeClock()
    (timing,), _ = time_probes([group("DRAM", [clock.probe(bandwidth("dram"), 3.0)])], clock, clock.now, 1.0)
    assert (timing.best_seconds, timing.median_seconds, timing.calls) == (3.0, 3.0, 2)  # one in each sweep
    assert timing.spread == 0


def test_time_is_shared_by_weight() -> None:
    clock = FakeClock()
    groups = [
        group("L1", [clock.probe(bandwidth("l1"), 0.01)], weight=1),
        group("DRAM", [clock.probe(bandwidth("dram"), 0.01)], weight=3),
    ]
    (l1, dram), _ = time_probes(groups, clock, clock.now, 40.0)
    assert l1.calls * 0.01 == pytest.approx(10, rel=0.02)
    assert dram.calls * 0.01 == pytest.approx(30, rel=0.02)
    assert clock.seconds == pytest.approx(40, abs=0.05)


def test_what_is_hopelessly_slow_is_tried_once_a_sweep_and_nothing_larger_is() -> None:
    """At 1 GFLOP/s the small product takes 1 s, the large one would take 64."""
    clock = FakeClock()
    small = clock.probe(arithmetic("bf16_tensor", "matmul of 256", 1e9), 1.0)
    large = clock.probe(arithmetic("bf16_tensor", "matmul of 1024", 64e9), 64.0)
    (timing,), missed = time_probes([group("BF16", [small, large])], clock, clock.now, 4.0)
    assert timing.task.name == "matmul of 256"
    assert timing.rate == 1e9
    assert missed == []
    assert clock.seconds <= 4.0 + 1.0


def test_a_probe_is_tried_later_once_its_group_turns_out_fast() -> None:
    """The first call of all is slow, as it loads libraries: by it, the second probe would take 300 s."""
    clock = FakeClock()
    small = clock.probe(arithmetic(name="matmul of 256", flops=1e9), 3.0, 0.01)
    large = clock.probe(arithmetic(name="matmul of 1024", flops=100e9), 0.5)
    timings, _ = time_probes([group("FP32", [small, large])], clock, clock.now, 20.0)
    assert {item.task.name: item.best_seconds for item in timings} == {"matmul of 256": 0.01, "matmul of 1024": 0.5}


def fails(message: str) -> Probe:
    def run() -> None:
        raise RuntimeError(message)

    return Probe(arithmetic("fp16_tensor", "convolution"), run)


def test_what_torch_cannot_do_is_said_and_the_rest_is_measured() -> None:
    clock = FakeClock()
    probes = [clock.probe(arithmetic("fp16_tensor"), 0.1), fails('"conv" not implemented for Half\nat line 3')]
    (timing,), missed = time_probes([group("FP16 arithmetic", probes)], clock, clock.now, 2.0)
    assert timing.task.name == "matmul of 512"
    assert missed == [Missed("FP16 arithmetic: convolution", '"conv" not implemented for Half')]


def test_operands_that_cannot_be_made_cost_their_group_only() -> None:
    clock = FakeClock()

    def build() -> list[Probe]:
        raise MemoryError

    groups = [Group("DRAM bandwidth", 1.0, build), group("L1", [clock.probe(bandwidth("l1"), 0.1)])]
    (timing,), missed = time_probes(groups, clock, clock.now, 2.0)
    assert timing.task.level == "l1"
    assert missed == [Missed("DRAM bandwidth", "MemoryError")]


def test_what_was_measured_before_memory_ran_out_stays() -> None:
    clock = FakeClock()
    answers = iter([[clock.probe(bandwidth("dram"), 0.1)]])

    def build() -> list[Probe]:
        try:
            return next(answers)
        except StopIteration:
            raise RuntimeError("out of memory") from None

    (timing,), missed = time_probes([Group("DRAM bandwidth", 1.0, build)], clock, clock.now, 2.0)
    assert timing.best_seconds == 0.1
    assert missed == []


def test_a_clock_too_coarse_for_a_call_is_no_infinite_rate() -> None:
    clock = FakeClock()
    probes = [clock.probe(bandwidth("l1", name), 0.1, 0.0, 0.1) for name in ("read", "write")]
    timings, _ = time_probes([group("L1", probes)], clock, clock.now, 2.0)
    assert [item.rate for item in timings] == [1e9 / 1e-9] * 2


def test_ctrl_c_is_not_mistaken_for_a_failure() -> None:
    def run() -> None:
        raise KeyboardInterrupt

    clock = FakeClock()
    with pytest.raises(KeyboardInterrupt):
        time_probes([group("L1", [Probe(bandwidth("l1"), run)])], clock, clock.now, 2.0)


def test_operands_live_no_longer_than_their_group() -> None:
    clock = FakeClock()
    alive: set[str] = set()

    class Operands:
        def __init__(self, name: str) -> None:
            self.name = name
            alive.add(name)

        def __del__(self) -> None:
            alive.discard(self.name)

    def of(name: str, other: str) -> Group:
        def build() -> list[Probe]:
            assert other not in alive
            operands = Operands(name)
            inner = clock.probe(bandwidth("l1", name), 0.1)

            def run() -> Operands:
                inner.call()
                return operands

            return [Probe(bandwidth("l1", name), run)]

        return Group(name, 1.0, build)

    timings, _ = time_probes([of("a", "b"), of("b", "a")], clock, clock.now, 4.0)
    assert len(timings) == 2
    assert alive == set()


@given(st.lists(st.tuples(st.floats(1e-3, 20), st.floats(0.5, 5)), min_size=1, max_size=6), st.floats(0.5, 60))
def test_the_time_is_kept_but_for_one_call_of_each_group_a_sweep(
    groups: list[tuple[float, float]], seconds: float
) -> None:
    clock = FakeClock()
    shares: list[float] = []
    made = [
        group(str(i), [clock.probe(bandwidth("l1"), duration)], weight) for i, (duration, weight) in enumerate(groups)
    ]
    timings, missed = time_probes(made, clock, clock.now, seconds, lambda what, done: shares.append(done))
    assert len(timings) == len(groups)
    assert missed == []
    assert clock.seconds <= seconds + 2 * sum(duration for duration, _ in groups) + 1e-6
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1
