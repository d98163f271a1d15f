"""What `memprof operator` prints and writes, by hand-made records and by the real entry point."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.models.lone import label
from memprof.reports.operator import WRITERS
from memprof.reports.writer import RenderOptions
from memprof.whatif.operators import SCHEMA, Pass, Point, Study
from tests.command_line import memprof
from tests.reports.terminal_text import assert_fits

FORWARD = Pass(2e-3, 1e-3, 4e9, 2e9, 3e9, 4e9, 1, "issue")
BACKWARD = replace(FORWARD, seconds=6e-3, bound="dram", measured_seconds=7e-3)
KERNELS, WIDTHS = (3, 31), (32, 64)
LINE = Study(
    schema=SCHEMA,
    operator="depthwise",
    title="depthwise convolution",
    inputs="",
    varied=(("kernel", KERNELS),),
    fixed=(("channels", 96),),
    points=tuple(
        Point((("kernel", size), ("channels", 96)), "", 960, None, replace(FORWARD, measured_seconds=1e-3), BACKWARD)
        for size in KERNELS
    ),
    device_name="d",
    device_title="evil|<b>\x1b[31m$x$",
    device_family="gpu",
    memory_bytes_per_second=(("dram", 1e12),),
    peak_flops_per_second=(("fp32", 1e13), ("tensor", 1e14)),
    precision="tf32",
    layout="channels-last",
    measured_on="CPU",
    sentences=("It grows.",),
)
GRID = replace(
    LINE,
    varied=(("kernel", KERNELS), ("channels", WIDTHS)),
    points=tuple(
        Point((("kernel", size), ("channels", width)), "", 9, None, replace(FORWARD, seconds=1e-3 * width), BACKWARD)
        for size in KERNELS
        for width in WIDTHS
    ),
)
VARIANTS = ("whole", "separable", "inception", "fused", "dilated", "branches")
PARTS = replace(
    LINE,
    varied=(),
    points=tuple(
        Point((("kernel", 7), ("channels", 96)), label(variant, 7), 9, 7, FORWARD, BACKWARD) for variant in VARIANTS
    ),
)
ALONE = replace(LINE, varied=(), points=LINE.points[:1])


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("study", [LINE, GRID, PARTS, ALONE])
def test_the_terminal_text_keeps_to_its_width(study: Study, width: int) -> None:
    assert_fits(WRITERS.render(study, "text", RenderOptions(width=width)).decode(), width)


def test_rows_and_cells_have_their_figures() -> None:
    lines = [line.split() for line in WRITERS.render(LINE, "text", RenderOptions(width=120)).decode().splitlines()]
    assert ["31", "2.00", "1.00", "issue", "6.00", "1.00", "DRAM", "4.00", "2,000", "1.00", "7.00"] in lines
    cells = [line.split() for line in WRITERS.render(GRID, "text", RenderOptions(width=80)).decode().splitlines()]
    assert ["3", "32.0", "64.0"] in cells
    assert "<b>" not in WRITERS.render(LINE, "md").decode().replace("\\<b\\>", "")


def test_csv_is_in_base_units() -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(LINE, "csv").decode())))
    assert [(row["kernel"], row["pass"], row["seconds"]) for row in rows[:2]] == [
        ("3", "forward", "0.002"),
        ("3", "backward", "0.006"),
    ]
    assert (rows[1]["measured_seconds"], rows[1]["measured_on"], rows[1]["bound"]) == ("0.007", "CPU", "dram")


def test_everything_can_be_drawn() -> None:
    for study in (LINE, GRID, PARTS, ALONE):
        assert WRITERS.render(study, "png").startswith(b"\x89PNG")


def test_the_command_writes_the_document(tmp_path: Path) -> None:
    done = memprof("operator", "depthwise", "--kernel", "3..7", "--batch-size", "8", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "Depthwise convolution by kernel on NVIDIA A100" in done.out
    record = json.loads((tmp_path / "memprof-report" / "operator.json").read_text())
    assert (record["schema"], len(record["points"])) == (SCHEMA, 3)
    own = memprof("operator", "torch.nn:GELU", "--input", "4x8", "--batch-size", "4..16", "--json", cwd=tmp_path)
    assert [point["values"] for point in json.loads(own.out)["points"]] == [[["batch_size", n]] for n in (4, 8, 16)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("depthwise", "--kernel", "4"), "--kernel 4 is even"),
        (("./net.py:f",), "is called with something; say with what: --input"),
        (("gelu", "--input", "1x2"), "gelu makes inputs of its own"),
        (("torch.nn:GELU", "--input", "1x2", "--kernel", "3"), "has no kernel that memprof knows of"),
        (("gelu", "--measure", "cpu", "--precision", "tf32"), "a CPU does not compute in tf32"),
        (("gelu", "--device", "a99"), "unknown device 'a99'"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    assert told in memprof("operator", *arguments, cwd=tmp_path).error
