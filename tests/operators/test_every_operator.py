"""What holds for every operator that memprof can cost."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields

import pytest
import torch

from memprof.calls import OperatorCall, flatten_tensors
from memprof.operators import attention, convolution_shapes, registry, views
from memprof.operators.work import Work
from memprof.tensors.spec import Argument, TensorSpec
from memprof.vocabulary import Kind
from tests.operators.samples import SAMPLES

GONE = {
    "aten::_cat",
    "aten::cudnn_convolution_backward",
    "aten::miopen_convolution_backward",
    "aten::mkldnn_convolution_backward",
}
"""Operators of older PyTorch that traces still contain."""


def _free() -> set[str]:
    names = f"{views.VIEWS} {views.ALLOCATION_AND_METADATA} {views.SYNCHRONISATION}"
    return {*(f"aten::{name}" for name in names.split()), "torchvision::_cuda_version"}


def _cost(name: str) -> tuple[Work, ...]:
    operator = registry.find(name)
    assert operator is not None
    call = OperatorCall(name, SAMPLES[name])
    assert isinstance(operator.kind(call), Kind)
    return operator.formula(call)


def test_every_formula_has_a_sample() -> None:
    assert registry.costed_names() - _free() == set(SAMPLES)


def test_every_name_is_an_operator_of_pytorch() -> None:
    for library in ("torchvision", "memprof.models.mixer_operator"):  # which register their own
        importlib.import_module(library)
    known = {name.split(".")[0] for name in torch._C._dispatch_get_all_op_names()}
    composites = {f"aten::{name}" for name in views.COMPOSITES.split()}
    assert registry.costed_names() - known <= GONE
    assert composites <= known


def _has_nested_levels(work: Work) -> bool:
    dram, l2, l1 = work.dram, work.l2, work.l1
    reads = l1.read_bytes >= l2.read_bytes >= dram.read_bytes >= 0
    writes = l1.written_bytes >= l2.written_bytes >= dram.written_bytes >= 0
    return dram.total_bytes > 0 and reads and writes


def test_inner_levels_move_at_least_what_outer_ones_do() -> None:
    costs = {name: _cost(name) for name in SAMPLES}
    assert [name for name, works in costs.items() if not works or not all(map(_has_nested_levels, works))] == []


def _has_whole_flops(work: Work) -> bool:
    return (
        0 <= work.flops == int(work.flops)
        and work.matrix_flops in (0, 2 * work.macs)
        and work.matrix_flops + work.vector_flops >= 2 * work.macs
        and work.launches >= 0
        and (work.blocks is None or work.blocks >= 1)
        and work.assumed == work.assumed.strip()
    )


def test_flops_are_whole_and_multiply_adds_count_twice() -> None:
    assert [name for name in SAMPLES if not all(map(_has_whole_flops, _cost(name)))] == []


def test_every_operator_is_launched_though_some_of_its_passes_share_a_launch() -> None:
    assert [name for name in SAMPLES if sum(work.launches for work in _cost(name)) < 1] == []


def test_views_and_allocations_are_free() -> None:
    operators = {name: registry.find(name) for name in _free()}
    tensor = (TensorSpec((4, 4), (4, 1), "float32"),)
    assert [
        name
        for name, operator in operators.items()
        if operator is None or operator.formula(OperatorCall(name, tensor)) != ()
    ] == []


def _without_numbers(value: Argument) -> Argument:
    """Return an argument as old traces have it: tensors and lists of tensors, nothing else."""
    return value if isinstance(value, TensorSpec) or flatten_tensors(value) else None


def _poorer(inputs: tuple[Argument, ...]) -> Iterator[tuple[Argument, ...]]:
    """Yield arguments with some of them not recorded."""
    yield from (tuple(_without_numbers(value) for value in inputs), (), (None,) * len(inputs))
    yield from ((*inputs[:place], None, *inputs[place + 1 :]) for place in range(len(inputs)))
    yield from (inputs[:place] for place in range(len(inputs)))


def test_what_was_not_recorded_is_inferred_or_a_lookup_error() -> None:
    for name, inputs in SAMPLES.items():
        operator = registry.find(name)
        assert operator is not None
        for fewer in _poorer(inputs):
            with suppress(LookupError):
                operator.kind(OperatorCall(name, fewer))
                operator.formula(OperatorCall(name, fewer))


def _bare(value: Argument) -> Argument:
    """Return an argument without strides."""
    if isinstance(value, TensorSpec):
        return TensorSpec(value.shape, None, value.dtype)
    return tuple(_bare(item) for item in value) if isinstance(value, tuple) else value


def test_strides_that_were_not_recorded_count_as_dense() -> None:
    operators = {name: registry.find(name) for name in SAMPLES}
    assert [
        name
        for name, operator in operators.items()
        if operator is None or not operator.formula(OperatorCall(name, tuple(map(_bare, SAMPLES[name]))))
    ] == []


def test_what_may_hide_a_copy_is_a_composite_and_has_no_formula() -> None:
    for name in ("aten::reshape", "aten::contiguous", "aten::to", "aten::flatten", "aten::dropout"):
        assert registry.is_composite(name)
        assert registry.find(name) is None


def test_what_must_compute_is_unknown_when_nothing_is_nested_inside() -> None:
    for name in ("aten::linear", "aten::matmul", "aten::conv2d", "aten::layer_norm", "aten::einsum"):
        assert registry.find(name) is None
        assert not registry.is_composite(name)


def test_a_name_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="formula already"):
        registry.declare_composite("aten::add")
    with pytest.raises(ValueError, match="formula already"):
        registry.declare_free("aten::add")


def _schema(name: str) -> list[str]:
    return [argument.name for argument in torch._C._get_schema(name, "").arguments]


NAMES = {
    "input": {"input", "self"},
    "weight": {"weight"},
    "bias": {"bias", "bias_sizes", "attn_mask", "attn_bias"},
    "grad_output": {"grad_output"},
    "stride": {"stride"},
    "padding": {"padding"},
    "dilation": {"dilation"},
    "groups": {"groups"},
    "transposed": {"transposed"},
    "output_padding": {"output_padding"},
    "mask": {"output_mask"},
    "query": {"query"},
    "causal": {"is_causal"},
}


SCHEMAS = {
    **convolution_shapes.FORWARD,
    **convolution_shapes.BACKWARD,
    **attention._FORWARD,
    **attention._BACKWARD,
}


def test_positions_of_arguments_follow_pytorchs_schema() -> None:
    held = 0
    for name in sorted(set(SCHEMAS) - GONE):
        schema, arguments = SCHEMAS[name], _schema(name)
        for field in fields(schema):
            position = getattr(schema, field.name)
            if field.name in NAMES and position is not None:
                held += 1
                assert arguments[position] in NAMES[field.name], f"{field.name} of {name}: {arguments}"
    assert held > len(SCHEMAS)


def test_importing_the_operators_imports_neither_torch_nor_fvcore() -> None:
    code = (
        "import json, sys, memprof.operators; "
        "print(json.dumps([name for name in ('torch', 'fvcore', 'numpy') if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert done.stderr == ""


def test_counting_prints_no_warning_of_other_libraries() -> None:
    code = "from memprof.operators import fvcore_counts; print(fvcore_counts.matmul_macs((2, 3), (3, 4)))"
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "24"
    assert "Warning" not in done.stderr
