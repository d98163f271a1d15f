"""What all writers share, and the formats that machines read."""

import io
import subprocess
import sys
from dataclasses import replace

import pandas
import pytest

from memprof import reports, units
from memprof.errors import OutputError
from memprof.report.digest import digest, digests
from memprof.report.reading import load_reports
from memprof.report.record import Memory, Report
from memprof.reports import RenderOptions
from memprof.reports.parts import theme
from memprof.reports.report import facts as of_report
from memprof.reports.report import tables
from memprof.vocabulary import ENGINES, ISSUE, LATENCY, MEMORY_LEVELS, WAITING, Kind
from memprof.words import binding_clause, bound, known_kinds, short_bound
from tests.reports.sample import incomplete, sample


def test_every_writer_declares_its_name_and_extension() -> None:
    extensions = {name: reports.get(name).extension for name in reports.NAMES}
    same = {name: name for name in ("html", "png", "svg", "pdf", "json", "csv", "md")}
    assert extensions == {**same, "text": "txt"}
    assert all(reports.get(name).name == name for name in reports.NAMES)


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(OutputError, match="unknown format 'htm'; did you mean html"):
        reports.get("htm")


def test_an_unknown_grouping_is_refused() -> None:
    with pytest.raises(ValueError, match="operator, module, kind"):
        RenderOptions(by="colour")


def test_finding_a_writer_imports_no_heavy_library() -> None:
    heavy = "{'torch', 'matplotlib', 'pandas', 'rich', 'jinja2', 'numpy'}"
    code = f"import sys, memprof.reports as r; [r.get(n) for n in r.NAMES]; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_json_is_the_report() -> None:
    records = (sample("convnext_t"), sample("resnet50", "train"))
    assert load_reports(reports.get("json").render(records, RenderOptions())) == records
    assert load_reports(reports.get("json").render(records[:1], RenderOptions())) == records[:1]


def test_csv_holds_every_operator_with_its_model_first() -> None:
    records = [sample("convnext_t"), sample("inceptionnext_t")]
    table = pandas.read_csv(io.BytesIO(reports.get("csv").render(records, RenderOptions())))
    assert table.columns[0] == "model"
    assert list(table.columns[1:4]) == ["name", "kind", "module"]
    assert len(table) == sum(len(report.operators) for report in records)
    sums = table.groupby("model")[["seconds", "roofline_seconds", "launches"]].sum().loc["convnext_t"]
    totals = records[0].totals
    assert list(sums) == pytest.approx([totals.seconds, totals.roofline_seconds, totals.launches])


def test_markdown_keeps_markup_in_names_from_taking_effect() -> None:
    text = reports.get("md").render([incomplete()], RenderOptions()).decode()
    assert "<script>" not in text
    assert "\\<script\\>" in text


def test_every_kind_of_operator_has_a_name_and_a_colour_of_its_own() -> None:
    kinds = {str(kind) for kind in Kind}
    assert kinds <= set(known_kinds())
    assert kinds <= set(theme.KIND_COLORS)
    assert len(set(theme.KIND_COLORS.values())) == len(theme.KIND_COLORS)


def test_every_bound_has_a_name_a_short_name_and_a_colour_of_its_own() -> None:
    bounds = {*MEMORY_LEVELS, *ENGINES, *WAITING, ISSUE, LATENCY}
    assert bounds == set(theme.BOUND_COLORS)
    assert len(set(theme.BOUND_COLORS.values())) == len(bounds)
    for words in (bound, short_bound, theme.bound_color):
        assert len({words(code) for code in bounds}) == len(bounds)
    assert bound("launch") == "the latency of launching kernels"
    assert binding_clause("host") == "the host sets the pace"
    assert binding_clause("l1") == "L1 bandwidth binds"
    assert theme.bound_color("of next year") == theme.color("a kind of next year")


def facts(report: Report) -> dict[str, tuple[str, str]]:
    return {fact.name: (fact.value, fact.remark) for fact in of_report.totals(digest(report))}


def test_totals_tell_predictions_from_bounds() -> None:
    values, total = facts(sample()), sample().totals
    assert values["Predicted time"] == (units.seconds(total.seconds), "per step: predicted, not measured")
    assert values["Least possible time"] == (units.seconds(total.roofline_seconds), "per step: a lower bound")
    assert values["Predicted throughput"][0] == units.images_per_second(128 / total.seconds)
    assert values["Throughput at most"][0] == units.images_per_second(128 / total.roofline_seconds)
    assert values["Kernel launches"][0] == str(len(sample().operators))
    assert "Host time" not in values


def test_memory_that_does_not_fit_is_plain_to_see() -> None:
    # 0.85 * 42.3 - 2 = 33.96 of 50 GB: 86 images.
    over = replace(sample(), memory=Memory(52e9, 2e9, 0.0, 0.0, 50e9, fits=False))
    assert facts(over)["Peak memory"] == ("52.0 GB", "parameters 2.00 GB, activations 50.0 GB")
    assert facts(over)["Fits the device"] == ("NO", "52.0 GB and the CUDA context are needed of 42.3 GB: try batch 64")
    for name in ("text", "md", "html"):
        assert "does NOT fit" in " ".join(reports.get(name).render([over], RenderOptions()).decode().split())


@pytest.mark.parametrize(("host", "shown"), [(0.5, False), (0.85, True), (1.0, True)])
def test_host_time_is_a_total_where_it_matters(host: float, shown: bool) -> None:
    report = sample()
    nearly = replace(report, totals=replace(report.totals, host_seconds=host * report.totals.seconds))
    assert ("Host time" in facts(nearly)) is shown
    together = tables.side_by_side(digests([report, nearly]))
    assert [row[1] for row in together.rows if row[0] == "Host time"] == ["–"] * shown


def test_a_bubble_of_twice_the_time_has_twice_the_area() -> None:
    assert theme.radius(0.4) ** 2 == pytest.approx(2 * theme.radius(0.2) ** 2)
