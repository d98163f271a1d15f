"""Files are written all or none, and what was there before stays where that fails."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from memprof.errors import OutputError, ReportError
from memprof.files import check_writable, read_file, read_reports, update_file, write_files
from memprof.report.reading import dump_reports
from tests.reports import sample

NEW = {"a.txt": b"new a", "b.txt": b"new b", "c.txt": b"new c"}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def fail_at(monkeypatch: pytest.MonkeyPatch, method: str, when: Callable[[Path], bool], error: BaseException) -> None:
    """Make a method of Path raise `error` for the paths that `when` picks."""
    real = getattr(Path, method)

    def stand_in(path: Path, *arguments: object) -> object:
        if when(path):
            raise error
        return real(path, *arguments)

    monkeypatch.setattr(Path, method, stand_in)


def test_files_are_written_into_a_new_folder_and_over_old_ones(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    paths = write_files(folder, NEW)
    assert paths == [folder / "a.txt", folder / "b.txt", folder / "c.txt"]
    assert content(folder) == NEW
    write_files(folder, {"b.txt": b"newer"})
    assert content(folder) == {**NEW, "b.txt": b"newer"}


def test_files_have_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        (path,) = write_files(tmp_path / "new", {"a.txt": b""})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "ctrl-c"])
def test_a_failed_write_leaves_everything_as_it_was(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = {"a.txt": b"old a", "other.txt": b"other"}
    for name, text in old.items():
        (tmp_path / name).write_bytes(text)
    fail_at(monkeypatch, "write_bytes", lambda path: path.name == "c.txt", error)
    for folder in (tmp_path, tmp_path / "new" / "deep"):
        with pytest.raises((OutputError, KeyboardInterrupt)) as raised:
            write_files(folder, NEW)
    if isinstance(error, OSError):
        assert str(raised.value) == (
            f"cannot write into {tmp_path / 'new' / 'deep'}: No space left on device; "
            "free some space or name another folder with --output"
        )
    assert content(tmp_path) == old


@pytest.mark.parametrize("stuck", ["a.txt", "b.txt", "c.txt"])
@pytest.mark.parametrize("old", [{}, {"a.txt": b"old a"}, {"b.txt": b"old b"}, dict.fromkeys(NEW, b"old")])
def test_a_file_that_cannot_be_moved_takes_the_others_back(
    old: dict[str, bytes], stuck: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in old.items():
        (tmp_path / name).write_bytes(text)
    fail_at(
        monkeypatch,
        "replace",
        lambda path: path.name == stuck and path.parent.name == "new",
        OSError(5, "Input/output error"),
    )
    with pytest.raises(OutputError, match="Input/output error"):
        write_files(tmp_path, NEW)
    assert content(tmp_path) == old


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutputError, match=r"b\.txt: it is a folder; remove it"):
        write_files(tmp_path, NEW)
    assert os.listdir(tmp_path) == ["b.txt"]


def test_a_folder_that_somebody_used_meanwhile_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new"
    fail_at(monkeypatch, "write_bytes", lambda path: not (folder / "theirs").touch(), OSError(5, "Input/output error"))
    with pytest.raises(OutputError):
        write_files(folder, NEW)
    assert os.listdir(folder) == ["theirs"]


def test_writing_works_in_other_threads(tmp_path: Path) -> None:
    thread = threading.Thread(target=write_files, args=(tmp_path, NEW))
    thread.start()
    thread.join()
    assert content(tmp_path) == NEW


def test_a_folder_is_checked_and_left_as_it_is(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match="file is not a folder"):
            check_writable(folder)


def test_the_remedy_is_what_the_command_can_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file is not a folder; name another folder with --output$"):
        check_writable(tmp_path / "file")
    with pytest.raises(OutputError, match=r"file is not a folder; take --csv$"):
        check_writable(tmp_path / "file", "take --csv")
    with pytest.raises(OutputError, match=r"file: .*; free some space or take --csv$"):
        write_files(tmp_path / "file", NEW, "take --csv")
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(OutputError, match=r"it is a folder; remove it or take --csv$"):
        write_files(tmp_path, NEW, "take --csv")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="only Linux has a folder that nobody can write into")
def test_a_folder_that_refuses_files_is_found_out() -> None:
    with pytest.raises(OutputError, match="cannot write into /proc/memprof"):
        check_writable(Path("/proc/memprof"))


def test_reports_are_read_and_their_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    found = (sample.sample(), sample.sample())
    path.write_text(dump_reports(found), encoding="utf-8")
    assert read_reports(path) == found
    path.write_text(dump_reports(found)[:-10], encoding="utf-8")
    with pytest.raises(ReportError, match=r"report\.json: not a memprof report"):
        read_reports(path)


def test_a_reader_finds_every_file_whole_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = {name: f"old {name}".encode() for name in NEW}
    write_files(tmp_path, old)
    seen: list[bool] = []

    def look(path: Path) -> bool:
        found = [(tmp_path / name).read_bytes() for name in NEW]
        assert all(text in (old[name], NEW[name]) for name, text in zip(NEW, found, strict=True))
        seen.append(found == list(NEW.values()))
        return False

    for method in ("mkdir", "touch", "hardlink_to", "replace", "rename", "unlink"):
        fail_at(monkeypatch, method, look, OSError())
    write_files(tmp_path, NEW)
    assert len(seen) > len(NEW)
    assert seen[-1], "at the last step, all are new"


def test_writers_at_the_same_time_leave_the_files_of_one_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    contents = [{name: f"{name} of {number}".encode() * 1000 for name in NEW} for number in range(8)]
    failures: list[BaseException] = []

    def write(mine: dict[str, bytes]) -> None:
        try:
            for _ in range(5):
                write_files(folder, mine)
                assert {name: read_file(folder / name) for name in NEW}.keys() == NEW.keys()
        except (OutputError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(mine,)) for mine in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert content(folder) in contents


def test_a_file_is_updated_by_one_at_a_time(tmp_path: Path) -> None:
    link = tmp_path / "link.txt"
    link.symlink_to("count.txt")

    def count(before: bytes | None) -> bytes:
        return str(int(before or b"0") + 1).encode()

    threads = [threading.Thread(target=update_file, args=(link, count, "do what you can")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert link.is_symlink()
    assert content(tmp_path) == {"count.txt": b"8", "link.txt": b"8"}
