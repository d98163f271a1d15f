"""A model at many batch sizes: few simulations, and the same reports as one by one."""

from __future__ import annotations

import json
from dataclasses import replace

from memprof import analyze, devices
from memprof.analysis.batches import analyze_batches
from memprof.report.record import Memory

SMALL = {"resolution": 64, "phase": "train"}


def test_reports_are_those_of_single_analyses_though_few_are_simulated():
    found = analyze_batches("resnet18", "a100", (1, 2, 4, 8, 16, 32), **SMALL)

    assert found.simulated == (1, 2, 4, 32)
    assert found.reports[4] == analyze("resnet18", batch_size=16, **SMALL)
    assert [report.workload.batch_size for report in found.reports] == [1, 2, 4, 8, 16, 32]


def test_the_largest_batch_that_fits_is_found_to_the_image():
    largest = analyze_batches("resnet18", "t4", (8, 16, 24), **SMALL).largest_fitting

    assert largest is not None
    at, above = (analyze("resnet18", device="t4", batch_size=size, **SMALL).memory for size in (largest, largest + 1))
    assert (at.fits, above.fits) == (True, False)
    assert isinstance(at, Memory)


def test_where_nothing_fits_the_largest_is_none(tmp_path):
    a100 = devices.get("a100")
    figures = {**a100.figures, "dram_capacity_bytes": replace(a100.figures["dram_capacity_bytes"], value=1e6)}
    tiny = tmp_path / "tiny.json"
    tiny.write_text(json.dumps(replace(a100, name="tiny", aliases=(), figures=figures).as_dict()))
    found = analyze_batches("resnet18", tiny, (1, 2, 4), **SMALL)

    assert found.largest_fitting == 0
    assert [report.memory.fits for report in found.reports] == [False] * 3


def test_a_batch_that_cannot_be_trained_on_is_left_out():
    # 32 pixels leave a single value per channel to the last batch norms
    found = analyze_batches("resnet18", "a100", (1, 2, 4), resolution=32, phase="train")

    assert [report.workload.batch_size for report in found.reports] == [2, 4]
    assert "batch 1 is left out" in found.remarks[0].message
    assert "take a larger batch" in found.remarks[0].remedy


def test_a_users_inputs_are_taken_in_every_batch_size(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(
        "import torch\nfrom torch import nn\n"
        "class Net(nn.Linear):\n    def __init__(self): super().__init__(6, 2)\n"
        "def example_inputs(): return torch.zeros(3, 6)\n"
    )
    monkeypatch.chdir(tmp_path)
    found = analyze_batches("net.py:Net", "a100", (3, 6, 9, 12))

    assert [report.workload.inputs for report in found.reports] == ["3x6", "6x6", "9x6", "12x6"]
    assert [report.totals.flops for report in found.reports] == [2 * size * 6 * 2 + size * 2 for size in (3, 6, 9, 12)]
