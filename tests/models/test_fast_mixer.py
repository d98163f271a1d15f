"""The faster token mixer gives what the reference gives, under the same names, or says why it cannot run."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
import torch
from torch import Tensor, nn

from memprof.errors import ModelError
from memprof.models import accelerate, create_model
from memprof.models.mixers import InceptionDepthwiseConv

NEEDS_TRITON = pytest.mark.skipif(find_spec("triton") is None, reason="triton comes with CUDA builds of PyTorch only")


def twins(channels: int, implementation: str) -> tuple[InceptionDepthwiseConv, InceptionDepthwiseConv]:
    """Return the reference and another implementation with the same weights."""
    torch.manual_seed(0)
    reference = InceptionDepthwiseConv(channels)
    return reference, accelerate(copy.deepcopy(reference), implementation)  # type: ignore[return-value]


def gradients(mixer: nn.Module, x: Tensor, grad: Tensor) -> tuple[Tensor, ...]:
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(mixer(leaf), [leaf, *mixer.parameters()], grad)


@pytest.mark.parametrize("shape", [(3, 16, 5, 7), (2, 24, 14, 13), (1, 8, 3, 150)], ids=["small", "usual", "long"])
def test_products_give_what_convolutions_give(shape: tuple[int, ...]) -> None:
    reference, fast = twins(shape[1], "products")
    x, grad = torch.randn(shape), torch.randn(shape)
    with torch.no_grad():
        torch.testing.assert_close(fast(x), reference(x), atol=1e-5, rtol=0)
        next(fast.parameters()).add_(1)
        next(reference.parameters()).add_(1)
        torch.testing.assert_close(fast(x), reference(x), atol=1e-5, rtol=0)
    for ours, theirs in zip(gradients(fast, x, grad), gradients(reference, x, grad), strict=True):
        assert (ours - theirs).abs().max() <= 1e-5 * max(1, theirs.abs().max())


def test_products_run_only_where_they_pay(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("memprof.models.fast_mixer.mix_by_products", lambda x, *rest: calls.append(x) or x)
    _, fast = twins(16, "auto")
    x = torch.randn(2, 16, 9, 9)
    fast(x.contiguous(memory_format=torch.channels_last))
    fast.bfloat16()(x.bfloat16())
    assert not calls
    fast.float()(x)
    assert len(calls) == 1


def test_timms_network_keeps_its_state_dict_and_its_output() -> None:
    timm = pytest.importorskip("timm")
    model = timm.create_model("inception_next_atto").eval()
    for name, parameter in model.named_parameters():
        if name.endswith("gamma"):
            nn.init.ones_(parameter)
    x = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        expected, saved = model(x), model.state_dict()
        assert accelerate(model) is model
        torch.testing.assert_close(model(x), expected, atol=1e-5 * float(expected.abs().max()), rtol=0)
    assert list(model.state_dict()) == list(saved)
    assert not [module for module in model.modules() if type(module).__name__ == "InceptionDWConv2d"]
    create_model("inceptionnext_atto:implementation=auto").load_state_dict(saved)


@NEEDS_TRITON
def test_triton_gives_what_convolutions_give() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.models.triton_equality"],
        env={**os.environ, "TRITON_INTERPRET": "1", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    errors = [line.split() for line in run.stdout.splitlines()]
    assert [dtype for dtype, _ in errors] == ["float32", "float32", "float16"]
    for dtype, error in errors:
        assert float(error) <= (1e-5 if dtype == "float32" else 2e-3)


@NEEDS_TRITON
@pytest.mark.parametrize("tile", [(256, 1), (32, 32)], ids=["channels-first", "channels-last"])
def test_triton_makes_machine_code_of_the_kernels_without_a_gpu(tile: tuple[int, int]) -> None:
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    from memprof.models import mixer_kernels

    fixed = {"side": 3, "band": 5, "pixels": tile[0], "block": tile[1], "biased": True, "slots": 16}
    halves = {"x", "y", "grad", "target", *("square", "across", "down"), *("square_bias", "across_bias", "down_bias")}
    for kernel in (mixer_kernels.forward_kernel, mixer_kernels.backward_kernel):
        constants = {name: value for name, value in fixed.items() if name in kernel.arg_names}
        kinds = dict.fromkeys(kernel.arg_names, "i32") | dict.fromkeys(constants, "constexpr")
        kinds |= {
            name: "*fp16" if name in halves else "*fp32" for name in kernel.arg_names if name in {*halves, "sums"}
        }
        source = ASTSource(kernel, signature=kinds, constexprs=constants)
        assert triton.compile(source, target=GPUTarget("cuda", 80, 32)).asm["cubin"]


def test_mistakes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="no implementation 'tritn'"):
        accelerate(InceptionDepthwiseConv(16), "tritn")
    with pytest.raises(ModelError, match="Linear has no InceptionNeXt token mixer"):
        accelerate(nn.Linear(2, 2))
    with pytest.raises(ModelError, match="all four branches in parallel"):
        create_model("inceptionnext_t:implementation=auto,arrangement=sequential")
    _, fused = twins(16, "triton")
    if find_spec("triton") is not None:
        with pytest.raises(ModelError, match="no GPU"):
            fused(torch.randn(1, 16, 4, 4))
    monkeypatch.setattr("memprof.models.mixer_operator.find_spec", lambda name: None)
    with pytest.raises(ModelError, match="triton is not installed"):
        fused(torch.randn(1, 16, 4, 4))
