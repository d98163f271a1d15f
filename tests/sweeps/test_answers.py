"""Questions to a set: what is answered, and that a question reaches nothing but the set."""

from __future__ import annotations

from pathlib import Path

import pytest

from memprof.analysis import assembly
from memprof.errors import SweepError
from memprof.reports.answer import WRITERS
from memprof.reports.writer import RenderOptions
from memprof.sweeps import best as best_module
from memprof.sweeps.answers import Answer, ask
from memprof.sweeps.best import Wanted, best, read_prices
from tests.sweeps.sets import row, write

FAST = [row("resnet18", "a100-sxm4-40gb", batch, batch / 10_000) for batch in (1, 8, 32)]
SLOW = [row("resnet18", "t4", batch, batch / 1_000) for batch in (1, 8, 32)]
GOOD = [row("convnext_t", "a100-sxm4-40gb", 8, 0.004), row("convnext_t", "t4", 8, None)]
TRAIN = [row("convnext_t", "t4", 8, 0.001, phase="train")]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("set") / "results"
    write(path, [FAST, SLOW, GOOD, TRAIN])
    return path


def lines(answer: Answer, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row[answer.columns.index(name)] for name in columns) for row in answer.rows]


def test_the_set_is_one_table_of_typed_columns(results: Path) -> None:
    answer = ask(
        results, "SELECT model, count(*), max(seconds), count(failed_because) FROM results GROUP BY 1 ORDER BY 1"
    )
    assert answer.rows == (("convnext_t", 3, 0.004, 1), ("resnet18", 6, 0.032, 0))
    types = {name: kind for name, kind, *_ in ask(results, "DESCRIBE results").rows}
    assert (types["batch_size"], types["seconds"], types["failed_because"]) == ("BIGINT", "DOUBLE", "VARCHAR")
    assert len(types) == 17


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{results}/part-00000.parquet'",
        "SELECT * FROM read_text('{results}/_set.json')",
        "SELECT * FROM glob('/*')",
        "COPY results TO '{results}/copy.csv'",
        "ATTACH '{results}/other.db'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SELECT 1; COPY results TO '{results}/copy.csv'",
        "SELECT * FROM connection",
        "DELETE FROM results",
        "SELECT nothing FROM results",
        "SELEC",
    ],
)
def test_a_question_reaches_nothing_but_the_set(sql: str, results: Path) -> None:
    before = {path.name: path.read_bytes() for path in results.iterdir()}
    with pytest.raises(SweepError, match=r"cannot answer that: .* Error"):
        ask(results, sql.format(results=results))
    assert {path.name: path.read_bytes() for path in results.iterdir()} == before


def test_sets_that_are_none_or_damaged_or_not_done(tmp_path: Path) -> None:
    with pytest.raises(SweepError, match="holds no results"):
        ask(tmp_path / "nowhere", "SELECT 1")
    write(tmp_path / "begun", [], expected=2)
    with pytest.raises(SweepError, match="has no rows yet"):
        ask(tmp_path / "begun", "SELECT 1")
    write(tmp_path / "half", [FAST], expected=2)
    assert ask(tmp_path / "half", "SELECT count(*) FROM results").notes == ("1 of 2 parts are there",)
    (tmp_path / "half" / "part-00000.parquet").write_bytes(b"PAR1 no Parquet PAR1")
    with pytest.raises(SweepError, match="cannot read the parts of"):
        ask(tmp_path / "half", "SELECT * FROM results")


def test_the_largest_batch_and_the_fastest_within_a_latency_or_a_memory(results: Path) -> None:
    """At 10 ms a T4 takes 8 images, an A100 32; in 10 GB, 0.6 of which CUDA takes, 8 images of 1 GB fit."""
    answer = best(results, Wanted("infer", seconds=0.010))
    assert lines(answer, "model", "device", "largest_batch", "images_per_second") == [
        ("resnet18", "a100-sxm4-40gb", 32, 10_000.0),
        ("convnext_t", "a100-sxm4-40gb", 8, 2_000.0),
        ("resnet18", "t4", 8, 1_000.0),
    ]
    assert best_module.CONTEXT_BYTES == assembly.CONTEXT_BYTES
    within = best(results, Wanted("infer", memory_bytes=10e9))
    assert set(lines(within, "largest_batch")) == {(8,)}
    assert lines(best(results, Wanted("train")), "model", "device") == [("convnext_t", "t4")]
    assert best(results, Wanted("infer", seconds=1e-9)).title == "Nothing in these results is like that."


def test_the_cheapest_device_of_each_model(results: Path, tmp_path: Path) -> None:
    """An A100 makes 10,000 images a second: 100 s for a million, at 1.8 dollars an hour 5 cents; a T4 needs 1,000 s."""
    prices = tmp_path / "prices.toml"
    prices.write_text("a100 = 1.8\nT4 = 0.09\n", encoding="utf-8")
    answer = best(results, Wanted("infer", dollars=read_prices(prices)))
    assert lines(answer, "model", "device") == [("resnet18", "t4"), ("convnext_t", "a100-sxm4-40gb")]
    assert [cost for (cost,) in lines(answer, "dollars_per_million")] == pytest.approx([0.025, 0.25])
    prices.write_text("a1000 = 1.8\nt4 = -1\n", encoding="utf-8")
    with pytest.raises(SweepError, match=r"unknown device 'a1000'.*t4 costs -1, which is no price"):
        read_prices(prices)


def test_the_fastest_network_above_an_accuracy(results: Path) -> None:
    accuracy = {
        ("resnet18", 224): 69.8,
        ("convnext_t", 224): 82.1,
        ("convnext_t", 384): 84.0,
        ("unheard_of", 224): 99.0,
    }
    assert lines(best(results, Wanted("infer", accuracy=accuracy)), "device", "model", "top1") == [
        ("a100-sxm4-40gb", "resnet18", 69.8),
        ("t4", "resnet18", 69.8),
    ]
    above = best(results, Wanted("infer", accuracy=accuracy, above=82.0))
    assert lines(above, "device", "model", "top1") == [("a100-sxm4-40gb", "convnext_t", 82.1)]
    both = best(results, Wanted("infer", accuracy=accuracy, dollars={"t4": 1.0}))
    assert lines(both, "device", "model") == [("t4", "resnet18")]


def test_an_answer_as_text_leaves_out_what_is_the_same_in_every_row(results: Path) -> None:
    text = WRITERS.render(best(results, Wanted("infer", seconds=0.01)), "text", RenderOptions(width=100)).decode()
    assert "In all rows: precision tf32, resolution 224, layout channels-last." in text
    assert "3.20 ms" in text  # 32 images at 10,000 a second
    assert WRITERS.render(Answer("", ("a", "b"), ((1, None),)), "csv").decode() == "a,b\n1,\n"
    assert WRITERS.render(Answer("", ("a",), (("x|y",),)), "md").decode() == "| a |\n|---|\n| x\\|y |\n"


def test_an_answer_as_a_page_has_filters_a_plot_and_no_names_that_take_effect(results: Path) -> None:
    page = WRITERS.render(ask(results, "SELECT * FROM results"), "html").decode()
    assert "9 rows of a sweep" in page
    assert "In all rows: precision tf32, resolution 224, layout channels-last." in page
    assert "Throughput and latency" in page
    nasty = Answer("", ("model", "seconds"), (("<script>alert(1)</script>", 1.0), ("other", None)))
    page = WRITERS.render(nasty, "html").decode()
    assert "<script>alert(1)" not in page
    assert "Throughput and latency" not in page
    many = Answer("", ("batch_size",), tuple((size,) for size in range(6_000)))
    assert "1,000 more rows: ask for fewer" in WRITERS.render(many, "html").decode()
