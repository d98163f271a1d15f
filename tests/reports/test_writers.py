"""What all writers share, and the formats that machines read."""

import io
import subprocess
import sys

import pandas
import pytest

from memprof import reports
from memprof.errors import OutputError
from memprof.operators.registry import Kind
from memprof.report import load_reports
from memprof.reports import RenderOptions, theme
from memprof.words import known_kinds
from tests.reports.sample import incomplete, sample


def test_every_writer_declares_its_name_and_extension() -> None:
    extensions = {name: reports.get(name).extension for name in reports.NAMES}
    assert extensions == {"html": "html", "png": "png", "json": "json", "csv": "csv", "md": "md", "text": "txt"}
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
    found = (sample("convnext_t"), sample("resnet50", "train"))
    assert load_reports(reports.get("json").render(found, RenderOptions())) == found
    assert load_reports(reports.get("json").render(found[:1], RenderOptions())) == found[:1]


def test_csv_holds_every_operator_with_its_model_first() -> None:
    found = [sample("convnext_t"), sample("inceptionnext_t")]
    table = pandas.read_csv(io.BytesIO(reports.get("csv").render(found, RenderOptions())))
    assert table.columns[0] == "model"
    assert list(table.columns[1:4]) == ["name", "kind", "module"]
    assert len(table) == sum(len(report.operators) for report in found)
    assert table.groupby("model").seconds.sum()["convnext_t"] == pytest.approx(found[0].totals.seconds)


def test_markdown_keeps_markup_in_names_from_taking_effect() -> None:
    text = reports.get("md").render([incomplete()], RenderOptions()).decode()
    assert "<script>" not in text
    assert "\\<script\\>" in text


def test_every_kind_of_operator_has_a_name_and_a_colour_of_its_own() -> None:
    kinds = {str(kind) for kind in Kind}
    assert kinds <= set(known_kinds())
    assert kinds <= set(theme.KIND_COLORS)
    assert len(set(theme.KIND_COLORS.values())) == len(theme.KIND_COLORS)


def test_a_bubble_of_twice_the_time_has_twice_the_area() -> None:
    assert theme.radius(0.4) ** 2 == pytest.approx(2 * theme.radius(0.2) ** 2)
