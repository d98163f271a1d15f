import math
import struct
import sys
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from memprof import reports
from memprof.report.digest import digests
from memprof.report.record import Report
from memprof.reports import RenderOptions
from memprof.reports.parts import theme
from memprof.reports.report import write_figure
from memprof.reports.roofline import figure
from memprof.reports.roofline.plot import build_plot
from memprof.reports.roofline.scene import Canvas, lay_out
from tests.reports.measured_sample import on_cpu, run, traced
from tests.reports.sample import assemble, incomplete, sample

PNG = reports.get("png")


def size_of(content: bytes) -> tuple[int, int]:
    """Read width and height from the header chunk."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content[12:16] == b"IHDR"
    return struct.unpack(">II", content[16:24])


def is_of_usual_size(content: bytes) -> bool:
    """Tell whether a PNG is 12 inches wide at 150 dpi, and 6 to 8.5 high."""
    width, height = size_of(content)
    return width == 12 * 150 and 6 * 150 < height < 8.5 * 150


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


def test_an_axis_makes_room_for_what_takes_time_and_points_at_the_rest() -> None:
    """An operator of 0.004 % of the time and a millionth of the speed leaves the axes as they are without it."""
    report = sample("convnext_t", "train")
    first = report.operators[0]
    slow = replace(first, flops=first.flops * 1e-9, seconds=4e-5 * report.totals.seconds)
    usual, widened = (
        build_plot(digests([item])) for item in (report, assemble((*report.operators, slow), report.workload))
    )
    assert widened.y_limits == pytest.approx(usual.y_limits)
    (beyond,) = (point for point in widened.points if slow in point.group.rows)
    assert widened.edge(beyond) == (-1, -1)
    axes = Figure(figsize=(8, 6)).subplots()
    figure.draw_on(axes, digests([assemble((*report.operators, slow), report.workload)]))
    assert [line.get_marker() for line in axes.lines].count("<") == 1


def test_no_label_touches_a_mark_of_another_kind() -> None:
    for models in (["convnext_t"], ["convnext_t", "inceptionnext_t", "resnet50"]):
        shown = digests([sample(model, "train") for model in models])
        plot = build_plot(shown)
        scene = lay_out(plot, shown, Canvas(0.65, (0.011, 0.032)))
        assert len(scene.labels) >= 3
        for named, label in scene.labels:
            for point in plot.points:
                if point.group.kind == named.group.kind:
                    continue
                x, y = plot.fraction(point.x, point.y)
                radius = theme.radius(point.group.time_share)
                across = max(label.box.left - x, x - label.box.right, 0.0)
                up = 0.65 * max(label.box.bottom - y, y - label.box.top, 0.0)
                assert math.hypot(across, up) >= radius, (label.request.lines, point.group.kind)


def test_models_whose_marks_hide_each_other_get_a_plot_each_with_equal_axes() -> None:
    models = ["convnext_t", "inceptionnext_t", "resnet50"]
    drawn = write_figure.draw(digests([sample(model, "train") for model in models]), RenderOptions())
    plots = [axes for axes in drawn.axes if any(text.get_text() in models for text in axes.texts)]
    assert len(plots) == 3
    assert len({tuple(axes.get_yticks()) for axes in plots}) == 1
    assert len({round(axes.get_position().y0, 3) for axes in plots}) == 1
