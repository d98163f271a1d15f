"""Updates over lists of tensors."""

from __future__ import annotations

import pytest

from memprof.calls import OperatorCall
from memprof.operators.optimizer import launches
from memprof.operators.registry import find
from memprof.tensors.stack import parse_stack
from memprof.vocabulary import Kind, Phase
from tests.operators.building import cost, cost_one, kind, tensor

PARAMETERS = (tensor(512, 256), tensor(512), tensor(10, 512))
COUNT = 512 * 256 + 512 + 10 * 512


def test_foreach_goes_through_every_list_once() -> None:
    scale = cost_one("_foreach_mul_", PARAMETERS, 0.9)
    assert (scale.dram.read_bytes, scale.dram.written_bytes, scale.vector_flops) == (4 * COUNT, 4 * COUNT, COUNT)
    step = cost_one("_foreach_add_", PARAMETERS, PARAMETERS, -0.1)
    assert (step.dram.read_bytes, step.dram.written_bytes) == (4 * 2 * COUNT, 4 * COUNT)
    assert step.vector_flops == 2 * COUNT
    assert step.blocks == 2 + 1 + 1
    assert kind("_foreach_add_", PARAMETERS, PARAMETERS) is Kind.OPTIMIZER


def test_out_of_place_writes_a_new_list() -> None:
    root = cost_one("_foreach_sqrt", PARAMETERS)
    assert (root.dram.read_bytes, root.dram.written_bytes) == (4 * COUNT, 4 * COUNT)
    quotient = cost_one("_foreach_addcdiv_", PARAMETERS, PARAMETERS, PARAMETERS, -0.1)
    assert (quotient.dram.read_bytes, quotient.vector_flops) == (4 * 3 * COUNT, 3 * COUNT)


def test_fused_optimizers_leave_the_gradients_alone() -> None:
    sgd = cost_one("_fused_sgd_", PARAMETERS, PARAMETERS, PARAMETERS)
    assert (sgd.dram.read_bytes, sgd.dram.written_bytes) == (4 * 3 * COUNT, 4 * 2 * COUNT)
    plain = cost_one("_fused_sgd_", PARAMETERS, PARAMETERS, ())
    assert (plain.dram.read_bytes, plain.dram.written_bytes) == (4 * 2 * COUNT, 4 * COUNT)
    steps = (tensor(), tensor(), tensor())
    adam = cost_one("_fused_adamw_", *(PARAMETERS,) * 4, (), steps)
    assert (adam.dram.read_bytes, adam.dram.written_bytes) == (4 * 4 * COUNT, 4 * 3 * COUNT)


def test_launches_follow_multi_tensor_apply() -> None:
    assert launches((10,) * 110, 1) == 1
    assert launches((10,) * 111, 1) == 2
    assert launches((10,) * 64, 2) == 1
    assert launches((10,) * 65, 2) == 2
    assert launches((320 * 65536,), 1) == 1
    assert launches((320 * 65536 + 1,), 1) == 2
    assert launches((0, 10), 1) == 1
    assert launches((), 1) == 0


def test_norms_and_scaling() -> None:
    norm = cost_one("_foreach_norm", PARAMETERS, 2)
    assert (norm.dram.written_bytes, norm.vector_flops) == (4 * 3, 2 * COUNT)
    unscale = cost_one("_amp_foreach_non_finite_check_and_unscale_", PARAMETERS, tensor(1), tensor(1))
    assert unscale.dram.total_bytes == 4 * 2 * COUNT
    assert cost_one("_foreach_zero_", PARAMETERS).dram.read_bytes == 0


def test_lists_are_needed() -> None:
    with pytest.raises(LookupError, match="list of tensors"):
        cost("_foreach_add_", None, None)


@pytest.mark.parametrize(("name", "inputs", "lists"), [("_foreach_add_", 2, 2), ("_foreach_zero_", 1, 0)])
def test_before_torch_2_every_parameter_had_its_kernel(name: str, inputs: int, lists: int) -> None:
    stack = parse_stack("torch 1.13")
    call = OperatorCall(f"aten::{name}", (PARAMETERS,) * inputs, phase=Phase.OPTIMIZER, stack=stack)
    operator = find(call.name)
    assert operator is not None
    works = operator.formula(call)
    assert [work.launches for work in works] == [1, 1, 1]
    assert [work.dram.written_bytes for work in works] == [4 * 512 * 256, 4 * 512, 4 * 10 * 512]
    assert sum(work.dram.read_bytes for work in works) == 4 * lists * COUNT
