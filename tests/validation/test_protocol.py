"""timm's switches while a published result is predicted, and as they were afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from timm.layers.config import set_fused_attn, use_fused_attn
from timm.layers.fast_norm import is_fast_norm, set_fast_norm
from torch.backends import cuda

from memprof.validation.protocol import source_settings, torch_version


def switches() -> tuple[bool, bool]:
    """Return whether attention is fused and norms are fast."""
    return use_fused_attn(), is_fast_norm()


@pytest.fixture(params=[(True, False), (False, True), (False, False), (True, True)])
def before(request: pytest.FixtureRequest) -> Iterator[tuple[bool, bool]]:
    saved = switches()
    set_fused_attn(request.param[0])
    set_fast_norm(request.param[1])
    assert switches() == request.param
    yield request.param
    set_fused_attn(saved[0])
    set_fast_norm(saved[1])


@pytest.mark.parametrize(
    ("stack", "phase", "expected"),
    [
        ("torch 1.12, CUDA 11.3", "infer", (False, False)),
        ("torch 1.13.1", "train", (False, False)),
        ("torch 2.0", "infer", (True, True)),
        ("torch 2.4.1, CUDA 12.4", "infer", (True, True)),
        ("torch 2.4.1, CUDA 12.4", "train", (True, False)),
    ],
)
def test_timm_runs_as_it_was_measured_and_then_as_before(before, stack, phase, expected):
    with source_settings("timm results", stack, phase):
        assert switches() == expected
    assert switches() == before


def test_the_level_of_fused_attention_comes_back():
    before = switches()
    set_fused_attn(True, experimental=True)
    with source_settings("timm results", "torch 1.12", "infer"):
        assert not use_fused_attn(experimental=True)
    assert use_fused_attn(experimental=True)
    set_fused_attn(before[0])


@pytest.mark.parametrize(("stack", "narrow"), [("torch 2.4.0", True), ("torch 2.5.0", False)])
def test_attention_in_steps_has_the_width_of_its_time(stack: str, narrow: bool):
    before = cuda.fp16_bf16_reduction_math_sdp_allowed()
    with source_settings("timm results", stack, "infer"):
        assert cuda.fp16_bf16_reduction_math_sdp_allowed() is narrow
    assert cuda.fp16_bf16_reduction_math_sdp_allowed() is before is False


def test_an_error_inside_leaves_nothing_switched(before):
    with pytest.raises(ZeroDivisionError), source_settings("timm", "torch 1.12", "infer"):
        raise ZeroDivisionError
    assert switches() == before


def test_the_version_decides_attention_for_every_source_but_norms_for_timms_only(before):
    with source_settings("InceptionNeXt README", "torch 1.13.0", "infer"):
        assert switches() == (False, before[1])
    assert switches() == before


@pytest.mark.parametrize(("source", "stack"), [("timm results", "CUDA 11.3"), ("", "")])
def test_nothing_changes_for_unknown_versions(before, source, stack):
    with source_settings(source, stack, "infer"):
        assert switches() == before
    assert switches() == before


@pytest.mark.parametrize(
    ("stack", "version"),
    [
        ("torch 1.12, CUDA 11.3", (1, 12)),
        ("torch 2.4.1", (2, 4)),
        ("CUDA 12.1, torch  1.9", (1, 9)),
        ("CUDA 11.3", None),
        ("pytorch", None),
        ("", None),
    ],
)
def test_the_version_of_torch_in_a_stack(stack: str, version: tuple[int, int] | None):
    assert torch_version(stack) == version


@pytest.mark.parametrize(("stack", "most"), [("torch 1.11", 2), ("torch 1.13", 3), ("torch 2.0", 3), ("torch 2.1", 4)])
def test_linear_layers_add_their_bias_apart_beyond_some_dimensions(stack: str, most: int):
    for dimensions in (2, 3, 4):
        source, layer = torch.ones((3,) * dimensions), torch.nn.Linear(3, 5)
        with source_settings("somebody", stack, "infer"), torch.profiler.profile() as profile:
            result = layer(source)
        ran = {event.name for event in profile.events()}
        assert ("aten::addmm" in ran) is (dimensions <= most)
        assert ("aten::add_" in ran) is (dimensions > most)
        assert torch.allclose(result, layer(source))
