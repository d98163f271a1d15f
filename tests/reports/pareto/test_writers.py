from __future__ import annotations

import csv
import io

from memprof.reports.pareto import WRITERS
from memprof.reports.writer import RenderOptions
from tests.frontier.sample import sample


def test_text_fits_80_columns_and_has_the_range_of_each_prediction():
    text = WRITERS.render(sample(), "text", RenderOptions(width=80)).decode()
    flat = " ".join(text.split())

    assert max(map(len, text.splitlines())) <= 80
    assert "quick 224 70.0 400 364 440" in flat
    assert "quick 224 70.0 40.0 – –" in flat
    assert "Within the prediction's own error of the front: beaten." in flat
    assert "does not fit into the memory: huge." in flat
    assert "broken it does not run" in flat


def test_csv_has_every_network_on_every_device():
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(sample(), "csv").decode())))

    assert len(rows) == 2 * 4
    assert [row["model"] for row in rows if row["on_front"] == "True"] == ["quick", "good", "quick", "beaten", "good"]


def test_page_and_picture_are_made():
    page = WRITERS.render(sample(), "html").decode()

    assert "beaten by none at both" in page
    assert "does not fit" in page
    assert WRITERS.render(sample(), "png").startswith(b"\x89PNG")
    assert WRITERS.render(sample(), "pdf").startswith(b"%PDF")
    assert "| good | 224 | 80.0 | 100 |" in WRITERS.render(sample(), "md").decode()
