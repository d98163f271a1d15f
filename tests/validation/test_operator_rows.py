from __future__ import annotations

import pytest

from memprof.validation.kernel_rows import read_kernels
from memprof.validation.tables import parse_table

HEADER = "device,dtype,operator,pass_,shape,outputs,kernel,stride,groups,layout,milliseconds\n"


def entry(line: str):
    (found,) = read_kernels(parse_table(f"{HEADER}{line}\n".encode(), "kernels.csv"))
    return found


def test_a_row_is_the_call_of_its_operator_in_its_layout():
    found = entry("a100,fp16,conv,data gradient,2x8x7x7,8,3,1,1,channels-last,0.5").measurement

    assert (found.call.name, found.pass_name, found.dtype, found.seconds) == (
        "aten::convolution_backward",
        "data gradient",
        "fp16",
        0.5e-3,
    )
    assert found.call.tensors()[0].strides == (8 * 7 * 7, 1, 7 * 8, 8)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a100,fp32,sort,forward,8x8,,,,,,1", "operator 'sort' is none of add"),
        ("a100,fp8,gelu,forward,8x8,,,,,,1", "dtype 'fp8' is none of"),
        ("a100,fp32,gelu,sideways,8x8,,,,,,1", "pass_ 'sideways' is none of"),
        ("a100,fp32,gelu,forward,8 by 8,,,,,,1", "shape '8 by 8' is no list of sizes"),
        ("a100,fp32,conv,forward,8x8,8,3,1,1,,1", "shape 8x8 has 2 sizes, and conv needs 4"),
        ("a100,fp32,conv,forward,2x9x8x8,8,3,1,2,,1", "2 groups do not divide 9 and 8 channels"),
        ("a100,fp32,linear,forward,8x8,0,,,,,1", "outputs 0 is not what a linear may have"),
        ("a100,fp32,gelu,forward,99999999x99999999,,,,,,1", "is too large"),
        ("nowhere,fp32,gelu,forward,8x8,,,,,,1", "nowhere"),
    ],
)
def test_a_row_that_makes_no_sense_is_skipped_with_its_reason(line: str, reason: str):
    assert reason in entry(line).reason
