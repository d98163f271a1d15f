"""Each sentence about a measured report is checked on figures that can be redone by hand."""

from dataclasses import replace

import pytest

from memprof.comparisons.reports import compare, title
from memprof.findings import coverage, findings, headline, reached
from memprof.report.digest import digest, digests
from memprof.report.record import Report
from memprof.report.run import DeviceTime, Gap, Stray
from tests.report.test_digest import TIMING, measured_row, report
from tests.reports.measured_sample import on_cpu, run, traced, unbound
from tests.reports.sample import sample


def sentences_of(analysed: Report) -> dict[str, str]:
    return {finding.code: finding.sentence for finding in findings(digest(analysed))}


def on_device(analysed: Report, time: DeviceTime, *strays: Stray) -> Report:
    assert analysed.measured
    return replace(analysed, measured=replace(analysed.measured, device_time=time, strays=strays))


KINDS = ("convolution", "matmul", "normalization", "reduction", "pooling")
# 100 ms, of which 70 busy; 30 idle, 20 of that before the next launch; 10 ms of communication, 4 with nothing beside.
BUSY = DeviceTime(100e-3, 70e-3, 30e-3, 20e-3, 60e-3, 8e-3, 2e-3, 10e-3, 4e-3, (Gap(0, 5e-3, "a", "b", True),))


def test_the_headline_says_what_was_reached_and_where_time_is_lost() -> None:
    # 3 of 4 ms: 1 ms is lost in element-wise operators, and no time elsewhere.
    assert headline(digest(report(measured_row(4, 3), seconds=4e-3))) == (
        "Measured 4.00 ms a step, 75 % of the roof all in all: most time is lost in element-wise operators"
    )
    idle = on_device(report(measured_row(4, 3)), BUSY)
    assert headline(digest(idle)).endswith("most time is lost while the device is idle")  # 30 ms against 1 ms
    # Faster than its roof: nothing is lost.
    fast = report(measured_row(2, 3), seconds=2e-3)
    assert headline(digest(fast)) == "Measured 2.00 ms a step, 150 % of the roof all in all"


def test_the_headline_is_of_the_whole_step() -> None:
    # The operators reach 3 / 4 of their roof, the step 3 / 20: 16 ms of it are in no operator.
    assert headline(digest(report(measured_row(4, 3)))) == (
        "Measured 20.0 ms a step, 15 % of the roof all in all: most time is lost outside operators"
    )


def spent(busy: float, idle: float, alone: float = 0.0) -> DeviceTime:
    """Return where 20 ms went, in ms; `alone` is of communication with nothing beside."""
    return DeviceTime((busy + idle) / 1e3, busy / 1e3, idle / 1e3, 0, busy / 1e3, 0, 0, alone / 1e3, alone / 1e3)


def test_the_headline_names_the_largest_loss_wherever_it_is() -> None:
    one = report(measured_row(3, 3))
    stray = Stray("fused", "kernel", "no recorded shapes", 3, 16.98e-3)
    # 3 ms at best, 16.98 in kernels of no operator, 0.02 idle: 0.1 %.
    assert headline(digest(on_device(one, spent(19.98, 0.02), stray))).endswith(
        "most time is lost in what no operator with recorded shapes launched"
    )
    nccl = Stray("nccl", "communication", "no recorded shapes", 3, 17e-3)
    assert headline(digest(on_device(one, spent(20, 0, alone=17), nccl))).endswith(
        "most time is lost in communication with nothing beside"
    )
    unknown = report(measured_row(3, 3), unbound("custom::scan", 17e-3))
    assert headline(digest(on_device(unknown, spent(20, 0)))).endswith(
        "most time is lost in operators that no roof bounds"
    )


def test_the_headline_does_not_call_a_trifle_a_loss() -> None:
    full = on_device(report(measured_row(20, 20)), spent(19.98, 0.02))
    assert headline(digest(full)) == "Measured 20.0 ms a step, 100 % of the roof all in all"


def test_the_headline_says_most_of_what_is_most() -> None:
    # 3 ms at best and 1 lost, 6 idle, 5 in communication, 5 elsewhere: the first two are 11 of 17.
    stray = Stray("fused", "kernel", "no recorded shapes", 3, 5e-3)
    parts = on_device(report(measured_row(4, 3)), spent(14, 6, alone=5), stray)
    assert headline(digest(parts)).endswith(
        "most time is lost while the device is idle and in communication with nothing beside"
    )
    # 3.7 + 3.6 of 3.7 + 3.6 + 3.5 + 3.4 + 3.3 ms: not half.
    rows = [replace(measured_row(3.8 - rank / 10, 0.1, kind), kind=kind) for rank, kind in enumerate(KINDS)]
    even = on_device(report(*rows), spent(sum(row.measured_seconds or 0 for row in rows) * 1e3, 0))
    assert "the largest loss is in convolutions and matrix products" in headline(digest(even))


def test_measured_time_stands_beside_bound_and_prediction() -> None:
    # 8 images in 20 ms; at best 3 ms, predicted to be 3 / 0.8 = 3.75 ms; the only operator took 4 ms.
    assert sentences_of(report(measured_row(4, 3)))["measured"] == (
        "Measured 20.0 ms a step (400 images/s), 6.7x the least possible time of 3.00 ms. memprof predicts 3.75 ms; "
        "its operators took 4.00 ms, 1.07x."
    )
    timed = sentences_of(report(measured_row(4, 3), seconds=10e-3, timing=TIMING))["measured"]
    assert timed.startswith("Measured 10.0 ms a step (800 images/s; 95 % interval 640 to 1,000), 3.3x the least")
    assert "prediction" not in sentences_of(report(measured_row(4, 3)))


def test_on_a_cpu_nothing_is_said_to_be_predicted() -> None:
    sentences = " ".join(sentences_of(on_cpu()).values())
    assert "predict" not in sentences
    assert "CUDA" not in sentences
    assert "tensor" not in sentences
    assert "matrix units" in sentences


def test_rates_are_those_while_operators_ran() -> None:
    # 1e6 FLOP in 4 ms are 250 MFLOP/s; 3e-3 * 1.555e12 bytes in 4 ms are 1.166 TB/s.
    assert sentences_of(report(measured_row(4, 3)))["reached"] == (
        "While its operators ran, 75 % of the roof was reached, with 250 MFLOP/s of arithmetic and 1.166 TB/s of DRAM "
        "traffic (as modelled)."
    )


def test_what_is_lost_is_named_by_kind() -> None:
    assert sentences_of(report(measured_row(4, 3)))["lost"] == (
        "Beyond the least possible time, operators lose 1.00 ms a step: element-wise operators 1.00 ms (they reach "
        "75 % of their roof)."
    )
    assert "lose 2.00 ms in 5 steps" in sentences_of(report(measured_row(8, 6), steps=5))["lost"]
    assert "lost" not in sentences_of(report(measured_row(3, 3)))


def test_what_is_above_a_roof_is_to_explain() -> None:
    sentence = sentences_of(report(measured_row(2, 3, "b"), measured_row(4, 3, "c")))["above-roof"]
    assert sentence.startswith("To explain: b in block.b (150 %) is faster than a roof allows. Perhaps data")
    assert "cache" in sentence
    assert "Winograd" not in sentence
    fast = replace(measured_row(2, 3, "b"), bound="tensor")
    assert "(Winograd, sparsity)" in sentences_of(report(fast))["above-roof"]
    three = [replace(measured_row(2, 3, name), module=name) for name in "abc"]
    assert "and 1 more are faster than a roof" in sentences_of(report(*three))["above-roof"]
    assert "above-roof" not in sentences_of(report(measured_row(4, 3)))


def test_idle_time_is_told_from_waiting_for_launches() -> None:
    assert sentences_of(on_device(report(measured_row(4, 3)), BUSY))["device"] == (
        "The device was busy for 70 % of the 100 ms, overlap counted once, and idle for 30.0 ms (30 %). For 20.0 ms "
        "of that the next kernel had not been launched yet: there the host sets the pace. A larger batch gives each "
        "kernel more to do; CUDA graphs or torch.compile launch fewer or faster."
    )
    full = replace(BUSY, busy_seconds=99.9e-3, idle_seconds=0.1e-3, launch_bound_seconds=0.0)
    assert sentences_of(on_device(report(measured_row(4, 3), steps=2), full))["device"] == (
        "The device was busy for >99 % of the 100 ms of 2 steps, overlap counted once."
    )
    assert "device" not in sentences_of(report(measured_row(4, 3)))


def test_communication_copies_and_what_no_operator_has() -> None:
    stray = Stray("nccl", "communication", "no recorded shapes", 3, 6e-3)
    assert sentences_of(on_device(report(measured_row(4, 3)), BUSY, stray))["beside"] == (
        "Communication took 10.0 ms, 4.00 ms of it with nothing beside; copies and fills took 10.0 ms; what belongs to "
        "no operator with recorded shapes took 6.00 ms (no recorded shapes)."
    )
    quiet = DeviceTime(100e-3, 99e-3, 1e-3, 0, 99e-3, 0, 0, 0, 0)
    assert "beside" not in sentences_of(on_device(report(measured_row(4, 3)), quiet))


def test_counted_traffic_is_held_against_the_model() -> None:
    modelled = 3e-3 * 1.555e12
    counted = replace(measured_row(4, 3), counted_dram_bytes=1.5 * modelled)
    assert (
        sentences_of(report(counted))["counters"]
        == "Hardware counters saw, of the bytes that are modelled, 1.50x at DRAM."
    )
    near = replace(measured_row(4, 3), counted_dram_bytes=1.05 * modelled)
    assert sentences_of(report(near))["counters"].endswith("1.05x at DRAM: the model holds.")


def test_timing_tells_spread_and_what_the_profiler_added() -> None:
    assert sentences_of(report(measured_row(4, 3), timing=TIMING))["timing"] == (
        "3 steps were timed without the profiler, after 2 to warm up: median 10.0 ms, 95 % interval 8.00 to 12.5 ms, "
        "from fastest to slowest 30 % of the median. Under the profiler a step took 10 % longer; operators' times hold "
        "that overhead, the step's time does not."
    )
    free = replace(TIMING, profiled_seconds=10.1e-3, compiled=True)
    assert sentences_of(report(measured_row(4, 3), timing=free))["timing"].endswith("30 % of the median.")
    assert "to warm up, compiled: median" in sentences_of(report(measured_row(4, 3), timing=free))["timing"]
    faster = replace(TIMING, profiled_seconds=9e-3)
    assert "even faster by 10 %" in sentences_of(report(measured_row(4, 3), timing=faster))["timing"]
    on_gpu = on_device(report(measured_row(4, 3), timing=TIMING), BUSY)
    assert "kernels' own times hold little of that" in sentences_of(on_gpu)["timing"]


def test_throttling_is_told_with_its_reasons() -> None:
    assert reached.throttling(digest(run())).startswith(
        "THROTTLED: the device was slowed down while it was measured (software"
    )
    assert reached.throttling(digest(run(throttled=False))) == ""
    assert reached.throttling(digest(sample())) == ""


def test_shares_are_of_the_measured_time() -> None:
    sentences = sentences_of(traced())
    assert "of the measured time is spent in operators bound by DRAM bandwidth" in sentences["bounds"]
    assert "take 31 % of the measured time" in sentences["depthwise"]
    assert sentences["phases"].startswith("Of the measured time, backward")
    assert not any("of the predicted time" in sentence for sentence in sentences.values())


def test_coverage_says_what_of_the_time_is_attributed() -> None:
    whole = coverage(digest(report(measured_row(4, 3))))
    assert whole.endswith("100 % of the time of the calls belongs to operators with recorded shapes.")
    assert "No formula, hence in no sum of FLOPs or bytes: custom::scan (2 calls)." in coverage(digest(traced()))
    assert "of the time of the device's kernels belongs" in coverage(digest(traced()))


def test_measured_reports_are_compared_by_what_was_measured() -> None:
    # 2 steps of 8 images in 80 ms are 5 ms an image, one of 8 images in 20 ms is 2.5 ms.
    slow, fast = report(measured_row(64, 6), seconds=80e-3, steps=2), report(measured_row(4, 3), seconds=20e-3)
    slow = replace(slow, workload=replace(slow.workload, model="slow"))
    assert title(digests([slow, fast])) == "Measured time per image: toy 2.50 ms, slow 5.00 ms"
    order, difference = compare(digests([slow, fast]))
    assert order.sentence == "Measured time per image: toy 2.50 ms, slow 5.00 ms (2.0x)."
    assert difference.sentence == (
        "slow does 0.50x the FLOPs of toy and needs 20.0 ms more a step: element-wise operators 32.0 ms against "
        "4.00 ms."
    )
    # Where the operators do not explain the difference, no kind is named for it.
    idle = replace(report(measured_row(8, 6), seconds=80e-3, steps=2), workload=slow.workload)
    assert [finding.code for finding in compare(digests([idle, fast]))] == ["order"]


@pytest.mark.parametrize("steps", [1, 4])
def test_a_measured_report_beside_a_predicted_one_says_which_is_which(steps: int) -> None:
    measured = traced(steps=steps)
    predicted = sample("convnext_t", "train")
    text = title(digests([measured, predicted]))
    assert text.startswith("Time per sample: ")
    assert "ms measured" in text or "µs measured" in text
    assert "µs predicted" in text
    assert [finding.code for finding in compare(digests([measured, predicted]))] == ["order"]
