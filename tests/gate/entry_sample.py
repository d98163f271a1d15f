"""Entries and baselines made by hand, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from memprof._version import COST_MODEL, __version__
from memprof.gate.config import GateConfig
from memprof.gate.records import BASELINE_SCHEMA, Baseline, Entry, Figures, GateWorkload, OperatorLine

WORKLOAD = GateWorkload("resnet50", "infer", "a100-sxm4-40gb", 128, 224, "tf32", "channels-last")
FIGURES = Figures(
    parameters=1000,
    flops=2e12,
    macs_per_image=7e9,
    dram_bytes=3e10,
    l2_bytes=4e10,
    l1_bytes=5e10,
    launches=100,
    seconds=0.02,
    images_per_second=6400.0,
    peak_memory_bytes=2e9,
    coverage=0.75,
    bound_shares={"dram": 0.75, "tensor": 0.25},
)
LINE = OperatorLine(
    operator="aten::relu",
    kind="elementwise",
    phase="forward",
    modules=("layer1.0.act", "layer1.1.act"),
    shapes=((128, 64, 56, 56),),
    layouts=("channels-last",),
    dtype="float32",
    bound="dram",
    calls=1,
    launches=1,
    flops=25690112.0,
    dram_bytes=205520896.0,
    seconds=0.000155918,
)
ENTRY = Entry(WORKLOAD, FIGURES, (LINE,))
CONFIG = GateConfig(Path("memprof.toml"), ("resnet50",))


def baseline(*entries: Entry, cost_model: int = COST_MODEL) -> Baseline:
    """Return a baseline of this memprof that holds these entries, by default one."""
    return Baseline(
        schema=BASELINE_SCHEMA,
        memprof=__version__,
        cost_model=cost_model,
        environment={"fvcore": "0.1.5", "torch": "2.13.0"},
        entries=entries or (ENTRY,),
        devices={"a100-sxm4-40gb tf32": "0123456789ab"},
    )


def with_figures(**changes: object) -> Entry:
    """Return the entry with some figures changed."""
    return replace(ENTRY, figures=replace(FIGURES, **changes))  # type: ignore[arg-type]
