"""Files: packed by what they are, never more unpacked than allowed, one clear error for each that cannot be read."""

from __future__ import annotations

import gzip
import os
import threading
import zlib

import pytest
import zstandard

from memprof.errors import TraceError
from memprof.traces import content
from memprof.traces.content import read_content
from memprof.traces.reading import read_trace
from tests.traces.making import kernel, launch, op, outline, text

TEXT = text(op("mm", 10, 20, [2, 3], [3, 4]), launch(1, 15), kernel(1, 40, 5)).encode()


@pytest.fixture
def write(tmp_path):
    def writing(data, name="trace.json"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return writing


UNSIZED = zstandard.ZstdCompressor(write_content_size=False).compress
PACKED = {
    "plain": TEXT,
    "gzip": gzip.compress(TEXT),
    "gzip of two members": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]),
    "padded gzip": gzip.compress(TEXT) + bytes(512),
    "zstandard": zstandard.ZstdCompressor().compress(TEXT),
    "zstandard of two frames": zstandard.compress(TEXT[:100]) + zstandard.compress(TEXT[100:]),
    "zstandard of unknown size": UNSIZED(TEXT),
    "zstandard after a skippable frame": b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd" + zstandard.compress(TEXT),
    "gzip padded with zeros": gzip.compress(TEXT) + bytes(200_000),  # to a block of a tape, or of a disk
    "gzip of two members with zeros between": gzip.compress(TEXT[:100]) + bytes(200_000) + gzip.compress(TEXT[100:]),
    "zstandard of two frames of unknown size": UNSIZED(TEXT[:100]) + UNSIZED(TEXT[100:]),
    "zstandard of the longest window": zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(window_log=31, write_content_size=False)
    ).compress(TEXT),
    "with a byte order mark": b"\xef\xbb\xbf" + TEXT,
}


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz", "trace.zst"])
@pytest.mark.parametrize("data", PACKED.values(), ids=PACKED)
def test_what_a_file_is_decides_not_its_name(write, data, name):
    trace = read_trace(write(data, name))
    assert outline(trace.profile.events) == [["aten::mm"]]
    assert not {"repaired-trace", "truncated-trace"} & {warning.code for warning in trace.warnings}


def test_a_pipe_is_read_like_a_file(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(gzip.compress(TEXT),))
    writer.start()
    assert len(read_trace(path).kernels) == 1
    writer.join()


GZIP, ZSTANDARD = gzip.compress(TEXT), zstandard.compress(TEXT)
REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n ", "is empty"),
    "packed nothing": (gzip.compress(b""), "is empty"),
    "text": (b"hello", "not a trace: it is not JSON"),
    "a page": (b"<html></html>", "not JSON"),
    "a number": (b"42", "not JSON"),
    "zip": (b"PK\x03\x04" + TEXT, "zip archive"),
    "xz": (b"\xfd7zXZ\x00" + TEXT, "xz -d"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "SQLite": (b"SQLite format 3\x00", "Nsight Systems"),
    "pickle": (b"\x80\x04\x95", "pickle"),
    "cut gzip": (GZIP[:-20], "gzip file without its end; copy or download it again"),
    "gzip without its last byte": (GZIP[:-1], "gzip file without its end"),
    "damaged gzip": (GZIP[:40] + bytes(40) + GZIP[80:], "damaged gzip file"),
    "gzip of wrong sum": (GZIP[:-8] + bytes(8), "damaged gzip file"),
    "gzip with a tail": (GZIP + b"tail", "damaged gzip file"),
    "cut zstandard": (ZSTANDARD[:-20], "Zstandard file without its end"),
    "damaged zstandard": (ZSTANDARD[:20] + bytes(20) + ZSTANDARD[40:], "damaged Zstandard file"),
    "packed twice": (gzip.compress(GZIP), "not JSON"),
    "no list": (b'{"a": [1]}', "JSON but not a trace: it has no list `traceEvents`"),
    "events that are no list": (b'{"traceEvents": {"ph": "X"}}', "not a trace"),
    "no events": (b'{"traceEvents": []}', "has no events"),
    "empty list": (b"[]", "has no events"),
    "cut before its events": (b'{"deviceProperties": [{"id": 0, "na', "its end is missing"),
    "only brackets": (b"[" * 100_000, "has no events"),
    "too deep": (b'{"a":' * 100_000, "not a trace"),
    "Chrome": (b'{"traceEvents": [{"ph": "X", "cat": "devtools.timeline", "name": "a", "ts": 1}]}', "Chrome browser"),
    "JAX": (b'{"traceEvents": [{"ph": "M", "args": {"name": "/host:CPU"}}]}', "TensorFlow or JAX"),
    "nsys": (b'{"CudaEvent": {"deviceId": 0}}\n{"CudaEvent": {}}\n', "Nsight Systems"),
    "old profiler": (b'[{"name": "mm", "ph": "X", "ts": 1, "pid": "CPU functions"}]', "old autograd profiler"),
    "a report": (b'{"schema": "memprof.report/3"}', "report of memprof, not a trace of torch.profiler; show it with"),
    "Chakra": (b'{"schema": "1.1.1-chakra.0.0.4", "nodes": []}', "execution trace of PyTorch"),
    "other": (b'{"traceEvents": [{"ph": "X", "cat": "game", "name": "a", "ts": 1}]}', "a trace of another tool"),
}


@pytest.mark.parametrize(("data", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_trace_is_refused_in_one_line(write, data, words):
    with pytest.raises(TraceError) as raised:
        read_trace(write(data))
    message = str(raised.value)
    assert words in message
    assert "trace.json" in message
    assert "\n" not in message
    assert len(message) < 400
    assert raised.value.remedy or ":" in raised.value.what


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(TraceError, match=r"cannot read .*absent\.json: No such file"):
        read_trace(tmp_path / "absent.json")
    with pytest.raises(TraceError, match=r"is a folder; give the trace files in it"):
        read_trace(tmp_path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress], ids=["plain", "gzip", "zstandard"])
def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(write, pack):
    path = write(pack(TEXT))
    assert read_content(path, len(TEXT)) == TEXT
    with pytest.raises(TraceError, match=r"holds more than .* the most that is read; record fewer steps"):
        read_content(path, len(TEXT) - 1)


@pytest.mark.parametrize("pack", [zlib.compressobj, zstandard.ZstdCompressor().compressobj], ids=["gzip", "zstandard"])
def test_a_bomb_is_unpacked_no_further_than_allowed(write, pack, monkeypatch):
    """256 MiB of spaces in a file of a few hundred KiB: taken in pieces, and given up after the first ones."""
    packer = pack(wbits=31) if pack is zlib.compressobj else pack()
    piece = b" " * (1 << 20)
    bomb = b"".join(packer.compress(piece) for _ in range(256)) + packer.flush()
    path = write(bomb)
    assert len(bomb) < 1 << 20
    parts = []
    for unpack in ("_gunzip", "_unzstd"):
        original = getattr(content, unpack)
        monkeypatch.setattr(
            content, unpack, lambda *given, inner=original: (parts.append(len(p)) or p for p in inner(*given))
        )
    with pytest.raises(TraceError, match="holds more than"):
        read_content(path, 4 << 20)
    assert sum(parts) <= 6 << 20
    assert max(parts) <= 1 << 20


def test_ten_gigabytes_are_more_than_is_read_by_default(tmp_path):
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(10 * 1000**3)  # a hole: no disk is used
    assert path.stat().st_size > content.LARGEST_BYTES
    with pytest.raises(TraceError, match=r"holds more than 2 GiB"):
        read_content(path)


def test_an_interruption_passes(write, monkeypatch):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(content, "_chunks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        read_trace(write(TEXT))


def test_a_machine_without_memory_is_told(write, monkeypatch):
    def exhausted(*given):
        raise MemoryError

    monkeypatch.setattr(content, "_chunks", exhausted)
    with pytest.raises(TraceError, match="does not fit this machine's memory"):
        read_trace(write(TEXT))
