"""memprof roofline --what-if: what the page that it writes can switch."""

from __future__ import annotations

import pytest

from tests.command_line import memprof


@pytest.mark.parametrize(("names", "devices"), [("devices", True), ("none", False)])
def test_a_page_switches_what_was_asked_for(tmp_path, names, devices):
    result = memprof("roofline", "resnet50", "--format", "html", "--what-if", names, cwd=tmp_path)
    assert result.code == 0, result.err
    page = (tmp_path / "memprof-report" / "report.html").read_text(encoding="utf-8")
    assert ('id="device-choice"' in page) is devices
    assert 'id="batch-choice"' not in page
    assert 'id="no-devices"' not in page


def test_what_cannot_be_switched_is_told(tmp_path):
    assert "none, devices, precision, batch" in memprof("roofline", "resnet50", "--what-if", "host", cwd=tmp_path).error
