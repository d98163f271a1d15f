"""From times to ceilings, to a device, and to what one should know about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memprof.calibration.records import Caution, Missed, Task, Timing
from memprof.calibration.results import cautions_of, demand_required, device_of, find_ceilings
from memprof.calibration.sanity import check
from memprof.errors import DeviceError
from tests.calibration.fakes import EMPTY, arithmetic, bandwidth, timing

DRAM = timing(bandwidth("dram"), 1 / 20)
FP32 = timing(arithmetic(), 1 / 100)


def cautions(*timings: Timing, load: float | None = 0.0, missed: tuple[Missed, ...] = ()) -> list[str]:
    ceilings = find_ceilings(timings)
    return [str(item) for item in cautions_of(EMPTY, ceilings, timings, missed, load)]


def test_a_ceiling_is_the_fastest_of_what_tried_to_reach_it() -> None:
    tried = [
        timing(bandwidth("dram", name), seconds) for name, seconds in (("read", 0.1), ("copy", 0.05), ("triad", 0.2))
    ]
    (ceiling,) = find_ceilings(tried)
    assert (ceiling.key, ceiling.winner.task.name, ceiling.value) == ("dram_bytes_per_second", "copy", 1e9 / 0.05)
    assert [item.task.name for item in ceiling.others] == ["read", "triad"]


def test_best_means_most_a_second_not_the_shortest_call() -> None:
    small, large = (
        timing(arithmetic(name=f"matmul of {n}", flops=2 * n**3), n**3 * cost)
        for n, cost in ((256, 1e-11), (1024, 0.5e-11))
    )
    (ceiling,) = find_ceilings([small, large])
    assert ceiling.winner is large
    assert ceiling.value == pytest.approx(2 / 0.5e-11)


@pytest.mark.parametrize(
    ("matmul", "convolution", "chain", "winner"),
    [(100, 140, 50, "convolution"), (140, 100, 50, "matmul of 512"), (90, 100, 120, "addcmul")],
)
def test_the_compute_roof_is_the_best_of_matmul_convolution_and_chain(
    matmul: float, convolution: float, chain: float, winner: str
) -> None:
    tried = [
        timing(arithmetic(), 1 / matmul),
        timing(arithmetic(name="convolution"), 1 / convolution),
        timing(arithmetic("elementwise", "addcmul"), 1 / chain),
    ]
    peak, elementwise = find_ceilings(tried)
    assert (peak.key, peak.winner.task.name) == ("fp32_flops_per_second", winner)
    assert (elementwise.key, elementwise.winner.task.name) == ("elementwise_flops_per_second", "addcmul")
    assert elementwise.value == pytest.approx(chain * 1e9)


def test_the_device_states_each_figure_with_how_it_was_found() -> None:
    ceilings = find_ceilings([timing(bandwidth("dram", "triad"), 0.05, 0.052, 1234), FP32])
    device = device_of(EMPTY, ceilings, [Caution("It was hot", "wait")], "2031-02-03")
    assert (device.name, device.title, device.architecture) == ("host", "A Processor", "CPU")
    figure = device.figures["dram_bytes_per_second"]
    assert figure.value == 20e9
    assert figure.sources == (
        "measured by memprof calibrate on 2031-02-03 with torch 9.9, 4 threads",
        "triad, best of 1,234 runs, spread 4 %",
    )
    assert device.figure("measured_spread_fraction") == pytest.approx(0.04)
    assert device.notes == ("What was reached.", "It was hot; wait.")
    assert "l1_bytes_per_second" not in device.figures


def test_a_spread_of_nothing_is_no_figure() -> None:
    """A device file has no figure of zero."""
    assert "measured_spread_fraction" not in device_of(EMPTY, find_ceilings([DRAM, FP32]), [], "2031-02-03").figures


def test_without_a_memory_and_a_compute_roof_there_is_no_device() -> None:
    demand_required(find_ceilings([DRAM, FP32]), [])
    with pytest.raises(DeviceError, match=r"DRAM bandwidth could not be measured \(DRAM bandwidth: no memory\)"):
        demand_required(find_ceilings([FP32]), [Missed("DRAM bandwidth", "no memory")])
    with pytest.raises(DeviceError, match="this machine's FP32 peak could not be measured"):
        demand_required(find_ceilings([DRAM]), [])


def test_a_quiet_machine_gives_no_caution() -> None:
    assert cautions(DRAM, FP32, load=1.0) == []  # of four CPUs a quarter
    assert cautions(DRAM, FP32, load=None) == []


def test_a_busy_machine_is_said_to_have_been_busy() -> None:
    (caution,) = cautions(DRAM, FP32, load=1.1)
    assert caution.startswith("The machine was busy before the start: a load average of 1.1 on 4 CPUs")
    assert "calibrate again" in caution


def test_times_that_vary_are_named() -> None:
    (caution,) = cautions(timing(bandwidth("dram"), 0.05, 0.06), timing(arithmetic(), 0.01, 0.0109))
    assert "longer than the best by 20 % (DRAM bandwidth);" in caution
    assert "FP32" not in caution


def test_only_the_winners_spread_counts() -> None:
    assert cautions(DRAM, FP32, timing(bandwidth("dram", "write"), 0.1, 0.9)) == []


@pytest.mark.parametrize(
    ("gflops", "phrase"),
    [(1.0, "100 times slower than FP32 here, 1 GFLOP/s"), (0.05, "2,000 times slower"), (50.0, "2 times slower")],
)
def test_a_type_that_is_slower_than_fp32_is_reported_not_hidden(gflops: float, phrase: str) -> None:
    slow = timing(arithmetic("bf16_tensor"), 1 / gflops)
    (caution,) = cautions(DRAM, FP32, slow)
    assert caution.startswith("BF16 is ")
    assert phrase in caution
    assert "stay with FP32" in caution
    assert find_ceilings([DRAM, FP32, slow])[-1].value == pytest.approx(gflops * 1e9)


@pytest.mark.parametrize("gflops", [800, 100, 92])
def test_a_type_that_is_faster_or_as_fast_is_nothing_to_remark_on(gflops: float) -> None:
    assert cautions(DRAM, FP32, timing(arithmetic("bf16_tensor"), 1 / gflops)) == []


def test_what_could_not_be_measured_is_said_with_the_reason() -> None:
    (caution,) = cautions(DRAM, FP32, missed=(Missed("FP16 arithmetic", "not implemented for Half"),))
    assert caution == "FP16 arithmetic could not be measured: not implemented for Half"


def test_cautions_of_the_machine_come_first() -> None:
    bench = replace(EMPTY, cautions=(Caution("sizes were assumed"),))
    ceilings = find_ceilings([DRAM, FP32])
    assert [item.what for item in cautions_of(bench, ceilings, [DRAM, FP32], [], 0.0)] == ["sizes were assumed"]


def disagreements(*timings: Timing) -> list[str]:
    return [item.what for item in check(find_ceilings(timings), timings)]


def test_roofs_that_lie_one_above_the_other_agree() -> None:
    levels = [
        timing(bandwidth(level), 1 / rate) for level, rate in (("dram", 20), ("l3", 60), ("l2", 300), ("l1", 800))
    ]
    assert disagreements(*levels, FP32) == []


def test_an_outer_level_that_is_faster_than_an_inner_one_is_named() -> None:
    """As where other guests of a host fill its L3: what comes from DRAM passes through it."""
    (caution,) = disagreements(DRAM, timing(bandwidth("l3"), 1 / 15), timing(bandwidth("l1"), 1 / 800))
    assert (
        caution == "Copy with operands in DRAM reaches 1.33 times the measured L3 bandwidth, which is therefore too low"
    )


def test_five_percent_are_let_pass() -> None:
    assert disagreements(DRAM, timing(bandwidth("l3"), 1.049 / 20)) == []
    assert len(disagreements(DRAM, timing(bandwidth("l3"), 1.051 / 20))) == 1


def test_what_arithmetic_moves_must_fit_under_the_bandwidths() -> None:
    """100 GFLOP/s that would need 2 GB of operands from L2 in 0.01 s."""
    product = Task("fp32_flops_per_second", "matmul of 512", "l2", 2e9, 1e9)
    (caution,) = disagreements(
        timing(product, 0.01), timing(bandwidth("l2"), 1 / 150), timing(bandwidth("l1"), 1 / 800)
    )
    assert caution.startswith("Matmul of 512 with operands in L2 reaches 1.33 times the measured L2 bandwidth")


def test_what_bandwidth_probes_compute_must_fit_under_the_peak() -> None:
    triad = Task("l1_bytes_per_second", "triad", "l1", 12e9, 2e9)
    (caution,) = disagreements(timing(triad, 0.01), FP32)
    assert caution.startswith("Triad with operands in L1 reaches 2.00 times the measured FP32 peak")


def test_matrix_work_in_another_type_is_not_held_against_fp32() -> None:
    assert disagreements(FP32, timing(arithmetic("bf16_tensor"), 1 / 5000)) == []
