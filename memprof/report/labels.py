"""What reports are called beside one another, and what was analysed, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from memprof import words
from memprof.report.record import Report, Workload
from memprof.vocabulary import TODAYS_STACK

_TEXTS = {
    "batch_size": "batch {}",
    "resolution": "{} px",
    "phase": "{}",
    "precision": "{}",
    "layout": "{}",
    "stack": "{}",
}


def labels(reports: Sequence[Report]) -> tuple[str, ...]:
    """Name each report by its model, and by whatever else differs between the reports."""
    texts = [(name, text) for name, text in _TEXTS.items() if _differs(reports, name)]
    several_devices = _has_several_devices(reports)
    names = []
    for report in reports:
        values = [(text, getattr(report.workload, name)) for name, text in texts]
        extras = [text.format(value or TODAYS_STACK) for text, value in values if value is not None]
        extras += [report.device.name] if several_devices else []
        names.append(f"{report.workload.model} ({', '.join(extras)})" if extras else report.workload.model)
    return tuple(names)


def differences(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the names of the workload's fields, and "device", in which the reports differ beyond the model."""
    names = [field.name for field in fields(Workload) if field.name != "model"]
    differing = [name for name in names if _differs(reports, name)]
    return (*differing, *(["device"] if _has_several_devices(reports) else []))


def host_name(report: Report) -> str:
    """Return the name of the host that a report assumes, "" where it assumes none."""
    return report.device.host.name if report.device.host else ""


def describe(work: Workload) -> str:
    """Say what a workload is but for its model: "inference, tf32, batch 128, 224 px, channels-last".

    The stack is named where it is not today's.
    """
    pixels = f"inputs {work.inputs}" if work.inputs else f"{work.resolution} px" if work.resolution is not None else ""
    phase, batch = words.phase(work.phase) if work.phase else "", f"batch {work.batch_size}" if work.batch_size else ""
    parts = phase, work.precision, batch, pixels, work.layout, work.stack
    return ", ".join(part for part in parts if part) or "workload not known"


def _differs(reports: Sequence[Report], name: str) -> bool:
    """Return whether a field of the workload differs, as far as it is known: a trace may not tell the resolution."""
    return len({getattr(report.workload, name) for report in reports} - {None}) > 1


def _has_several_devices(reports: Sequence[Report]) -> bool:
    return len({report.device.name for report in reports}) > 1
