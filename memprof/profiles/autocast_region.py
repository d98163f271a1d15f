"""torch.autocast inside a model, answered as on CUDA: PyTorch itself knows no autocast for the meta device.

Models ask whether autocast is on (`torch.is_autocast_enabled(x.device.type)`) and switch it off for a region
(`with torch.autocast(x.device.type, enabled=False)`), as timm's fast norms do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ContextDecorator
from typing import Any, Protocol

import torch

SIMULATED = ("meta", "cuda")
"""Device types whose autocast is the simulation's: models that name CUDA outright mean the device that is simulated."""


class AutocastState(Protocol):
    """What holds the dtype that autocast casts to, None where it is off."""

    autocast: torch.dtype | None


class Region(ContextDecorator):
    """A stand-in for torch.autocast(device_type, dtype, enabled) that sets the state of the simulation meanwhile."""

    def __init__(self, state: AutocastState, dtype: torch.dtype | None, enabled: bool) -> None:
        self._state = state
        self._wanted = (dtype or state.autocast or torch.float16) if enabled else None
        self._before: list[torch.dtype | None] = []

    def __enter__(self) -> Region:
        self._before.append(self._state.autocast)
        self._state.autocast = self._wanted
        return self

    def __exit__(self, *error: object) -> None:
        self._state.autocast = self._before.pop()


class AutocastAnswers:
    """While entered, torch's own questions about autocast, and its regions, concern `state`."""

    def __init__(self, state: AutocastState) -> None:
        self._state = state
        self._kept: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> AutocastAnswers:
        real, enabled, dtype = torch.autocast, torch.is_autocast_enabled, torch.get_autocast_dtype

        def region(device_type: str, dtype: torch.dtype | None = None, enabled: bool = True, **options: Any) -> Any:
            if device_type in SIMULATED:
                return Region(self._state, dtype, enabled)
            return real(device_type, dtype, enabled, **options)

        def is_enabled(device_type: str = "cuda") -> bool:
            return self._state.autocast is not None if device_type in SIMULATED else bool(enabled(device_type))

        def current(device_type: str = "cuda") -> torch.dtype:
            if device_type in SIMULATED:
                return self._state.autocast or torch.float16
            return dtype(device_type)

        self._replace(torch, "autocast", region)
        self._replace(torch.amp, "autocast", region)
        self._replace(torch, "is_autocast_enabled", is_enabled)
        self._replace(torch, "get_autocast_dtype", current)
        return self

    def __exit__(self, *error: object) -> None:
        while self._kept:
            owner, name, value = self._kept.pop()
            setattr(owner, name, value)

    def _replace(self, owner: Any, name: str, value: Callable[..., Any]) -> None:
        self._kept.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)
