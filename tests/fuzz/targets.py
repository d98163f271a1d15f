"""What is fuzzed: each target takes a file of any content, and lets no exception out but those that are bugs.

What is read must also be usable: written again where memprof writes such files, else used as commands use it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from memprof.counters.reading import read_counters
from memprof.devices import files, get, hosts
from memprof.devices.ceilings import ceilings, precisions
from memprof.errors import MemprofError
from memprof.files import read_reports
from memprof.gate import baseline, config, config_file, history
from memprof.report.reading import dump_reports, load_reports
from memprof.traces.reading import read_trace
from memprof.traces.selection import select
from memprof.validation.kernel_rows import read_kernels
from memprof.validation.measurements import read_measurements, unknown_columns
from memprof.validation.tables import read_table

_LARGEST_BYTES = 1 << 20


def read_any_trace(path: Path) -> None:
    """Read a trace, select half of it and make a report of each; the report must read back."""
    from memprof.analysis.traced import analyze_trace

    with suppress(MemprofError):
        trace = read_trace(path, largest_bytes=_LARGEST_BYTES)
        half = (trace.end_ns - trace.start_ns) / 2e9
        for part in (trace, select(trace, end_seconds=half)):
            load_reports(dump_reports([analyze_trace(part, device=get("v100-sxm2-32gb"))]))


def read_any_report(path: Path) -> None:
    """Read a report and write it again."""
    with suppress(MemprofError):
        load_reports(dump_reports(read_reports(path)))


def read_any_baseline(path: Path) -> None:
    """Read a gate's baseline; what is written of it reads as the same."""
    with suppress(MemprofError):
        read = baseline.load_baseline(path)
        assert baseline.from_json(baseline.to_json(read).encode()) == read


def read_any_configuration(path: Path) -> None:
    """Read a gate's configuration as each kind of file that may hold one."""
    with suppress(MemprofError):
        text = config_file.read_text(path)
        for name in ("memprof.toml", "pyproject.toml", "setup.cfg"):
            with suppress(MemprofError):
                config.config_of(path.with_name(name), text)


def read_any_device(path: Path) -> None:
    """Read a device, as JSON and as TOML, and work out its ceilings in every precision that it has."""
    for named in _named(path, ".json", ".toml"):
        with suppress(MemprofError):
            device = files.load(named)
            for precision in precisions(device):
                ceilings(device, precision)


def read_any_host(path: Path) -> None:
    """Read a host, as JSON and as TOML, and work out what it costs."""
    for named in _named(path, ".json", ".toml"):
        with suppress(MemprofError):
            hosts.costs(hosts.get(named))


def read_any_counters(path: Path) -> None:
    """Read what Nsight Compute counted."""
    with suppress(MemprofError):
        read_counters(path)


def read_any_measurements(path: Path) -> None:
    """Read a table of measurements, of networks and of kernels."""
    with suppress(MemprofError):
        table = read_table(path)
        unknown_columns(table)
        for read in (read_measurements, read_kernels):
            with suppress(MemprofError):
                read(table)


def read_any_history(path: Path) -> None:
    """Read a history of accepted figures."""
    with suppress(MemprofError):
        history.read(path)


def _named(path: Path, *suffixes: str) -> list[Path]:
    """Return copies of a file whose names say what it is."""
    copies = [path.with_name(f"named{suffix}") for suffix in suffixes]
    for copy in copies:
        copy.write_bytes(path.read_bytes())
    return copies


TARGETS: dict[str, Callable[[Path], None]] = {
    "trace": read_any_trace,
    "report": read_any_report,
    "baseline": read_any_baseline,
    "configuration": read_any_configuration,
    "device": read_any_device,
    "host": read_any_host,
    "counters": read_any_counters,
    "measurements": read_any_measurements,
    "history": read_any_history,
}
"""By the folder of the corpus that holds its files."""
