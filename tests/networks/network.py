"""What a network of the sixty is: how it is built, and what it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Network:
    """`build` makes it; `inputs` and `kwargs` go to its forward, in training `training` where that differs."""

    build: Callable[[], Any]
    inputs: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    training: tuple[Any, ...] | None = None
    loss: Callable[[Any], Any] | None = None
    layout: str = "channels-last"
