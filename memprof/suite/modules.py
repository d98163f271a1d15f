"""A kernel of the suite as a module: the same one is timed on a device and simulated to be predicted."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from memprof.suite.kernels import DATA_GRADIENT, WEIGHT_GRADIENT, Kernel


class OnOwnTensors(nn.Module):
    """An operator on tensors that the module holds as parameters, so that all of them have gradients and a layout.

    What it is called with is not looked at. The gradients that `kernel`'s pass does not ask for are not computed.
    """

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self.kernel = kernel
        count = _TENSORS.get(kernel.operator, 1)
        self.tensors = nn.ParameterList(nn.Parameter(torch.rand(kernel.shape)) for _ in range(count))
        self.layer = _LAYERS[kernel.operator](kernel)
        if kernel.pass_name == WEIGHT_GRADIENT:
            self.tensors.requires_grad_(False)
        elif kernel.pass_name == DATA_GRADIENT:
            self.layer.requires_grad_(False)

    def forward(self, ignored: Tensor) -> Tensor:
        """Return what the operator makes of the tensors."""
        return self.layer(*self.tensors)  # type: ignore[no-any-return]

    def wanted(self) -> list[nn.Parameter]:
        """Return the parameters whose gradients the pass computes."""
        return [parameter for parameter in self.parameters() if parameter.requires_grad]


class _Function(nn.Module):
    """A function as a layer."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, *tensors: Tensor) -> Tensor:
        """Call it."""
        return self._function(*tensors)


def _convolution(kernel: Kernel) -> nn.Module:
    inputs, side = kernel.shape[1], kernel.kernel
    return nn.Conv2d(inputs, kernel.outputs, side, kernel.stride, side // 2, groups=kernel.groups, bias=False)


_TENSORS = {"add": 2, "attention": 3}
"""Operators of several tensors."""
_LAYERS: dict[str, Callable[[Kernel], nn.Module]] = {
    "add": lambda kernel: _Function(torch.add),
    "gelu": lambda kernel: nn.GELU(),
    "transpose": lambda kernel: _Function(lambda x: x.contiguous(memory_format=torch.channels_last)),
    "softmax": lambda kernel: nn.Softmax(dim=-1),
    "layer_norm": lambda kernel: nn.LayerNorm(kernel.shape[-1]),
    "batch_norm": lambda kernel: nn.BatchNorm2d(kernel.shape[1]),
    "max_pool": lambda kernel: nn.MaxPool2d(3, 2, 1),
    "linear": lambda kernel: nn.Linear(kernel.shape[-1], kernel.outputs, bias=False),
    "conv": _convolution,
    "attention": lambda kernel: _Function(functional.scaled_dot_product_attention),
}
