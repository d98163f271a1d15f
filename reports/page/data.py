"""What the page's scripts show beside the embedded report: which operators belong together, and what they are called.

Sums, shares and texts of operators' figures are made by the scripts, of the report's own rows, so that they follow a
switch of the device; tests hold them against Python's. An operator is named by its index in the embedded report, so
that a choice in one view finds the same operators in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from memprof import words
from memprof.report.digest import Digest
from memprof.report.elsewhere import Elsewhere
from memprof.report.groups import Group, module_pattern
from memprof.report.record import OperatorRow
from memprof.reports.page import colors, elsewhere, scenes, tree
from memprof.reports.page.columns import columns, first
from memprof.reports.parts import cells, theme
from memprof.reports.roofline import captions, svg
from memprof.vocabulary import ENGINES, ISSUE, LATENCY, MEMORY_LEVELS, WAITING

Json = dict[str, Any]
_MARK = 100.0
"""The radius of a mark's outline; the scripts scale it."""
_BOUNDS = (*MEMORY_LEVELS, *ENGINES, ISSUE, LATENCY, *WAITING)


def page_data(
    digests: Sequence[Digest],
    others: Sequence[Sequence[Elsewhere]] = (),
    words_of: Callable[[Sequence[Digest]], Json] = lambda _: {},
) -> Json:
    """Return everything that the scripts need beyond the reports themselves.

    `others` are each report elsewhere, `words_of` says what the page tells of reports there.
    """
    shown = columns(digests)
    bounds = tuple(dict.fromkeys((*(group.name for digest in digests for group in digest.bounds), *_BOUNDS)))
    families = dict.fromkeys(digest.device.family for digest in digests)
    families |= dict.fromkeys(item.report.device.family for own in others for item in own)
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
        "waits": [*WAITING, ISSUE, LATENCY],
        "radius": theme.RADIUS,
        "kinds": {
            kind: colors.kind_class(kind) for digest in digests for kind in (group.name for group in digest.kinds)
        },
        "bounds": {
            code: [
                colors.bound_class(code),
                {family: (words.short_bound(code, family), cells.bound_name(code, family)) for family in families},
            ]
            for code in bounds
        },
        "yAxis": captions.y_axis(digests),
        "home": (digests[0].report.workload.precision, digests[0].report.workload.batch_size),
        "scenes": [scenes.scene(digests), *elsewhere.scenes_of(digests, others, bounds, words_of)],
        "reports": [_report(index, digest) for index, digest in enumerate(digests)],
    }


def _report(index: int, digest: Digest) -> Json:
    rows = {id(row): place for place, row in enumerate(digest.report.operators)}

    def groups(members: Iterable[Group], name: Callable[[Group], str]) -> list[Json]:
        return [{"name": name(group), "rows": [rows[id(row)] for row in group.rows]} for group in members]

    def gathered(key: Callable[[Group], str]) -> list[Json]:
        members: dict[str, list[OperatorRow]] = defaultdict(list)
        for group in digest.operators:
            members[key(group)].extend(group.rows)
        return [{"name": code, "rows": sorted(rows[id(row)] for row in own)} for code, own in members.items()]

    return {
        "label": digest.label,
        "mark": svg.outline(theme.mark(index), 0, 0, _MARK),
        "time": digest.time.name,
        "measured": digest.is_measured,
        "predicts": digest.predicts,
        "groups": {
            "operator": [_operator(group, rows) for group in digest.operators],
            "module": groups(digest.modules, lambda group: group.name),
            "kind": groups(digest.kinds, lambda group: group.name),
        },
        "parents": {
            "kind": gathered(lambda group: group.kind),
            "module": gathered(_module_of(digest)),
            "phase": gathered(lambda group: group.rows[0].phase),
        },
        "tree": tree.nodes(digest, rows),
    }


def _operator(group: Group, rows: dict[int, int]) -> Json:
    """Return a group of like operators: its name, and its module where that is not the one of its only row."""
    one = group.rows[0]
    data: Json = {"name": cells.marked(words.drop_phase(words.operator(one.name)), group)}
    data["rows"] = [rows[id(row)] for row in group.rows]
    if len(group.rows) > 1:
        data["module"] = module_pattern(group.rows)
    inferred = next((row.inferred for row in group.rows if row.inferred), "")
    return data | {"inferred": inferred} if inferred else data


def _module_of(digest: Digest) -> Callable[[Group], str]:
    """Return which module a group of like operators belongs to, as deep as the report's modules are told apart."""
    depth = max((group.name.count(".") + 1 for group in digest.modules), default=1)
    return lambda group: ".".join(module_pattern(group.rows).split(".")[:depth]) or "(model)"
