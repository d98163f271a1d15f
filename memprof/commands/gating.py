"""What the commands of the gate share: their options, today's figures, and where a verdict is told."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.errors import OutputError

if TYPE_CHECKING:
    from memprof.gate.config import GateConfig
    from memprof.gate.records import Baseline, GateResult, MeasuredResult

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: setup.cfg, pyproject.toml or memprof.toml, here or in a folder above, whichever configures memprof.",
)
baseline_option = click.option(
    "--baseline",
    "baseline_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Default: what the configuration names, or memprof-baseline.json beside it.",
)

_OBJECTS_BETWEEN_COLLECTIONS = 200_000
PRINTED = ("text", "github")
"""Formats that are no files: GitHub takes annotations from what a step prints."""


def current_baseline(config: GateConfig) -> Baseline:
    """Analyse everything that a configuration gates, in a child process; show on a terminal how far that is."""
    from memprof.gate.baseline import from_json, to_json
    from memprof.gate.child import in_child

    return from_json(in_child(lambda: to_json(_analyse(config))).encode())


def _analyse(config: GateConfig) -> Baseline:
    from memprof.commands.output import progress, redirect_output
    from memprof.gate import entries

    reports = []
    with _rare_collections():
        for job in entries.jobs(config):
            with progress(f"analysing {job.model}, {job.phase} ({job.number} of {job.count})"), redirect_output():
                reports += entries.analyze_job(job, config)
        return entries.collect(reports)


def measure_against(config: GateConfig, ref: str) -> tuple[MeasuredResult, ...]:
    """Measure what a configuration gates against the commit `ref`; show on a terminal how far that is."""
    from memprof.commands.output import progress
    from memprof.gate.measuring import measure

    shown = ExitStack()

    def show(what: str) -> None:
        shown.close()
        shown.enter_context(progress(what))

    with shown:
        return measure(config, ref, show)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles of garbage rarely: an analysis makes many small records, and few that are garbage.

    It saves a tenth of the time of a check; what it costs is some ten megabytes.
    """
    before = gc.get_threshold()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def publish(result: GateResult, formats: Sequence[str], output: Path, sources: tuple[Path, Path]) -> None:
    """Print a result, and write it into `output` in the other formats; on GitHub also where a job's summary goes.

    `sources` are the files of the baseline and of the configuration, on whose lines annotations are.
    """
    from memprof.commands.output import for_terminal
    from memprof.files import write_files
    from memprof.gate.environment import OUTPUT, SUMMARY, output_file, summary_file
    from memprof.reports.gate import WRITERS
    from memprof.reports.gate.check import Check
    from memprof.reports.gate.lines import Sources

    options = for_terminal("kind", 1)
    check = Check(result, Sources(*(path.read_text(encoding="utf-8", errors="replace") for path in sources)))
    for name in PRINTED:
        if name in formats:
            say(WRITERS.render(check, name, options).decode())
    files = [name for name in formats if name not in PRINTED]
    if files:
        paths = write_files(output, WRITERS.files(check, files, "gate"))
        say(f"Written: {', '.join(map(str, paths))}\n")
    if summary := summary_file(os.environ):
        _append(summary, WRITERS.render(check, "md"), SUMMARY)
    if outputs := output_file(os.environ):
        _append(outputs, f"verdict={result.verdict}\n".encode(), OUTPUT)


def _append(path: Path, content: bytes, variable: str) -> None:
    try:
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        what = f"cannot write into {path}, which ${variable} names: {error.strerror}"
        raise OutputError(what, f"let this step write there, or unset {variable}") from error


def say(text: str) -> None:
    """Print text; a reader that has seen enough, as `head` has, must not cost the verdict."""
    from memprof.commands.output import echo

    try:
        echo(text)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
