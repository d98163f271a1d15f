"""Recurrent layers as cuDNN runs them, by hand: products, bytes, kernels, steps that wait for one another."""

from __future__ import annotations

import pytest
import torch

from memprof.operators.recurrent_shapes import BACKWARD, FORWARD, MASK, OUTPUT_GRADIENT, SCHEMAS, STATE_GRADIENTS
from memprof.operators.work import Pattern, Work
from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import Kind
from tests.operators.building import cost, kind, steps, tensor

BATCH, TIME, FEATURES, HIDDEN = 12, 5, 64, 32


def weights(hidden: int, layers: int, directions: int, *, gates: int = 4, bias: bool = True) -> tuple[TensorSpec, ...]:
    tensors: list[TensorSpec] = []
    for layer in range(layers):
        inputs = FEATURES if layer == 0 else directions * hidden
        each = [tensor(gates * hidden, inputs, dtype="float16"), tensor(gates * hidden, hidden, dtype="float16")]
        each += [tensor(gates * hidden, dtype="float16")] * 2 if bias else []
        tensors += each * directions
    return tuple(tensors)


def arguments(
    *,
    hidden: int = HIDDEN,
    layers: int = 1,
    directions: int = 1,
    gates: int = 4,
    bias: bool = True,
    train: bool = False,
    batch_first: bool = False,
) -> tuple[tuple[Argument, ...], tuple[Argument, ...]]:
    """Return the inputs of the forward call up to the states, and the settings behind them."""
    shape = (BATCH, TIME) if batch_first else (TIME, BATCH)
    state = tensor(layers * directions, BATCH, hidden, dtype="float16")
    mode = {4: 2, 3: 3, 1: 1}[gates]
    tensors = weights(hidden, layers, directions, gates=gates, bias=bias)
    return (
        (tensor(*shape, FEATURES, dtype="float16"), tensors, 4 if bias else 2, None, state, state),
        (mode, hidden, 0, layers, batch_first, 0.0, train, directions == 2, (), None),
    )


def forward(**options: object) -> tuple[Work, ...]:
    first, settings = arguments(**options)  # type: ignore[arg-type]
    return cost("_cudnn_rnn", *first, *settings)


def backward(mask: tuple[bool, ...] = (True, False, False, True), **options: object) -> tuple[Work, ...]:
    first, settings = arguments(train=True, **options)  # type: ignore[arg-type]
    source, _, _, _, state, _ = first
    assert isinstance(source, TensorSpec)
    assert isinstance(state, TensorSpec)
    output = tensor(*source.shape[:2], (2 if settings[7] else 1) * state.shape[2], dtype="float16")
    return cost("_cudnn_rnn_backward", *first, output, output, None, None, *settings, tensor(9, dtype="uint8"), mask)


def test_a_small_lstm_is_one_product_and_one_kernel_for_all_steps() -> None:
    product, time = forward()
    assert (product.step, time.step) == ("input product", "time steps")
    assert product.matrix_flops == 2 * 4 * HIDDEN * FEATURES * TIME * BATCH
    assert time.matrix_flops == 2 * 4 * HIDDEN * HIDDEN * TIME * BATCH
    additions, functions = 4 * 3, 3 * 4 + 2 + 3 + 1  # two products and two biases; three sigmoids, two tanh, c and h
    assert time.vector_flops == (additions + functions) * HIDDEN * TIME * BATCH
    gates = 2 * 4 * HIDDEN * TIME * BATCH
    assert product.dram.read_bytes == 2 * FEATURES * TIME * BATCH + 2 * 4 * HIDDEN * FEATURES
    assert product.dram.written_bytes == gates
    state = 2 * BATCH * HIDDEN
    assert time.dram.read_bytes == gates + 2 * (4 * HIDDEN * HIDDEN + 2 * 4 * HIDDEN) + 2 * state
    assert time.dram.written_bytes == TIME * state + 2 * state
    assert time.l1.read_bytes == time.dram.read_bytes + TIME * state * (4 * HIDDEN // 64)  # two warps of 64 gates
    assert (time.launches, time.serial_steps, time.pattern) == (1, TIME, Pattern.ROW)
    assert product.pattern is Pattern.MATMUL
    assert kind("_cudnn_rnn") is Kind.MATMUL


def test_a_second_direction_doubles_the_work_in_as_many_kernels() -> None:
    for one, two in zip(forward(), forward(directions=2), strict=True):
        assert (two.matrix_flops, two.vector_flops) == (2 * one.matrix_flops, 2 * one.vector_flops)
        assert two.dram.written_bytes == 2 * one.dram.written_bytes
        assert (two.launches, two.serial_steps) == (one.launches, one.serial_steps)
    assert forward(directions=2)[0].dram.read_bytes == 2 * FEATURES * TIME * BATCH + 2 * 2 * 4 * HIDDEN * FEATURES


def test_a_second_layer_takes_both_directions_of_the_first() -> None:
    works = forward(layers=2, directions=2)
    assert steps(works) == ["input product", "time steps"] * 2
    assert works[2].matrix_flops == 2 * 2 * 4 * HIDDEN * (2 * HIDDEN) * TIME * BATCH
    assert works[3] == works[1]


def test_training_keeps_the_gates_and_the_cell_state() -> None:
    inference, training = forward()[1], forward(train=True)[1]
    assert training.dram.written_bytes - inference.dram.written_bytes == 2 * 5 * HIDDEN * TIME * BATCH
    assert training.flops == inference.flops


def test_batches_first_are_copied_so_that_time_is_outermost() -> None:
    copy, *rest = forward(batch_first=True)
    assert copy.step == "layout copy"
    assert copy.pattern is Pattern.STRIDED  # features stay innermost
    assert copy.dram.read_bytes == copy.dram.written_bytes == 2 * FEATURES * TIME * BATCH
    assert tuple(rest) == forward()


@pytest.mark.parametrize(("gates", "largest"), [(4, 192), (3, 192), (1, 384)])
def test_a_larger_hidden_state_takes_a_product_and_a_kernel_for_each_step(gates: int, largest: int) -> None:
    assert steps(forward(hidden=largest, gates=gates)) == ["input product", "time steps"]
    larger = largest + 8
    product, *time = forward(hidden=larger, gates=gates)
    assert product.step == "input product"
    assert steps(tuple(time)) == ["recurrent product", "gates"] * TIME
    recurrent, pointwise, later = time[:3]
    assert recurrent.matrix_flops == 2 * gates * larger * larger * BATCH
    assert recurrent.dram.read_bytes == 2 * (larger * BATCH + gates * larger * larger)
    assert later.dram.read_bytes == 2 * larger * BATCH  # the weights come from L2
    assert later.l2.read_bytes == recurrent.l2.read_bytes >= recurrent.dram.read_bytes
    assert (later.flops, later.dram.written_bytes) == (recurrent.flops, recurrent.dram.written_bytes)
    assert pointwise.matrix_flops == 0
    cell = larger * BATCH if gates == 4 else 0
    assert pointwise.dram.read_bytes == 2 * (2 * gates * larger * BATCH + 2 * gates * larger + cell)
    assert pointwise.dram.written_bytes == 2 * (larger * BATCH + cell)
    assert sum(work.launches for work in (product, *time)) == 1 + 2 * TIME


def test_double_precision_has_no_persistent_kernel() -> None:
    (source, tensors, *rest), settings = arguments()
    assert isinstance(source, TensorSpec)
    double = TensorSpec(source.shape, source.strides, "float64")
    assert steps(cost("_cudnn_rnn", double, tensors, *rest, *settings)[1:]) == ["recurrent product", "gates"] * TIME


@pytest.mark.parametrize(
    ("gates", "bias", "flops"),
    [(4, False, 18 + 4), (3, True, 8 + 1 + 1 + 4 + 3 * 3), (3, False, 14 + 3), (1, True, 1 + 3), (1, False, 1 + 1)],
)
def test_gates_of_every_cell(gates: int, bias: bool, flops: int) -> None:
    time = forward(gates=gates, bias=bias)[1]
    assert time.vector_flops == flops * HIDDEN * TIME * BATCH
    assert time.matrix_flops == 2 * gates * HIDDEN * HIDDEN * TIME * BATCH


def test_backward_goes_back_through_time_and_then_forms_every_gradient_at_once() -> None:
    works = backward()
    assert steps(works) == [
        "zeros",
        "zeros",
        "time steps",
        "data gradient",
        "zeros",
        "input weight gradient",
        "recurrent weight gradient",
        "bias gradient",
    ]
    _, _, time, data, zeros, inputs, recurrent, bias = works
    rows = TIME * BATCH
    assert time.matrix_flops == recurrent.matrix_flops == 2 * 4 * HIDDEN * HIDDEN * rows
    assert data.matrix_flops == inputs.matrix_flops == 2 * 4 * HIDDEN * FEATURES * rows
    assert time.vector_flops == 24 * HIDDEN * rows
    state, gates = 2 * BATCH * HIDDEN, 2 * 4 * HIDDEN * rows
    assert time.dram.read_bytes == (1 + 5) * TIME * state + 2 * (4 * HIDDEN * HIDDEN + 2 * 4 * HIDDEN) + 2 * state
    assert time.dram.written_bytes == gates + 2 * state
    assert data.dram.read_bytes == gates + 2 * 4 * HIDDEN * FEATURES
    assert inputs.dram.read_bytes == gates + 2 * FEATURES * rows
    assert recurrent.dram.read_bytes == gates + TIME * state
    assert bias.vector_flops == 4 * HIDDEN * rows
    assert zeros.dram.written_bytes == 2 * 4 * HIDDEN * (FEATURES + HIDDEN + 2)


def test_backward_costs_twice_the_products_of_forward() -> None:
    for options in ({}, {"directions": 2}, {"layers": 3}, {"gates": 3}, {"hidden": 256}, {"hidden": 160}):
        ahead, back = (sum(work.matrix_flops for work in works) for works in (forward(**options), backward(**options)))
        assert back == 2 * ahead


def test_a_second_direction_adds_to_the_gradient_of_the_input() -> None:
    data = next(work for work in backward(directions=2) if work.step == "data gradient")
    rows = TIME * BATCH
    assert data.dram.read_bytes == 2 * (2 * 4 * HIDDEN * rows + 2 * 4 * HIDDEN * FEATURES + FEATURES * rows)
    assert data.dram.written_bytes == 2 * 2 * FEATURES * rows


def test_only_what_is_wanted_of_the_weights() -> None:
    assert not any("weight" in step or "bias" in step for step in steps(backward((True, True, True, False))))
    assert "bias gradient" not in steps(backward(bias=False))


def test_the_persistent_kernel_ends_sooner_on_the_way_back() -> None:
    assert "time steps" in steps(forward(hidden=160))
    assert steps(backward(hidden=160)).count("gates") == TIME
    assert "time steps" in steps(backward(hidden=128))


def test_batches_first_are_copied_three_times_on_the_way_back() -> None:
    """The input for the data gradient and again for the weights', and the incoming gradient."""
    assert steps(backward(batch_first=True)).count("layout copy") == 3


def test_packed_sequences_projections_and_other_cells_are_nobodys() -> None:
    (_, tensors, stride, buffer, state, cell), settings = arguments()
    with pytest.raises(LookupError, match="packed"):
        cost("_cudnn_rnn", tensor(50, FEATURES), tensors, stride, buffer, state, cell, *settings)
    (source, *_), _ = arguments()
    assert isinstance(tensors, tuple)
    with pytest.raises(LookupError, match="weights"):
        cost("_cudnn_rnn", source, (*tensors, tensor(HIDDEN, HIDDEN)), 5, buffer, state, cell, *settings)
    with pytest.raises(LookupError, match="gates"):
        cost("_cudnn_rnn", source, (tensor(2 * HIDDEN, FEATURES), *tensors[1:]), 4, buffer, state, cell, *settings)


@pytest.mark.parametrize("name", [FORWARD, BACKWARD])
def test_positions_of_arguments_follow_pytorchs_schema(name: str) -> None:
    names = [argument.name for argument in torch._C._get_schema(name, "").arguments]
    schema = SCHEMAS[name]
    named = [names[place] for place in (schema.hx, schema.batch_first, schema.train, schema.bidirectional)]
    assert named == ["hx", "batch_first", "train", "bidirectional"]
    if name == BACKWARD:
        places = (OUTPUT_GRADIENT, *STATE_GRADIENTS, MASK)
        assert [names[place] for place in places] == ["grad_output", "grad_hy", "grad_cy", "output_mask"]
