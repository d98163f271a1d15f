"""Whole outputs, compared with files a person has read. After a wanted change, write them again and read the diff:

MEMPROF_REFRESH_GOLDEN=1 python -m pytest tests/reports/report/test_golden.py
"""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from memprof import reports
from memprof.report.record import Report
from memprof.reports import RenderOptions
from tests.reports.measured_sample import on_cpu, run, traced
from tests.reports.sample import BATCH, HOST_SECONDS, assemble, incomplete, sample

GOLDEN = Path(__file__).parent / "golden"


def stage_of(model: str) -> Report:
    """Return a report of the first block of the first stage only, so that a file of rows stays short."""
    whole = sample(model)
    return only(whole, "stages.0.blocks.0")


def only(whole: Report, module: str) -> Report:
    """Return a report of one module only; what was measured of it all is kept as it is."""
    rows = tuple(row for row in whole.operators if row.module.startswith(module))
    made = assemble(rows, whole.workload, whole.totals.parameters, whole.totals.macs_per_image)
    return replace(made, measured=whole.measured)


def held_up_report(report: Report) -> Report:
    """Return the report of a step so small that nothing runs longer than the host needs to launch it."""
    rows = []
    for row in report.operators:
        least = row.roofline_seconds / BATCH
        latency, bound = (12e-6, "launch") if row.module.startswith("stages.2") else (HOST_SECONDS, "host")
        work = {name: getattr(row, name) / BATCH for name in ("flops", "dram_bytes", "l2_bytes", "l1_bytes")}
        rows.append(replace(row, bound=bound, seconds=max(least, latency), roofline_seconds=least, **work))
    return assemble(tuple(rows), replace(report.workload, batch_size=1), report.totals.parameters)


TOO_LARGE = assemble(
    sample("resnet50", "train").operators, replace(sample("resnet50", "train").workload, batch_size=512), 25_557_032
)
THREE = [sample(name) for name in ("convnext_t", "inceptionnext_t", "resnet50")]
CASES = {
    "convnext_t_80.txt": ("text", [sample("convnext_t")], RenderOptions(width=80)),
    "convnext_t_120.txt": ("text", [sample("convnext_t")], RenderOptions(width=120)),
    "resnet50_train_80.txt": ("text", [sample("resnet50", "train")], RenderOptions(width=80, by="module")),
    "incomplete_80.txt": ("text", [incomplete()], RenderOptions(width=80, by="kind", top=3)),
    "three_80.txt": ("text", THREE, RenderOptions(width=80)),
    "two_120.txt": ("text", [sample("convnext_t"), sample("inceptionnext_t")], RenderOptions(width=120)),
    "convnext_t.md": ("md", [sample("convnext_t")], RenderOptions()),
    "two.md": ("md", [sample("convnext_t"), sample("inceptionnext_t")], RenderOptions(by="module", top=5)),
    "too_large_80.txt": ("text", [TOO_LARGE], RenderOptions(width=80, by="kind")),
    "held_up_80.txt": ("text", [held_up_report(sample())], RenderOptions(width=80, top=3)),
    "block.csv": ("csv", [stage_of("inceptionnext_t")], RenderOptions()),
    "traced_80.txt": ("text", [traced()], RenderOptions(width=80)),
    "traced_120.txt": ("text", [traced()], RenderOptions(width=120)),
    "traced_steps_80.txt": ("text", [traced(steps=3)], RenderOptions(width=80, by="shape", top=4)),
    "run_120.txt": ("text", [run()], RenderOptions(width=120, by="kind")),
    "cpu_80.txt": ("text", [on_cpu()], RenderOptions(width=80, by="phase")),
    "traced_and_predicted_120.txt": ("text", [traced(), sample("convnext_t", "train")], RenderOptions(width=120)),
    "traced.md": ("md", [traced()], RenderOptions(top=4)),
    "run.md": ("md", [run()], RenderOptions(by="module", top=4)),
    "traced.csv": ("csv", [only(traced(), "stages.0.blocks.0")], RenderOptions()),
}


@pytest.mark.parametrize("name", CASES)
def test_output_is_as_read(name: str) -> None:
    writer, records, options = CASES[name]
    content = reports.get(writer).render(records, options)
    if os.environ.get("MEMPROF_REFRESH_GOLDEN"):
        (GOLDEN / name).write_bytes(content)
    assert content.decode() == (GOLDEN / name).read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_terminal() -> None:
    for width in (60, 80, 100, 120, 200):
        for records in (
            [sample("inceptionnext_t", "train")],
            [sample("convnext_t"), sample("resnet50")],
            [traced()],
            [run()],
            [on_cpu()],
            [traced(), run()],
        ):
            text = reports.get("text").render(records, RenderOptions(width=width)).decode()
            assert max(map(len, text.splitlines())) <= width


def test_text_is_plain_unless_colour_is_wanted() -> None:
    text = reports.get("text")
    assert b"\x1b" not in text.render([sample()], RenderOptions())
    assert b"\x1b[" in text.render([sample()], RenderOptions(color=True))


def test_a_name_cannot_send_escapes_to_the_terminal() -> None:
    report = sample()
    evil = replace(report, workload=replace(report.workload, model="x\x1b[31m\x07y"))
    text = reports.get("text").render([evil, report], RenderOptions()).decode()
    assert "\x1b" not in text
    assert "\x07" not in text
