"""The notebook of the documentation runs, and shows what it promises."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from tests.source_tree import ROOT

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Run the notebook with this Python, in an empty folder."""
    from jupyter_client import AsyncKernelManager

    notebook = nbformat.read(ROOT / "docs" / "python.ipynb", as_version=4)
    manager = AsyncKernelManager(kernel_name="python3")
    manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    folder = str(tmp_path_factory.mktemp("notebook"))
    client = nbclient.NotebookClient(notebook, km=manager, timeout=500, resources={"metadata": {"path": folder}})
    client.execute(env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert os.listdir(folder) == []
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_every_cell_shows_what_it_is_for(cells: list[Any]) -> None:
    shown = [{kind for output in cell.outputs for kind in output.get("data", {"stream": ""})} for cell in cells]

    for place, kind in (
        *((0, "text/html"), (1, "stream"), (2, "image/png"), (3, "image/png"), (4, "text/html")),
        *((5, "text/markdown"), (6, "text/html"), (7, "image/png")),
    ):
        assert kind in shown[place], place
    assert all(output.output_type != "error" for cell in cells for output in cell.outputs)


def test_nothing_is_said_beside_what_was_asked(cells: list[Any]) -> None:
    told = [output.text for cell in cells for output in cell.outputs if output.output_type == "stream"]

    assert len(told) == 1
    assert told[0].startswith("<Report Matcher, train, batch 64")
