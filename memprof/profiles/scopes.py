"""Scopes in a profile: which module's forward is running, and which phase of the step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import torch
from torch import nn

from memprof.profiles.records import MODULE_PREFIX, PHASE_PREFIX


def record_scope(name: str) -> Any:
    """Return a context manager that shows as one event `name` in a profile.

    The C++ recorder: torch's `record_function` calls an operator for it, which dispatch modes would see.
    """
    return torch._C._profiler._RecordFunctionFast(name)


def record_call(name: str, inputs: Sequence[Any]) -> Any:
    """Return a context manager that shows as a call of the operator `name` with `inputs` in a profile."""
    return torch._C._profiler._RecordFunctionFast(name, list(inputs))


@contextmanager
def phase_scope(phase: str) -> Iterator[None]:
    """Record everything inside as belonging to `phase` of the step."""
    _running.append(phase)
    try:
        with record_scope(PHASE_PREFIX + phase):
            yield
    finally:
        _running.pop()


_running: list[str] = []


def running_phase() -> str:
    """Return the phase that is being recorded, by whatever thread; "" outside of all."""
    return _running[-1] if _running else ""


class ModuleScopes:
    """Records the forward of every module of a model as a scope named by its path, while entered.

    `current` is the path of the innermost module that runs; it stays at the module that raised.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._running: list[tuple[str, Any]] = []
        self.current = ""

    def __enter__(self) -> ModuleScopes:
        for path, module in self._model.named_modules():
            self._handles.append(module.register_forward_pre_hook(self._enter_hook(path)))
            self._handles.append(module.register_forward_hook(self._exit_hook))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()
        while self._running:
            self._running.pop()[1].__exit__(None, None, None)

    def _enter_hook(self, path: str) -> Any:
        def enter(module: nn.Module, inputs: object) -> None:
            scope = record_scope(MODULE_PREFIX + path)
            scope.__enter__()
            self._running.append((path, scope))
            self.current = path

        return enter

    def _exit_hook(self, module: nn.Module, inputs: object, output: object) -> None:
        self._running.pop()[1].__exit__(None, None, None)
        self.current = self._running[-1][0] if self._running else ""
