"""Each sentence is checked on a report whose figures can be redone by hand.

Rows made by `row` are predicted to reach 80 % of the ceiling that binds them.
"""

from dataclasses import replace

import pytest

from memprof.comparisons.reports import compare, title
from memprof.findings import coverage, findings, headline
from memprof.findings.phrases import ridge_point
from memprof.report.digest import digest, digests
from memprof.report.record import Coverage, Memory, OperatorRow, Report, UnknownOperator, Workload
from tests.reports.sample import A100, Cost, assemble, pointwise, row, sample

WORKLOAD = Workload("toy", 128, 56, "infer", "tf32", "channels-last")
DRAM, L1, FP32, TENSOR = 1.555e12, 108 * 128 * 1.41e9, 19.5e12, 156e12


def sentences_of(report: Report) -> dict[str, str]:
    return {finding.code: finding.sentence for finding in findings(digest(report))}


def depthwise_row(kernel: int, seconds: float) -> OperatorRow:
    """Return a depthwise convolution that needs L1 for at least `seconds`: 8 bytes and 2 FLOPs per tap."""
    outputs = seconds * L1 / (8 * kernel**2)
    cost = Cost(2 * kernel**2 * outputs, 8 * outputs, 8 * outputs, 8 * kernel**2 * outputs)
    return row("convolution", "depthwise convolution", "dw", [(1, 8, 56, 56), (8, 1, kernel, kernel)], cost=cost)


def product_row(seconds: float) -> OperatorRow:
    return row("mm", "matmul", "fc", [(8, 8)], cost=Cost(seconds * TENSOR, 8, 8, 8), engine="tensor")


def report_of(*rows: OperatorRow) -> Report:
    return assemble(rows, WORKLOAD)


def test_the_bounds_share_the_time() -> None:
    report = report_of(depthwise_row(7, 3e-3), product_row(1e-3))
    assert sentences_of(report)["bounds"] == (
        "75 % of the predicted time is bound by L1 bandwidth and 25 % by tensor-core arithmetic: "
        "for 75 % of it arithmetic waits for data."
    )


def test_the_prediction_is_held_against_the_least_possible_time() -> None:
    # 4 ms at least, 80 % of the ceilings reached: 5 ms.
    assert sentences_of(report_of(depthwise_row(7, 3e-3), product_row(1e-3)))["prediction"] == (
        "Predicted 5.00 ms a step, 1.25x the least possible time of 4.00 ms: kernels reach only a part of each ceiling."
    )
    least = replace(product_row(1e-3), seconds=1e-3)
    assert sentences_of(report_of(least))["prediction"] == "Predicted 1.00 ms a step, which is the least possible time."
    unbound = replace(product_row(1e-3), roofline_seconds=0.0)
    assert "no ceiling says" in sentences_of(report_of(unbound))["prediction"]


def waiting_row(bound: str, seconds: float, launches: int) -> OperatorRow:
    """Return an operator whose `launches` kernels do next to nothing in `seconds`."""
    tiny = row("add", "elementwise", "tiny", [(8,)], cost=Cost(8, 96, 96, 96))
    return replace(tiny, bound=bound, seconds=seconds, launches=launches)


def test_launching_is_a_finding_where_it_takes_time() -> None:
    # 1 ms in 250 launches beside the product's 1.25 ms: 1 / 2.25 = 44 %.
    sentences = sentences_of(report_of(product_row(1e-3), waiting_row("launch", 1e-3, 249)))
    assert sentences["launches"] == (
        "44 % of the predicted time goes to kernels so small that starting them takes longest, 250 kernels a step. A "
        "larger batch gives each kernel more to do; CUDA graphs or torch.compile launch fewer or faster."
    )
    assert sentences["prediction"].endswith("each ceiling, and starting each one takes time.")
    assert sentences["bounds"].endswith("tensor-core arithmetic and 44 % by the latency of launching kernels.")
    assert "launches" not in sentences_of(report_of(product_row(1e-3), waiting_row("launch", 1e-6, 1)))


def test_a_host_that_holds_the_device_up_is_a_finding() -> None:
    # 8 microseconds for each of 100 launches, as the sample says.
    sentences = sentences_of(report_of(product_row(0.4e-3), waiting_row("host", 0.5e-3, 99)))
    assert sentences["launches"].startswith(
        "50 % of the predicted time goes to operators that the host launches more slowly than the device runs them: "
        "it needs 800 µs for the 100 kernels of a step. A larger batch"
    )
    assert sentences["prediction"].endswith("each ceiling, and the device waits for the host.")
    assert "the host, which launches kernels more slowly than the device runs them" in sentences["bounds"]


def test_host_and_launch_together_are_one_sentence() -> None:
    rows = product_row(0.4e-3), waiting_row("host", 1e-3, 49), waiting_row("launch", 0.5e-3, 50)
    sentences = sentences_of(report_of(*rows))
    assert "of a step; 25 % to kernels so small that starting them takes longest. A larger" in sentences["launches"]
    assert sentences["bounds"].startswith(
        "50 % of the predicted time is bound by the host, which launches kernels more slowly than the device runs "
        "them, 25 % by"
    )


def test_a_depthwise_convolution_that_the_host_holds_up() -> None:
    slow = replace(depthwise_row(7, 1e-6), bound="host", seconds=1e-3)
    assert "The host sets the pace." in sentences_of(report_of(slow))["depthwise"]


def test_a_step_that_does_not_fit_says_so_first() -> None:
    # 52 GB, of which 40 GB grow with the batch: 0.85 * 42.3 GB - 12 GB = 23.96 GB leave room for 76 of 128 images.
    memory = Memory(52e9, 4e9, 4e9, 4e9, 40e9, fits=False)
    first, *_ = findings(digest(replace(report_of(product_row(1e-3)), memory=memory)))
    assert first.code == "memory"
    assert first.sentence == (
        "The step does NOT fit the device: 52.0 GB and the CUDA context are needed of its 42.3 GB, so its predicted "
        "time is that of a device with more memory. By this estimate batch 64 would fit."
    )


@pytest.mark.parametrize("fits", [True, None])
def test_a_step_that_fits_or_may_is_no_finding(fits: bool | None) -> None:
    report = report_of(product_row(1e-3))
    assert "memory" not in sentences_of(replace(report, memory=replace(report.memory, fits=fits)))


def test_a_single_bound_takes_all_of_the_time() -> None:
    assert sentences_of(report_of(product_row(1e-3)))["bounds"] == (
        "All of the predicted time is bound by tensor-core arithmetic."
    )


def test_a_depthwise_convolution_says_what_each_output_needs_and_moves() -> None:
    # 7 x 7: 49 multiply-adds and 8 * 49 = 392 bytes of L1 for an output, 98 / 392 = 0.25 FLOP per byte;
    # the CUDA cores need 19.5e12 / 19.49e12 = 1.0.
    sentence = sentences_of(report_of(depthwise_row(7, 3e-3), product_row(1e-3)))["depthwise"]
    assert "take 75 % of the predicted time" in sentence
    assert "Each output needs only 49 multiply-adds but moves 392 bytes through L1" in sentence
    assert "0.25 FLOP per L1 byte, where the CUDA cores need 1.0 to be busy, so L1 bandwidth binds" in sentence
    # DRAM alone: 8 bytes at 1.555e12 B/s take 5.14 ps, 392 bytes of L1 take 20.1 ps.
    assert "Judged by their DRAM traffic alone, they could at best be 3.9x as fast." in sentence


def test_where_issuing_binds_a_depthwise_convolution_its_loads_are_what_is_issued() -> None:
    busy = replace(depthwise_row(7, 3e-3), bound="issue")
    sentence = sentences_of(report_of(busy, product_row(1e-3)))["depthwise"]
    assert "Each output needs only 49 multiply-adds but moves 392 bytes through L1" in sentence
    assert "0.25 FLOP per L1 byte, where the CUDA cores need 1.0 to be busy, so issuing the loads binds" in sentence


def test_what_dram_alone_would_allow_does_not_depend_on_the_prediction() -> None:
    slow = replace(depthwise_row(7, 3e-3), seconds=9e-3)
    assert "they could at best be 3.9x as fast" in sentences_of(report_of(slow))["depthwise"]


def test_a_depthwise_convolution_that_dram_binds_is_not_said_to_be_bound_by_l1() -> None:
    outputs = 1e9
    cost = Cost(2 * 9 * outputs, 8 * outputs, 8 * outputs, 8 * 9 * outputs)
    sentence = sentences_of(
        report_of(row("convolution", "depthwise convolution", "dw", [(1,), (8, 1, 3, 3)], cost=cost))
    )["depthwise"]
    assert "9 multiply-adds but moves 8 bytes through DRAM" in sentence
    assert "so DRAM bandwidth binds" in sentence
    assert "could at best" not in sentence


def test_kernels_of_several_sizes_are_given_as_a_range() -> None:
    sentence = sentences_of(report_of(depthwise_row(7, 1e-3), depthwise_row(11, 1e-3)))["depthwise"]
    assert "needs only 49 to 121 multiply-adds" in sentence
    assert "on average" in sentence


def test_depthwise_without_the_shape_of_its_weight_still_says_what_binds() -> None:
    bare = replace(depthwise_row(7, 1e-3), input_shapes=())
    assert "multiply-adds" not in sentences_of(report_of(bare))["depthwise"]
    assert "L1 bandwidth binds" in sentences_of(report_of(bare))["depthwise"]


def test_a_backward_pass_with_another_bound_is_said() -> None:
    # 1 ms of L1 forward; backward 4e-3 * 5.42e12 bytes of L2, which take 4 ms: 4 of 5 ms.
    cost = Cost(1e6, 0, 4e-3 * 5.42e12, 0)
    backward = row("convolution_backward", "depthwise convolution", "dw", [(8,)], cost=cost, phase="backward")
    sentence = sentences_of(report_of(depthwise_row(7, 1e-3), backward))["depthwise"]
    assert "Each output of the forward pass needs only 49 multiply-adds" in sentence
    assert "Over the whole step L2 bandwidth binds for 80 % of their time." in sentence


def test_modules_that_are_alike_are_no_finding() -> None:
    rows = [replace(product_row(1e-3), module=f"blocks.{index}.fc") for index in range(12)]
    assert "where" not in sentences_of(report_of(*rows))
    assert "where" in sentences_of(sample())


def test_streaming_operators_are_named_by_share() -> None:
    # One FLOP for 8 bytes: 0.125 FLOP per byte against a ridge point of 19.5e12 / 1.555e12 = 12.5.
    report = report_of(pointwise("relu", "elementwise", "act", (1000, 1000), per_value=1, tensors=2), product_row(1e-6))
    assert "0.12 FLOP per DRAM byte, where the CUDA cores need 12.5 to be busy" in sentences_of(report)["streaming"]
    assert sentences_of(report)["streaming"].startswith("Element-wise operators take ")


def test_normalization_takes_its_verb_in_the_singular() -> None:
    report = report_of(pointwise("norm", "normalization", "norm", (1000, 1000), per_value=5, tensors=2))
    assert sentences_of(report)["streaming"].startswith("Normalization takes 100 %")


def test_copies_are_operators_without_flops() -> None:
    # 1.555e9 bytes take 1 ms, as long as the product.
    report = report_of(row("cat", "layout", "", [(8,)], cost=Cost(0, 1.555e9, 0, 0)), product_row(1e-3))
    assert sentences_of(report)["copies"] == (
        "50 % of the predicted time goes to operators that compute nothing and only move 1.55 GB (cat)."
    )


def test_the_tensor_cores_wait_for_what_they_do_not_do() -> None:
    report = report_of(depthwise_row(7, 3e-3), product_row(1e-3))
    # 3 + 1 ms at 80 % of the ceilings are 5 ms, of which the product takes 1.25 ms.
    assert "the tensor cores need 1.00 ms of the predicted 5.00 ms" in sentences_of(report)["engine"]
    assert sentences_of(report)["engine"].endswith(
        "for the other 80 % of the time they wait or run below their peak: 75 % in depthwise convolutions and 5 % in "
        "matrix products."
    )


def test_tensor_cores_that_never_wait() -> None:
    full = replace(product_row(1e-3), seconds=1e-3)
    assert sentences_of(report_of(full))["engine"].endswith("they are always busy.")


def test_the_ridge_point_is_peak_over_bandwidth() -> None:
    report = report_of(product_row(1e-3))
    assert ridge_point(digest(report), "dram", "tensor") == pytest.approx(TENSOR / DRAM)
    assert ridge_point(digest(report), "dram", "fp16") == pytest.approx(78e12 / DRAM)
    assert ridge_point(digest(report), "registers", "tensor") is None


def test_training_shares_the_time_among_its_phases() -> None:
    assert sentences_of(sample("resnet50", "train"))["phases"].startswith("Of the predicted time, backward 6")
    assert "phases" not in sentences_of(sample("resnet50"))


def test_a_model_without_depthwise_convolutions_says_nothing_about_them() -> None:
    assert "depthwise" not in sentences_of(sample("resnet50"))


def test_the_headline_names_what_costs_more_time_than_flops() -> None:
    assert headline(digest(sample())).startswith("Element-wise operators and depthwise convolutions: ")
    assert headline(digest(report_of(product_row(1e-3)))) == (
        "100 % of the predicted time is bound by tensor-core arithmetic"
    )


def test_nothing_to_say_about_nothing() -> None:
    assert list(sentences_of(report_of())) == ["empty"]
    assert headline(digest(report_of())) == "nothing to compute or move"


def test_devices_without_tensor_or_cache_ceilings_have_sentences_too() -> None:
    bare = replace(A100, memory_bytes_per_second={"dram": DRAM}, peak_flops_per_second={"fp32": FP32})
    cost = Cost(1e9, 1e9, 1e9, 1e9)
    report = assemble((row("mm", "matmul", "", [(8,)], cost=cost, device=bare),), WORKLOAD, device=bare)
    assert "the CUDA cores need" in sentences_of(report)["engine"]


def test_coverage_names_what_is_missing() -> None:
    report = sample()
    assert coverage(digest(report)).startswith("Every operator call is accounted for; 60 further calls")
    partial = replace(report, coverage=Coverage(0.99, 0.9796, 0, (UnknownOperator("my::scan", 2, 5e8),)))
    assert coverage(digest(partial)) == (
        "99.0 % of the operator calls and 97.9 % of the bytes are accounted for. "
        "No formula, hence in no total: my::scan (2 calls)."
    )


def test_a_comparison_names_the_kinds_that_differ() -> None:
    order, difference = compare(digests([sample("convnext_t"), sample("inceptionnext_t")]))
    assert order.sentence.startswith("Predicted time per image: inceptionnext_t ")
    assert "depthwise convolutions 7.03 ms against 824 µs" in difference.sentence
    assert "is predicted to need" in difference.sentence


def test_different_workloads_are_not_compared_as_models() -> None:
    train, infer = sample("convnext_t", "train"), sample("convnext_t")
    assert compare(digests([train, infer]))[0].sentence.startswith("The reports differ in phase")
    assert compare(digests([train])) == ()


def test_titles() -> None:
    assert title(digests([sample()])) == headline(digest(sample()))
    assert title(digests([sample("convnext_t"), sample("inceptionnext_t")])) == (
        "Predicted time per image: inceptionnext_t 224 µs, convnext_t 258 µs"
    )
