"""What a change saves is arithmetic on the rows it concerns, or the difference to a step analysed again."""

from __future__ import annotations

import json
from dataclasses import replace
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.report.record import OperatorRow, Report
from memprof.whatif.fusible import savings
from memprof.whatif.savings import SCHEMA, alternative_workloads, find_losses
from tests.comparisons.explain_rows import WORKLOAD, report, row

TRAIN = replace(WORKLOAD, phase="train")
IMAGE, WIDE = (8, 16, 32, 32), (8, 64, 32, 32)
PRODUCT = row("addmm", "matmul", "s.fc1", 4e-3, shapes=((64,), (8 * 32 * 32, 16), (16, 64)), bound="tensor")


def savings_of(analysed: Report) -> dict[tuple[str, str], float]:
    """Return the saving by code and first word of what it concerns."""
    return {(loss.code, loss.what.split(" ")[0]): loss.saved_seconds for loss in find_losses(analysed).losses}


def test_an_activation_joins_the_product_before_it() -> None:
    gelu = row("gelu", "elementwise", "s.act", 2e-3, shapes=(WIDE,))
    assert savings_of(report(PRODUCT, gelu)) == {("join", "gelu"): pytest.approx(2e-3)}
    (loss,) = find_losses(report(PRODUCT, gelu)).losses
    assert loss.what == "gelu (1 call, forward)"
    assert loss.change == "fuse it with the matrix product before it"
    assert (loss.seconds, loss.analysed) == (2e-3, False)
    assert loss.saved_share == pytest.approx(2 / 6)


def test_training_still_writes_what_the_gradient_needs() -> None:
    gelu = row("gelu", "elementwise", "s.act", 2e-3, shapes=(WIDE,))
    relu = replace(gelu, name="aten::relu_")
    assert savings_of(report(PRODUCT, gelu, workload=TRAIN))["join", "gelu"] == pytest.approx(
        2e-3 / 2
    )  # of read and write
    assert savings_of(report(PRODUCT, relu, workload=TRAIN))["join", "relu_"] == pytest.approx(2e-3)


def test_only_bytes_and_the_launch_of_a_fused_pass_go() -> None:
    def saved(**changes: object) -> float:
        pass_of = row("gelu", "elementwise", "s.act", 2e-3, shapes=(WIDE,))
        step = report(PRODUCT, replace(pass_of, **changes))
        launching = replace(step, device=replace(step.device, achievable={"launch_seconds": 1e-4}))
        return sum(loss.saved_seconds for loss in find_losses(launching).losses)

    assert saved() == pytest.approx(2e-3)  # all bytes, and the launch
    assert saved(bound="launch") == saved(bound="host") == pytest.approx(2e-3)
    for bound in ("issue", "latency", "fp32", "l1"):  # its instructions and loads go along
        assert saved(bound=bound) == pytest.approx(1e-4)
    assert saved(bound="issue", launches=3) == pytest.approx(3e-4)
    # 20 GFLOP still take 1 ms at the 20 TFLOP/s of the CUDA cores.
    assert saved(flops=20e9) == pytest.approx(2e-3 - 1e-3)


def test_a_residual_is_still_read() -> None:
    add = row("add", "elementwise", "s", 3e-3, shapes=(WIDE, WIDE))
    assert savings_of(report(PRODUCT, add))["join", "add"] == pytest.approx(3e-3 * 2 / 3)


def test_of_a_chain_of_passes_one_stays() -> None:
    first = row("sigmoid", "elementwise", "s", 1e-3, shapes=(WIDE,))
    chain = [replace(first, name=f"aten::{name}") for name in ("sigmoid", "tanh", "exp")]
    by_pass = savings_of(report(row("sum", "reduction", "s", 1e-3), *chain))
    assert by_pass == {("join", "tanh"): pytest.approx(1e-3), ("join", "exp"): pytest.approx(1e-3)}


def test_a_pass_over_another_tensor_joins_nothing() -> None:
    gate = row("mul", "elementwise", "s", 2e-3, shapes=(WIDE, (8, 64, 1, 1)))
    assert savings_of(report(row("sigmoid", "elementwise", "s", 1e-3, shapes=((8, 64, 1, 1),)), gate)) == {}


def test_a_batch_norm_folds_into_its_neighbour_in_inference_only() -> None:
    convolution = row("convolution", "convolution", "c", 4e-3, shapes=(IMAGE, (64, 16, 1, 1)))
    norm = row("native_batch_norm", "normalization", "n", 1e-3, shapes=(WIDE, (64,)))
    assert savings_of(report(convolution, norm)) == {("fold", "native_batch_norm"): 1e-3}
    assert savings_of(report(norm, convolution)) == {("fold", "native_batch_norm"): 1e-3}
    assert savings_of(report(convolution, norm, workload=TRAIN)) == {}
    assert savings_of(report(norm, row("cat", "reduction", "x", 1e-3))) == {}


def test_a_bias_in_a_pass_of_its_own() -> None:
    outputs = prod(WIDE)
    biased = row(
        "convolution",
        "convolution",
        "c",
        10e-3,
        shapes=(IMAGE, (64, 16, 1, 1), (64,)),
        launches=2,
        dram=4 * prod(IMAGE) + 3 * 4 * outputs,
        flops=outputs * (2 * 16 + 1),
    )
    rate = biased.dram_bytes / 10e-3
    assert savings_of(report(biased)) == {("bias", "convolution"): pytest.approx(2 * 4 * outputs / rate)}
    assert savings_of(report(replace(biased, launches=1))) == {}


def test_copies_compute_nothing() -> None:
    assert savings_of(report(PRODUCT, row("cat", "layout", "s", 1e-3)))["copy", "cat"] == 1e-3


def test_a_large_depthwise_kernel_is_split() -> None:
    values = prod(WIDE)
    kernel = row(
        "convolution", "depthwise convolution", "d", 50e-3, shapes=(WIDE, (64, 1, 7, 7)), bound="l1", dram=8 * values
    )
    stream = row("sum", "reduction", "x", 1e-3, dram=1e9)  # DRAM at 1 TB/s
    concatenation = 8 * values / 1e12
    left = max(50e-3 * (9 + 11 + 11) / 8 / 49, 3 / 8 * 8 * values / 1e12)
    (loss,) = find_losses(report(kernel, stream)).losses
    assert loss.saved_seconds == pytest.approx(50e-3 - left - concatenation)
    assert "3x3, 1x11 and 11x1 on 1/8 of the channels" in loss.change
    assert savings_of(report(replace(kernel, input_shapes=(WIDE, (64, 1, 3, 3))), stream)) == {}
    assert savings_of(report(replace(kernel, input_shapes=(WIDE, (64, 1, 1, 11))), stream)) == {}


def test_a_split_kernel_still_moves_its_channels() -> None:
    values = prod(WIDE)
    kernel = row(
        "convolution_backward",
        "depthwise convolution",
        "d",
        0.01,
        phase="backward",
        bound="dram",
        shapes=(WIDE, WIDE, (64, 1, 5, 5)),
        dram=0.01 * 1e12,
    )
    (loss,) = find_losses(report(kernel, workload=TRAIN)).losses
    assert loss.saved_seconds == pytest.approx(0.01 - 3 / 8 * 0.01 - 8 * values / 1e12)


def test_what_is_analysed_again_is_held_against_the_step() -> None:
    base = report(row("sum", "reduction", "x", 10e-3))
    layout = report(row("sum", "reduction", "x", 8e-3), workload=replace(WORKLOAD, layout="channels-first"))
    amp = report(row("sum", "reduction", "x", 12e-3), workload=replace(WORKLOAD, precision="amp-fp16"))
    twice = report(row("sum", "reduction", "x", 14e-3), workload=replace(WORKLOAD, batch_size=16))
    losses = find_losses(base, [layout, amp, twice])
    assert [(loss.code, loss.analysed) for loss in losses.losses] == [("batch", True), ("layout", True)]
    assert [loss.saved_seconds for loss in losses.losses] == [pytest.approx(10e-3 - 14e-3 / 2), pytest.approx(2e-3)]
    assert losses.sentences[-1].endswith("or to cost time: run under torch.autocast in float16 (12.0 ms a step).")


def test_a_batch_that_does_not_fit_is_no_advice() -> None:
    twice = report(row("sum", "reduction", "x", 14e-3), workload=replace(WORKLOAD, batch_size=16), fits=False)
    losses = find_losses(report(row("sum", "reduction", "x", 10e-3)), [twice])
    assert losses.losses == ()
    assert losses.sentences[-1] == "a (batch 16) would need 9.00 GB: more memory than the device has."
    assert "No change that memprof knows" in losses.sentences[1]


def test_a_step_that_does_not_fit_may_still_be_analysed_otherwise() -> None:
    layout = report(row("sum", "reduction", "x", 8e-3), workload=replace(WORKLOAD, layout="channels-first"), fits=False)
    twice = report(row("sum", "reduction", "x", 10e-3), workload=replace(WORKLOAD, batch_size=16), fits=False)
    losses = find_losses(report(row("sum", "reduction", "x", 10e-3), fits=False), [layout, twice])
    assert [loss.code for loss in losses.losses] == ["layout"]


def test_small_savings_are_not_shown() -> None:
    cat = row("cat", "layout", "s", 1e-5)
    assert savings_of(report(replace(PRODUCT, seconds=1.0), cat)) == {}


def test_what_is_worth_trying() -> None:
    tried = alternative_workloads(WORKLOAD, ("fp32", "tf32", "amp-fp16"))
    assert [(item.layout, item.precision, item.batch_size) for item in tried] == [
        ("channels-first", "tf32", 8),
        ("channels-last", "amp-fp16", 8),
        ("channels-last", "tf32", 16),
    ]
    plain = alternative_workloads(replace(WORKLOAD, precision="fp32", batch_size=65_536), ("fp32", "tf32"))
    assert [(item.precision, item.batch_size) for item in plain] == [("fp32", 65_536), ("tf32", 65_536)]
    assert len(alternative_workloads(WORKLOAD, ("fp32", "tf32"))) == 2


def test_the_record_is_json() -> None:
    record = json.loads(find_losses(report(PRODUCT, row("cat", "layout", "s", 1e-3))).to_json())
    assert record["schema"] == SCHEMA
    assert record["losses"][0]["saved_seconds"] == 1e-3
    assert find_losses(report()).losses == ()


NAMES = ("gelu", "add", "mul", "relu_", "convolution", "native_batch_norm", "cat", "convolution_backward")
KINDS = ("elementwise", "normalization", "convolution", "depthwise convolution", "matmul", "layout", "attention")
shapes = st.lists(st.lists(st.integers(0, 9), max_size=5).map(tuple), max_size=4).map(tuple)
rows = st.lists(
    st.builds(
        lambda name, kind, shape, seconds, phase, dram: row(
            name, kind, "m", seconds, shapes=shape, phase=phase, dram=dram, flops=dram, launches=2
        ),
        st.sampled_from(NAMES),
        st.sampled_from(KINDS),
        shapes,
        st.floats(0, 10),
        st.sampled_from(["forward", "backward"]),
        st.floats(0, 1e9),
    ),
    max_size=12,
)


@given(rows, st.sampled_from([WORKLOAD, TRAIN]))
def test_no_row_saves_more_than_it_takes_or_twice(items: list[OperatorRow], workload: object) -> None:
    whole = replace(report(*items), workload=workload)  # type: ignore[arg-type]
    every = list(savings(whole))
    assert all(0 < saving.seconds <= saving.row.seconds for saving in every)
    assert len(every) <= len(items)
    for loss in find_losses(whole).losses:
        assert loss.saved_seconds <= loss.seconds * (1 + 1e-12)
