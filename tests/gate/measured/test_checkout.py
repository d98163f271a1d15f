"""A process imports the code of its own checkout, wherever that keeps it, and notices where it did not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from memprof.errors import ModelError
from memprof.gate.measured.checkout import check_imports, layout_of


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def run(code: str, *arguments: str, path: Path | None = None) -> str:
    """Run code in a fresh Python, in which `enter` may do as it likes, and return what it prints."""
    first = f"import sys\nsys.path.insert(0, {str(path)!r})\n" if path else ""
    done = subprocess.run(
        [sys.executable, "-P", "-c", first + code, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


ENTER = """
import sys
from pathlib import Path
import memprof.errors
from memprof.gate.measured.checkout import check_imports, enter

enter(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
"""


def test_a_plain_checkout_is_searched_itself(tmp_path: Path):
    layout = layout_of(tmp_path)
    assert (layout.folders, dict(layout.packages)) == ((tmp_path,), {})


def test_a_source_folder_comes_first(tmp_path: Path):
    write(tmp_path / "src" / "pkg" / "__init__.py")
    assert layout_of(tmp_path).folders == (tmp_path / "src", tmp_path)
    assert layout_of(tmp_path).has("pkg")
    assert not layout_of(tmp_path).has("other")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[options]\npackage_dir =\n    = lib\n    pkg.parts = parts\n    pkg.gone = gone\n"),
        ("pyproject.toml", '[tool.setuptools.package-dir]\n"" = "lib"\n"pkg.parts" = "parts"\n"pkg.gone" = "gone"\n'),
    ],
)
def test_what_setuptools_is_told_of_folders_counts(tmp_path: Path, name: str, text: str):
    write(tmp_path / name, text)
    write(tmp_path / "lib" / "pkg" / "__init__.py")
    write(tmp_path / "parts" / "__init__.py")
    layout = layout_of(tmp_path)

    assert layout.folders == (tmp_path / "lib", tmp_path)
    assert dict(layout.packages) == {"pkg.parts": tmp_path / "parts"}


@pytest.mark.parametrize("name", ["setup.cfg", "pyproject.toml"])
@pytest.mark.parametrize("text", ["[options", "tool = 3", "\x00", "[tool]\nsetuptools = 3\n"])
def test_a_configuration_that_says_nothing_is_passed_over(tmp_path: Path, name: str, text: str):
    write(tmp_path / name, text)
    assert layout_of(tmp_path).folders == (tmp_path,)


def test_packages_are_those_of_the_own_checkout(tmp_path: Path):
    for side in ("base", "head"):
        write(tmp_path / side / "src" / "pkg" / "__init__.py", f"SIDE = {side!r}\n")
        write(tmp_path / side / "parts" / "__init__.py", f"SIDE = {side!r}\n")
        write(tmp_path / side / "parts" / "more.py", f"SIDE = {side!r}\n")
        write(tmp_path / side / "setup.cfg", "[options]\npackage_dir =\n    =src\n    pkg.parts=parts\n")
    code = ENTER + "import pkg, pkg.parts, pkg.parts.more\nprint(pkg.SIDE, pkg.parts.SIDE, pkg.parts.more.SIDE)"

    # The head's folder is on the path, as after `pip install -e`.
    head = tmp_path / "head"
    assert run(code, str(tmp_path / "base"), str(head), path=head / "src") == "base base base"
    assert run(code, str(head), path=head / "src") == "head head head"


def test_a_folder_of_the_head_on_the_path_has_its_counterpart(tmp_path: Path):
    for side in ("base", "head"):
        write(tmp_path / side / "python" / "pkg.py", f"SIDE = {side!r}\n")
    code = ENTER + "import pkg\nprint(pkg.SIDE)"
    arguments = [str(tmp_path / "base"), str(tmp_path / "head")]
    assert run(code, *arguments, path=tmp_path / "head" / "python") == "base"


def test_an_environment_within_the_checkout_stays_on_the_path(tmp_path: Path):
    installed = tmp_path / "head" / ".venv" / "lib" / "site-packages"
    write(installed / "library.py")
    write(tmp_path / "base" / "net.py")
    code = ENTER + "import library\ncheck_imports(*map(Path, sys.argv[1:]))\nprint('fine')"
    assert run(code, str(tmp_path / "base"), str(tmp_path / "head"), path=installed) == "fine"


def test_memprof_measures_its_own_zoo_of_either_side(tmp_path: Path):
    write(
        tmp_path / "setup.cfg", "[options]\npackage_dir =\n    memprof = memprof\n    memprof.operators = operators\n"
    )
    write(tmp_path / "memprof" / "__init__.py")
    write(tmp_path / "memprof" / "models" / "__init__.py", "def create_model(name):\n    return name.upper()\n")
    write(tmp_path / "operators" / "__init__.py", "OURS = True\n")
    code = ENTER + (
        "from memprof.models import create_model\nimport memprof.operators\n"
        "print(create_model('net'), memprof.operators.OURS, enter.__module__)"
    )
    assert run(code, str(tmp_path)) == "NET True memprof.gate.measured.checkout"


def test_elsewhere_memprof_stays_the_one_that_runs(tmp_path: Path):
    code = ENTER + "before = sys.modules['memprof.errors']\nimport memprof.errors\nprint(memprof.errors is before)"
    assert run(code, str(tmp_path)) == "True"


def test_code_of_the_other_side_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    base, head = tmp_path / "base", tmp_path / "head"
    module = ModuleType("stray")
    module.__file__ = str(head / "package" / "stray.py")
    monkeypatch.setitem(sys.modules, "package.stray", module)

    with pytest.raises(ModelError, match=r"package was imported from .*the code of today, not of the base"):
        check_imports(base, head)
    check_imports(head, None)  # the head may
    check_imports(head / "package", head)  # so may a base that lies within the head
