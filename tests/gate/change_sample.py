"""Operators of a step made by hand, and entries whose figures are their sums, for tests of what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from memprof.gate.changes import changes
from memprof.gate.records import Change, Entry, Figures, OperatorLine
from tests.gate.entry_sample import FIGURES, WORKLOAD

DEVICE = replace(WORKLOAD, device="a100")
IMAGE = (8, 64, 56, 56)
SUMMED = ("launches", "flops", "dram_bytes", "seconds")


def line(operator: str, *modules: str, shape: tuple[int, ...] = IMAGE, **options: object) -> OperatorLine:
    """Return calls in each of the modules: one call of 1 MFLOP, 10 MB and 10 us, in one launch, unless told."""
    usual = OperatorLine(
        operator=f"aten::{operator}",
        kind="elementwise",
        phase="forward",
        modules=modules,
        shapes=(shape,),
        layouts=("channels-last",),
        dtype="float32",
        bound="dram",
        calls=1,
        launches=1,
        flops=1e6,
        dram_bytes=1e7,
        seconds=1e-5,
    )
    return replace(usual, **options)  # type: ignore[arg-type]


def entry(*lines: OperatorLine, **more: float) -> Entry:
    """Return an entry whose figures are the sums over all modules of all lines, and `more`."""
    sums = {name: sum(getattr(item, name) * len(item.modules) for item in lines) + more.get(name, 0) for name in SUMMED}
    figures: Figures = replace(FIGURES, **sums)  # type: ignore[arg-type]
    return Entry(DEVICE, figures, lines)


def renamed(before: Entry, names: Mapping[str, str]) -> Entry:
    """Return an entry with other paths for some modules, by the path before."""
    lines = [
        replace(item, modules=tuple(names.get(module, module) for module in item.modules)) for item in before.operators
    ]
    return replace(before, operators=tuple(lines))


def texts(found: tuple[Change, ...]) -> list[str]:
    """Return the sentences."""
    return [change.text for change in found]


def block(path: str, *, channels: int = 64, seconds: float = 1e-4, mixer: str = "conv_dw") -> tuple[OperatorLine, ...]:
    """Return a block's five operators in four modules."""
    shape = (8, channels, 56, 56)
    depthwise = line(
        "convolution",
        f"{path}.{mixer}",
        kind="depthwise convolution",
        seconds=seconds,
        bound="l1",
        shapes=(shape, (channels, 1, 7, 7)),
        layouts=("channels-last", "channels-first"),
    )
    return (
        depthwise,
        line("native_batch_norm", f"{path}.norm", shape=shape),
        line("gelu", f"{path}.act", shape=shape),
        line("mul", path, shape=shape),
        line("add", path, shape=shape),
    )


def network(
    blocks: int = 4, stages: int = 3, mixer: str = "conv_dw", prefix: str = "stages."
) -> tuple[OperatorLine, ...]:
    """Return a stem, stages of equal blocks that widen from stage to stage, and a head."""
    found = [line("convolution", "stem.0", shape=(8, 3, 224, 224)), line("native_batch_norm", "stem.1")]
    for stage in range(stages):
        for number in range(blocks):
            found += block(f"{prefix}{stage}.blocks.{number}", channels=64 << stage, mixer=mixer)
    return (*found, line("mean", "head", shape=(8, 256, 7, 7)), line("addmm", "head.fc", shape=(8, 256)))


def assert_adds_up(before: Entry, after: Entry, found: tuple[Change, ...]) -> None:
    for name in SUMMED:
        size = max(abs(getattr(side.figures, name)) for side in (before, after))
        difference = getattr(after.figures, name) - getattr(before.figures, name)
        assert sum(getattr(change, name) for change in found) == pytest.approx(difference, abs=2e-5 * size), name


def changed(before: Entry, after: Entry) -> tuple[Change, ...]:
    """Return the changes, of which nothing is left out."""
    found = changes(before, after)
    assert_adds_up(before, after, found)
    return found


PATHS = st.lists(st.sampled_from(["a", "b", "c", "0", "1", "2", "x1", "x2"]), min_size=0, max_size=4).map(".".join)
