"""Arguments in the name of a user's callable."""

from __future__ import annotations

import pytest

from memprof.errors import ModelError
from memprof.models import canonical_name, create_model
from memprof.models.arguments import read, write
from memprof.models.spec import parse

NET = """
from torch import nn

def build(width, sizes=(1,), norm="batch"):
    return nn.Sequential(*(nn.Linear(width, size) for size in sizes))

def anything(**options):
    return nn.Linear(1, options["width"])
"""


@pytest.fixture
def net(tmp_path, monkeypatch):
    (tmp_path / "net.py").write_text(NET)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("text", "read_as", "written"),
    [
        ("width=32,depth=4", {"width": 32, "depth": 4}, "width=32,depth=4"),
        ("norm=batch, flag=True", {"norm": "batch", "flag": True}, "norm=batch,flag=True"),
        ("sizes=[1, 2],scale=-0.5", {"sizes": [1, 2], "scale": -0.5}, "sizes=[1,2],scale=-0.5"),
        ("name='a,b',of=(3,)", {"name": "a,b", "of": (3,)}, "name='a,b',of=(3,)"),
    ],
)
def test_arguments_are_read_and_written_in_one_way(text, read_as, written):
    assert read(text) == read_as
    assert write(read_as) == written
    assert read(written) == read_as


@pytest.mark.parametrize("text", ["3", "width", "width=", "a=1,a=2", "a=f(1)", "**{'a': 1}", "a=1)(", "a=1/8"])
def test_what_is_no_argument_is_refused(text):
    with pytest.raises(ModelError, match="gives no arguments; write name=value"):
        read(text)


def test_they_reach_the_callable(net):
    assert canonical_name("net.py:build:width=3, sizes=[2,5]") == "net.py:build:width=3,sizes=[2,5]"
    assert [layer.weight.shape for layer in create_model("net.py:build:width=3,sizes=[2,5]")] == [(2, 3), (5, 3)]
    assert create_model("net:anything:width=7").out_features == 7
    assert parse("./a:b/net.py:build:width=3").name == "./a:b/net.py"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("net.py:build", "net.py:build needs an argument: width; write net.py:build:width=..."),
        ("net.py:build:norm=x", "write net.py:build:norm=x,width=..."),
        ("net.py:build:widht=3", "net.py:build has no argument 'widht'; did you mean width?"),
        ("net.py", "net.py is a file, which may hold many models; name a callable in it, such as net.py:build."),
        ("net", "net is a module, which may hold many models; name a callable in it, such as net:build."),
        ("timm", "timm is a library, not a model"),
    ],
)
def test_what_is_missing_is_told(net, text, says):
    with pytest.raises(ModelError) as caught:
        create_model(text)
    assert says in str(caught.value)
