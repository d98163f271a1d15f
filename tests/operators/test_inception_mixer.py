"""What the fused token mixer costs, by hand, and what it saves a network."""

from __future__ import annotations

import pytest

import memprof
from memprof.calls import OperatorCall
from memprof.operators.inception_mixer import cost_backward, cost_forward
from memprof.tensors.spec import TensorSpec
from memprof.vocabulary import Kind

N, C, PART, PLANE = 128, 96, 12, 56 * 56
X = TensorSpec((N, C, 56, 56), None, "float32")
WEIGHTS = tuple(TensorSpec((PART, 1, *window), None, "float32") for window in ((3, 3), (1, 11), (11, 1)))
BIASES = (TensorSpec((PART,), None, "float32"),) * 3
MACS = N * PART * PLANE * (9 + 11 + 11)


def test_forward_moves_each_byte_once() -> None:
    (work,) = cost_forward(OperatorCall("memprof::inception_mixer", (X, WEIGHTS, BIASES)))
    assert work.dram.read_bytes == 4 * (N * C * PLANE + PART * (9 + 11 + 11 + 3))
    assert work.dram.written_bytes == 4 * N * C * PLANE
    assert work.macs == MACS
    assert work.vector_flops == 2 * MACS + 3 * N * PART * PLANE
    assert work.l1.read_bytes == 4 * (MACS + N * (C - 3 * PART) * PLANE)


def test_tiles_reach_over_planes_and_over_branches() -> None:
    last = TensorSpec(X.shape, (C * PLANE, 1, C * 56, C), "float32")
    first, last_work = (
        cost_forward(OperatorCall("memprof::inception_mixer", (x, WEIGHTS, BIASES)))[0] for x in (X, last)
    )
    copied = 10 * N * (C - 3 * PART) * PLANE
    assert first.instructions - copied == pytest.approx(8.5 * MACS * 4 * 1024 / PLANE)
    assert last_work.instructions - copied == pytest.approx(8.5 * MACS * 32 / PART)


def test_backward_reads_both_once_and_writes_one() -> None:
    work, added = cost_backward(OperatorCall("memprof::inception_mixer_backward", (X, X, WEIGHTS)))
    sums = 64 * 3 * PART * 16 * 4
    assert work.dram.read_bytes == 4 * (N * C * PLANE + 3 * N * PART * PLANE + PART * (9 + 11 + 11))
    assert work.dram.written_bytes == 4 * N * C * PLANE + sums
    assert work.macs == 2 * MACS
    assert added.dram.total_bytes == sums + sums / 64


def test_a_network_moves_less_with_it() -> None:
    usual, fused = (
        memprof.analyze(f"inceptionnext_atto:implementation={name}", device="a100", batch_size=8, phase="train")
        for name in ("reference", "auto")
    )
    mixers = [row for row in fused.operators if row.name.startswith("memprof::")]
    assert {row.kind for row in mixers} == {Kind.DEPTHWISE}
    assert {row.module.rsplit(".", 1)[1] for row in mixers} == {"token_mixer"}
    assert sum(row.calls for row in mixers) == 2 * 12
    assert fused.totals.dram_bytes < usual.totals.dram_bytes
    assert fused.totals.macs_per_image == usual.totals.macs_per_image
    assert not fused.coverage.unknown
