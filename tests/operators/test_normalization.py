"""Batch, layer, RMS and group normalisation."""

from __future__ import annotations

import pytest

from memprof.calls import OperatorCall
from memprof.operators.registry import find
from memprof.operators.work import Work
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import Kind
from tests.operators.building import channels_last, cost, cost_one, kind, steps, tensor

IMAGE = tensor(2, 64, 56, 56)
COUNT = 2 * 64 * 56 * 56
CHANNELS = (tensor(64),) * 4
ROWS = tensor(2, 56, 56, 96)
WIDTH = tensor(96)
PERMUTED = tensor(2, 56, 56, 96, strides=(96 * 56 * 56, 56, 1, 56 * 56))


def test_inference_reads_the_feature_map_once() -> None:
    work = cost_one("native_batch_norm", IMAGE, *CHANNELS, False, 0.1, 1e-5)
    assert work.vector_flops == 2 * COUNT
    assert work.dram.read_bytes == 4 * (COUNT + 4 * 64)
    assert work.dram.written_bytes == 4 * COUNT
    assert kind("native_batch_norm", IMAGE, *CHANNELS, False) is Kind.NORMALIZATION


def test_training_reads_it_twice() -> None:
    statistics, last = cost("cudnn_batch_norm", IMAGE, *CHANNELS, True, 0.1, 1e-5)
    assert statistics.step == "statistics"
    assert statistics.vector_flops + last.vector_flops == 5 * COUNT
    assert statistics.dram.read_bytes == 4 * COUNT
    assert statistics.dram.written_bytes == 4 * 2 * 64
    assert last.dram.read_bytes == 4 * (COUNT + 4 * 64)
    assert last.dram.written_bytes == 4 * COUNT


def test_without_scale_and_shift() -> None:
    works = cost("native_batch_norm", IMAGE, None, None, None, None, True, 0.1, 1e-5)
    assert sum(work.vector_flops for work in works) == 4 * COUNT
    assert cost_one("native_batch_norm", IMAGE, None, None, *CHANNELS[:2], False).vector_flops == COUNT


def test_every_form_of_batch_norm_agrees() -> None:
    training = cost("native_batch_norm", IMAGE, *CHANNELS, True, 0.1, 1e-5)
    inference = cost("native_batch_norm", IMAGE, *CHANNELS, False, 0.1, 1e-5)
    assert cost("_batch_norm_with_update", IMAGE, *CHANNELS, 0.1, 1e-5) == training
    assert cost("_native_batch_norm_legit", IMAGE, *CHANNELS, True, 0.1, 1e-5) == training
    assert cost("_native_batch_norm_legit", IMAGE, *CHANNELS[:2], True, 0.1, 1e-5) == training
    assert cost("_native_batch_norm_legit_no_training", IMAGE, *CHANNELS, 0.1, 1e-5) == inference
    assert cost("_batch_norm_no_update", IMAGE, *CHANNELS, 0.1, 1e-5) == inference


def test_a_trace_without_arguments_is_taken_for_training() -> None:
    works = cost("cudnn_batch_norm", IMAGE, *CHANNELS, None, None, None)
    assert len(works) == 2
    assert all(work.assumed == "training assumed" for work in works)


def test_half_precision_keeps_statistics_in_single() -> None:
    half = tensor(2, 64, 56, 56, dtype="float16")
    statistics, last = cost("native_batch_norm", half, *CHANNELS, True, 0.1, 1e-5)
    assert statistics.dram.read_bytes == 2 * COUNT
    assert statistics.dram.written_bytes == 4 * 2 * 64
    assert last.dram.written_bytes == 2 * COUNT


def test_batch_norm_backward_reduces_then_goes_through_again() -> None:
    inputs = (IMAGE, IMAGE, *CHANNELS, tensor(64), True, 1e-5, (True, True, True))
    reduction, data = cost("native_batch_norm_backward", *inputs)
    assert reduction.dram.read_bytes == 4 * 2 * COUNT
    assert data.dram.read_bytes == 4 * (2 * COUNT + 2 * 64)
    assert data.dram.written_bytes == 4 * COUNT
    assert (reduction.vector_flops, data.vector_flops) == (4 * COUNT, 5 * COUNT)
    assert cost("cudnn_batch_norm_backward", IMAGE, IMAGE, *CHANNELS, tensor(64), 1e-5) == (reduction, data)


def test_frozen_statistics_need_no_reduction_for_the_input() -> None:
    inputs = (IMAGE, IMAGE, *CHANNELS, tensor(64), False, 1e-5, (True, False, False))
    work = cost_one("native_batch_norm_backward", *inputs)
    assert work.dram.read_bytes == 4 * (COUNT + 2 * 64)
    assert work.vector_flops == COUNT


def test_layer_norm_reads_each_row_once_from_dram_and_twice_from_l1() -> None:
    work = cost_one("native_layer_norm", ROWS, (96,), WIDTH, WIDTH, 1e-5)
    count, rows = 2 * 56 * 56 * 96, 2 * 56 * 56
    assert work.vector_flops == 5 * count
    assert work.dram.read_bytes == work.l2.read_bytes == 4 * (count + 2 * 96)
    assert work.dram.written_bytes == 4 * (count + 2 * rows)
    assert work.l1.read_bytes == 4 * (2 * count + 2 * count)
    assert work.blocks == rows


def test_a_permuted_input_is_copied_first() -> None:
    copy, work = cost("native_layer_norm", PERMUTED, (96,), WIDTH, WIDTH, 1e-5)
    count = 2 * 56 * 56 * 96
    assert copy.step == "layout copy"
    assert (copy.dram.read_bytes, copy.dram.written_bytes) == (4 * count, 4 * count)
    assert (work,) == cost("native_layer_norm", ROWS, (96,), WIDTH, WIDTH, 1e-5)


def test_layer_norm_backward() -> None:
    statistics = tensor(2, 56, 56, 1)
    inputs = (ROWS, ROWS, (96,), statistics, statistics, WIDTH, WIDTH, (True, True, True))
    data, parameters = cost("native_layer_norm_backward", *inputs)
    count, rows = 2 * 56 * 56 * 96, 2 * 56 * 56
    assert data.dram.read_bytes == 4 * (2 * count + 2 * rows + 96)
    assert data.dram.written_bytes == 4 * count
    assert parameters.dram.read_bytes == 4 * (2 * count + 2 * rows)
    assert parameters.dram.written_bytes == 4 * 2 * 96
    assert parameters.blocks == 3  # 96 columns, 32 per block
    permuted = cost("native_layer_norm_backward", PERMUTED, PERMUTED, *inputs[2:])
    assert steps(permuted) == ["layout copy", "layout copy", "data gradient", "parameter gradient"]
    only_data = cost("native_layer_norm_backward", *inputs[:-1], (True, False, False))
    assert steps(only_data) == ["data gradient"]
    tall = tensor(32, 56, 56, 96)
    many = cost("native_layer_norm_backward", tall, tall, *inputs[2:])[1]
    assert many.blocks is None  # 100352 rows are split among blocks too


def test_older_pytorch_summed_scale_and_shift_in_few_blocks() -> None:
    """A turn takes 256 rows and waits twice; columns that are no multiple of 32 are taken by 16."""

    def parameters(columns: int) -> Work:
        rows, width, statistics = tensor(32, 56, 56, columns), tensor(columns), tensor(32, 56, 56, 1)
        inputs = (rows, rows, (columns,), statistics, statistics, width, width, (True, True, True))
        call = OperatorCall("aten::native_layer_norm_backward", inputs, stack=parse_stack("torch 1.13"))
        operator = find(call.name)
        assert operator is not None
        return operator.formula(call)[-1]

    assert (parameters(96).blocks, parameters(96).serial_steps) == (3, 2 * 32 * 56 * 56 / 256)
    assert parameters(24).blocks == 2


def test_rms_norm() -> None:
    count, rows = 2 * 56 * 56 * 96, 2 * 56 * 56
    work = cost_one("_fused_rms_norm", ROWS, (96,), WIDTH, 1e-5)
    assert work.vector_flops == 4 * count
    assert work.dram.written_bytes == 4 * (count + rows)
    assert cost_one("rms_norm", ROWS, (96,), None, None).vector_flops == 3 * count


def test_group_norm_needs_the_feature_map_twice() -> None:
    statistics, last = cost("native_group_norm", IMAGE, tensor(64), tensor(64), 2, 64, 56 * 56, 8, 1e-5)
    assert statistics.vector_flops + last.vector_flops == 5 * COUNT
    assert statistics.dram.read_bytes == 4 * (COUNT + 2 * 64)
    assert statistics.dram.written_bytes == 4 * 2 * 2 * 8
    assert last.dram.read_bytes == 4 * (COUNT + 2 * 2 * 64)
    assert last.dram.written_bytes == 4 * COUNT


def test_group_norm_copies_channels_last_operands() -> None:
    last = channels_last(*IMAGE.shape)
    copy, *passes = cost("native_group_norm", last, tensor(64), tensor(64), 2, 64, 56 * 56, 8, 1e-5)
    assert copy.step == "layout copy"
    assert copy.dram.total_bytes == 2 * 4 * 2 * 64 * 56 * 56
    assert passes == list(cost("native_group_norm", IMAGE, tensor(64), tensor(64), 2, 64, 56 * 56, 8, 1e-5))
    statistics = tensor(2, 8)
    rest = (statistics, statistics, tensor(64), 2, 64, 56 * 56, 8, (True, True, True))
    backward = steps(cost("native_group_norm_backward", last, last, *rest))
    assert backward[:2] == ["layout copy", "layout copy"]
    assert backward[2:] == steps(cost("native_group_norm_backward", IMAGE, IMAGE, *rest))


def test_group_norm_backward() -> None:
    statistic = tensor(2, 8)
    inputs = (IMAGE, IMAGE, statistic, statistic, tensor(64), 2, 64, 56 * 56, 8)
    works = cost("native_group_norm_backward", *inputs, (True, True, True))
    assert steps(works) == ["reduction", "data gradient", "parameter gradient"]
    assert works[0].dram.read_bytes == 4 * 2 * COUNT
    assert works[1].dram.written_bytes == 4 * COUNT
    assert steps(cost("native_group_norm_backward", *inputs, (True, False, False))) == ["reduction", "data gradient"]


@pytest.mark.parametrize("batch", [1, 3])
def test_doubling_the_batch_doubles_the_feature_maps(batch: int) -> None:
    def moved(images: int) -> tuple[float, float]:
        works = cost("native_batch_norm", tensor(images, 64, 56, 56), *CHANNELS, True, 0.1, 1e-5)
        return sum(work.flops for work in works), sum(work.dram.total_bytes for work in works) - 4 * 6 * 64

    assert moved(2 * batch) == tuple(2 * value for value in moved(batch))


def test_in_training_a_block_goes_through_a_channel_unless_channels_lie_last() -> None:
    """8 images of 32 x 32 floats: 32,768 bytes, eight turns of 512 threads that load 8 bytes each, and four waits."""
    channel = tensor(64)
    tail = (channel, channel, channel, channel, True, 0.1, 1e-5)
    for work in cost("native_batch_norm", tensor(8, 64, 32, 32), *tail):
        assert (work.blocks, work.serial_steps, work.resident_blocks) == (64, 8 + 4, 4)
    for work in cost("native_batch_norm", channels_last(8, 64, 32, 32), *tail):
        assert work.serial_steps == 0
