from __future__ import annotations

import csv
import io
import json

from memprof.reports.reproduce import WRITERS
from memprof.reports.writer import RenderOptions
from tests.papers.sample import sample


def test_text_fits_80_columns_and_says_what_is_published_and_what_predicted():
    text = WRITERS.render(sample(), "text", RenderOptions(width=80)).decode()

    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(text.split())
    assert "quick 380 400 −5 %" in flat
    assert "slow 230 100 +130 %" in flat
    assert "2 of 3 pairs as published" in flat
    assert "A prediction is typically within 6 % in training." in flat
    assert "predicted, not measured" in flat


def test_markdown_and_csv_hold_each_figure_once():
    markdown = WRITERS.render(sample(), "md").decode()
    rows = list(csv.DictReader(io.StringIO(WRITERS.render(sample(), "csv").decode())))

    assert "| quick | 380 | 400 | −5 % |" in markdown
    (rate,) = [row for row in rows if (row["label"], row["quantity"]) == ("quick", "images_per_second")]
    assert (rate["published"], rate["computed"], rate["phase"]) == ("400.0", "380.0", "train")
    assert json.loads(WRITERS.render(sample(), "json"))["schema"] == "memprof.reproduction/1"


def test_page_and_picture_are_made():
    page = WRITERS.render(sample(), "html").decode()

    assert "Reproduced: Sample" in page
    assert "1 of the paper&#39;s 1 conclusions hold" in page
    assert WRITERS.render(sample(), "png").startswith(b"\x89PNG")
    assert WRITERS.render(sample(), "pdf").startswith(b"%PDF")


def test_a_paper_without_any_prediction_is_drawn_too():
    assert WRITERS.render(sample(failing="quick"), "png").startswith(b"\x89PNG")
