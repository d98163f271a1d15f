"""Traces of the shapes on which readers become quadratic, with as many events as one likes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

_DEVICE = {"id": 0, "name": "Tesla V100-SXM2-32GB", "numSms": 80}
_SHAPES = {"Input Dims": [[2, 3], [3, 4]], "Input type": ["float", "float"]}


def _event(category: str, name: str, start: float, duration: float, pid: int = 1, tid: int = 1, **more: Any) -> Any:
    times = {"pid": pid, "tid": tid, "ts": start, "dur": duration}
    return {"ph": "X", "cat": category, "name": name, **times, "args": more}


def _product(start: float, duration: float, pid: int = 1, tid: int = 1) -> Any:
    return _event("cpu_op", "aten::mm", start, duration, pid, tid, **_SHAPES)


def _launch(start: float, number: int, pid: int = 1) -> Any:
    return _event("cuda_runtime", "cudaLaunchKernel", start, 0.5, pid, correlation=number)


def _kernel(start: float, number: int, name: str = "gemm", device: int = 0) -> Any:
    return _event("kernel", name, start, 0.25, device, 7, correlation=number, device=device, stream=7)


def _module(name: str, start: float, duration: float) -> Any:
    return _event("python_function", f"nn.Module: {name}", start, duration)


def _nested_modules(count: int) -> list[Any]:
    return [_module(f"Block_{place}", place, 4 * count - 2 * place) for place in range(count)]


def _modules_in_a_long_name(count: int) -> list[Any]:
    outer = [_module("Net_0", 0, 9 * count), _module("N" * 60 * count, 1, 8 * count)]
    return [*outer, *(_module(f"Linear_{place}", place + 2, 0.5) for place in range(count))]


def _nested_operators(count: int) -> list[Any]:
    return [_product(place, 4 * count - 2 * place) for place in range(count)]


def _launches_of_one_number(count: int) -> list[Any]:
    return [item for place in range(count // 2) for item in (_launch(place, 1), _kernel(place + 0.7, 1))]


def _launches_of_one_number_in_processes(count: int) -> list[Any]:
    own = [
        item for place in range(count // 4) for item in (_launch(place, place + 2, place), _kernel(place, place + 2))
    ]
    shared = [item for place in range(count // 4) for item in (_launch(place, 1, place), _kernel(place, 1))]
    return own + shared


def _threads(count: int) -> list[Any]:
    return [_product(place, 0.5, tid=place) for place in range(count)]


def _processes(count: int) -> list[Any]:
    return [_product(place, 0.5, pid=place) for place in range(count)]


def _devices(count: int) -> list[Any]:
    return [_kernel(place, place + 2, device=place) for place in range(count)]


def _kernels_together(count: int) -> list[Any]:
    return [_kernel(7, place + 2, f"k{place}") for place in range(count)]


def _steps(count: int) -> list[Any]:
    return [_event("user_annotation", f"ProfilerStep#{place}", place, 1) for place in range(count)]


def _damaged(count: int) -> bytes:
    """Return one event of many objects without its end."""
    inside = b",".join(b'"k%d": {"a": 1}' % place for place in range(count))
    return _whole([])[:-2] + b', {"ph": "X", ' + inside


def _whole(events: list[Any]) -> bytes:
    """Return the text of a trace of these events, and of an operator with a kernel, so that there is a report."""
    first = [_product(0, 1), _launch(0.25, 99_999_999), _kernel(2, 99_999_999)]
    return orjson.dumps({"deviceProperties": [_DEVICE], "traceEvents": first + events})


def _maker(shape: Callable[[int], list[Any]]) -> Callable[[int], bytes]:
    return lambda count: _whole(shape(count))


SHAPES: dict[str, Callable[[int], bytes]] = {
    "nested modules": _maker(_nested_modules),
    "modules in a long name": _maker(_modules_in_a_long_name),
    "nested operators": _maker(_nested_operators),
    "launches of one number": _maker(_launches_of_one_number),
    "the same in many processes": _maker(_launches_of_one_number_in_processes),
    "threads": _maker(_threads),
    "processes": _maker(_processes),
    "devices": _maker(_devices),
    "kernels together": _maker(_kernels_together),
    "steps": _maker(_steps),
    "damaged": _damaged,
}
"""Makes the text of a trace with about so many events, by what it is."""
