"""What the page's scripts show: groups of operators with their figures, texts and places, as plain lists.

Everything is computed here, from the digest's groups: the scripts place, sort, filter and sum nothing of their own. An
operator is named by its index in the embedded report, so that a choice in one view finds the same operators in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from memprof import units, words
from memprof.report.digest import Digest
from memprof.report.groups import Group, module_pattern, share
from memprof.report.record import DeviceCeilings
from memprof.reports.page import colors, tree
from memprof.reports.page.columns import Column, columns, first
from memprof.reports.parts import cells, theme
from memprof.reports.roofline import captions, plot, svg
from memprof.vocabulary import MEMORY_LEVELS

Json = dict[str, Any]
_MARK = 100.0
"""The radius of a mark's outline; the scripts scale it."""
_MATTERS = 1e-3
"""Least share of time of an operator that the axes make room for."""
_MARGINS = 0.5, 2.0
_FAR = 1e-9, 1e9
"""Arithmetic intensities between which roofs are drawn."""


def page_data(digests: Sequence[Digest]) -> Json:
    """Return everything that the scripts need beyond the reports themselves."""
    shown = columns(digests)
    devices = tuple({digest.device.name: digest.device for digest in digests}.values())
    names = [device.name for device in devices]
    drawing = plot.build_plot(digests)
    reports = [_report(index, digest, shown, names.index(digest.device.name)) for index, digest in enumerate(digests)]
    return {
        "columns": [
            {
                "key": item.key,
                "field": item.field,
                "header": item.header,
                "classes": item.classes,
                "number": item.is_number,
            }
            | ({"bar": True} if item.bar else {})
            for item in shown
        ],
        "first": first(shown),
        "levels": {code: words.level(code) for code in MEMORY_LEVELS},
        "kinds": {
            kind: colors.kind_class(kind) for digest in digests for kind in (group.name for group in digest.kinds)
        },
        "bounds": {
            group.name: [
                colors.bound_class(group.name),
                cells.bound_name(group.name, digest.device.family),
                units.share(group.time_share) if len(digests) == 1 else "",
            ]
            for digest in digests
            for group in digest.bounds
        },
        "devices": [{"name": device.name, "roofs": list(_roofs(device, digests))} for device in devices],
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
        "yAxis": captions.y_axis(digests),
        "rail": captions.rail_label(drawing, digests),
        "limits": _limits(reports, digests),
        "reports": reports,
    }


def _report(index: int, digest: Digest, shown: Sequence[Column], device: int) -> Json:
    rows = {id(row): place for place, row in enumerate(digest.report.operators)}

    def groups(members: Iterable[Group], name: Callable[[Group], str]) -> list[Json]:
        return [_group(group, name(group), digest, shown, rows) for group in members]

    operators = digest.operators
    return {
        "label": digest.label,
        "mark": svg.outline(theme.mark(index), 0, 0, _MARK),
        "device": device,
        "time": digest.time.name,
        "measured": digest.is_measured,
        "groups": {
            "operator": groups(operators, _operator_name),
            "module": groups(digest.modules, lambda group: group.name),
            "kind": groups(digest.kinds, lambda group: group.name),
        },
        "parents": {
            "kind": groups(_gathered(digest, lambda group: group.kind), lambda group: group.name),
            "module": groups(_gathered(digest, _module_of(digest)), lambda group: group.name),
            "bound": groups(_gathered(digest, lambda group: group.bound), _bound_name(digest)),
            "phase": groups(_gathered(digest, lambda group: group.rows[0].phase), lambda group: group.name),
        },
        "tree": tree.nodes(digest, rows),
    }


def _operator_name(group: Group) -> str:
    return cells.marked(words.drop_phase(words.operator(group.rows[0].name)), group)


def _bound_name(digest: Digest) -> Callable[[Group], str]:
    return lambda group: cells.bound_name(group.name, digest.device.family)


def _module_of(digest: Digest) -> Callable[[Group], str]:
    """Return which module a group of like operators belongs to, as deep as the report's modules are told apart."""
    depth = max((group.name.count(".") + 1 for group in digest.modules), default=1)
    return lambda group: ".".join(module_pattern(group.rows).split(".")[:depth]) or "(model)"


def _gathered(digest: Digest, key: Callable[[Group], str]) -> list[Group]:
    """Gather the groups of like operators under what they share; longest first."""
    members: dict[str, list[Group]] = defaultdict(list)
    for group in digest.operators:
        members[key(group)].append(group)
    sums = [digest.sum_rows([row for group in own for row in group.rows], name) for name, own in members.items()]
    return sorted(sums, key=lambda group: -group.time_seconds)


def _group(group: Group, name: str, digest: Digest, shown: Sequence[Column], rows: dict[int, int]) -> Json:
    drawn = plot.has_place(group)
    data: Json = {
        "name": name,
        "kind": group.kind,
        "bound": group.bound,
        "share": group.time_share,
        "radius": theme.radius(group.time_share),
        "rows": [rows[id(row)] for row in group.rows],
        "texts": [column.text(group, digest) for column in shown],
        "values": [column.value(group, digest) for column in shown],
    }
    one = group.rows[0]
    if all(row.name == one.name for row in group.rows):
        data |= {"module": module_pattern(group.rows), "phase": one.phase, "shapes": units.shapes(one.input_shapes)}
    inferred = next((row.inferred for row in group.rows if row.inferred), "")
    if inferred:
        data["inferred"] = inferred
    if drawn:
        level = plot.level_of(group, digest.device)
        data |= {
            "level": level,
            "x": {"binding": group.intensity(level), **{code: group.intensity(code) for code in MEMORY_LEVELS}},
            "y": group.achieved_flops_per_second,
            "roof": group.attainable_flops_per_second or None,
        }
        if digest.is_measured and digest.predicts and group.seconds:
            data["predicted"] = group.flops / group.seconds
    return data


def _roofs(device: DeviceCeilings, digests: Sequence[Digest]) -> Iterable[Json]:
    """Return the ceilings of a device: for each view of memory levels the two places between which it is drawn.

    A slanted roof ends at the highest flat one; a flat one begins at the roof of the level, or of the fastest memory.
    """
    drawing = plot.build_plot([digest for digest in digests if digest.device.name == device.name])
    flat = [roof.per_second for roof in drawing.roofs if not roof.is_memory]
    bandwidths = device.memory_bytes_per_second
    fastest = max(bandwidths.values(), default=0.0)
    low, high = _FAR
    for roof in drawing.roofs:
        top = max(flat, default=high * roof.per_second)
        ends = {
            view: (
                ((low, low * roof.per_second), (top / roof.per_second, top))
                if roof.is_memory
                else (
                    (share(roof.per_second, bandwidths.get(view, fastest)) or low, roof.per_second),
                    (high, roof.per_second),
                )
            )
            for view in ("binding", *MEMORY_LEVELS)
        }
        label = captions.roof_label(drawing, roof, digests)
        yield {"code": roof.ceiling, "label": label, "memory": roof.is_memory, "ends": ends}


def _limits(reports: Sequence[Json], digests: Sequence[Digest]) -> Json:
    """Return the least and most of both axes: of what takes notable time, at every level, and of the flat roofs."""
    groups = [group for report in reports for group in report["groups"]["operator"] if "y" in group]
    matter = [group for group in groups if group["share"] >= _MATTERS] or groups
    xs = [x for group in matter for x in group["x"].values() if x]
    ys = [y for group in matter for y in (group["y"], group["roof"], group.get("predicted")) if y]
    for digest in digests:
        peaks = [digest.device.peak_flops_per_second[engine] for engine in digest.shown_engines]
        ys += peaks
        xs += [peak / bandwidth for peak in peaks for bandwidth in digest.device.memory_bytes_per_second.values()]
    return {"x": _around(xs), "y": _around(ys)}


def _around(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=1.0), max(values, default=10.0)
    return max(low, high * 1e-9) * _MARGINS[0], high * _MARGINS[1]
