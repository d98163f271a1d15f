"""What `memprof explain` prints and writes, by hand-made records and through the real entry point."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from memprof.comparisons.explanation import Explanation, explain
from memprof.report.record import Report
from memprof.reports.explain import WRITERS
from memprof.reports.explain.write_figure import steps
from memprof.reports.parts.signed import signed
from memprof.reports.writer import RenderOptions
from memprof.whatif.savings import Losses, find_losses
from tests.command_line import Outcome, memprof
from tests.comparisons.explain_rows import WORKLOAD, report, row

EVIL = "evil|<b>\x1b[31m*name*\n$x$"
SMALL = ("--batch-size", "2", "--resolution", "64")


def pair(model: str = "a") -> tuple[Report, Report]:
    ours = report(
        row("convolution", "convolution", "stem", 1e-3),
        row("convolution", "depthwise convolution", "stages.0", 9e-3, bound="l1"),
        row("gelu", "elementwise", "stages.1", 2e-3),
        row("mean", "reduction", "head", 1e-6),
        workload=replace(WORKLOAD, model=model),
    )
    theirs = report(
        row("convolution", "convolution", "stem", 2e-3),
        row("convolution", "depthwise convolution", "stages.0", 3e-3),
        row("gelu", "elementwise", "stages.1", 2e-3),
        workload=replace(WORKLOAD, model="b"),
    )
    return ours, theirs


def difference(model: str = "a") -> Explanation:
    return explain(*pair(model))


def own(model: str = "a") -> Losses:
    return find_losses(
        pair(model)[0], [replace(pair(model)[1], workload=replace(WORKLOAD, model=model, layout="channels-first"))]
    )


def text_of(record: Explanation | Losses, *, width: int = 100, color: bool = False) -> str:
    return WRITERS.render(record, "text", RenderOptions(width=width, color=color)).decode()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "found", [difference(), own(), difference(EVIL), own(EVIL)], ids=["two", "one", "evil two", "evil"]
)
def test_the_terminal_text_keeps_to_its_width(found: Explanation | Losses, width: int) -> None:
    text = text_of(found, width=width)
    assert all(len(line) <= max(width, 80) for line in text.splitlines())
    assert "\x1b" not in text
    assert "predicted" in text


def test_the_terminal_shows_both_times_the_difference_and_the_sum() -> None:
    lines = [line.split() for line in text_of(difference(), width=120).splitlines()]
    assert ["depthwise", "convolution", "9.000", "3.000", "+6.000", "L1", "/", "DRAM"] in [line[:8] for line in lines]
    assert ["total", "12.001", "7.000", "+5.001"] in lines
    assert ["stem", "1.000", "2.000", "−1.000", "DRAM"] in [line[:5] for line in lines]


def test_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" in text_of(difference(), color=True)
    assert "\x1b[" in text_of(own(), color=True)


def test_savings_say_what_to_do_and_that_they_do_not_add_up() -> None:
    text = text_of(own(), width=120)
    assert "→ change the layout to channels-first (analysed again)" in text
    assert "do not add up" in text
    assert "do not add up" in WRITERS.render(own(), "md").decode()


def test_markdown_is_escaped() -> None:
    for found in (difference(EVIL), own(EVIL)):
        text = WRITERS.render(found, "md").decode()
        assert "<b>" not in text.replace("\\<b\\>", "")
        assert "evil\\|" in text
        assert text.endswith("\n")


def test_a_waterfall_leads_from_one_time_to_the_other() -> None:
    found = difference()
    for parts, largest_first in ((found.difference.kinds, True), (found.difference.stages, False)):
        drawn = steps(found, parts, largest_first)
        assert [drawn[0].after, drawn[-1].after] == pytest.approx([7.0, 12.001])
        for before, after in pairwise(drawn[:-1]):
            assert after.before == before.after
        assert drawn[-2].after == pytest.approx(drawn[-1].after)
    names = [step.name for step in steps(found, found.difference.kinds, True)]
    assert names == ["b", "depthwise convolution", "convolution", "2 others", "a"]
    assert [step.name for step in steps(found, found.difference.stages, False)][1:3] == ["stem", "stage 1"]


def test_a_waterfall_and_its_table_have_the_same_signs() -> None:
    """Depthwise convolutions take 9 ms against 3: the model takes 6 ms longer, +6 in both."""
    found = difference()
    drawn = next(step for step in steps(found, found.difference.kinds, True) if step.name == "depthwise convolution")
    assert drawn.after - drawn.before == pytest.approx(9 - 3)
    lines = [line.split() for line in text_of(found).splitlines() if line.strip().startswith("depthwise")]
    assert any("+6.000" in line for line in lines), lines


def test_products_that_only_change_places_are_one_step() -> None:
    """71 ms more in convolutions and 68 less in linear layers are 3 ms more in dense products."""
    ours = report(row("convolution", "convolution", "stem", 80e-3), row("addmm", "matmul", "head", 2e-3))
    theirs = report(
        row("convolution", "convolution", "stem", 9e-3),
        row("addmm", "matmul", "head", 70e-3),
        workload=replace(WORKLOAD, model="b"),
    )
    found = explain(ours, theirs)
    names = {step.name: step.after - step.before for step in steps(found, found.difference.kinds, True)}
    assert list(names) == ["b", "dense products", "a"]
    assert names["dense products"] == pytest.approx((80 - 9) + (2 - 70))


def test_everything_can_be_drawn() -> None:
    nothing = explain(report(), report(workload=replace(WORKLOAD, model="b")))
    for found in (difference(), own(), difference(EVIL), own(EVIL), nothing, find_losses(report())):
        assert WRITERS.render(found, "png").startswith(b"\x89PNG")
        assert text_of(found)
        assert WRITERS.render(found, "md")


def test_signs() -> None:
    assert [signed(value, 2) for value in (1.234, -1.234, 0.0, -0.001, 12345.0)] == [
        "+1.23",
        "−1.23",
        "0",
        "0",
        "+12,345.00",
    ]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    folder = tmp_path_factory.mktemp("explain")
    arguments = ("explain", "--model", "convnext_atto", "--against", "inceptionnext_atto", "--phase", "train", *SMALL)
    return memprof(*arguments, cwd=folder), folder


def test_two_models_through_the_command_line(compared: tuple[Outcome, Path]) -> None:
    outcome, folder = compared
    assert (outcome.code, outcome.err) == (0, "")
    place = folder / "memprof-report"
    assert sorted(os.listdir(place)) == ["explain.html", "explain.json", "explain.md", "explain.png"]
    record = json.loads((place / "explain.json").read_text(encoding="utf-8"))
    assert record["workload"] | {"model": ""} == record["against"] | {"model": ""}
    assert (record["workload"]["model"], record["against"]["model"]) == ("convnext_atto", "inceptionnext_atto")
    found = record["difference"]
    for name in ("kinds", "stages", "contributions"):
        assert math.fsum(part["difference_seconds"] for part in found[name]) == found["difference_seconds"]
    stages = ["stem", "stage 1", "stage 2", "stage 3", "stage 4", "head", "loss", "optimizer"]
    assert [part["name"] for part in found["stages"]] == stages
    assert all(part["seconds"] > 0 and part["against_seconds"] > 0 for part in found["stages"])
    assert outcome.out.splitlines()[-1].startswith("Written: memprof-report/explain.html")
    assert "inceptionnext_atto" in outcome.out


def test_one_model_through_the_command_line(tmp_path: Path) -> None:
    outcome = memprof("explain", "--model", "convnext_atto", *SMALL, "--json", cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert os.listdir(tmp_path) == []
    record = json.loads(outcome.out)
    assert math.fsum(kind["share"] for kind in record["kinds"]) == pytest.approx(1)
    savings = [loss["saved_seconds"] for loss in record["losses"]]
    assert savings == sorted(savings, reverse=True)
    assert all(saving >= 0.005 * record["seconds"] for saving in savings)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model", "convnext_atto", "--against", "convnext_ato"), "convnext_atto"),
        (("--model", "inceptionnext_b", "--against", "inceptionnext_b_384"), "--resolution 224"),
        (("--model", "convnext_atto", "--format", "htm"), "html"),
        (("--model", "convnext_atto", "--format", ","), "name at least one"),
        (("--model", "convnext_atto", "--resolution", "0"), "resolution 0"),
        (("--model", "convnext_atto", "--device", "a1000000"), "did you mean"),
        ((), "--model"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    assert words in memprof("explain", *arguments, cwd=tmp_path).error
    assert os.listdir(tmp_path) == []
