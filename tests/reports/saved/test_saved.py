"""Documents come back from their JSON as they were, and what is none is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from memprof.errors import ReportError
from memprof.reports import saved
from memprof.reports.saved import KINDS
from memprof.reports.writer import FIGURE_FORMATS
from tests.command_line import memprof
from tests.reports.saved.samples import DOCUMENTS


@pytest.mark.parametrize("name", KINDS)
def test_a_document_comes_back_from_its_json_in_every_format(name: str) -> None:
    document, kind = DOCUMENTS[name](), KINDS[name]
    content = kind.writers.render(document, "json")
    assert json.loads(content)["schema"] == kind.schema
    assert kind.schema.startswith(f"{name}/")
    assert saved.kind_of(content) is kind
    again = saved.load(content, kind)
    for format_name in kind.writers.names:
        if format_name not in FIGURE_FORMATS:  # compared by every other test of figures; slow to draw
            assert kind.writers.render(again, format_name) == kind.writers.render(document, format_name), format_name


@pytest.mark.parametrize("name", KINDS)
def test_a_page_says_names_as_text_and_holds_its_document(name: str) -> None:
    kind = KINDS[name]
    page = kind.writers.render(DOCUMENTS[name](), "html").decode()
    assert "<img" not in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    inside = page.partition('id="memprof-document">')[2].partition("</script>")[0]
    assert json.loads(inside) == json.loads(kind.writers.render(DOCUMENTS[name](), "json"))


def test_every_document_has_a_page() -> None:
    assert set(DOCUMENTS) == set(KINDS)
    assert all("html" in kind.writers.names for kind in KINDS.values())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "memprof.comparison/99"}, "schema 'memprof.comparison/99' is not 'memprof.comparison/1'"),
        ({"entries": []}, "entries is empty"),
        ({"entries": [{"model": 3}]}, "no document of memprof"),
        ({"sentences": [1e40]}, "sentences cannot be 1e"),
        ({"sentences": [10**400]}, "64 bits do not hold|no document of memprof"),
        ({"entries": [{"batch_size": 0}]}, "batch_size cannot be 0"),
        ({"entries": [{"steps": [{"seconds": -1e-3}]}]}, "seconds cannot be -0.001"),
    ],
)
def test_what_is_no_document_of_this_memprof_is_told(change: dict[str, object], words: str) -> None:
    kind = KINDS["memprof.comparison"]
    content = json.loads(kind.writers.render(DOCUMENTS["memprof.comparison"](), "json"))
    with pytest.raises(ReportError, match=words) as error:
        saved.load(json.dumps({**content, **change}).encode(), kind)
    assert error.value.remedy == "write it again with `memprof compare`"


def test_render_writes_what_there_is(tmp_path: Path) -> None:
    kind = KINDS["memprof.losses"]
    (tmp_path / "explain.json").write_bytes(kind.writers.render(DOCUMENTS["memprof.losses"](), "json"))
    done = memprof("render", "explain.json", "--output", "out", cwd=tmp_path)
    assert done.out.strip() == "Written: out/explain.html, out/explain.png"
    wrong = memprof("render", "explain.json", "--format", "csv", cwd=tmp_path)
    assert wrong.code == 2
    assert "memprof explain writes no 'csv'" in wrong.err
    (tmp_path / "other.json").write_text('{"schema": "memprof.batches/1"}')
    assert "other.json: no document of memprof" in memprof("render", "other.json", cwd=tmp_path).err
