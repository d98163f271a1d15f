"""What the tests of the zoo share: building on meta, counting parameters and multiply-adds, calming layer scale."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from memprof.models import create_model

Build = Callable[[str], nn.Module]
Count = Callable[[nn.Module], int]
CountMacs = Callable[[nn.Module, int], int]


def _on_meta(spec: str) -> nn.Module:
    with torch.device("meta"):
        return create_model(spec)


def _parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def _macs(model: nn.Module, resolution: int) -> int:
    """Count one multiply-add per weight and output element of convolutions and linear layers, for one image."""
    total = 0

    def add(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        assert isinstance(layer, (nn.Conv2d, nn.Linear))
        total += output.numel() * layer.weight[0].numel()  # one output channel's weights make one output element

    layers = [layer for layer in model.modules() if isinstance(layer, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(add) for layer in layers]
    with torch.no_grad():
        model.eval()(torch.empty(1, 3, resolution, resolution, device=next(model.parameters()).device))
    for hook in hooks:
        hook.remove()
    return total


@pytest.fixture(scope="session")
def on_meta() -> Build:
    """Build a model on the meta device."""
    return _on_meta


@pytest.fixture(scope="session")
def parameters() -> Count:
    """Count the parameters of a model."""
    return _parameters


@pytest.fixture(scope="session")
def macs() -> CountMacs:
    """Count the multiply-adds of a model's convolutions and linear layers for one image of so many pixels a side."""
    return _macs
