"""memprof open: show a page in the browser."""

from __future__ import annotations

from pathlib import Path

import click

_PAGES = ("index.html", "report.html")
"""What is opened of a folder that has several pages."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Open the page FILE in the browser; of a folder its index.html, report.html, or its only page.

    Nothing is served: the page is a file that asks nobody for anything. Where there is no browser, its path is printed.
    """
    import webbrowser

    from memprof.commands.output import echo

    page = _page(file).resolve()
    if webbrowser.open(page.as_uri()):
        echo(f"Opened: {page}\n")
    else:
        echo(f"There is no browser here. The page is {page}\n")


def _page(file: Path) -> Path:
    """Return the page that is meant; ReportError where there is none."""
    from memprof.errors import ReportError

    if not file.exists():
        raise ReportError(f"cannot open {file}: it does not exist", "name a page that memprof wrote: report.html")
    if file.is_dir():
        pages = sorted(path for path in file.iterdir() if path.suffix == ".html")
        chosen = [path for name in _PAGES for path in pages if path.name == name] or pages
        if not chosen or (len(chosen) > 1 and chosen[0].name not in _PAGES):
            names = ", ".join(path.name for path in pages[:5])
            what = f"several pages: {names}" if pages else "no page"
            raise ReportError(f"{file} has {what}", "name one" if pages else "write one with --format html")
        return chosen[0]
    if file.suffix != ".html":
        raise ReportError(f"{file} is no page", f"write one of a document's JSON: memprof render {file}")
    return file
