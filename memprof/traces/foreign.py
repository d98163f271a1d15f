"""What a JSON file is that PyTorch's profiler did not write."""

from __future__ import annotations

from pathlib import Path

from memprof.errors import TraceError
from memprof.traces.wire import Wire

_RECORD = "record one with torch.profiler and export_chrome_trace"
_MARKS = (
    (b'"pid": "CPU functions"', "a trace of the old autograd profiler, which has no kernels and no shapes", _RECORD),
    (b"devtools.timeline", "a trace of the Chrome browser", _RECORD),
    (b"/host:CPU", "a trace of TensorFlow or JAX", _RECORD),
    (b"/device:", "a trace of TensorFlow or JAX", _RECORD),
    (b"TraceProcessEvent", "an export of Nsight Systems", _RECORD),
    (b"CudaEvent", "an export of Nsight Systems", _RECORD),
    (b"NVTX", "an export of Nsight Systems", _RECORD),
    (b"viztracer", "a trace of VizTracer", _RECORD),
    (b"speedscope.app", "a profile for speedscope", _RECORD),
    (b'"memprof.report', "a report of memprof", "show it with `memprof render`"),
    (b"-chakra", "an execution trace of PyTorch, which has no times", _RECORD),
)
"""Bytes that tell who wrote a file, in the order in which they are looked for."""


def check(text: bytes | bytearray, wire: Wire, is_pytorch: bool, path: Path) -> None:
    """Raise TraceError, which says what the file seems to be, where it is no trace of PyTorch's profiler."""
    if is_pytorch:
        return
    for mark, what, remedy in _MARKS:
        if mark in text:
            raise TraceError(f"{path} is {what}, not a trace of torch.profiler", remedy)
    if not wire.events and "truncated" in wire.fault:
        raise TraceError(f"{path} has no events: its end is missing", "let the profiler finish, or copy the file again")
    if wire.events is None and wire.fault:
        raise TraceError(f"{path} is not a trace: {wire.fault}", _RECORD)
    if wire.events is None:
        raise TraceError(f"{path} is JSON but not a trace: it has no list `traceEvents`", _RECORD)
    if not wire.events:
        raise TraceError(f"{path} has no events", "record at least one step between the profiler's start and stop")
    raise TraceError(f"{path} is a trace of another tool: none of its events is of torch.profiler", _RECORD)
