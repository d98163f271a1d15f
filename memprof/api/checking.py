"""Predictions held against measurements, and against what was accepted before."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from memprof.api.result import Result
from memprof.api.speaking import in_python
from memprof.reports import gate as gate_writers
from memprof.reports import kernel_validation as kernel_writers
from memprof.reports import validation as validation_writers
from memprof.validation import tables
from memprof.validation.published import published_table

if TYPE_CHECKING:
    from memprof.gate.records import GateResult
    from memprof.validation.kernels import KernelValidation
    from memprof.validation.records import Validation


@in_python
def validate(file: str | Path | None = None, *, jobs: int = 1) -> Result[Validation]:
    """Hold predictions against measured throughputs: those of a CSV file, else the published ones that memprof brings.

    docs/validate.md says which columns a file has. `jobs` processes analyse models side by side; the result does not
    depend on it.
    """
    from memprof.validation.prediction import validate as hold

    table = published_table() if file is None else tables.read_table(Path(file))
    return Result(hold(table, jobs=jobs), validation_writers.WRITERS)


@in_python
def validate_kernels(file: str | Path) -> Result[KernelValidation]:
    """Hold predicted times of single kernels against a CSV file of measured ones; docs/validate.md has its columns."""
    from memprof.validation.kernels import validate_kernels as hold

    return Result(hold(tables.read_table(Path(file))), kernel_writers.WRITERS)


@in_python
def gate_check(config: str | Path | None = None, baseline: str | Path | None = None) -> Result[GateResult]:
    """Hold the networks that a configuration gates against the accepted baseline, and return the verdict and why.

    `config` is setup.cfg, pyproject.toml or memprof.toml, by default the one here or above that configures memprof;
    `baseline` the file that it names. docs/gate.md says how to begin. Nothing is written, and nothing raised where a
    network got slower: see `record.verdict`. GateError where it cannot be decided. The networks run in this process.
    """
    from memprof.gate.baseline import load_baseline
    from memprof.gate.checking import Terms, check
    from memprof.gate.config import load_config
    from memprof.gate.entries import analyze_job, collect, jobs

    found = load_config(None if config is None else Path(config))
    place = found.baseline if baseline is None else Path(baseline)
    accepted = load_baseline(place)
    reports = [report for job in jobs(found) for report in analyze_job(job, found)]
    result = check(found, Terms(str(place), str(found.path)), accepted, collect(reports))
    return Result(result, gate_writers.WRITERS)
