"""What torch.compile compiles inside a model, and what a simulation cannot run: analysed as if it were not, or said."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import memprof
from memprof import MemprofError, spec

NUMBERS = spec("4x8")


def never(graph: object, inputs: object) -> object:
    raise AssertionError("nothing is compiled for an analysis")


@torch.compile(backend=never)
def doubled(numbers: Tensor) -> Tensor:
    return numbers.relu() * 2


class Compiled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.compile(nn.Linear(8, 8), backend=never)
        self.outer = nn.Linear(8, 8)
        self.outer.compile(backend=never)

    def forward(self, numbers: Tensor) -> Tensor:
        return self.outer(doubled(self.inner(numbers)))


@pytest.mark.parametrize("phase", ["infer", "train"])
def test_compiled_parts_run_operator_by_operator_and_the_report_says_so(phase: str) -> None:
    report = memprof.analyze(Compiled(), NUMBERS, phase=phase)  # type: ignore[arg-type]

    (wrapped,) = [item for item in report.warnings if item.code == "wrapped"]
    assert "parts that are compiled (inner and 1 more)" in wrapped.message
    forward = [row for row in report.operators if row.phase == "forward"]
    assert sum(row.flops for row in forward if row.kind == "matmul") == pytest.approx(2 * 2 * 4 * 8 * 8, rel=0.1)
    assert {"aten::relu", "aten::mul"} <= {row.name for row in forward}


@pytest.mark.filterwarnings("ignore:Using")
def test_compiled_parts_are_profiled_as_they_would_run_without_compiling() -> None:
    with memprof.profile(real=True) as profile:
        Compiled()(torch.rand(4, 8))

    assert {"aten::relu", "aten::mul"} <= {row.name for row in profile.report.operators}


@pytest.mark.filterwarnings("ignore")
def test_quantised_layers_are_said_to_be() -> None:
    quantised = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(8, 8)), dtype=torch.qint8)
    with pytest.raises(MemprofError, match="analyse the model before it was quantised"):
        memprof.analyze(quantised, NUMBERS)


def test_flexible_attention_has_a_way_out() -> None:
    from torch.nn.attention.flex_attention import flex_attention

    class Attends(nn.Module):
        def forward(self, heads: Tensor) -> Tensor:
            return flex_attention(heads, heads, heads)  # type: ignore[return-value]

    with pytest.raises(MemprofError, match="scaled_dot_product_attention instead"):
        memprof.analyze(Attends(), spec("2x4x128x16"))


@pytest.mark.filterwarnings("ignore")
def test_tensors_whose_size_is_data_have_a_way_out() -> None:
    class Sparse(nn.Module):
        def forward(self, places: Tensor, numbers: Tensor) -> Tensor:
            weights = torch.ones(places.shape[1], device=places.device)
            return torch.sparse.mm(torch.sparse_coo_tensor(places, weights, (8, 8)), numbers)

    class Nested(nn.Module):
        def forward(self, numbers: Tensor) -> Tensor:
            return torch.nested.to_padded_tensor(torch.nested.nested_tensor(list(numbers)), 0.0)

    with pytest.raises(MemprofError, match="give a dense one"):
        memprof.analyze(Sparse(), (spec("2x20:int64"), spec("8x4")))
    with pytest.raises(MemprofError, match="padded to the longest"):
        memprof.analyze(Nested(), spec("2x8x16"))
