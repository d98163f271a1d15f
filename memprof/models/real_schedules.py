"""Lets foreign constructors that read numbers out of a tensor run on the meta device."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode


class RealSchedules(TorchFunctionMode):
    """Makes torch.linspace on the CPU whatever the default device is.

    Many networks read their stochastic-depth rates from it with .item() (the official ConvNeXt and InceptionNeXt
    among them), and a meta tensor holds no value to read.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Call `func`, which torch was asked for, with the device of linspace settled."""
        kwargs = kwargs or {}
        if func is torch.linspace:
            kwargs = {"device": "cpu"} | kwargs
        return func(*args, **kwargs)
