"""What `memprof roofline --batch-size 1..16` prints and writes, by hand-made records and by the real entry point."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.reports.batches import WRITERS
from memprof.reports.writer import RenderOptions
from memprof.whatif.batches import Batches, Power
from tests.command_line import memprof
from tests.reports.terminal_text import assert_fits
from tests.whatif.test_batches import found

PRICED = found(power=Power(360.0, "a datasheet"), dollars=3.6)
EVIL = replace(PRICED, curves=(replace(PRICED.curves[0], model="evil|<b>\x1b[31m$x$\n"), *PRICED.curves))


def text_of(record: Batches, width: int) -> str:
    return WRITERS.render(record, "text", RenderOptions(width=width)).decode()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("record", [found(), PRICED, EVIL])
def test_the_terminal_text_keeps_to_its_width(record: Batches, width: int):
    assert_fits(text_of(record, width), width)


def test_a_wide_terminal_has_a_row_for_each_batch():
    lines = [line.split() for line in text_of(PRICED, 120).splitlines()]

    assert ["8", "4,000", "8,000", "2.00", "9.00", "yes", "DRAM", "$0.250", "0.0250", "best"] in lines
    assert ["16", "4,103", "8,205", "3.90", "9.00", "NO", "DRAM", "$0.244", "0.0244"] in lines


def test_csv_is_in_base_units():
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(PRICED, "csv").decode())))

    assert [row["batch_size"] for row in rows] == ["1", "2", "4", "8", "16"]
    assert float(rows[3]["joules_per_image"]) == pytest.approx(360 * 2e-3 / 8)
    assert (rows[3]["mark"], rows[4]["fits"]) == ("best", "False")


def test_markdown_is_escaped_and_everything_can_be_drawn():
    assert "<b>" not in WRITERS.render(EVIL, "md").decode().replace("\\<b\\>", "")
    for record in (found(), EVIL):
        assert WRITERS.render(record, "png").startswith(b"\x89PNG")


def test_the_command_writes_the_document(tmp_path: Path):
    done = memprof(
        *(
            "roofline",
            "resnet18",
            "--resolution",
            "32",
            "--batch-size",
            "1..8",
            "--dollars-per-hour",
            "2",
            "--output",
            "x",
        ),
        cwd=tmp_path,
    )

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == (
        "Written: x/batches.html, x/batches.md, x/batches.csv, x/batches.png, x/batches.json"
    )
    record = json.loads((tmp_path / "x" / "batches.json").read_text())
    assert record["schema"] == "memprof.batches/1"
    (curve,) = record["curves"]
    assert [batch["batch_size"] for batch in curve["batches"]] == [1, 2, 4, 8]
    assert record["power"]["watts"] == 400
