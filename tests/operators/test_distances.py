"""Distances and searches by hand."""

from __future__ import annotations

from tests.operators.building import cost, tensor

OURS, THEIRS = tensor(2, 8, 16), tensor(2, 10, 16)


def test_a_distance_reads_both_points_for_each_pair():
    (work,) = cost("aten::_cdist_forward", OURS, THEIRS, 2.0, None)

    assert work.vector_flops == 2 * 8 * 10 * (3 * 16 + 1)
    assert work.dram.read_bytes == 4 * 2 * (8 + 10) * 16
    assert work.dram.written_bytes == 4 * 2 * 8 * 10
    assert work.l1.read_bytes == 4 * 2 * (2 * 8 * 10) * 16


def test_its_gradient_is_written_for_each_pair_and_summed():
    pairs, total = cost("aten::_cdist_backward", tensor(2, 8, 10), OURS, THEIRS, 2.0, tensor(2, 8, 10))

    assert pairs.dram.written_bytes == total.dram.read_bytes == 4 * 2 * 10 * 8 * 16
    assert total.dram.written_bytes == 4 * 2 * 8 * 16


def test_a_search_halves_the_boundaries():
    (work,) = cost("aten::bucketize", tensor(100), tensor(9))

    assert work.dram.written_bytes == 8 * 100
    assert work.l1.read_bytes == 4 * 100 + 4 * 4 * 100  # 9 boundaries: 4 halvings
    assert cost("aten::searchsorted", tensor(9), tensor(100)) == (work,)


def test_a_sample_of_a_volume_reads_eight_places():
    (work,) = cost("aten::grid_sampler_3d", tensor(1, 4, 8, 8, 8), tensor(1, 5, 5, 5, 3), 0, 0, False)

    assert work.vector_flops == 16 * 4 * 125
    assert work.l1.read_bytes == 4 * 8 * 4 * 125 + 4 * 3 * 125
