"""torch.autocast inside a model, answered as on CUDA: PyTorch itself knows no autocast for the meta device.

Models ask whether autocast is on (`torch.is_autocast_enabled(x.device.type)`) and switch it off for a region
(`with torch.autocast(x.device.type, enabled=False)`), as timm's fast norms do. The class itself is changed meanwhile,
so that `torch.cuda.amp.autocast`, which derives from it, and names bound by `from torch import autocast` obey, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.amp.autocast_mode import autocast

SIMULATED = ("meta", "cuda")
"""Device types whose autocast is the simulation's: models that name CUDA outright mean the device that is simulated."""

_WANTED, _BEFORE = "_memprof_wanted", "_memprof_before"


class AutocastState(Protocol):
    """What holds the dtype that autocast casts to, None where it is off."""

    autocast: torch.dtype | None


class NoAutocast:
    """The state while a model is built: autocast is off."""

    autocast: torch.dtype | None = None


class AutocastAnswers:
    """While entered, torch's own questions about autocast, and its regions, concern `state`."""

    def __init__(self, state: AutocastState) -> None:
        self._state = state
        self._kept: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> AutocastAnswers:
        self._change_regions()
        enabled, dtype = torch.is_autocast_enabled, torch.get_autocast_dtype

        def is_enabled(device_type: str = "cuda") -> bool:
            return self._state.autocast is not None if device_type in SIMULATED else bool(enabled(device_type))

        def current(device_type: str = "cuda") -> torch.dtype:
            if device_type in SIMULATED:
                return self._state.autocast or torch.float16
            return dtype(device_type)

        self._replace(torch, "is_autocast_enabled", is_enabled)
        self._replace(torch, "get_autocast_dtype", current)
        return self

    def __exit__(self, *error: object) -> None:
        while self._kept:
            owner, name, value = self._kept.pop()
            setattr(owner, name, value)

    def _change_regions(self) -> None:
        """Make regions of simulated devices set the state, and leave those of other devices as they are."""
        state = self._state
        start, enter, leave = autocast.__init__, autocast.__enter__, autocast.__exit__

        def begin(
            region: Any, device_type: str, dtype: torch.dtype | None = None, enabled: bool = True, **options: Any
        ) -> None:
            if device_type not in SIMULATED:
                start(region, device_type, dtype, enabled, **options)
                return
            setattr(region, _WANTED, (dtype or state.autocast or torch.float16) if enabled else None)
            setattr(region, _BEFORE, [])

        def enter_region(region: Any) -> Any:
            if not hasattr(region, _WANTED):
                return enter(region)  # type: ignore[no-untyped-call]
            getattr(region, _BEFORE).append(state.autocast)
            state.autocast = getattr(region, _WANTED)
            return region

        def leave_region(region: Any, *error: Any) -> Any:
            if not hasattr(region, _WANTED):
                return leave(region, *error)
            state.autocast = getattr(region, _BEFORE).pop()
            return None

        self._replace(autocast, "__init__", begin)
        self._replace(autocast, "__enter__", enter_region)
        self._replace(autocast, "__exit__", leave_region)

    def _replace(self, owner: Any, name: str, value: Callable[..., Any]) -> None:
        self._kept.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)
