"""memprof reproduce: a paper's tables, computed beside what was published."""

from __future__ import annotations

from pathlib import Path

import click

from memprof.commands.options import format_option, json_option, output_option
from memprof.commands.processes import counted, jobs_option
from memprof.reports.reproduce import WRITERS


@click.command()
@click.argument("paper")
@jobs_option
@output_option
@format_option(WRITERS, "html,png,md,csv,json")
@json_option()
def command(paper: str, jobs: int, output: Path, formats: tuple[str, ...], as_json: bool) -> None:
    """Compute every table and figure of PAPER (inceptionnext) that needs no training, beside what was published.

    Parameters and MACs are counted, images per second predicted; accuracies are published, not computed. Some networks
    are timm's: pip install "memprof[timm]".
    """
    from memprof.commands.output import Result, deliver
    from memprof.files import check_writable
    from memprof.papers import analysing, reading
    from memprof.papers.reproduction import reproduce

    chosen = reading.get(paper)
    if not as_json:
        check_writable(output)
    with counted("analysing networks") as progress:
        found = analysing.analyse_paper(chosen, jobs=jobs, progress=progress)
    result = reproduce(chosen, found.answers, found.complexity)
    deliver([Result(result, WRITERS, formats)], output, as_json=as_json)
