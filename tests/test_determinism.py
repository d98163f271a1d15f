"""The same command writes the same bytes, whatever the seed of hashes, language, time zone, threads and folder."""

from __future__ import annotations

from pathlib import Path

from tests.command_line import memprof

SETTINGS = (
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Pacific/Kiritimati", "OMP_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "de_DE.UTF-8", "TZ": "America/Los_Angeles", "OMP_NUM_THREADS": "2"},
)


def test_every_format_is_the_same_to_the_byte(tmp_path: Path) -> None:
    found = []
    for folder, settings in zip((tmp_path / "one", tmp_path / "two" / "deeper"), SETTINGS, strict=True):
        folder.mkdir(parents=True)
        models = ("--model", "inceptionnext_t", "--model", "resnet18", "--batch-size", "2", "--phase", "train")
        formats = ("--format", "json,html,csv,md,png,svg,pdf", "--output", "out")
        done = memprof("roofline", *models, *formats, cwd=folder, **settings)
        assert (done.code, done.err) == (0, "")
        found.append({path.name: path.read_bytes() for path in (folder / "out").iterdir()})
    assert len(found[0]) == 7
    assert found[0].keys() == found[1].keys()
    assert [name for name in found[0] if found[0][name] != found[1][name]] == []
