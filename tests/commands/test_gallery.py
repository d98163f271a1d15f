"""`memprof gallery` as people run it: a site of plain files, which goes on where it was ended."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.command_line import Outcome, memprof

SMALL = ("--batch-size", "2", "--resolution", "32", "--model", "resnet18", "--device", "a100", "--device", "t4")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("gallery")
    return folder, memprof("gallery", "site", *SMALL, cwd=folder)


def test_every_model_on_every_device_has_a_page_and_the_index_leads_there(site: tuple[Path, Outcome]) -> None:
    folder, done = site
    assert (done.code, done.out, done.err) == (0, "Written: site/index.html, 4 pages\n", "")
    index = (folder / "site" / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="([^"#]+\.html)"', index))
    assert links == {
        f"resnet18-{name}-{phase}.html" for name in ("a100-sxm4-40gb", "t4") for phase in ("infer", "train")
    }
    assert all((folder / "site" / link).is_file() for link in links)


def test_the_story_has_five_pictures_that_say_what_was_predicted(site: tuple[Path, Outcome]) -> None:
    folder, _ = site
    index = (folder / "site" / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<section id="story-(\d)">', index) == ["1", "2", "3", "4", "5"]
    story = json.loads((folder / "site" / "gallery.json").read_text())["story"]
    assert [item["size"] for item in story["kernels"]] == [3, 7, 11, 15, 23, 31]
    assert sum(item["time_share"] for item in story["shares"]) == pytest.approx(1.0)
    own = next(item for item in story["kernels"] if item["size"] == 7)  # ConvNeXt-T's own kernel
    assert own["seconds"] == pytest.approx(story["difference"]["seconds"], rel=1e-9)
    assert own["seconds"] == pytest.approx(story["devices"][0]["seconds"], rel=1e-9)
    bounds = story["levels"]["ceilings"]
    assert story["levels"]["roofline_seconds"] >= max(bounds["l1"], bounds["l2"]) * (1 - 1e-9)  # L2 may spare DRAM
    assert story["levels"]["seconds"] >= story["levels"]["roofline_seconds"]


def test_it_goes_on_where_it_was_ended_and_keeps_what_is_there(site: tuple[Path, Outcome]) -> None:
    folder, _ = site
    before = {path.name: path.read_bytes() for path in (folder / "site").iterdir()}
    (folder / "site" / "resnet18-t4-train.html").unlink()
    again = memprof("gallery", "site", *SMALL, cwd=folder)
    assert again.out == "Written: site/index.html, 2 pages; 3 were there\n"
    assert {path.name: path.read_bytes() for path in (folder / "site").iterdir()} == before


def test_mistakes_are_told_before_anything_is_analysed(tmp_path: Path) -> None:
    assert "unknown model" in memprof("gallery", "site", "--model", "resnet51", cwd=tmp_path).error
    assert "unknown device" in memprof("gallery", "site", "--device", "b1000", cwd=tmp_path).error
    (tmp_path / "file").touch()
    assert "is not a folder" in memprof("gallery", "file/site", "--model", "resnet18", cwd=tmp_path).error
