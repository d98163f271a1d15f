"""Models of timm, torchvision, modules and files: what works, and every way in which it can go wrong."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from memprof.errors import ModelError
from memprof.models import canonical_name, create_model, default_resolution

NET = """
from torch import nn
def build():
    return nn.Sequential(nn.Conv2d(3, WIDTH, 1), nn.Flatten())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change into an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def message_of(spec: str) -> str:
    with pytest.raises(ModelError) as error, torch.device("meta"):
        create_model(spec)
    assert error.value.remedy
    assert "\n" not in str(error.value)
    return str(error.value)


class TestLibraries:
    @pytest.mark.parametrize("spec", ["timm:resnet18", "timm:resnet18.a1_in1k", "torchvision:resnet18"])
    def test_a_model_of_a_library(self, spec, on_meta, parameters):
        pytest.importorskip(spec.partition(":")[0])

        assert parameters(on_meta(spec)) == 11_689_512
        assert canonical_name(spec) == spec

    def test_torchvisions_regnet_reads_its_widths_from_a_tensor(self, on_meta, parameters):
        pytest.importorskip("torchvision")

        assert parameters(on_meta("torchvision:regnet_y_400mf")) == 4_344_144  # its weights' "num_params"

    def test_the_resolution_is_the_one_timm_declares(self):
        pytest.importorskip("timm")

        assert default_resolution("timm:resnet18") == 224
        assert default_resolution("timm:vit_base_patch16_384") == 384

    def test_torchvisions_models_are_analysed_at_224(self):
        assert default_resolution("torchvision:inception_v3") == 224

    def test_a_detector_fetches_no_weights_for_its_backbone(self, on_meta, monkeypatch):
        pytest.importorskip("torchvision")

        def refuse(*args, **kwargs):
            raise AssertionError("asked the network for weights")

        monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
        monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
        assert on_meta("torchvision:fcn_resnet50")

    @pytest.mark.parametrize("spec", ["timm:resnet5O", "torchvision:resnet5O"])
    def test_an_unknown_name_lists_the_nearest(self, spec):
        library = spec.partition(":")[0]
        pytest.importorskip(library)

        text = message_of(spec)
        assert f"{library} has no model 'resnet5O'" in text
        assert "resnet50" in text
        assert len(text) < 300

    def test_a_name_like_none_does_not_list_a_thousand(self):
        pytest.importorskip("timm")

        assert message_of("timm:???").endswith("timm.list_models() lists the names it knows")

    @pytest.mark.parametrize("library", ["timm", "torchvision"])
    def test_a_library_that_is_not_installed(self, library, monkeypatch):
        monkeypatch.setitem(sys.modules, library, None)
        for ask in (create_model, canonical_name, default_resolution):
            with pytest.raises(ModelError, match='is not installed; pip install "memprof\\[timm\\]"'):
                ask(f"{library}:resnet18")


class TestFiles:
    def test_a_function_of_a_file(self, folder, on_meta, parameters):
        write(folder / "nets" / "net.py", NET.replace("WIDTH", "5"))

        assert parameters(on_meta("nets/net.py:build")) == 5 * 3 + 5
        assert parameters(on_meta(f"{folder}/nets/net.py:build")) == 5 * 3 + 5
        assert canonical_name(" nets/net.py:build ") == "nets/net.py:build"
        assert default_resolution("nets/net.py:build") == 224

    def test_a_class_of_a_file_with_dataclasses_and_a_main_guard(self, folder, on_meta):
        write(
            folder / "net.py",
            "from __future__ import annotations\nimport dataclasses\nfrom torch import nn\n"
            "@dataclasses.dataclass\nclass Config:\n    width: int = 4\n"
            "class Net(nn.Linear):\n    def __init__(self):\n        super().__init__(3, Config().width)\n"
            "if __name__ == '__main__':\n    raise SystemExit('not a script here')\n",
        )

        assert isinstance(on_meta("net.py:Net"), nn.Linear)

    def test_modules_beside_the_file_are_its_own(self, folder, on_meta, parameters):
        for name, width in (("a", 5), ("b", 7)):
            write(
                folder / name / "net.py",
                f"import widths\nfrom parts.one import ONE\n{NET}".replace("WIDTH", "widths.WIDTH"),
            )
            write(folder / name / "widths.py", f"WIDTH = {width}")
            write(folder / name / "parts" / "one.py", "ONE = 1")
            write(folder / name / "parts" / "__init__.py", "")
        before = list(sys.path)

        assert parameters(on_meta("a/net.py:build")) == 5 * 3 + 5
        assert parameters(on_meta("b/net.py:build")) == 7 * 3 + 7
        assert parameters(on_meta("a/net.py:build")) == 5 * 3 + 5
        assert sys.path == before

    def test_a_module_imported_inside_the_function(self, folder, on_meta):
        write(folder / "net.py", "def build():\n    from late import Net\n    return Net()\n")
        write(folder / "late.py", "from torch import nn\nNet = nn.Identity\n")

        assert isinstance(on_meta("net.py:build"), nn.Identity)

    def test_drop_path_rates_read_from_linspace_work_on_meta(self, folder, on_meta):
        write(
            folder / "net.py",
            "import torch\nfrom torch import nn\ndef build():\n"
            "    rates = [rate.item() for rate in torch.linspace(0, 0.1, 4)]\n"
            "    net = nn.Sequential(*(nn.Dropout(rate) for rate in rates), nn.Linear(3, 4))\n"
            "    net.register_buffer('grid', torch.linspace(0, 1, 4))\n    return net\n",
        )
        net = on_meta("net.py:build")

        assert net[3].p == pytest.approx(0.1)
        assert all(tensor.is_meta for tensor in net.state_dict().values())

    def test_a_constructor_that_reads_other_tensors_is_run_on_the_cpu(self, folder, on_meta):
        write(
            folder / "net.py",
            "import torch\nfrom torch import nn\n"
            "def build():\n    return nn.Linear(int(torch.arange(4)[3]), int(torch.ones(2).numpy().sum()))\n"
            "def broken():\n    torch.ones(1).item()\n    raise ValueError('no')\n",
        )

        assert on_meta("net.py:build").weight.shape == (2, 3)
        assert on_meta("net.py:build").weight.is_meta
        assert "building net.py:broken failed: ValueError: no (line 7 of" in message_of("net.py:broken")

    def test_weights_made_on_a_device_of_their_own_come_along(self, folder, on_meta):
        write(folder / "net.py", "from torch import nn\ndef build():\n    return nn.Linear(3, 4, device='cpu')\n")

        assert on_meta("net.py:build").weight.is_meta
        assert create_model("net.py:build").weight.device.type == "cpu"

    def test_constants_of_the_file_are_real(self, folder, on_meta):
        write(
            folder / "net.py",
            "import torch\nfrom torch import nn\nSIZES = torch.tensor([3, 4])\n"
            "def build():\n    return nn.Linear(int(SIZES[0]), int(SIZES[1]))\n",
        )

        assert on_meta("net.py:build").weight.shape == (4, 3)

    def test_what_it_prints_stays_off_standard_output(self, folder, on_meta, capsys):
        write(
            folder / "net.py",
            "print('importing')\n" + NET.replace("WIDTH", "5").replace("return", "print('building'); return"),
        )
        on_meta("net.py:build")

        assert capsys.readouterr() == ("", "importing\nbuilding\n")

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("x = 1", ("net.py has no 'build'", "defines no function or class")),
            ("def built(): ...", ("net.py has no 'build'", "did you mean built?")),
            ("build = 3", ("net.py:build is a int", "cannot be called")),
            ("from torch import nn\nbuild = nn.Linear(3, 4)", ("is a model, not a function that makes one",)),
            ("def build(): return 'net'", ("net.py:build returned a str, not a torch.nn.Module",)),
            ("def build(): return None", ("returned a NoneType",)),
            ("def build(width): ...", ("net.py:build needs an argument: width; write net.py:build:width=...",)),
            (
                "def build():\n    raise KeyError('a')",
                ("building net.py:build failed: KeyError: 'a' (line 2 of", "net.py)"),
            ),
            ("raise ValueError('no')", ("importing net.py failed: ValueError: no (line 1 of",)),
            ("import sys\nsys.exit('bye')", ("importing net.py failed: SystemExit: bye (line 2 of",)),
            ("def build(:", ("importing net.py failed: SyntaxError", "line 1")),
            ("import not_there_at_all", ("ModuleNotFoundError", "not_there_at_all")),
            ("from .other import x", ("importing net.py failed: ImportError",)),
            ("def __getattr__(name):\n    raise OSError('gone')", ("net.py:build failed: OSError: gone",)),
        ],
    )
    def test_what_is_wrong_with_the_file_is_said(self, folder, text, words):
        write(folder / "net.py", text)
        message = message_of("net.py:build")

        for word in words:
            assert word in message

    def test_ctrl_c_passes(self, folder):
        write(folder / "net.py", "raise KeyboardInterrupt")

        with pytest.raises(KeyboardInterrupt):
            create_model("net.py:build")

    def test_a_file_that_is_not_there_or_is_a_folder(self, folder):
        (folder / "nets.py").mkdir()

        for spec in ("no/net.py:build", "nets.py:build"):
            with pytest.raises(ModelError, match=f"there is no file {spec.partition(':')[0]}"):
                canonical_name(spec)

    def test_a_file_that_is_not_python(self, folder):
        write(folder / "net.txt", "hello")

        assert "net.txt is not a Python file" in message_of("./net.txt:build")


class TestModules:
    def test_a_function_of_a_module_in_the_current_folder(self, folder, on_meta, parameters):
        write(folder / "memprof_test_nets" / "__init__.py", "")
        write(folder / "memprof_test_nets" / "small.py", NET.replace("WIDTH", "6"))

        assert parameters(on_meta("memprof_test_nets.small:build")) == 6 * 3 + 6
        assert canonical_name("memprof_test_nets.small:build") == "memprof_test_nets.small:build"

    def test_a_class_of_an_installed_module(self, on_meta):
        assert isinstance(on_meta("torch.nn:Identity"), nn.Identity)

    def test_a_module_that_is_not_there(self):
        for spec in ("memprof_test_no_such:build", "memprof_test_no_such.deep:build"):
            with pytest.raises(ModelError, match="neither a model nor a module"):
                canonical_name(spec)

        assert "there is no module torch.no_such" in message_of("torch.no_such:build")
        assert "did you mean inceptionnext_t" in message_of("inceptionnet_t:build")

    def test_a_module_that_fails_is_not_taken_for_a_missing_one(self, folder):
        write(folder / "memprof_test_broken.py", "import not_there_at_all")

        text = message_of("memprof_test_broken:build")
        assert "importing memprof_test_broken failed: ModuleNotFoundError" in text
        assert "not_there_at_all" in text
