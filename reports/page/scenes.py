"""A device, or several, as the page's plot shows it: its roofs, the limits of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memprof.report.digest import Digest
from memprof.report.record import DeviceCeilings
from memprof.reports.page import colors
from memprof.reports.roofline import captions, plot
from memprof.reports.roofline.geometry import Plot
from memprof.vocabulary import MEMORY_LEVELS

Json = dict[str, Any]
_MATTERS = 1e-3
"""Least share of time of an operator that the axes make room for."""
_MARGINS = 0.5, 2.0


def scene(digests: Sequence[Digest]) -> Json:
    """Return what the plot needs to know of the reports' devices."""
    drawing = plot.build_plot(digests)
    return {
        "devices": [_device(device, index, drawing, digests) for index, device in enumerate(drawing.devices)],
        "families": [digest.device.family for digest in digests],
        "bandwidths": [dict(digest.device.memory_bytes_per_second) for digest in digests],
        "ceilings": [
            {
                "report": ceiling.point.report,
                "kind": ceiling.point.group.kind,
                "classes": colors.bound_class(ceiling.point.group.bound),
                "label": ceiling.label,
                "ends": (ceiling.start, ceiling.end),
            }
            for ceiling in drawing.ceilings
        ],
        "rail": captions.rail_label(drawing, digests),
        "limits": _limits(digests),
    }


def _device(device: DeviceCeilings, index: int, drawing: Plot, digests: Sequence[Digest]) -> Json:
    """Return the ceilings of a device, in FLOP/s and bytes/s, with their names."""
    roofs = [
        {
            "code": roof.ceiling,
            "label": captions.roof_label(drawing, roof, digests),
            "memory": roof.is_memory,
            "speed": roof.per_second,
        }
        for roof in drawing.roofs
        if roof.device == index
    ]
    return {"name": device.name, "roofs": roofs}


def _limits(digests: Sequence[Digest]) -> Json:
    """Return the least and most of both axes: of what takes notable time, at every level, and of the flat roofs."""
    placed = [group for digest in digests for group in digest.operators if plot.has_place(group)]
    matter = [group for group in placed if group.time_share >= _MATTERS] or placed
    xs = [x for group in matter for x in map(group.intensity, MEMORY_LEVELS) if x]
    ys = [y for group in matter for y in (group.achieved_flops_per_second, group.attainable_flops_per_second) if y]
    for digest in digests:
        if digest.is_measured and digest.predicts:
            ys += [group.flops / group.seconds for group in matter if group.seconds]
        peaks = [digest.device.peak_flops_per_second[engine] for engine in digest.shown_engines]
        ys += peaks
        xs += [peak / bandwidth for peak in peaks for bandwidth in digest.device.memory_bytes_per_second.values()]
    return {"x": _around(xs), "y": _around(ys)}


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=1.0), max(values, default=10.0)
    return max(low, high * 1e-9) * _MARGINS[0], high * _MARGINS[1]
