"""The baseline's file: what goes in comes out, in the same text always; and nothing damaged is taken for one.

After a wanted change of the golden file: MEMPROF_REFRESH_GOLDEN=1 python -m pytest tests/gate/test_baseline.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from memprof.analysis.simulated import analyze_on
from memprof.errors import GateError
from memprof.gate import entries
from memprof.gate.accepting import describe_acceptance
from memprof.gate.baseline import COLUMNS, from_json, load_baseline, save_baseline, to_json, try_to_load
from memprof.gate.operator_text import parse_tensors
from memprof.gate.records import Entry, Figures, OperatorLine
from tests.gate.entry_sample import ENTRY, FIGURES, LINE, WORKLOAD, baseline, with_figures

GOLDEN = Path(__file__).parent / "golden" / "tiny-baseline.json"
TEXT = to_json(baseline())


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*(nn.Conv2d(8, 8, 3, padding=1, groups=8) for _ in range(3)))
        self.head = nn.Linear(8, 10)

    def forward(self, images):
        return self.head(self.blocks(self.stem(images)).relu().amax((2, 3)))


def build() -> nn.Module:
    return Tiny()


def test_the_file_is_small_and_can_be_read():
    """One line for each figure and for what equal modules do; counts of a network a reader can redo by hand.

    What is predicted is left out: it changes whenever a constant of the time model is fitted again.
    """
    reports = [
        replace(item, operators=tuple(replace(row, seconds=0.001, bound="launch") for row in item.operators))
        for item in analyze_on(build, ["a100"], batch_size=4, resolution=16)
    ]
    today = replace(entries.collect(reports), environment={"fvcore": "1", "torch": "2"}, memprof="0", cost_model=0)
    renamed = tuple(
        Entry(
            replace(item.workload, model="tiny"),
            replace(item.figures, seconds=0.004, images_per_second=1000.0, bound_shares={"dram": 0.25, "launch": 0.75}),
            item.operators,
        )
        for item in today.entries
    )
    text = to_json(replace(today, devices={"a100-sxm4-40gb tf32": "0123456789ab"}, entries=renamed))
    if os.environ.get("MEMPROF_REFRESH_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert '["blocks.0-2", "aten::convolution", "depthwise convolution"' in text


LINES = st.builds(
    replace,
    st.just(LINE),
    operator=st.sampled_from(["aten::relu", 'aten::"quoted"', "aten::é"]),
    modules=st.lists(st.sampled_from(["", "a.0", "a.1", "a.2", "b-c", "d, e"]), min_size=1).map(tuple),
    phase=st.sampled_from(["forward", "backward", "optimizer", "other"]),
    calls=st.integers(1, 10**6),
    flops=st.floats(0, 1e30),
    dram_bytes=st.integers(0, 10**18).map(float),
    seconds=st.floats(0, 1e6),
)
BASELINES = st.lists(
    st.builds(
        Entry,
        st.builds(replace, st.just(WORKLOAD), model=st.text(min_size=1, max_size=9), batch_size=st.integers(1, 9)),
        st.builds(
            replace,
            st.just(FIGURES),
            seconds=st.floats(0, 1e6),
            flops=st.integers(0, 2**60).map(float),
            bound_shares=st.dictionaries(st.sampled_from(["dram", "l1", "host"]), st.floats(0, 1)),
        ),
        st.lists(LINES, max_size=4).map(tuple),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda entry: entry.workload,
)


def in_order(entry: Entry) -> Entry:
    """Return an entry whose operators lie together by phase, as they do in a file."""
    phases = list(dict.fromkeys(line.phase for line in entry.operators))
    return replace(entry, operators=tuple(sorted(entry.operators, key=lambda line: phases.index(line.phase))))


@given(BASELINES, st.randoms())
def test_what_goes_in_comes_out_whatever_its_order(found: list[Entry], random):
    whole = baseline(*found)
    text = to_json(whole)
    back = from_json(text.encode())
    assert back.entries == tuple(in_order(entry) for entry in sorted(found, key=lambda entry: entry.workload))
    assert to_json(back) == text
    assert text.isprintable() or "\n" in text
    random.shuffle(found)
    assert to_json(baseline(*found)) == text


def test_every_figure_and_every_operator_has_a_line_of_its_own():
    lines = [line.strip() for line in TEXT.splitlines()]
    for name in Figures.__dataclass_fields__:
        assert sum(line.startswith(f'"{name}":') for line in lines) == 1, name
    assert [line for line in lines if "aten::relu" in line] == [
        '["layer1.0-1.act", "aten::relu", "elementwise", "128x64x56x56", "float32", "dram", 1, 1, 25690112, '
        "205520896, 0.000155918]"
    ]
    data = json.loads(TEXT)
    assert len(data["operator_columns"]) == len(data["entries"][0]["operators"]["forward"][0])
    assert set(data["operator_columns"]) | {"phase", "shapes", "layouts"} == {
        *OperatorLine.__dataclass_fields__,
        "inputs",
    }


def changed(change: Callable[[dict], object]) -> bytes:
    data = json.loads(TEXT)
    change(data)
    return json.dumps(data).encode()


DAMAGED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "truncated": (TEXT[: len(TEXT) // 2].encode(), "is damaged"),
    "binary": (bytes(range(256)), "is damaged"),
    "no object": (b"[1, 2]", "is damaged"),
    "deep": (b'{"schema": "memprof.gate-baseline/1", "entries": ' + b"[" * 100_000, "is damaged"),
    "no schema": (b"{}", "is damaged"),
    "another schema": (TEXT.replace("baseline/1", "baseline/2").encode(), "'memprof.gate-baseline/2'"),
    "a report": (b'{"schema": "memprof.report/3"}', "'memprof.report/3'"),
    "a conflict": (TEXT.replace('  "entries"', '<<<<<<< HEAD\n  "entries"').encode(), "merge conflict"),
    "NaN": (TEXT.replace('"seconds": 0.02', '"seconds": NaN').encode(), "is damaged"),
    "infinity": (TEXT.replace('"seconds": 0.02', '"seconds": 1e999').encode(), "is damaged"),
    "text": (TEXT.replace('"seconds": 0.02', '"seconds": "0.02"').encode(), "is damaged"),
    "null": (TEXT.replace('"seconds": 0.02', '"seconds": null').encode(), "is damaged"),
    "half a launch": (TEXT.replace('"launches": 100', '"launches": 100.5').encode(), "is damaged"),
    "metric missing": (changed(lambda data: data["entries"][0]["figures"].pop("coverage")), "coverage"),
    "workload missing": (changed(lambda data: data["entries"][0].pop("workload")), "workload"),
    "precision missing": (changed(lambda data: data["entries"][0]["workload"].pop("precision")), "precision"),
    "unknown key": (changed(lambda data: data.update(more=1)), "more"),
    "no entry": (changed(lambda data: data.update(entries=[])), "holds no workload"),
    "entry twice": (changed(lambda data: data["entries"].append(data["entries"][0])), "twice"),
    "other columns": (changed(lambda data: data["operator_columns"].reverse()), "other columns"),
    "short line": (changed(lambda data: data["entries"][0]["operators"]["forward"][0].pop()), "is damaged"),
    "bad shape": (TEXT.replace("128x64x56x56", "128y64").encode(), "is no shape"),
}


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_what_is_damaged_is_refused_with_what_to_do(tmp_path: Path, name: str):
    content, says = DAMAGED[name]
    path = tmp_path / "base.json"
    path.write_bytes(content)
    with pytest.raises(GateError) as caught:
        load_baseline(path)
    assert says in str(caught.value)
    assert "base.json" in caught.value.what
    assert "memprof gate update" in caught.value.remedy
    assert try_to_load(path) == (None, caught.value.what)


def test_every_truncation_is_refused():
    for length in range(0, len(TEXT) - 2, 7):
        with pytest.raises(GateError):
            from_json(TEXT[:length].encode())


def test_a_missing_one_is_told(tmp_path: Path):
    with pytest.raises(GateError, match="there is no baseline"):
        load_baseline(tmp_path / "none.json")
    with pytest.raises(GateError, match="cannot read"):
        load_baseline(tmp_path)


def test_it_is_written_through_a_link_and_into_a_new_folder(tmp_path: Path):
    save_baseline(tmp_path / "new" / "base.json", baseline())
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "new" / "base.json")
    save_baseline(link, baseline(with_figures(launches=7)))
    assert link.is_symlink()
    assert load_baseline(tmp_path / "new" / "base.json").entries[0].figures.launches == 7
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["base.json"]


def test_accepting_says_what_it_changes():
    other = replace(ENTRY, workload=replace(WORKLOAD, phase="train"))
    before = baseline(ENTRY, other)
    assert describe_acceptance(before, before) == ()
    third = replace(ENTRY, workload=replace(WORKLOAD, batch_size=1))
    after = replace(
        baseline(with_figures(seconds=0.025, images_per_second=5120.0, launches=101), third),
        cost_model=before.cost_model + 1,
        environment={"fvcore": "0.1.5", "torch": "2.14.0"},
    )
    said = describe_acceptance(before, after)
    where = "inference on a100-sxm4-40gb, batch 128, 224 px, tf32, channels-last"
    assert said == (
        f"memprof's cost model: version {before.cost_model} -> {before.cost_model + 1}",
        "torch: 2.13.0 -> 2.14.0",
        f"added: resnet50, {where.replace('128', '1')}",
        f"removed: resnet50, {where.replace('inference', 'training')}",
        f"changed: resnet50, {where}",
        "  kernel launches: 100 -> 101 (+1 %)",
        "  predicted step time: 20.0 ms -> 25.0 ms (+25 %)",
        "  predicted throughput: 6,400 images/s -> 5,120 images/s (-20 %)",
    )
    assert describe_acceptance(None, baseline()) == (f"added: resnet50, {where}",)


def test_accepting_says_where_only_operators_changed():
    after = baseline(replace(ENTRY, operators=(replace(LINE, dtype="float16"),)))
    assert describe_acceptance(baseline(), after)[-1] == "  the same figures from other operators"


@pytest.mark.parametrize("place", ["workload", "figures"])
def test_a_key_that_nobody_knows_is_refused(place: str):
    data = json.loads(TEXT)
    data["entries"][0][place]["flop"] = 1
    with pytest.raises(GateError, match="'flop' is no field of "):
        from_json(json.dumps(data).encode())


@pytest.mark.parametrize("number", [f"1{'0' * 400}", f"-1{'0' * 400}", f"1{'0' * 30}", "9" * 5000])
def test_a_count_that_is_no_count_is_refused(number: str):
    data = json.loads(TEXT)
    entry = data["entries"][0]
    row = next(iter(entry["operators"].values()))[0]
    places: list[tuple[Any, Any]] = [(data, "cost_model")]
    places += [(part, key) for part in (entry["workload"], entry["figures"]) for key in part]
    places += [(row, COLUMNS.index(name)) for name in ("calls", "launches")]
    for holder, key in places:
        kept, holder[key] = holder[key], "here"
        with pytest.raises(GateError, match="the baseline is damaged"):
            from_json(json.dumps(data).replace('"here"', number).encode())
        holder[key] = kept


def test_a_shape_with_hundreds_of_digits_is_refused():
    with pytest.raises(ValueError, match="is no shape"):
        parse_tensors(f"2x{'9' * 400}", "channels-last")
