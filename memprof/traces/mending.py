"""Text that is almost JSON: what profilers print that JSON does not have, and files whose end is missing.

Everything here is linear in the length of the text, whatever the text is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

_PIECE_BYTES = 1 << 20
_SPACES = bytes(32 if code < 32 else code for code in range(256))
"""Control characters become spaces: between values they may be that anyway, and in names JSON forbids them."""
_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})"
    rb'|(u[0-9a-fA-F]{4}|["\\/bfnrt]))?'
)
"""A backslash with what makes it an escape: a pair of surrogates, half of a pair, any other, or nothing."""
_BARE = re.compile(rb"-?\b(?:[iI]nf(?:inity)?|INF|[nN]a[nN]|NAN)\b")
_ESCAPED = re.compile(rb"\\.", re.DOTALL)

_STRING = rb'"(?:[^"\\]++|\\.)*+"'


def _object(inner: bytes) -> bytes:
    return rb'\{(?:[^{}"]++|' + _STRING + (rb"|" + inner if inner else rb"") + rb")*+\}"


_EVENT = re.compile(_object(_object(_object(b""))), re.DOTALL)
"""A whole object with objects two deep inside; possessive, so that it never looks at a character twice."""
_SEPARATORS = b", "
_EVENTS = re.compile(rb'"traceEvents"\s*+:\s*+\[')


def mend(text: bytes | bytearray) -> bytes:
    """Return text with every string made valid, and bare infinities and NaN made null.

    Invalid UTF-8 becomes U+FFFD, a control character a space, half of a surrogate pair U+FFFD, and a backslash that
    escapes nothing stands for itself.
    """
    return _without_bare_numbers(_ESCAPE.sub(_escape, _valid_utf8(text).translate(_SPACES)))


def _valid_utf8(text: bytes | bytearray) -> bytes:
    """Replace what is not UTF-8, in pieces: as one str, a long text would need four times the memory."""
    if text.isascii():
        return bytes(text)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    pieces = (text[start : start + _PIECE_BYTES] for start in range(0, len(text), _PIECE_BYTES))
    return b"".join([*(decoder.decode(piece).encode() for piece in pieces), decoder.decode(b"", final=True).encode()])


def _escape(match: re.Match[bytes]) -> bytes:
    pair, half, other = match.groups()
    if half:
        return rb"\ufffd"
    return match[0] if pair or other else rb"\\"


def _without_bare_numbers(text: bytes) -> bytes:
    """Replace inf, NaN and the like by null where they are values, which is where an even number of quotes precedes."""
    parts = []
    done = seen = 0
    inside = False
    for match in _BARE.finditer(text):
        inside ^= bool(_quotes(text[seen : match.start()]) % 2)
        seen = match.start()
        if not inside:
            parts += [text[done : match.start()], b"null"]
            done = match.end()
    return b"".join([*parts, text[done:]])


def _quotes(text: bytes) -> int:
    return (_ESCAPED.sub(b"", text) if b"\\" in text else text).count(b'"')


@dataclass(frozen=True, slots=True)
class EventList:
    """Where the content of a trace's list of events begins, and the keys before it as a JSON object.

    `bare` tells that the list is all there is; it need not be closed (Trace Event Format, section "JSON Array Format").
    """

    head: bytes
    start: int
    bare: bool = False


def find_list(text: bytes) -> EventList | None:
    """Return where the events of a trace begin, None where it has no list of them."""
    match = _EVENTS.search(text)
    if match:
        return EventList(text[: match.start()].rstrip().rstrip(b",") + b"}", match.end())
    begin = len(text) - len(text.lstrip())
    return EventList(b"{}", begin + 1, bare=True) if text[begin : begin + 1] == b"[" else None


class Salvage:
    """The whole objects of a list of events, as (start, end) in the text, one by one.

    Then `damaged` counts the stretches between them that were none, and `tail` is what follows the list, as a JSON
    object; None where the list has no end.
    """

    def __init__(self, text: bytes, place: EventList) -> None:
        self._text = text
        self._place = place
        self.damaged = 0
        self.tail: bytes | None = None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        end = seen = self._place.start
        in_damaged = False
        for match in _EVENT.finditer(self._text, end):
            between = self._text[seen : match.start()].strip()
            seen = match.end()
            if not in_damaged and between.strip(_SEPARATORS).startswith(b"]"):
                break
            if between.endswith(b":"):  # an object in one that is damaged
                in_damaged = True
                continue
            self.damaged += in_damaged or bool(between.strip(_SEPARATORS))
            in_damaged = False
            yield match.span()
            end = match.end()
        rest = self._text[end:].lstrip(_SEPARATORS)
        if rest.startswith(b"]"):
            self.tail = b"{" + rest[1:].lstrip(_SEPARATORS)
        elif not rest and self._place.bare:
            self.tail = b"{}"
