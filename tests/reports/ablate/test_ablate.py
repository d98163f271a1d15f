"""What `memprof ablate` prints and writes, by hand-made records and through the real entry point."""

from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from memprof.comparisons.models import Entry
from memprof.report.record import Report
from memprof.reports.ablate import WRITERS as ABLATION
from memprof.reports.sweep import WRITERS as SWEEP
from memprof.reports.sweep import tables
from memprof.reports.writer import RenderOptions, Writers
from memprof.whatif.ablation import Ablation, Variant, ablate
from memprof.whatif.sweep import Sweep, plan, sweep
from tests.command_line import Outcome, memprof
from tests.comparisons.explain_rows import WORKLOAD, report, row
from tests.reports.terminal_text import assert_fits

SMALL = ("--batch-size", "2", "--resolution", "64")
VARIANTS = {"convnext_t": "baseline", "convnext_t:kernel=3": "kernel 3x3", "convnext_t:norm=arithmetic": "plain steps"}


def step(model: str, phase: str, seconds: float, bound: str = "dram", layout: str = "channels-last") -> Report:
    return report(
        row("convolution", "depthwise convolution", "stages.0", 0.75 * seconds, bound=bound),
        row("addmm", "matmul", "head", 0.25 * seconds, bound="tensor"),
        workload=replace(WORKLOAD, model=model, phase=phase, layout=layout),
    )


def published(item: Entry, phase: str) -> float | None:
    return 2345.0 if phase == "train" and "kernel" not in item.model else None


def ablation() -> Ablation:
    cells = []
    for place, (model, change) in enumerate(VARIANTS.items()):
        layout = "channels-first" if place == 2 else "channels-last"
        reports = [step(model, "infer", 1e-3, layout=layout), step(model, "train", 4e-3 / (place + 1))]
        cells.append((Variant(model, change), reports))
    return ablate(cells, published)


def swept(option: str = "kernel=3,5,7,31", phases: tuple[str, ...] = ("infer", "train")) -> Sweep:
    asked = plan("convnext_t", option)
    cells = [
        [step(setting.model, phase, 1e-3 * (place + 1), "l1" if place > 1 else "dram") for phase in phases]
        for place, setting in enumerate(asked.settings)
    ]
    return sweep(asked, cells, published)


RECORDS: dict[str, Ablation | Sweep] = {
    "ablation": ablation(),
    "sweep": swept(),
    "shares": swept("conv_ratio=1/16,1/8,1/4,1"),
    "one": swept(phases=("infer",)),
}


def writers(record: Ablation | Sweep) -> Writers[Any]:
    return ABLATION if isinstance(record, Ablation) else SWEEP


def text_of(record: Ablation | Sweep, *, width: int = 100, color: bool = False) -> str:
    return writers(record).render(record, "text", RenderOptions(width=width, color=color)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", RECORDS)
def test_the_terminal_text_keeps_to_its_width(name: str, width: int) -> None:
    assert_fits(text_of(RECORDS[name], width=width), width)


def test_variants_stand_with_ratio_and_published_figure() -> None:
    text = text_of(ablation(), width=120)
    lines = [line.split() for line in text.splitlines()]
    # 8 images in 1 ms in inference; in training in 4, 2 and 4/3 ms
    assert ["baseline", "1", "1", "8,000", "1.00x", "2,000", "1.00x", "2,345*", "1.00x"] in lines
    assert ["kernel", "3x3", "1", "1", "8,000", "1.00x", "4,000", "2.00x"] in lines
    assert ["plain", "steps", "1", "1", "8,000", "1.00x", "6,000", "3.00x", "2,345"] in lines
    assert ["kernel", "3x3", "convnext_t:kernel=3"] in lines
    assert "Layout in inference: channels-last, but channels-first for plain steps." in text
    assert "* The published code computes the layer norm" in text


def test_without_published_figures_nothing_is_said_of_them() -> None:
    record = ablate([(Variant("convnext_t", "baseline"), [step("convnext_t", "infer", 1.0)])], lambda item, phase: None)
    assert "ublished" not in text_of(record)
    assert "ublished" not in writers(record).render(record, "md").decode().replace("published_", "")


def test_a_sweep_shows_where_a_bound_takes_over() -> None:
    text = text_of(swept(), width=120)
    lines = [line.split() for line in text.splitlines()]
    assert ["5", "2.00", "1.00", "4,000", "1.50", "75", "%", "DRAM"] in lines
    assert ["7", "3.00", "1.50", "2,667", "2.25", "75", "%", "L1"] in lines
    assert "up to kernel 5, L1 bandwidth from kernel 7 on." in " ".join(text.split())
    assert tables.steps(swept(), "infer").sections == frozenset({2})


def test_colour_only_where_it_is_wanted() -> None:
    for record in RECORDS.values():
        assert "\x1b[" in text_of(record, color=True)


def test_csv_is_in_base_units() -> None:
    rows = list(csv.DictReader(io.StringIO(writers(ablation()).render(ablation(), "csv").decode())))
    assert [row_["phase"] for row_ in rows] == ["infer", "train"] * 3
    assert float(rows[3]["images_per_second"]) == pytest.approx(8 / 2e-3)
    assert float(rows[3]["ratio_to_baseline"]) == pytest.approx(2)
    assert (rows[1]["published_images_per_second"], rows[3]["published_images_per_second"]) == ("2345.0", "")
    rows = list(csv.DictReader(io.StringIO(writers(swept()).render(swept(), "csv").decode())))
    assert [row_["kernel"] for row_ in rows] == ["3", "5", "7", "31"] * 2
    assert float(rows[3]["seconds"]) == pytest.approx(4e-3)
    assert rows[3]["depthwise_bound"] == "l1"
    assert float(rows[3]["depthwise_seconds bound by: l1"]) == float(rows[3]["depthwise_seconds"])


def test_files_are_named_and_drawn() -> None:
    assert [writers(record).stem for record in (ablation(), swept())] == ["ablate", "sweep"]
    assert ABLATION.names == SWEEP.names  # --format is the same for both
    for record in RECORDS.values():
        assert writers(record).render(record, "png").startswith(b"\x89PNG")
        assert writers(record).render(record, "md").decode().endswith("\n")


def test_nothing_takes_no_time() -> None:
    nothing = sweep(plan("convnext_t", "kernel=3,5"), [[report()], [report()]])
    assert writers(nothing).render(nothing, "png").startswith(b"\x89PNG")
    assert text_of(nothing)
    idle = report(workload=replace(WORKLOAD, model="convnext_t"))
    empty = ablate([(Variant("convnext_t", "baseline"), [idle])], published)
    assert empty.results[0].outcomes[0].ratio == 0
    assert writers(empty).render(empty, "png").startswith(b"\x89PNG")


@pytest.fixture(scope="module")
def ablated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("ablate")
    return memprof("ablate", "--model", "inceptionnext_atto", *SMALL, cwd=folder, COLUMNS="80"), folder


def test_variants_through_the_command_line(ablated: tuple[Outcome, Path]) -> None:
    outcome, folder = ablated
    assert (outcome.code, outcome.err) == (0, "")
    place = folder / "memprof-report"
    assert sorted(os.listdir(place)) == ["ablate.csv", "ablate.html", "ablate.json", "ablate.md", "ablate.png"]
    results = json.loads((place / "ablate.json").read_text(encoding="utf-8"))["results"]
    assert [result["change"] for result in results][:2] == ["baseline", "no horizontal branch"]
    assert [item["ratio"] for item in results[0]["outcomes"]] == [1, 1]
    by_change = {result["change"]: result for result in results}
    assert by_change["band kernel 13"]["macs_per_image"] > by_change["baseline"]["macs_per_image"]
    assert by_change["no square branch"]["parameters"] < by_change["baseline"]["parameters"]
    assert "no square branch" in outcome.out


def test_a_sweep_through_the_command_line(tmp_path: Path) -> None:
    arguments = ("--model", "convnext_atto", "--sweep", "kernel=3..11:4", "--phase", "infer", "--format", "csv,png")
    outcome = memprof("ablate", *arguments, *SMALL, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    place = tmp_path / "memprof-report"
    assert sorted(os.listdir(place)) == ["sweep.csv", "sweep.png"]
    rows = list(csv.DictReader(io.StringIO((place / "sweep.csv").read_text(encoding="utf-8"))))
    assert [(row_["kernel"], row_["phase"]) for row_ in rows] == [(size, "infer") for size in ("3", "7", "11")]
    assert all(float(row_["seconds"]) >= float(row_["roofline_seconds"]) for row_ in rows)


def test_a_sweep_as_json(tmp_path: Path) -> None:
    arguments = ("--model", "convnext_atto", "--sweep", "conv_ratio=1/4,1/2", "--layout", "channels-last", "--json")
    outcome = memprof("ablate", *arguments, *SMALL, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert os.listdir(tmp_path) == []
    points = json.loads(outcome.out)["points"]
    assert [(point["phase"], point["value"]) for point in points] == [
        ("infer", "1/4"),
        ("infer", "1/2"),
        ("train", "1/4"),
        ("train", "1/2"),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "resnet50"), "no options to vary"),
        (("--model", "convnext_ato"), "convnext_atto"),
        (("--model", "convnext_atto", "--sweep", "kernel=4..10"), "odd number"),
        (("--model", "convnext_atto", "--sweep", "kernel=11..3"), "kernel=3..11"),
        (("--model", "convnext_atto", "--sweep", "conv_ratio=1/1000,1/2"), "leaves no channel"),
        (("--model", "convnext_atto", "--sweep", "depth=3..9"), "no option 'depth'"),
        (("--model", "convnext_atto", "--phase", "test"), "infer"),
        (("--model", "convnext_atto", "--format", "htm"), "md"),
        (("--model", "convnext_atto", "--device", "a1000000"), "did you mean"),
        ((), "--model"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in memprof("ablate", *arguments, cwd=tmp_path).error
    assert os.listdir(tmp_path) == []
