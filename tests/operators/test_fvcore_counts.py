"""FLOPs are fvcore's: its handles by hand, and whole networks against FlopCountAnalysis on a real forward."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.autograd.profiler import profile

from memprof.calls import OperatorCall, extract_calls
from memprof.operators import fvcore_counts, registry
from memprof.profiles.kineto import read_events
from memprof.profiles.records import Profile
from memprof.vocabulary import Kind

PRODUCTS = (Kind.CONVOLUTION, Kind.DEPTHWISE, Kind.MATMUL)
RESIZING = ("adaptive_avg_pool", "upsample_nearest", "upsample_bilinear")


def forward_calls(model: nn.Module, images: torch.Tensor) -> tuple[OperatorCall, ...]:
    """Return the calls of a real forward on the CPU."""
    with torch.no_grad(), profile(use_kineto=True, record_shapes=True) as profiler:
        model(images)
    events = read_events(profiler.kineto_results)
    return extract_calls(Profile(events), lambda name: registry.find(name) is not None)


def counted_as_fvcore_does(calls: tuple[OperatorCall, ...]) -> float:
    """Return multiply-adds once, plus the single operations of norms, adaptive pooling and resampling.

    PyTorch turns adaptive pooling to a single pixel into `aten::mean` over (-1, -2).
    """
    count = 0.0
    for call in calls:
        operator = registry.find(call.name)
        if operator is None:
            continue
        works, kind = operator.formula(call), operator.kind(call)
        pooled = call.name == "aten::mean" and call.argument(1) == (-1, -2)
        if kind in PRODUCTS:
            count += sum(work.macs for work in works)
        elif kind is Kind.NORMALIZATION or pooled or any(name in call.name for name in RESIZING):
            count += sum(work.vector_flops for work in works)
    return count


def by_fvcore(model: nn.Module, images: torch.Tensor) -> float:
    """Return fvcore's own total."""
    from fvcore.nn import FlopCountAnalysis

    analysis = FlopCountAnalysis(model, images).unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    return float(analysis.total())


def test_handles() -> None:
    assert fvcore_counts.convolution_macs((1, 96, 56, 56), (96, 1, 7, 7), (1, 96, 56, 56), False) == 96 * 49 * 56 * 56
    assert fvcore_counts.convolution_macs((1, 8, 4, 4), (8, 16, 2, 2), (1, 16, 8, 8), True) == 8 * 16 * 4 * 4 * 4
    assert fvcore_counts.addmm_macs((8, 16), (16, 32)) == 8 * 16 * 32
    assert fvcore_counts.matmul_macs((2, 8, 16), (16, 32)) == 2 * 8 * 16 * 32
    assert fvcore_counts.bmm_macs((2, 8, 16), (2, 16, 32)) == 2 * 8 * 16 * 32
    assert fvcore_counts.batch_norm_flops((2, 3, 4, 4), True, True) == 5 * 96
    assert fvcore_counts.batch_norm_flops((2, 3, 4, 4), False, True) == 4 * 96
    assert fvcore_counts.batch_norm_flops((2, 3, 4, 4), True, False) == 2 * 96
    assert fvcore_counts.row_norm_flops((2, 3, 4, 4), True) == 5 * 96
    assert fvcore_counts.row_norm_flops((96,), False) == 4 * 96
    assert fvcore_counts.row_norm_flops((2, 1, 3, 1, 4, 4), True) == 5 * 96
    assert fvcore_counts.elementwise_flops((2, 3), (4, 5), 1, 4) == 6 + 4 * 20
    assert fvcore_counts.flops_of_macs(2 * 96 * 49) == 2 * 2 * 96 * 49


def _convolutions() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, stride=2, padding=1),
        nn.BatchNorm2d(16),
        nn.GELU(),
        nn.Conv2d(16, 16, 7, padding=3, groups=16),
        nn.GroupNorm(4, 16),
        nn.Conv2d(16, 32, 3, padding=2, dilation=2, groups=4, bias=False),
        nn.ConvTranspose2d(32, 8, 2, stride=2),
        nn.InstanceNorm2d(8, affine=True),
    )


def _head() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, stride=4),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(size=8),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 64),
        nn.LayerNorm(64),
        nn.Linear(64, 10, bias=False),
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("build", [_convolutions, _head])
@pytest.mark.parametrize("training", [False, True])
def test_networks_count_what_fvcore_counts(build: Callable[[], nn.Module], training: bool) -> None:
    model, images = build().train(training), torch.rand(2, 3, 32, 32)
    assert counted_as_fvcore_does(forward_calls(model, images)) == by_fvcore(model, images)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["resnet18", "convnext_atto", "mobilenetv3_small_100"])
def test_networks_of_timm_count_what_fvcore_counts(name: str) -> None:
    timm = pytest.importorskip("timm")
    model, images = timm.create_model(name).eval(), torch.rand(1, 3, 64, 64)
    calls = forward_calls(model, images)
    assert counted_as_fvcore_does(calls) == by_fvcore(model, images)
    known = (registry.find(call.name) is not None or registry.is_composite(call.name) for call in calls)
    assert all(known)


def test_fvcore_is_asked_once_for_the_calls_of_a_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    handles, asked = fvcore_counts._handles(), []

    def conv_flop_jit(inputs: object, outputs: object, real: Callable[..., object] = handles.conv_flop_jit) -> object:
        asked.append(inputs)
        return real(inputs, outputs)

    monkeypatch.setattr(handles, "conv_flop_jit", conv_flop_jit)
    fvcore_counts.convolution_macs.cache_clear()
    calls = forward_calls(_convolutions().eval(), torch.rand(2, 3, 32, 32))
    convolutions = [call for call in calls if registry.find(call.name) and "conv" in call.name]
    for call in convolutions * 10:
        operator = registry.find(call.name)
        assert operator is not None
        operator.formula(call)
    assert 0 < len(asked) <= len(convolutions)
