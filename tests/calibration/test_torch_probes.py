"""What each probe moves and computes, by hand, and that the operators do what is counted."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from memprof.calibration.placement import WorkingSet
from memprof.calibration.records import Probe
from memprof.calibration.torch_probes import Block, bandwidth, elementwise, matrix

# Two threads, 3 KiB each: 768 floats; 2 x 4 = 8 passes.
SMALL = WorkingSet("l1", 2, 3 * 2**10, 2, 4)
PASSES, LINE = 8, 16


def by_name(probes: list[Probe]) -> dict[str, Probe]:
    return {probe.task.name: probe for probe in probes}


def anywhere(total_bytes: float) -> str:
    return "dram" if total_bytes > 2**20 else "l2"


def test_bytes_and_flops_of_the_four_ways_through_memory() -> None:
    tasks = {name: probe.task for name, probe in by_name(bandwidth(SMALL).build()).items()}
    passed = 2 * PASSES * 3 * 2**10  # two threads go eight times through 3 KiB
    assert {name: task.bytes_per_call for name, task in tasks.items()} == {
        "read": passed,
        "write": passed,
        "copy": passed,  # 384 floats read, 384 written
        "triad": passed,  # 256 floats of each of three
    }
    assert {name: task.flops_per_call for name, task in tasks.items()} == {
        "read": 2 * PASSES * 768,  # an addition each
        "write": 0,
        "copy": 0,
        "triad": 2 * PASSES * 256 * 2,  # a multiply-add each
    }
    assert {task.ceiling for task in tasks.values()} == {"l1_bytes_per_second"}
    assert {task.level for task in tasks.values()} == {"l1"}


def test_bytes_and_flops_of_element_wise_arithmetic() -> None:
    tasks = {name: probe.task for name, probe in by_name(elementwise(SMALL).build()).items()}
    results = 2 * PASSES * 192  # 768 floats are 192 of each of four operands
    assert {name: (task.bytes_per_call, task.flops_per_call) for name, task in tasks.items()} == {
        "add with alpha": (4 * 3 * results, 2 * results),
        "addcmul": (4 * 4 * results, 3 * results),
        "addcmul with a scalar": (4 * 3 * results, 3 * results),
    }


def test_bytes_and_flops_of_matrix_work() -> None:
    probes = matrix("bf16_tensor_flops_per_second", torch.bfloat16, 2, anywhere).build()
    tasks = {probe.task.name: probe.task for probe in probes}
    product = tasks["matmul of 512"]
    assert product.flops_per_call == 2 * 512 * 512 * 512
    assert product.bytes_per_call == 3 * 512 * 512 * 2
    assert product.level == "dram"
    assert tasks["matmul of 256"].level == "l2"
    convolution = tasks["convolution of 4x64x56x56"]  # two images for each of two threads
    assert convolution.flops_per_call == 2 * (4 * 64 * 56 * 56) * 64 * 3 * 3
    assert convolution.bytes_per_call == 2 * (2 * 4 * 64 * 56 * 56 + 64 * 64 * 3 * 3)
    assert {task.ceiling for task in tasks.values()} == {"bf16_tensor_flops_per_second"}
    assert probes[0].task.flops_per_call == min(task.flops_per_call for task in tasks.values())


def test_many_threads_do_not_make_an_output_that_is_mapped_anew() -> None:
    probes = matrix("fp32_flops_per_second", torch.float32, 128, anywhere).build()
    shapes = [probe.task.name.removeprefix("convolution of ") for probe in probes if "convolution" in probe.task.name]
    sizes = [[int(size) for size in shape.split("x")] for shape in shapes]
    assert [4 * n * c * h * w <= 16 * 2**20 for n, c, h, w in sizes] == [True] * 4
    assert sizes[0][0] == 16 * 2**20 // (4 * 64 * 56 * 56) == 20


def test_each_thread_has_memory_of_its_own_and_operands_do_not_touch() -> None:
    a, b, c = Block(SMALL, 3).windows(3)
    assert a.shape == (2, 2, 4, 256)
    touched = []
    for operand in (a, b, c):
        for thread in range(2):
            part = operand[thread]
            first = part.storage_offset()
            last = first + sum((size - 1) * stride for size, stride in zip(part.shape, part.stride(), strict=True))
            assert last - first == 255 + LINE * (1 + 3)  # a line further with each row and column
            touched.append((first, last))
    touched.sort()
    assert all(end < start for (_, end), (start, _) in pairwise(touched))


@pytest.mark.parametrize("streams", [1, 2, 3])
def test_a_block_of_three_serves_fewer_operands_within_its_memory(streams: int) -> None:
    for window in Block(SMALL, 3).windows(streams):
        assert window.numel() * 4 == 2 * PASSES * 3 * 2**10 / streams
        window.sum()  # torch refuses a view beyond its memory


def test_every_probe_computes_what_it_is_named_for() -> None:
    block_probes = by_name(bandwidth(SMALL).build())
    total = block_probes["read"].call()
    assert isinstance(total, torch.Tensor)
    assert total.item() == 2 * PASSES * 768  # of ones
    written = block_probes["write"].call()
    assert isinstance(written, torch.Tensor)
    assert written.eq(1).all()
    triad = block_probes["triad"].call()
    assert isinstance(triad, torch.Tensor)
    assert triad.eq(1 + 0.5 * 1).all()
    chain = by_name(elementwise(SMALL).build())
    for name, value in {"add with alpha": 1.5, "addcmul": 1.5, "addcmul with a scalar": 1 + 0.5 * 0.5}.items():
        result = chain[name].call()
        assert isinstance(result, torch.Tensor)
        assert result.eq(value).all(), name


def test_outputs_are_made_beforehand() -> None:
    """A new output for each call would be page-faulted, which is not what is measured."""
    probes = [*bandwidth(SMALL).build(), *elementwise(SMALL).build()]
    probes.append(matrix("fp32_flops_per_second", torch.float32, 2, anywhere).build()[0])
    for probe in probes:
        first, second = (probe.call() for _ in range(2))
        assert isinstance(first, torch.Tensor)
        assert isinstance(second, torch.Tensor)
        assert first.data_ptr() == second.data_ptr(), probe.task.name


def test_matrix_work_is_of_the_shape_and_type_that_is_counted() -> None:
    probes = by_name(matrix("bf16_tensor_flops_per_second", torch.bfloat16, 1, anywhere).build())
    product, convolution = probes["matmul of 256"].call(), probes["convolution of 2x64x56x56"].call()
    assert isinstance(product, torch.Tensor)
    assert isinstance(convolution, torch.Tensor)
    assert (product.shape, product.dtype) == ((256, 256), torch.bfloat16)
    assert (convolution.shape, convolution.dtype) == ((2, 64, 56, 56), torch.bfloat16)
    assert convolution.is_contiguous(memory_format=torch.channels_last)


def test_matrix_operands_are_made_at_the_first_call_within_what_is_wrapped_around_it() -> None:
    order: list[str] = []

    def around(run):  # type: ignore[no-untyped-def]
        def wrapped() -> object:
            order.append("before")
            return run()

        return wrapped

    probes = matrix("fp32_flops_per_second", torch.float32, 2, anywhere, "meta", around).build()
    assert order == []
    result = probes[0].call()
    assert isinstance(result, torch.Tensor)
    assert result.is_meta
    assert order == ["before"]
