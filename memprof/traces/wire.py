"""A trace's JSON as typed records: of each event what memprof needs, the rest is passed over unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from msgspec import Raw, Struct, field

from memprof.errors import TraceError
from memprof.traces.content import describe_content
from memprof.traces.mending import Salvage, find_list, mend

Value = int | float | str | None
"""A field whose type differs between versions of the profiler."""

NOTHING = Raw()
"""Stands for what an event does not have."""


class WireArguments(Struct, gc=False):
    """The facts of an event that memprof reads; lists stay unread, since most are equal to ones already read."""

    external_id: Value = field(default=None, name="External id")
    correlation: Value = None
    device: Value = None
    stream: Value = None
    bytes: Value = None
    graph_node: Value = field(default=None, name="graph node id")
    sequence_number: Value = field(default=None, name="Sequence number")
    dims: Raw = field(default=NOTHING, name="Input Dims")
    old_dims: Raw = field(default=NOTHING, name="Input dims")
    types: Raw = field(default=NOTHING, name="Input type")
    strides: Raw = field(default=NOTHING, name="Input Strides")
    concrete: Raw = field(default=NOTHING, name="Concrete Inputs")


class WireEvent(Struct, gc=False):
    """An event of any kind; `ts` and `dur` are the text of a number of microseconds."""

    ph: str = ""
    cat: str = ""
    name: str = ""
    pid: Value = None
    tid: Value = None
    ts: Raw = NOTHING
    dur: Raw = NOTHING
    args: WireArguments | None = None


class _Head(Struct):
    """Everything in a trace but its events; loosely typed, since little depends on it."""

    properties: object = field(default=None, name="deviceProperties")
    distributed: object = field(default=None, name="distributedInfo")


class _File(_Head):
    events: list[WireEvent] | None = field(default=None, name="traceEvents")


@dataclass(frozen=True, slots=True)
class Wire:
    """What a file holds, and in which state it was.

    `events` is None where it has no list of events. `fault` is what made it no valid JSON, "" where it was;
    `truncated` tells that its end is missing; `skipped` counts the events that could not be read.
    """

    events: Sequence[WireEvent] | None
    properties: object = None
    distributed: object = None
    fault: str = ""
    truncated: bool = False
    skipped: int = 0


_decode_file = msgspec.json.Decoder(_File).decode
_decode_head = msgspec.json.Decoder(_Head).decode
_decode_list = msgspec.json.Decoder(list[WireEvent]).decode
_decode_event = msgspec.json.Decoder(WireEvent).decode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def decode(text: bytearray, path: Path) -> Wire:
    """Return what the text of the trace at `path` holds; TraceError where it is not JSON at all.

    Text that is not quite JSON, as profilers and interrupted runs write it, is repaired, and of what cannot be
    repaired every whole event is read.
    """
    if text.startswith(_BYTE_ORDER_MARK):
        del text[: len(_BYTE_ORDER_MARK)]
    head = bytes(text[:256])
    first = head.lstrip()[:1]
    if first not in (b"{", b"["):
        what = describe_content(head)
        raise TraceError(
            f"{path} is not a trace: it is {what or 'not JSON'}",
            "" if what else "give a file that torch.profiler's export_chrome_trace wrote",
        )
    try:
        return _decode_whole(text, first)
    except _UNREADABLE as error:
        fault = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    mended = mend(text)
    try:
        return replace(_decode_whole(mended, first), fault=fault)
    except _UNREADABLE:
        return _salvage(mended, fault)


def _decode_whole(text: bytes | bytearray, first: bytes) -> Wire:
    if first == b"[":
        return Wire(_decode_list(text))
    file = _decode_file(text)
    return Wire(file.events, file.properties, file.distributed)


def _salvage(text: bytes, fault: str) -> Wire:
    place = find_list(text)
    if place is None:
        return Wire(None, fault=fault)
    salvage = Salvage(text, place)
    events = []
    skipped = 0
    for start, end in salvage:
        try:
            events.append(_decode_event(memoryview(text)[start:end]))
        except _UNREADABLE:
            skipped += 1
    head, tail = _keys(place.head), _keys(salvage.tail or b"{}")
    return Wire(
        events,
        head.properties or tail.properties,
        head.distributed or tail.distributed,
        fault,
        truncated=salvage.tail is None,
        skipped=skipped + salvage.damaged,
    )


def _keys(text: bytes) -> _Head:
    try:
        return _decode_head(text)
    except _UNREADABLE:
        return _Head()
