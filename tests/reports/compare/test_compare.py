"""What `memprof compare` prints and writes, by hand-made records and through the real entry point."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from memprof.comparisons.models import Comparison, compare
from memprof.report.record import Report, ReportWarning
from memprof.reports.compare import WRITERS, tables
from memprof.reports.parts import typeset
from memprof.reports.parts.tables import Column, Table
from memprof.reports.writer import RenderOptions
from tests.command_line import Outcome, memprof
from tests.comparisons.explain_rows import DEVICE, WORKLOAD, report, row
from tests.reports.terminal_text import assert_fits

EVIL = "evil|<b>\x1b[31m*name*\n$x$"
SMALL = ("--batch-size", "2", "--resolution", "64")


def step(model: str, phase: str, seconds: float) -> Report:
    return report(
        row("convolution", "depthwise convolution", "stages.0", 0.75 * seconds, bound="l1", dram=800.0),
        row("addmm", "matmul", "head", 0.25 * seconds, bound="tensor", dram=1600.0),
        workload=replace(WORKLOAD, model=model, phase=phase),
    )


def found(*names: str, devices: int = 1) -> Comparison:
    cells = []
    for place, name in enumerate(names):
        for device in range(devices):
            where = replace(DEVICE, name=f"toy{device or ''}", title=f"Toy GPU {device or ''}".strip())
            times = (1e-3 * (place + 1) / (device + 1), 3e-3 * (place + 1) / (device + 1))
            cells.append(
                [
                    replace(step(name, phase, seconds), device=where)
                    for phase, seconds in zip(("infer", "train"), times, strict=True)
                ]
            )
    return compare(cells)


RECORDS = {
    "one": found("a"),
    "three": found("resnet50", "convnext_t", "inceptionnext_t"),
    "devices": found("a", "b", devices=3),
    "evil": found(EVIL, "b"),
    "many": found(*(f"convnext_t:kernel={size}" for size in range(3, 25, 2))),
}


def text_of(record: Comparison, *, width: int = 100, color: bool = False) -> str:
    return WRITERS.render(record, "text", RenderOptions(width=width, color=color)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", RECORDS)
def test_the_terminal_text_keeps_to_its_width(name: str, width: int) -> None:
    assert_fits(text_of(RECORDS[name], width=width), width)


def test_a_wide_terminal_has_the_summary_in_one_table() -> None:
    lines = [line.split() for line in text_of(RECORDS["three"], width=120).splitlines()]
    # 8 images in 1 ms and 3 ms; 2400 bytes for 8 images; the sample's memory and MACs are fixed
    row_of = ["resnet50", "1", "1", "8,000", "2,667", "300", "B", "300", "B", "9.00", "GB", "9.00", "GB", "yes", "yes"]
    assert row_of in lines
    assert [
        "depthwise",
        "convolution",
        "93.8",
        "µs",
        "75",
        "%",
        "188",
        "µs",
        "75",
        "%",
        "281",
        "µs",
        "75",
        "%",
    ] in lines
    assert ["bound", "by", "L1", "93.8", "µs", "75", "%", "188", "µs", "75", "%", "281", "µs", "75", "%"] in lines


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" in text_of(RECORDS["three"], color=True)


def test_a_table_is_cut_between_groups_and_keeps_its_first_column() -> None:
    columns = tuple(Column(name) for name in ("name", "aaaa", "bbbb", "cccc", "dddd"))
    table = Table("", columns, (("x", "1", "2", "3", "4"),))
    headers = [[column.header for column in piece.columns] for piece in typeset.pieces(table, 24, (2, 2))]
    assert headers == [["name", "aaaa", "bbbb"], ["name", "cccc", "dddd"]]  # 5 columns of 4 + 2 are 30 wide
    assert typeset.pieces(table, 30, (2, 2)) == [table]
    lone = [[column.header for column in piece.columns] for piece in typeset.pieces(table, 12, (2, 2))]
    assert lone == [["name", header] for header in ("aaaa", "bbbb", "cccc", "dddd")]


def test_markdown_is_escaped_and_has_every_table() -> None:
    text = WRITERS.render(RECORDS["evil"], "md").decode()
    assert "<b>" not in text.replace("\\<b\\>", "")
    assert "evil\\|" in text
    assert sum(line.startswith("|---|") for line in text.splitlines()) == 3  # the summary and both phases
    assert text.endswith("\n")


def test_csv_has_a_row_for_each_model_device_and_phase_in_base_units() -> None:
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(RECORDS["devices"], "csv").decode())))
    assert len(rows) == 2 * 3 * 2
    first = rows[0]
    assert (first["model"], first["device"], first["phase"], first["layout"]) == ("a", "toy", "infer", "channels-last")
    assert float(first["images_per_second"]) == 8 / 1e-3
    assert float(first["dram_bytes_per_image"]) == (800 + 1600) / 8
    kinds = sum(float(first[name]) for name in first if name.startswith("seconds_per_image: "))
    assert kinds == pytest.approx(float(first["seconds_per_image"]))
    assert (float(first["share bound by: l1"]), float(first["share bound by: tensor"])) == (0.75, 0.25)


def test_what_does_not_fit_is_shown() -> None:
    unfit = replace(step("a", "train", 1.0), memory=replace(step("a", "train", 1.0).memory, fits=False))
    unfit = replace(unfit, device=replace(DEVICE, memory_capacity_bytes=8e9))
    record = compare([[unfit]])
    assert tables.summary(record).rows[0][-1] == "NO"
    assert "does NOT fit" in " ".join(text_of(record).split())


def test_warnings_are_printed_with_what_to_do() -> None:
    record = compare([[replace(step("a", "infer", 1.0), warnings=(ReportWarning("x", "no formula", "teach it"),))]])
    assert "! no formula\n  → teach it" in text_of(record)
    assert "> **Warning:** no formula. teach it." in WRITERS.render(record, "md").decode()


def test_everything_can_be_drawn() -> None:
    nothing = compare([[report()], [report(workload=replace(WORKLOAD, model="b"))]])
    for record in (*RECORDS.values(), nothing):
        assert WRITERS.render(record, "png").startswith(b"\x89PNG")
        assert text_of(record)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("compare")
    arguments = ("--model", "convnext_atto", "--model", "inceptionnext_atto", "--model", "convnext-atto")
    return memprof(
        "compare", *arguments, "--device", "a100", "--device", "v100", *SMALL, cwd=folder, COLUMNS="120"
    ), folder


def test_models_and_devices_through_the_command_line(compared: tuple[Outcome, Path]) -> None:
    outcome, folder = compared
    assert (outcome.code, outcome.err) == (0, "")
    place = folder / "memprof-report"
    assert sorted(os.listdir(place)) == ["compare.csv", "compare.html", "compare.json", "compare.md", "compare.png"]
    record = json.loads((place / "compare.json").read_text(encoding="utf-8"))
    entries = record["entries"]
    assert len(entries) == 2 * 2  # a model under two names is one
    assert [item["precision"] for item in entries] == ["tf32", "fp32"] * 2
    for item in entries:
        assert [step["phase"] for step in item["steps"]] == ["infer", "train"]
        for step in item["steps"]:
            assert {part["layout"] for part in step["considered"]} == {"channels-first", "channels-last"}
            assert step["images_per_second"] == max(part["images_per_second"] for part in step["considered"])
            assert sum(part["share"] for part in step["kinds"]) == pytest.approx(1)
            assert step["seconds"] >= step["roofline_seconds"] > 0
    assert outcome.out.splitlines()[-1].startswith("Written: memprof-report/compare.html")
    assert "\x1b" not in outcome.out


def test_one_model_in_one_layout_as_json(tmp_path: Path) -> None:
    arguments = ("--model", "convnext_atto", "--layout", "channels-first", "--json")
    outcome = memprof("compare", *arguments, *SMALL, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert os.listdir(tmp_path) == []
    (item,) = json.loads(outcome.out)["entries"]
    assert {step["layout"] for step in item["steps"]} == {"channels-first"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "convnext_atto", "--model", "convnext_ato"), "convnext_atto"),
        (("--model", "convnext_atto", "--format", "htm"), "md"),
        (("--model", "convnext_atto", "--format", ","), "name at least one"),
        (("--model", "convnext_atto", "--layout", "worst"), "best"),
        (("--model", "convnext_atto", "--batch-size", "0"), "batch size 0"),
        (("--model", "convnext_atto", "--device", "a1000000"), "did you mean"),
        ((), "--model"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in memprof("compare", *arguments, cwd=tmp_path).error
    assert os.listdir(tmp_path) == []
