"""Where results go: what is a file's and what is the terminal's."""

from pathlib import Path

from memprof.commands.output import Result, write_results
from memprof.report.digest import digests
from memprof.reports.report import WRITERS
from memprof.reports.writer import RenderOptions
from tests.reports.sample import sample


def test_a_text_file_has_no_colours_even_where_the_terminal_has(tmp_path: Path) -> None:
    result = Result(digests([sample()]), WRITERS, ("text",))
    (path,) = write_results([result], tmp_path, RenderOptions(color=True))
    assert path.name == "report.txt"
    assert "convnext_t on NVIDIA A100" in path.read_text(encoding="utf-8")
    assert "\x1b" not in path.read_text(encoding="utf-8")
