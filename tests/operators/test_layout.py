"""Copies, casts, concatenation, padding, gathering and scattering."""

from __future__ import annotations

import pytest

from memprof.operators.work import Pattern
from memprof.vocabulary import Kind, Phase
from tests.operators.building import channels_last, cost, cost_one, kind, steps, tensor

IMAGE = tensor(2, 96, 56, 56)
COUNT = 2 * 96 * 56 * 56
INDICES = tensor(6, dtype="int64")


def test_a_copy_moves_both_sides_each_in_its_dtype() -> None:
    work = cost_one("copy_", tensor(2, 96, 56, 56, dtype="float16"), IMAGE, False)
    assert (work.dram.read_bytes, work.dram.written_bytes, work.flops) == (4 * COUNT, 2 * COUNT, 0)
    cast = cost_one("_to_copy", IMAGE, 15, None, None, None, False, None)
    assert (cast.dram.read_bytes, cast.dram.written_bytes) == (4 * COUNT, 2 * COUNT)
    assert kind("copy_", IMAGE, IMAGE) is Kind.LAYOUT
    assert kind("copy_", IMAGE, IMAGE, phase=Phase.OPTIMIZER) is Kind.OPTIMIZER


def test_an_expanded_source_is_read_by_what_is_stored() -> None:
    work = cost_one("clone", tensor(128, 1000, strides=(0, 1)), 0)
    assert (work.dram.read_bytes, work.dram.written_bytes) == (4 * 1000, 4 * 128 * 1000)


def test_changing_the_layout_moves_the_same_bytes() -> None:
    into_rows, plain = cost_one("clone", channels_last(2, 96, 56, 56), 0), cost_one("clone", IMAGE, None)
    assert (into_rows.pattern, plain.pattern) == (Pattern.TRANSPOSED, Pattern.STREAM)
    assert cost_one("clone", IMAGE, 2).pattern is Pattern.TRANSPOSED
    assert cost_one("clone", channels_last(2, 96, 56, 56), 2).pattern is Pattern.STREAM
    assert cost_one("_to_copy", IMAGE, 5, None, None, None, False, 2).pattern is Pattern.TRANSPOSED
    assert cost_one("_to_copy", IMAGE, 5, None, None, None, False, 1).pattern is Pattern.STREAM
    for level in ("dram", "l2", "l1"):
        assert getattr(into_rows, level) == getattr(plain, level)


def test_concatenation_reads_and_writes_everything_once() -> None:
    parts = (tensor(2, 48, 56, 56), tensor(2, 12, 56, 56), tensor(0))
    work = cost_one("cat", parts, 1)
    assert work.dram.read_bytes == work.dram.written_bytes == 4 * 2 * 60 * 56 * 56
    assert work.launches == 1
    assert cost_one("cat", (tensor(4),) * 300, 0).launches == 3
    assert cost("cat", (tensor(0),), 0) == ()
    with pytest.raises(LookupError, match="list of tensors"):
        cost("cat", None, 1)


def test_padding_fills_then_copies() -> None:
    zero, copy = cost("constant_pad_nd", IMAGE, (1, 1, 2, 2), 0.0)
    assert zero.dram.written_bytes == 4 * 2 * 96 * 60 * 58
    assert (copy.dram.read_bytes, copy.dram.written_bytes) == (4 * COUNT, 4 * COUNT)
    cropped = cost("constant_pad_nd", IMAGE, (0, -56 + 8), 0.0)
    assert [work.dram.written_bytes for work in cropped] == [4 * 2 * 96 * 56 * 8] * 2
    mirror = cost_one("reflection_pad2d", IMAGE, (1, 1, 1, 1))
    assert mirror.dram.written_bytes == 4 * 2 * 96 * 58 * 58


def test_the_gradient_of_a_slice_is_as_large_as_its_input() -> None:
    zero, copy = cost("slice_backward", tensor(2, 48, 56, 56), (2, 96, 56, 56), 1, 0, 48, 1)
    assert zero.dram.written_bytes == 4 * COUNT
    assert copy.dram.total_bytes == 4 * COUNT
    with pytest.raises(LookupError, match="input size"):
        cost("slice_backward", tensor(2, 48, 56, 56), None, 1, 0, 48, 1)


def test_sequences() -> None:
    assert cost_one("arange", 12, None, None, None, False).dram.written_bytes == 8 * 12
    assert cost_one("arange", 12, 6, None, None, False).dram.written_bytes == 4 * 12
    assert cost_one("arange", 2, 12, None, None, None, False).dram.written_bytes == 8 * 10
    assert cost_one("arange", 0, 1.0, 0.25, None, None, None, False).dram.written_bytes == 4 * 4
    assert cost_one("linspace", 0, 1, 7, None, None, None, None).dram.written_bytes == 4 * 7
    with pytest.raises(LookupError, match="bounds"):
        cost("arange", None, None, None, None, None)


def test_embedding_reads_the_rows_it_needs() -> None:
    work = cost_one("embedding", tensor(1000, 64), INDICES, -1, False, False)
    assert (work.dram.read_bytes, work.dram.written_bytes) == (4 * 6 * 64 + 8 * 6, 4 * 6 * 64)
    small = cost_one("embedding", tensor(2, 64), INDICES, -1, False, False)
    assert small.dram.read_bytes == 4 * 2 * 64 + 8 * 6
    assert small.l2.read_bytes == 4 * 6 * 64 + 8 * 6
    backward = cost("embedding_dense_backward", tensor(6, 64), INDICES, 1000, -1, False)
    assert steps(backward) == ["fill", "scatter"]
    assert backward[0].dram.written_bytes == 4 * 1000 * 64


def test_gathering() -> None:
    source = tensor(16, 32)
    assert cost_one("index_select", source, 1, INDICES).dram.written_bytes == 4 * 16 * 6
    assert cost_one("gather", source, 0, tensor(6, 32, dtype="int64"), False).dram.written_bytes == 4 * 6 * 32
    assert cost_one("index", source, (None, INDICES)).dram.written_bytes == 4 * 16 * 6
    unknown = cost_one("index", source, None)
    assert unknown.dram.written_bytes == 4 * 16 * 32
    assert "assumed" in unknown.assumed
    assert cost_one("index", source, (tensor(16, 32, dtype="bool"),)).assumed


def test_scattering() -> None:
    target, source = tensor(16, 32), tensor(6, 32)
    put = cost_one("index_put_", target, (INDICES,), source, False)
    assert (put.dram.read_bytes, put.dram.written_bytes) == (4 * 6 * 32 + 8 * 6, 4 * 6 * 32)
    added = cost_one("index_add_", target, 0, INDICES, source, 1)
    assert added.vector_flops == 6 * 32
    assert added.dram.read_bytes == 2 * 4 * 6 * 32 + 8 * 6
    assert steps(cost("scatter", target, 0, tensor(6, 32, dtype="int64"), 1.0)) == ["copy", "scatter"]
    assert cost_one("_index_put_impl_", target, None, tensor(), False, False).dram.written_bytes == 4 * 16 * 32
