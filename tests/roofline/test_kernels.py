"""Works gathered into arrays, and what of its input a kernel may find in L2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.operators.work import Conversion, Pattern, Product, Traffic, Winograd, Work
from memprof.roofline.kernels import PATTERNS, gather

COPY = Work("copy", "float16", vector_flops=5, dram=Traffic(30, 20), launches=2, serial_steps=7)
TAPS = Work("forward", "bfloat16", macs=9, dram=Traffic(8, 4), blocks=3, pattern=Pattern.DEPTHWISE, instructions=11)
PRODUCT = Work(
    "forward",
    "float32",
    40,
    macs=20,
    dram=Traffic(1, 2),
    product=Product(2, 3, 4, 5.5, turned=True),
    pattern=Pattern.MATMUL,
    conversions=(Conversion(6, 2), Conversion(9, 1)),
    winograd=Winograd(4, 16),
    padding=1.5,
    resident_blocks=4,
)


def test_each_field_of_the_works_is_an_array():
    kernels = gather([COPY, TAPS, PRODUCT], [{"fp32": 5.0}, {"fp32": 18.0, "tensor": 0.0}, {"tensor": 40.0}])
    assert kernels.read_bytes.tolist() == [30, 8, 1]
    assert kernels.written_bytes.tolist() == [20, 4, 2]
    assert kernels.dram_bytes.tolist() == [50, 12, 3]
    assert kernels.conversions.T.tolist() == [[[0, 0], [0, 0]], [[0, 0], [0, 0]], [[6, 2], [9, 1]]]
    assert kernels.winograd.T.tolist() == [[0, 0], [0, 0], [4, 16]]
    assert kernels.macs.tolist() == [0, 9, 20]
    assert kernels.vector_flops.tolist() == [5, 0, 0]
    assert kernels.launches.tolist() == [2, 1, 1]
    assert kernels.blocks.tolist() == [0, 3, 0]
    assert kernels.padding.tolist() == [1, 1, 1.5]
    assert kernels.instructions.tolist() == [0, 11, 0]
    assert kernels.resident_blocks.tolist() == [8, 8, 4]
    assert kernels.turned.tolist() == [False, False, True]
    assert kernels.serial_steps.tolist() == [7, 0, 0]
    assert kernels.element_bytes.tolist() == [2, 2, 4]
    assert kernels.on_tensor.tolist() == [False, False, True]
    assert kernels.sizes.T.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [2, 3, 4, 5.5]]
    assert [PATTERNS[index] for index in kernels.patterns] == [Pattern.STREAM, Pattern.DEPTHWISE, Pattern.MATMUL]


def test_kernels_are_found_by_pattern():
    kernels = gather([COPY, TAPS, COPY], [{}, {}, {}])
    assert kernels.has_pattern({Pattern.STREAM}).tolist() == [True, False, True]
    assert kernels.has_pattern({Pattern.DEPTHWISE, Pattern.ROW}).tolist() == [False, True, False]
    assert not kernels.has_pattern(set()).any()


def test_nothing_is_gathered_from_nothing():
    kernels = gather([], [])
    assert kernels.sizes.shape == (4, 0)
    assert (
        kernels.dram_bytes.shape
        == kernels.resident_bytes(100).shape
        == kernels.has_pattern({Pattern.ROW}).shape
        == (0,)
    )


def moving(*traffic):
    return gather([Work("copy", "float32", dram=Traffic(*pair)) for pair in traffic], [{} for _ in traffic])


@pytest.mark.parametrize(
    ("capacity", "resident"),
    [
        # Of what is written, what fits beside all that the kernel touches: 110 - 70, 110 - 90, 110 - 80. Found: all of
        # the 50 and of the 40 that were just written.
        (110, [40, 50 + 20, 40 + 10]),
        # Room for 80 - 40 beside what the second kernel writes, for 80 - 50 beside what was read before the third.
        (80, [10, 40, 30]),
        (0, [0, 0, 0]),
    ],
)
def test_a_kernel_finds_what_the_one_before_left_as_far_as_there_is_room(capacity, resident):
    assert moving((10, 60), (50, 40), (70, 10)).resident_bytes(capacity).tolist() == resident


def test_what_is_written_over_what_was_found_stays_too():
    """50 bytes found up to 80 - 50, beside what the kernel before read; as much of the 50 written over them stays."""
    first = Work("copy", "float32", dram=Traffic(50, 50))
    second = Work("relu", "float32", dram=Traffic(50, 50), in_place_bytes=50)
    assert gather([first, second], [{}, {}]).resident_bytes(80).tolist()[1] == 30 + 30


def test_a_second_pass_finds_what_the_first_has_read():
    """40 bytes read again, 40 written: all fit in 120; in 60, 60 - 40 are found beside 40 written, and none stay."""
    first = Work("statistics", "float32", dram=Traffic(40, 0))
    second = Work("normalisation", "float32", dram=Traffic(40, 40), reread_bytes=40)
    kernels = gather([first, second], [{}, {}])
    assert kernels.resident_bytes(120).tolist()[1] == 40 + 40
    assert kernels.resident_bytes(60).tolist()[1] == 20


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1), st.integers(0, 2 * 10**9))
def test_no_more_is_found_or_kept_than_moves_or_fits(traffic, capacity):
    resident = moving(*traffic).resident_bytes(capacity).tolist()
    assert 0 <= resident[0] <= min(traffic[0][1], capacity)
    for (read, written), kept in zip(traffic, resident, strict=True):
        assert 0 <= kept <= min(read, capacity) + min(written, capacity)
