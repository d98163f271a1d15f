"""The configuration: the three files that may hold it, what it may say, and adding it without touching the rest."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from memprof.errors import GateError
from memprof.gate.beginning import begin, place_for_config
from memprof.gate.config import GateConfig, config_of, find_config, load_config

SECTIONS = {
    "memprof.toml": 'models = ["resnet50", "net.py:build"]\nphases = "train"\nbatch_sizes = [1, 8]\n'
    'seconds = "+3 %"\nlaunches = 2\n',
    "pyproject.toml": '[project]\nname = "x"\n\n[tool.memprof]\nmodels = ["resnet50", "net.py:build"]\n'
    'phases = ["train"]\nbatch_sizes = [1, 8]\nseconds = "+3 %"\nlaunches = "+2"\n\n[tool.other]\nx = 1\n',
    "setup.cfg": "[metadata]\nname = x\n\n[memprof]\nmodels =\n    resnet50\n    net.py:build\nphases = train\n"
    "batch_sizes = 1, 8\nseconds = +3 %\nlaunches = +2\n\n[other]\nx = 50%\n",
}


def config(text: str, name: str = "memprof.toml") -> GateConfig:
    return config_of(Path(name), text)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_each_file_may_say_the_same(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text(SECTIONS[name])
    found = load_config(path)
    assert found.models == ("resnet50", "net.py:build")
    assert found.phases == ("train",)
    assert found.batch_sizes == (1, 8)
    assert found.devices == ("a100",)
    assert (found.budgets["seconds"].text, found.budgets["launches"].text) == ("+3 %", "+2")
    assert found.budgets["coverage"].text == "-0"
    assert found.baseline == tmp_path / "memprof-baseline.json"
    assert path.read_text().splitlines()[found.line - 1] in (
        "[memprof]",
        "[tool.memprof]",
        SECTIONS[name].split("\n")[0],
    )


@pytest.mark.parametrize("header", ["[memprof]\n", "[tool.memprof]\n", ""])
def test_a_file_of_its_own_may_have_a_header(header: str):
    assert config(f'{header}models = ["resnet50"]\n').models == ("resnet50",)


def test_a_models_options_keep_their_commas():
    text = "[memprof]\nmodels = inceptionnext_t:band_kernel=7,kernel=5, resnet50\n"
    assert config(text, "setup.cfg").models == ("inceptionnext_t:band_kernel=7,kernel=5", "resnet50")


def test_the_baseline_lies_beside_the_configuration_or_where_that_says():
    assert config('models = "resnet50"\n', "ci/memprof.toml").baseline == Path("ci/memprof-baseline.json")
    named = config('models = "resnet50"\nbaseline = "../perf/base.json"\n', "ci/memprof.toml")
    assert named.baseline == Path("ci/../perf/base.json")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no section of memprof"),
        ("phases = 'train'", "it names no model"),
        ("models = []", "models is empty"),
        ("models = 3", "write a list of names"),
        ("models = ['resnet50', 3]", "write a list of names"),
        ("models = 'resnet50'\nsecnds = '+2 %'", "unknown key 'secnds'; did you mean seconds"),
        ("models = 'resnet50'\nphase = 'train'", "did you mean phases"),
        ("models = 'resnet50'\nphases = 'trian'", "did you mean train"),
        ("models = 'resnet50'\nlayouts = 'nhwc'", "unknown 'nhwc'"),
        ("models = 'resnet50'\nprecisions = 'tf23'", "did you mean tf32"),
        ("models = 'resnet50'\nbatch_sizes = 'many'", "write whole numbers"),
        ("models = 'resnet50'\nbatch_sizes = [1.5]", "write whole numbers"),
        ("models = 'resnet50'\nbatch_sizes = true", "write whole numbers"),
        ("models = 'resnet50'\nbatch_sizes = []", "write whole numbers"),
        ("models = 'resnet50'\nbaseline = ''", "write a file name"),
        ("models = 'resnet50'\nresolutions = '512x'", "write pixels a side, or height and width"),
        ("models = 'resnet50'\ninputs = 3", "write shapes"),
        ("models = 'resnet50'\nseconds = '-2 %'", "wrong sign"),
        ("models = 'resnet50'\nseconds = true", "the budget seconds is True"),
        ("models = 'resnet50'\nseconds = ['+2 %']", "the budget seconds is"),
        ("models = ", "cannot read memprof.toml"),
        ("memprof = 3", "is no table"),
    ],
)
def test_what_it_cannot_mean_is_told(text: str, says: str):
    with pytest.raises(GateError) as caught:
        config(text)
    assert says in str(caught.value)
    assert "memprof.toml" in str(caught.value) or "table" in says


def test_the_nearest_folder_that_configures_memprof_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "setup.cfg").write_text("[metadata]\nname = x\n")
    (tmp_path / "setup.cfg").write_text(SECTIONS["setup.cfg"])
    monkeypatch.chdir(inner)
    assert find_config() == tmp_path / "setup.cfg"
    (inner / "pyproject.toml").write_text("this is [not toml, and never mentions it\n")
    assert find_config() == tmp_path / "setup.cfg"
    (tmp_path / "a" / "memprof.toml").write_text(SECTIONS["memprof.toml"])
    assert find_config() == tmp_path / "a" / "memprof.toml"
    monkeypatch.chdir(tmp_path)
    assert find_config() == Path("setup.cfg")
    assert load_config().folder == tmp_path.resolve()


def test_two_in_one_folder_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("setup.cfg", "memprof.toml"):
        (tmp_path / name).write_text(SECTIONS[name])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GateError, match="both configure memprof"):
        find_config()


def test_none_is_told_with_what_writes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GateError, match="memprof gate init --model"):
        find_config()


def test_the_file_for_a_new_one_is_what_is_there(tmp_path: Path):
    assert place_for_config(tmp_path).name == "memprof.toml"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    assert place_for_config(tmp_path).name == "pyproject.toml"
    (tmp_path / "setup.cfg").write_text("[metadata]\n")
    assert place_for_config(tmp_path).name == "setup.cfg"
    (tmp_path / "pyproject.toml").write_text(SECTIONS["pyproject.toml"])
    assert place_for_config(tmp_path).name == "pyproject.toml"


OTHERS = {
    "pyproject.toml": '# first\n[project]\nname = "x"  # kept\n\n[tool.ruff]\nline-length = 99\n\n\n',
    "setup.cfg": "# first\n[metadata]\nname = x\n; kept\n[tool:pytest]\naddopts =\n    -ra\n    --x=50%",
    "tox.ini": "[tox]\r\nenvlist = py311\r\n",
    "memprof.toml": "# only a remark\n",
    "new.toml": "",
}


@pytest.mark.parametrize("name", sorted(OTHERS))
@pytest.mark.parametrize("force", [False, True])
def test_a_section_is_added_and_nothing_else_changes(tmp_path: Path, name: str, force: bool):
    path = tmp_path / name
    if OTHERS[name]:
        path.write_bytes(OTHERS[name].encode())
    settings = {"phases": ("train",), "devices": ("a100", "t4"), "batch_sizes": (1,)}
    begun = begin(path, ["resnet50", "timm:x"], settings, None, force=force)
    kept = "" if name == "memprof.toml" and force else OTHERS[name].rstrip()
    assert begun.text.startswith(kept)
    assert begun.text.endswith("\n")
    assert ("\r\n" in begun.text) == ("\r\n" in OTHERS[name])
    assert begun.text.count("\n") == begun.text.count("\r\n") or "\r" not in begun.text
    found = begun.config
    assert (found.models, found.phases, found.devices) == (("resnet50", "timm:x"), ("train",), ("a100", "t4"))
    assert (found.batch_sizes, found.layouts, found.precisions) == ((1,), ("channels-last",), ())
    assert found == config_of(path, begun.text)


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_that_is_there_is_kept_unless_forced(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text(SECTIONS[name])
    with pytest.raises(GateError, match="already"):
        begin(path, ["convnext_t"], {}, None, force=False)
    begun = begin(path, ["convnext_t"], {}, None, force=True)
    assert begun.config.models == ("convnext_t",)
    assert begun.config.budgets["seconds"].text == "+2 %"
    assert "net.py" not in begun.text
    if name == "pyproject.toml":
        data = tomllib.loads(begun.text)
        assert (data["project"], data["tool"]["other"]) == ({"name": "x"}, {"x": 1})
    if name == "setup.cfg":
        assert begun.text.startswith("[metadata]\nname = x\n\n[other]\nx = 50%\n")


@pytest.mark.parametrize(
    "text", ["[tool]\nmemprof.models = ['a']\n", "tool = {memprof = {models = ['a']}}\n", "tool = {x = 1}\n", "x = [\n"]
)
def test_where_a_section_cannot_be_added_nothing_is(tmp_path: Path, text: str):
    path = tmp_path / "pyproject.toml"
    path.write_text(text)
    with pytest.raises(GateError, match=r"pyproject\.toml"):
        begin(path, ["resnet50"], {}, None, force=True)
    assert path.read_text() == text


def test_files_are_named_as_seen_from_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "ci").mkdir()
    (tmp_path / "gpu.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    settings = {"devices": ("gpu.json", "a100")}
    begun = begin(Path("ci/memprof.toml"), ["net.py:build", "pkg.nets:build"], settings, Path("base.json"), force=False)
    assert begun.config.models == ("../net.py:build", "pkg.nets:build")
    assert begun.config.devices == ("../gpu.json", "a100")
    assert begun.config.baseline == Path("ci/../base.json")


@pytest.mark.parametrize("name", ["setup.py", "config", "memprof.yaml"])
def test_other_kinds_of_files_are_refused(tmp_path: Path, name: str):
    with pytest.raises(GateError, match=r"must end in \.toml, \.cfg or \.ini"):
        begin(tmp_path / name, ["resnet50"], {}, None, force=False)


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("key", ["batch_sizes", "measured_batch_size", "seconds", "models", "baseline"])
def test_a_number_of_hundreds_of_digits_is_told(tmp_path: Path, key: str, digits: int):
    path = tmp_path / "memprof.toml"
    path.write_text(f"{key} = {'9' * digits}\n")
    with pytest.raises(GateError, match=r"memprof\.toml: "):
        load_config(path)
