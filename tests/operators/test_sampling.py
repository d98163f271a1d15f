"""Operators that read at computed positions, by hand: 4 neighbours and 8 FLOPs for each bilinear sample."""

from __future__ import annotations

from tests.operators.building import cost, tensor

IMAGE, BOXES = tensor(2, 16, 32, 32), tensor(10, 5)


def test_roi_align_samples_each_bin_as_often_as_asked():
    (work,) = cost("torchvision::roi_align", IMAGE, BOXES, 0.25, 7, 7, 2, False)

    samples = 10 * 16 * 7 * 7 * 2 * 2
    assert work.vector_flops == 8 * samples
    assert work.l1.read_bytes == 4 * 4 * samples + 4 * 10 * 5
    assert work.dram.written_bytes == 4 * 10 * 16 * 7 * 7


def test_roi_align_leaves_zeros_where_no_box_was():
    grad = tensor(10, 16, 7, 7)
    zeros, added = cost("torchvision::_roi_align_backward", grad, BOXES, 0.25, 7, 7, 2, 16, 32, 32, 2, False)

    assert zeros.dram.written_bytes == 4 * 2 * 16 * 32 * 32
    assert added.l2.written_bytes == 4 * 4 * (10 * 16 * 7 * 7 * 4)


def test_nms_compares_every_pair_of_boxes():
    pairs, choice = cost("torchvision::nms", tensor(1000, 4), tensor(1000), 0.5)

    assert pairs.vector_flops == 13 * 1000 * 1001 / 2
    assert pairs.dram.written_bytes == 8 * 1000 * 16  # a bit for each of 1000 boxes, in words of 64
    assert choice.serial_steps == 1000


def test_a_deformable_convolution_is_a_product_of_sampled_columns():
    weight, offset = tensor(8, 16, 3, 3), tensor(2, 18, 32, 32)
    columns, product = cost(
        "torchvision::deform_conv2d", IMAGE, weight, offset, offset, tensor(8), 1, 1, 1, 1, 1, 1, 1, 1, False
    )

    assert columns.dram.written_bytes == 4 * (16 * 9) * (2 * 32 * 32)
    assert product.matrix_flops == 2 * 8 * (16 * 9) * (2 * 32 * 32)


def test_the_gradient_of_a_deformable_convolution_has_two_more_products():
    weight, offset, grad = tensor(8, 16, 3, 3), tensor(2, 18, 32, 32), tensor(2, 8, 32, 32)
    works = cost(
        "torchvision::_deform_conv2d_backward", grad, IMAGE, weight, offset, offset, tensor(8), *(1,) * 8, False
    )

    assert sum(work.matrix_flops for work in works) == 2 * 2 * 8 * (16 * 9) * (2 * 32 * 32)


def test_an_embedding_bag_adds_up_the_rows_of_each_bag():
    indices, offsets = tensor(60, dtype="int64"), tensor(10, dtype="int64")
    (work,) = cost("_embedding_bag", tensor(1000, 32), indices, offsets, False, 0, False, None)

    assert work.vector_flops == 60 * 32
    assert work.dram.read_bytes == 4 * 60 * 32 + 8 * 60 + 8 * 10
    assert work.dram.written_bytes == 4 * 10 * 32


def test_a_grouped_product_is_one_product_of_all_rows():
    (work,) = cost("_grouped_mm", tensor(64, 32), tensor(4, 32, 16), tensor(4, dtype="int32"))

    assert work.matrix_flops == 2 * 64 * 32 * 16
