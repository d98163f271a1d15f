import struct
import sys
from dataclasses import replace

import pytest

from memprof import reports
from memprof.report.record import Report
from memprof.reports import RenderOptions
from tests.reports.measured_sample import on_cpu, run, traced
from tests.reports.sample import incomplete, sample

PNG = reports.get("png")


def size_of(content: bytes) -> tuple[int, int]:
    """Read width and height from the header chunk."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content[12:16] == b"IHDR"
    return struct.unpack(">II", content[16:24])


def is_of_usual_size(content: bytes) -> bool:
    """Tell whether a PNG is 12 inches wide at 150 dpi, and about 7 high."""
    width, height = size_of(content)
    return width == 12 * 150 and 6 * 150 < height < 7.5 * 150


@pytest.mark.parametrize("models", [["convnext_t"], ["inceptionnext_t"], ["convnext_t", "inceptionnext_t", "resnet50"]])
@pytest.mark.parametrize("phase", ["infer", "train"])
def test_it_is_a_png_of_the_expected_size(models: list[str], phase: str) -> None:
    content = PNG.render([sample(model, phase) for model in models], RenderOptions())
    assert is_of_usual_size(content)
    assert len(content) > 50_000


@pytest.mark.parametrize(
    "records", [[traced()], [run()], [on_cpu()], [traced(), sample("convnext_t", "train"), on_cpu()]]
)
def test_measured_reports_are_drawn_without_a_warning(records: list[Report], recwarn: pytest.WarningsRecorder) -> None:
    assert is_of_usual_size(PNG.render(records, RenderOptions()))
    assert not recwarn.list


def test_a_throttled_run_is_not_drawn_like_another() -> None:
    throttled, other = PNG.render([run()], RenderOptions()), PNG.render([run(throttled=False)], RenderOptions())
    assert throttled != other


def test_names_in_any_script_start_no_formula_and_print_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    report = sample()
    named = replace(report, workload=replace(report.workload, model="$x^{2$ 模型 \U0001f600"))
    assert is_of_usual_size(PNG.render([named, incomplete()], RenderOptions()))
    assert not recwarn.list


def test_drawing_twice_gives_the_same_picture() -> None:
    assert PNG.render([sample()], RenderOptions()) == PNG.render([sample()], RenderOptions())


def test_matplotlib_keeps_its_global_state() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    PNG.render([sample()], RenderOptions())
    assert dict(matplotlib.rcParams) == before


def test_a_warm_process_writes_html_png_and_csv_without_loading_anything_more() -> None:
    """How long that takes is held against its limit by benchmarks/speed.py."""
    records = [sample("inceptionnext_t", "train")]
    writers = [reports.get(name) for name in ("html", "png", "csv")]
    first = [writer.render(records) for writer in writers]
    loaded = set(sys.modules)
    assert [writer.render(records) for writer in writers] == first
    assert set(sys.modules) == loaded
