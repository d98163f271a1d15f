"""memprof gallery: a folder of pages, a model on a device each, with an index that compares them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from memprof.analysis.asking import Asked, ask
from memprof.commands.analysing import analyse_layouts
from memprof.commands.asking import RESOLUTION, batch_size_option
from memprof.commands.naming import devices_option, split_models
from memprof.commands.options import (
    choose_folder,
    complete_models,
    host_options,
    layout_option,
    precision_option,
    stack_option,
)
from memprof.vocabulary import PHASES, TRAIN

if TYPE_CHECKING:
    from memprof.analysis.asking import Resolution
    from memprof.devices.record import Device
    from memprof.report.record import Report
    from memprof.whatif.gallery import Exhibit, Gallery
    from memprof.whatif.story import Story

_DEVICES = ("a100", "h100", "l4", "rtx-4090")
_INDEX = "gallery"


@click.command()
@click.argument("folder", type=click.Path(), metavar="DIR", callback=choose_folder)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_models,
    help="A model, named as for `memprof roofline`. Repeat for several. Default: the zoo.",
)
@devices_option(_DEVICES)
@host_options
@stack_option
@precision_option
@batch_size_option
@click.option("--resolution", type=RESOLUTION, metavar="PIXELS|HxW", help="Default: each model's own, mostly 224.")
@layout_option
def command(
    folder: Path,
    models: tuple[str, ...],
    names: tuple[str, ...],
    host: str,
    stack: str,
    precision: str | None,
    batch_size: int | None,
    resolution: Resolution,
    layout: str,
) -> None:
    """Write a site of plain files into DIR: models x devices, a page each, and an index that compares them.

    The index sorts and narrows, its figures lead to the pages, and it tells the story of the depthwise convolution in
    five pictures. Run it again to go on where it was ended: pages that are there, with the same settings and by the
    same memprof, stay. Times are predicted; no GPU is needed.
    """
    from memprof import devices
    from memprof.commands.output import echo
    from memprof.files import check_writable
    from memprof.models import canonical_name, list_models

    targets = list({(device := devices.get(name)).name: device for name in names}.values())
    named = [name for text in models for name in split_models(text)] or list(list_models())
    chosen = tuple(dict.fromkeys(map(canonical_name, named)))
    check_writable(folder, "name another folder")
    asked = ask((), resolution, batch_size)
    site = _Site(folder, asked, targets, layout, precision, host, stack)
    gallery, kept = site.begin()
    written = 0
    for position, model in enumerate(chosen):
        gallery, pages = site.add(gallery, model, f" ({position + 1} of {len(chosen)})")
        written += pages
    site.finish(gallery)
    echo(f"Written: {folder / 'index.html'}, {written} pages{f'; {kept} were there' if kept else ''}\n")


@dataclass(frozen=True, slots=True)
class _Site:
    """A folder of pages, and under which settings they are made."""

    folder: Path
    asked: Asked
    targets: Sequence[Device]
    layout: str
    precision: str | None
    host: str
    stack: str

    def settings(self) -> dict[str, str]:
        """Return what all pages have in common, by name; a page made under others is made again."""
        from memprof._version import COST_MODEL, __version__
        from memprof.vocabulary import TODAYS_STACK
        from memprof.workload import DEFAULT_BATCH_SIZE

        return {
            "batch size": str(self.asked.batch_size or DEFAULT_BATCH_SIZE),
            "resolution": str(self.asked.resolution or "each model's own"),
            "precision": self.precision or "tf32 where the device has it, else fp32",
            "layout": self.layout,
            "host": self.host,
            "stack": self.stack or TODAYS_STACK,
            "memprof": f"{__version__}, cost model {COST_MODEL}",
        }

    def begin(self) -> tuple[Gallery, int]:
        """Return the gallery that the folder holds under these settings, and how many pages that are."""
        from memprof.whatif.gallery import SCHEMA, Gallery

        empty = Gallery(SCHEMA, self.settings(), ())
        there = self._read()
        if there is None or there.settings != empty.settings:
            return empty, 0
        exhibits = tuple(item for item in there.exhibits if (self.folder / item.file).is_file())
        return replace(there, exhibits=exhibits), len(exhibits)

    def _read(self) -> Gallery | None:
        """Return what the folder's gallery.json holds, None where it is none of this memprof's."""
        from memprof.errors import ReportError
        from memprof.files import read_document
        from memprof.reports import saved

        try:
            content = read_document(self.folder / f"{_INDEX}.json")
            gallery: Gallery = saved.load(content, saved.KINDS["memprof.gallery"])
        except ReportError:
            return None
        return gallery

    def add(self, gallery: Gallery, model: str, done: str) -> tuple[Gallery, int]:
        """Analyse what the gallery lacks of a model, and write its pages and the index together; or neither."""
        from memprof.whatif.gallery import add

        there = {item.place for item in gallery.exhibits}
        missing = [
            device for device in self.targets if any((model, device.name, phase) not in there for phase in PHASES)
        ]
        if not missing:
            return gallery, 0
        pages: dict[str, bytes] = {}
        exhibits: list[Exhibit] = []
        for reports in self._analyse(model, missing, PHASES, done):
            for report in reports:
                exhibits.append(self._page(report, model, pages))
        grown = add(gallery, exhibits)
        self._write(grown, pages)
        return grown, len(pages)

    def finish(self, gallery: Gallery) -> None:
        """Tell the story, where that is not told yet of these devices, and write the index."""
        story = gallery.story
        told = {item.device_title for item in story.devices} if story else set()
        if not {device.title for device in self.targets} <= told:
            story = self._story()
        self._write(replace(gallery, story=story), {})

    def _page(self, report: Report, model: str, pages: dict[str, bytes]) -> Exhibit:
        """Make the page of a report and return what the index says of it."""
        from memprof.commands.output import progress
        from memprof.reports.report import WRITERS
        from memprof.whatif.gallery import exhibit

        words = (model, report.device.name, report.workload.phase)
        file = "-".join(re.sub(r"[^A-Za-z0-9_.]+", "-", word) for word in words) + ".html"
        while file in pages:
            file = f"again-{file}"
        with progress(f"writing {file}"):
            pages[file] = WRITERS.render([report], "html")
        return exhibit(report, model, file)

    def _write(self, gallery: Gallery, pages: dict[str, bytes]) -> None:
        from memprof.files import write_files
        from memprof.reports.gallery import WRITERS

        write_files(self.folder, {**pages, **WRITERS.files(gallery, WRITERS.names, _INDEX)}, "name another folder")

    def _analyse(self, model: str, targets: Sequence[Device], phases: Sequence[str], done: str) -> list[list[Report]]:
        return analyse_layouts(
            model,
            targets,
            phases,
            self.layout,
            asked=self.asked,
            precision=self.precision,
            host=self.host,
            stack=self.stack,
            done=done,
        )

    def _story(self) -> Story:
        """Analyse what the story is of: both models in training on every device, other kernels on the first."""
        from memprof.whatif.story import AGAINST, KERNELS, MODEL, tell

        done = ", for the story of the depthwise convolution"
        ours, theirs = (
            [reports[0] for reports in self._analyse(name, self.targets, (TRAIN,), done)] for name in (MODEL, AGAINST)
        )
        kernels = {
            size: self._analyse(f"{MODEL}:kernel={size}", self.targets[:1], (TRAIN,), done)[0][0] for size in KERNELS
        }
        return tell(ours, theirs, kernels)
