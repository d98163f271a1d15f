"""What the page of a report can switch to, and the data that its scripts get for that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from markupsafe import Markup

from memprof.report.digest import Digest, digests
from memprof.report.elsewhere import Variation, WhatIf
from memprof.report.reading import dump_compactly
from memprof.reports.page.data import page_data
from memprof.reports.parts.harmless import json_escapes, show_hidden
from memprof.reports.report.page_words import page_words
from memprof.reports.writer import RenderOptions

_ALONE = (
    "On other devices: `memprof roofline` writes a page that shows them. A report alone does not hold what predicting "
    "another device takes."
)


@dataclass(frozen=True, slots=True)
class Switches:
    """The page's data, and what a reader can switch: of each the page's own first.

    `devices` are names and titles, `variations` the data that the page takes in other precisions and batch sizes;
    `alone` says why a page of predictions can switch nothing.
    """

    data: Markup | None = None
    devices: tuple[tuple[str, str], ...] = ()
    variations: tuple[Markup, ...] = ()
    precisions: tuple[str, ...] = ()
    batch_sizes: tuple[int, ...] = ()
    alone: str = ""


def switches(shown: Sequence[Digest], options: RenderOptions) -> Switches:
    """Return what the page of some reports can switch."""
    what_if = options.what_if() if options.what_if else WhatIf()
    data = page_data(shown, what_if.elsewhere, page_words)
    own = shown[0].report.workload
    choices = [(item.precision, item.batch_size) for item in what_if.variations]
    if choices:
        data["variations"] = choices
        choices = [(own.precision, own.batch_size), *choices]
    others = [(scene["name"], scene["title"]) for scene in data["scenes"][1:]]
    is_measured = any(digest.is_measured for digest in shown)
    return Switches(
        embed(_shown(data)),
        (("", shown[0].device.title), *others) if others else (),
        tuple(map(_variation, what_if.variations)),
        tuple(dict.fromkeys(precision for precision, _ in choices)),
        tuple(sorted({size for _, size in choices})),
        "" if is_measured or options.what_if else _ALONE,
    )


def _variation(item: Variation) -> Markup:
    """Return the data of a page of other reports, which the scripts take instead of the page's own."""
    own = digests(item.reports)
    data = page_data(own, item.elsewhere, page_words)
    data["scenes"][0]["words"] = page_words(own)
    return embed(f'{{"page":{_shown(data)},"report":{dump_compactly(item.reports)}}}')


def _shown(data: dict[str, Any]) -> str:
    return show_hidden(msgspec.json.encode(data).decode())


def embed(text: str) -> Markup:
    """Return JSON that may stand inside a script element: no character in it can end the element."""
    return Markup(json_escapes(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
