"""The text of a trace file, unpacked by what it is, not by what it is called, and never more of it than allowed."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

from memprof.errors import TraceError

LARGEST_BYTES = 2 * 1024**3
"""The largest text that is read by default: reading one needs several times its size in memory."""

_CHUNK_BYTES = 1 << 20
_PACKED_BYTES = 1 << 16
"""Packed text is taken in smaller pieces: each may unpack to a thousand times its size."""
_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = tuple(bytes([0x50 + number]) + b"\x2a\x4d\x18" for number in range(16))
"""Frames that a Zstandard file may begin with (RFC 8878, section 3.1.2): pzstd writes one."""
_LARGEST_WINDOW_BYTES = 1 << 31
"""What `zstd --long=31` makes, the most there is."""
_OTHERS = {
    b"PK\x03\x04": "a zip archive: unpack it, and give the trace in it",
    b"\xfd7zXZ": "compressed with xz: unpack it with `xz -d`",
    b"BZh": "compressed with bzip2: unpack it with `bunzip2`",
    b"SQLite format 3": "an SQLite database, which Nsight Systems exports: memprof reads traces of torch.profiler",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself: fetch it with `git lfs pull`",
    b"\x80": "a pickle, as torch's memory snapshots are: memprof reads traces of torch.profiler",
}
_COPY_AGAIN = "copy or download it again"
_RECORD_LESS = "record fewer steps (torch.profiler.schedule), without with_stack and profile_memory"


def read_content(path: Path, largest_bytes: int = LARGEST_BYTES) -> bytearray:
    """Return the text of a trace, unpacked from gzip or Zstandard.

    TraceError where the file cannot be read, is damaged, or where its text is larger than `largest_bytes`; no more
    than that is ever unpacked.
    """
    text = bytearray()
    too_large = TraceError(
        f"{path} holds more than {_gib(largest_bytes)} of text, the most that is read",
        f"{_RECORD_LESS}, or read more with `memprof trace --max-size GIB`",
    )
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > largest_bytes:  # 0 of a pipe
                raise too_large
            for part in _parts(file, path):
                text += part
                if len(text) > largest_bytes:
                    raise too_large
    except IsADirectoryError as error:
        raise TraceError(f"{path} is a folder", "give the trace files in it") from error
    except OSError as error:
        raise TraceError(f"cannot read {path}: {error.strerror or error}", "check the path") from error
    except MemoryError as error:
        raise TraceError(f"{path} does not fit this machine's memory", _RECORD_LESS) from error
    if not text or text.isspace():
        raise TraceError(f"{path} is empty", _COPY_AGAIN)
    return text


def describe_content(head: bytes) -> str:
    """Return what a file that is not JSON seems to be, "" where it looks like nothing known."""
    return next((what for magic, what in _OTHERS.items() if head.startswith(magic)), "")


def _gib(count: int) -> str:
    return f"{count / 1024**3:.3g} GiB"


def _parts(file: BufferedReader, path: Path) -> Iterator[bytes]:
    head = file.peek(4)[:4]
    if head.startswith(_GZIP):
        return _gunzip(file, path)
    if head in (_ZSTANDARD, *_SKIPPABLE):
        return _unzstd(file, path)
    return _chunks(file)


def _chunks(file: BufferedReader, size: int = _CHUNK_BYTES) -> Iterator[bytes]:
    while chunk := file.read(size):
        yield chunk


def _gunzip(file: BufferedReader, path: Path) -> Iterator[bytes]:
    """Yield the content of a gzip file, which may have several members, in small parts whatever it unpacks to."""
    engine = zlib.decompressobj(wbits=31)
    begun = False
    try:
        for chunk in _chunks(file, _PACKED_BYTES):
            packed = chunk if begun else chunk.lstrip(b"\0")  # zeros after a member are padding, as for gzip(1)
            while packed:
                begun = True
                yield engine.decompress(packed, _CHUNK_BYTES)
                packed = engine.unconsumed_tail
                if engine.eof:
                    packed = engine.unused_data.lstrip(b"\0")
                    engine, begun = zlib.decompressobj(wbits=31), False
    except zlib.error as error:
        raise TraceError(f"{path} is a damaged gzip file: {error}", _COPY_AGAIN) from error
    if begun:
        raise TraceError(f"{path} is a gzip file without its end", _COPY_AGAIN)


def _unzstd(file: BufferedReader, path: Path) -> Iterator[bytes]:
    import zstandard

    head = file.peek(64)
    size = 0
    try:
        promised = zstandard.frame_content_size(head)
        engine = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW_BYTES)
        with engine.stream_reader(file, read_across_frames=True) as reader:
            while part := reader.read(_CHUNK_BYTES):
                size += len(part)
                yield part
    except zstandard.ZstdError as error:
        raise TraceError(f"{path} is a damaged Zstandard file: {error}", _COPY_AGAIN) from error
    if size < promised:
        raise TraceError(f"{path} is a Zstandard file without its end", _COPY_AGAIN)
