"""Traces made by hand: events as torch.profiler writes them, with as little in them as a test needs."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from memprof.profiles.records import Event
from memprof.traces.reading import read_trace
from memprof.traces.records import Trace

PID, TID = 100, 200
V100 = {"id": 0, "name": "Tesla V100", "numSms": 80, "totalGlobalMem": 34084028416}
_NUMBERS = itertools.count(1)


def call(
    name: str, ts: float, dur: float, *, tid: Any = TID, pid: Any = PID, cat: str = "cpu_op", **arguments: Any
) -> dict[str, Any]:
    """Return a call on the host; `arguments` are named with _ for a space."""
    return _event(cat, name, ts, dur, pid, tid, {key.replace("_", " "): value for key, value in arguments.items()})


def op(name: str, ts: float, dur: float, *shapes: list[int], **more: Any) -> dict[str, Any]:
    """Return an operator `aten::name` on float tensors of these shapes."""
    if not shapes:
        return call(f"aten::{name}", ts, dur, **more)
    return call(f"aten::{name}", ts, dur, Input_Dims=list(shapes), Input_type=["float"] * len(shapes), **more)


def launch(
    correlation: int,
    ts: float,
    dur: float = 4,
    *,
    name: str = "cudaLaunchKernel",
    tid: Any = TID,
    pid: Any = PID,
    cat: str = "cuda_runtime",
) -> dict[str, Any]:
    """Return a launch by the host."""
    return _event(cat, name, ts, dur, pid, tid, {"correlation": correlation, "cbid": 211})


def kernel(
    correlation: int,
    ts: float,
    dur: float,
    *,
    name: str = "gemm",
    cat: str = "kernel",
    device: Any = 0,
    stream: Any = 7,
    **more: Any,
) -> dict[str, Any]:
    """Return what a device ran."""
    return _event(
        cat, name, ts, dur, device, stream, {"device": device, "stream": stream, "correlation": correlation, **more}
    )


def module(name: str, ts: float, dur: float, *, tid: Any = TID) -> dict[str, Any]:
    """Return Python's own event of the call of a module."""
    return _event("python_function", f"nn.Module: {name}", ts, dur, PID, tid, {"Python id": next(_NUMBERS)})


def _event(cat: str, name: str, ts: float, dur: float, pid: Any, tid: Any, args: dict[str, Any]) -> dict[str, Any]:
    return {"ph": "X", "cat": cat, "name": name, "pid": pid, "tid": tid, "ts": ts, "dur": dur, "args": args}


def text(*events: Any, **keys: Any) -> str:
    """Return the JSON text of a trace; `deviceProperties` are a V100's where not given."""
    return json.dumps({"schemaVersion": 1, "deviceProperties": [V100], **keys, "traceEvents": list(events)}, indent=1)


def read(folder: Path, *events: Any, name: str = "trace.json", **keys: Any) -> Trace:
    """Write a trace of these events and read it."""
    return read_text(folder, text(*events, **keys), name)


def read_text(folder: Path, content: str | bytes, name: str = "trace.json") -> Trace:
    """Write a file of this content and read it."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_trace(path)


def outline(events: tuple[Event, ...]) -> Any:
    """Return nested events as nested lists of names: ["a", ["b"]] is b inside a."""
    return [[event.name, *outline(event.children)] for event in events]


def flat(events: tuple[Event, ...]) -> list[Event]:
    """Return events and those nested in them, outermost first."""
    return [found for event in events for found in (event, *flat(event.children))]


def one(trace: Trace, name: str) -> Event:
    """Return the only event of a name."""
    (found,) = (event for event in flat(trace.profile.events) if event.name == name)
    return found


def codes(trace: Trace) -> list[str]:
    """Return the codes of a trace's warnings."""
    return [warning.code for warning in trace.warnings]
