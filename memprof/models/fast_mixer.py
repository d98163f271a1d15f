"""A faster InceptionDWConv2d: which implementation runs where, and how a network is given it.

| device | layout, dtype | `auto` takes |
|---|---|---|
| CPU | channels-first, float32 | `products`: bands as matrix products (memprof.models.band_products) |
| CPU | any other | `reference`: split, three convolutions, concatenation |
| CUDA, and meta, which stands for it | any | `triton`: one kernel for all branches (memprof.models.mixer_kernels) |
| CUDA without triton | any | `reference` |

While torch.compile, torch.export or torch.jit look at a network, it is the reference they see.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from memprof.errors import ModelError, did_you_mean
from memprof.models.band_products import Matrices
from memprof.models.band_products import mix as mix_by_products

AUTO, REFERENCE, PRODUCTS, TRITON = IMPLEMENTATIONS = ("auto", "reference", "products", "triton")
BRANCHES = ("dwconv_hw", "dwconv_w", "dwconv_h")
"""The square, the horizontal and the vertical convolution, as the official code, timm and memprof call them."""
_ON_GPU = ("cuda", "meta")


class FastMixer:
    """How a mixer of an identity and three branches runs: `implementation`, one of IMPLEMENTATIONS."""

    def __init__(self, implementation: str) -> None:
        if implementation not in IMPLEMENTATIONS:
            raise ModelError(
                f"there is no implementation {implementation!r} of the token mixer",
                did_you_mean(implementation, IMPLEMENTATIONS),
            )
        self.implementation = implementation
        self._matrices = Matrices()

    def mix(self, x: Tensor, convs: Sequence[nn.Module]) -> Tensor | None:
        """Mix (N, C, H, W); None where the reference is to do it."""
        if self.implementation == REFERENCE or _is_looked_at(x) or not _are_plain(convs):
            return None
        square, across, down = (conv for conv in convs if isinstance(conv, nn.Conv2d))
        if self._takes_triton(x):
            return _by_triton(x, (square, across, down))
        if self.implementation != TRITON and _suits_products(x, square.weight):
            return mix_by_products(x, (square, across, down), self._matrices)
        return None

    def _takes_triton(self, x: Tensor) -> bool:
        if self.implementation != AUTO:
            return self.implementation == TRITON
        from memprof.models.mixer_operator import has_triton

        return x.is_meta or (x.is_cuda and has_triton())


class AcceleratedMixer(nn.Module):
    """timm's InceptionDWConv2d, with its own convolutions under their own names, so that its state dict stays."""

    def __init__(self, mixer: nn.Module, implementation: str) -> None:
        super().__init__()
        for name in BRANCHES:
            self.add_module(name, mixer.get_submodule(name))
        self.fast = FastMixer(implementation)
        self.train(mixer.training)

    def forward(self, x: Tensor) -> Tensor:
        """Mix (N, C, H, W) into the same shape."""
        convs = convolutions(self)
        mixed = self.fast.mix(x, convs)
        return _mix_by_reference(x, convs) if mixed is None else mixed


def convolutions(mixer: nn.Module) -> list[nn.Module]:
    """Return the three convolutions of a mixer."""
    return [module for name in BRANCHES if (module := mixer._modules[name]) is not None]


def accelerate(model: nn.Module, implementation: str = AUTO) -> nn.Module:
    """Give every InceptionNeXt token mixer in `model`, timm's or memprof's, a faster implementation; return the model.

    It is changed in place: parameters, their names and the state dict stay, and so does what it computes, to rounding.
    `implementation` is one of IMPLEMENTATIONS; "reference" undoes it. ModelError where there is no such mixer.
    """
    chosen = FastMixer(implementation).implementation
    found = 0
    for name, module in list(model.named_modules()):
        if isinstance(fast := getattr(module, "fast", None), FastMixer):
            fast.implementation = chosen
        elif type(module).__name__ == "InceptionDWConv2d" and all(hasattr(module, branch) for branch in BRANCHES):
            faster = AcceleratedMixer(module, chosen)
            if not name:
                return faster
            model.set_submodule(name, faster)
        else:
            continue
        found += 1
    if not found:
        raise ModelError(
            f"{type(model).__name__} has no InceptionNeXt token mixer", "accelerate an InceptionNeXt of memprof or timm"
        )
    return model


def _mix_by_reference(x: Tensor, convs: Sequence[nn.Module]) -> Tensor:
    parts = [len(conv.get_parameter("weight")) for conv in convs]
    passed, *rest = torch.split(x, [x.shape[1] - sum(parts), *parts], dim=1)
    return torch.cat([passed, *(conv(part) for conv, part in zip(convs, rest, strict=True))], dim=1)


def _by_triton(x: Tensor, convs: Sequence[nn.Conv2d]) -> Tensor:
    from memprof.models.mixer_operator import inception_mixer

    if torch.is_autocast_enabled("cuda") and x.device.type in _ON_GPU:
        x = x.to(torch.get_autocast_dtype("cuda"))
    biases = [conv.bias for conv in convs if conv.bias is not None]
    mixed: Tensor = inception_mixer(x, [conv.weight for conv in convs], biases)
    return mixed


def _is_looked_at(x: Tensor) -> bool:
    traced = torch.jit.is_tracing()  # type: ignore[no-untyped-call, attr-defined]
    return traced or type(x) not in (Tensor, nn.Parameter) or torch.compiler.is_compiling()


def _are_plain(convs: Sequence[nn.Module]) -> bool:
    """Return whether these are depthwise convolutions as InceptionNeXt has them, all with a bias or all without."""
    plain = all(type(conv) is nn.Conv2d for conv in convs)
    return plain and len({conv.bias is None for conv in convs}) == 1 and all(map(_keeps_size, convs))


def _keeps_size(conv: nn.Module) -> bool:
    assert isinstance(conv, nn.Conv2d)
    padding = conv.padding if isinstance(conv.padding, tuple) else ()
    return (
        conv.groups == conv.in_channels == conv.out_channels
        and conv.stride == conv.dilation == (1, 1)
        and conv.padding_mode == "zeros"
        and all(size % 2 for size in conv.kernel_size)
        and padding == tuple(size // 2 for size in conv.kernel_size)
    )


def _suits_products(x: Tensor, weight: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and x.dim() == 4
        and x.numel() > 0
        and x.is_contiguous()
        and not torch.is_autocast_enabled("cpu")
    )
