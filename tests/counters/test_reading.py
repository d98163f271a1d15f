"""Reading both forms of Nsight Compute's CSV: what they hold, and what is said of what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.counters import KernelCounters, read_counters
from memprof.errors import CountersError
from tests.counters.files import BASE, DRAM, KERNEL, L1, L2, LONG_HEADER, NS, SIZE, long_form, wide_form, written

RUNS = [
    ("void at::k<(int)4, A<float>>(int, T2)", {NS: "1,500", DRAM: "4,096", L2: "8,192", L1: "1,234,567"}),
    ("sgemm", {NS: "10,196,000", DRAM: "53,261,312", L2: "60,000,000", L1: "70,000,001"}),
]
EXPECTED = (
    KernelCounters(RUNS[0][0], (80, 2, 1), (256, 1, 1), 4096.0, 8192.0, 1234567.0, 1500e-9),
    KernelCounters("sgemm", (80, 2, 1), (256, 1, 1), 53261312.0, 60e6, 70000001.0, 10196000e-9),
)
FORMS = pytest.mark.parametrize("form", [long_form, wide_form])
NOISE = (
    '==PROF== Connected to process 77\nepoch 1, loss 2.3\n"quoted, output"\n==PROF== Profiling "k": 100% - 2 passes\n'
)


@FORMS
def test_both_forms_hold_the_same(form, tmp_path):
    found = read_counters(written(tmp_path, form(RUNS)))
    assert found.kernels == EXPECTED
    assert found.path == str(tmp_path / "counters.csv")


@FORMS
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_stands_before_and_in_between_is_skipped(form, encoding, tmp_path):
    """Messages of ncu and the program's output; PowerShell writes UTF-16, and Windows its line ends."""
    header, _, rows = form(RUNS).partition("\n")
    text = f"{NOISE}{header}\n==WARNING== Found outstanding GPU clock reset\n\n{rows}==PROF== Disconnected\n"
    assert read_counters(written(tmp_path, text.replace("\n", "\r\n"), encoding)).kernels == EXPECTED


def test_rules_and_sections_in_the_long_form_are_no_metrics(tmp_path):
    """The details page repeats metrics in several sections, and has rows of advice without a metric."""
    header = LONG_HEADER + ',"Rule Name","Rule Type","Rule Description"'
    start = '"0","1","p","h","k","1","7","(1, 1, 1)","(1, 1, 1)","0","8.0"'
    text = "\n".join(
        [
            header,
            f'{start},"SpeedOfLight","Duration","usecond","3.10","","",""',
            f'{start},"SpeedOfLight","","","","SOLBottleneck","OPT","Look at ""Memory"", it is busy, 80.0%"',
            f'{start},"Command line profiler metrics","{DRAM}","Kbyte","4.75","","",""',
            f'{start},"Again","{DRAM}","Kbyte","4.75","","",""',
        ]
    )
    (kernel,) = read_counters(written(tmp_path, text)).kernels
    assert (kernel.dram_bytes, kernel.duration_seconds) == (4750.0, None)


def test_old_versions_name_no_sizes(tmp_path):
    header = f'{KERNEL},"Kernel Time","Context","Stream","Section Name","Metric Name","Metric Unit","Metric Value"'
    text = f'{header}\n"0","1","p","h","k","t","1","7","s","{DRAM}","byte","32"\n'
    (kernel,) = read_counters(written(tmp_path, text)).kernels
    assert (kernel.grid, kernel.block, kernel.dram_bytes) == (None, None, 32.0)


@FORMS
@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("byte", "4096", 4096.0),
        ("Kbyte", "4.10", 4100.0),
        ("Mbyte", "1.234567", 1234567.0),
        ("Gbyte", "1.1", 1.1e9),
        ("", "12", 12.0),
    ],
)
def test_units_are_read_exactly(form, unit, text, expected, tmp_path):
    path = written(tmp_path, form([("k", {DRAM: text})], {DRAM: unit}))
    assert read_counters(path).kernels[0].dram_bytes == expected


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("nsecond", "1500", 1.5e-6),
        ("ns", "1500", 1.5e-6),
        ("usecond", "1.50", 1.5e-6),
        ("us", "1.50", 1.5e-6),
        ("msecond", "2", 2e-3),
        ("second", "4.0e-05", 4e-5),
    ],
)
def test_durations_are_read_exactly(unit, text, expected, tmp_path):
    path = written(tmp_path, wide_form([("k", {NS: text, DRAM: "1"})], {NS: unit, DRAM: "byte"}))
    assert read_counters(path).kernels[0].duration_seconds == expected


@pytest.mark.parametrize(
    ("metrics", "units", "dram", "l2", "l1"),
    [
        ({"dram__bytes_read.sum": "100", "dram__bytes_write.sum": "28"}, {}, 128, None, None),
        ({"dram__bytes_op_read.sum": "100", "dram__bytes_op_write.sum": "28"}, {}, 128, None, None),
        (
            {"dram__bytes_read.sum": "2", "dram__bytes_write.sum": "28"},
            {"dram__bytes_read.sum": "Kbyte"},
            2028,
            None,
            None,
        ),
        ({"dram__bytes_read.sum": "100", L2: "1"}, {}, None, 1, None),  # half of the traffic is not the traffic
        ({DRAM: "130", "dram__bytes_read.sum": "100", "dram__bytes_write.sum": "28"}, {}, 130, None, None),
        ({"dram__sectors_read.sum": "3", "dram__sectors_write.sum": "4"}, {}, 32 * 7, None, None),
        ({"lts__t_sectors.sum": "5", "l1tex__t_sectors.sum": "6"}, {"lts__t_sectors.sum": "sector"}, None, 160, 192),
        ({"l1tex__t_sectors.sum": "1.5"}, {"l1tex__t_sectors.sum": "Ksector"}, None, None, 48000),
        ({L1: "7", "l1tex__t_sectors.sum": "1"}, {}, None, None, 7),
        (
            {"dram__bytes.sum.per_second": "1.5", NS: "2"},
            {"dram__bytes.sum.per_second": "Tbyte/second", NS: "usecond"},
            3e6,
            None,
            None,
        ),
        ({"dram__bytes.sum.per_second": "1.5", L2: "1"}, {"dram__bytes.sum.per_second": "byte/second"}, None, 1, None),
        ({DRAM: "n/a", L2: "64"}, {}, None, 64, None),
        ({DRAM: "0", L2: ""}, {}, 0, None, None),
    ],
)
@FORMS
def test_several_metrics_tell_the_same(form, metrics, units, dram, l2, l1, tmp_path):
    (kernel,) = read_counters(written(tmp_path, form([("k", metrics)], units))).kernels
    assert (kernel.dram_bytes, kernel.l2_bytes, kernel.l1_bytes) == (dram, l2, l1)


@FORMS
def test_numbers_of_another_language_are_read_by_what_the_file_tells(form, tmp_path):
    """One number alone may mean either: 117.344 ns is 117 344 ns where percentages have a comma."""
    busy = "sm__throughput.avg.pct_of_peak_sustained_elapsed"
    european = [("k", {NS: "117.344", DRAM: "27.595.520", busy: "65,77"})]
    (kernel,) = read_counters(written(tmp_path, form(european))).kernels
    assert (kernel.dram_bytes, kernel.duration_seconds) == (27595520.0, 117344e-9)
    english = [("k", {NS: "117.344", DRAM: "27,595,520", busy: "65.77"})]
    (kernel,) = read_counters(written(tmp_path, form(english))).kernels
    assert (kernel.dram_bytes, kernel.duration_seconds) == (27595520.0, 117.344e-9)


def test_runs_of_several_processes_may_share_a_number(tmp_path):
    first = long_form([("k", {DRAM: "1"})])
    second = long_form([("other", {DRAM: "2"})]).replace('"77"', '"78"').partition("\n")[2]
    assert [kernel.dram_bytes for kernel in read_counters(written(tmp_path, first + second)).kernels] == [1.0, 2.0]


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=6), st.sampled_from([long_form, wide_form]))
def test_whatever_was_counted_is_read_in_order(tmp_path_factory, counted, form):
    path = written(tmp_path_factory.mktemp("csv"), form([("k", {DRAM: f"{value:,}"}) for value in counted]))
    assert [kernel.dram_bytes for kernel in read_counters(path).kernels] == counted


def refused(path):
    with pytest.raises(CountersError) as caught:
        read_counters(path)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return str(caught.value)


@FORMS
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-5", "below zero"),
        ("nan", "no number"),
        ("inf", "no number"),
        ("(!) nan", "no number"),
        ("12x", "no number"),
        ("1,2,3", "no number"),
        ("1e400", "cannot be"),
        ("1" * 40, "cannot be"),
    ],
)
def test_a_number_that_cannot_be_is_named_with_its_line(form, value, said, tmp_path):
    """The third run: line 4 of the long form, line 5 of the wide one, below the units."""
    path = written(tmp_path, form([("k", {DRAM: "1"}), ("k", {DRAM: "2"}), ("broken", {DRAM: value})]))
    message = refused(path)
    assert f"line {4 if form is long_form else 5}: {DRAM} of broken" in message
    assert said in message


@FORMS
def test_a_wrong_unit_is_named_with_its_line(form, tmp_path):
    message = refused(written(tmp_path, form([("k", {DRAM: "5"})], {DRAM: "%"})))
    assert f"line {2 if form is long_form else 3}" in message
    assert "'%', which is no unit of bytes" in message


@FORMS
def test_two_languages_in_one_file_are_refused(form, tmp_path):
    message = refused(written(tmp_path, form([("k", {DRAM: "1,234.5"}), ("k", {DRAM: "1.234,5"})])))
    assert f"line {3 if form is long_form else 4}: 1.234,5 is written in another way than line" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("hello\nworld\n", "no table of Nsight Compute"),
        ("a,b,c\n1,2,3\n", "no table of Nsight Compute"),
        ("NVR\0\1\2binary", "a report of Nsight Compute, not its CSV"),
        ("==PROF== Connected\n==ERROR== ERR_NVGPUCTRPERM - The user does not have permission\n", "not permitted"),
        ("==PROF== Connected\n==WARNING== No kernels were profiled.\n", "No kernels were profiled"),
        ("==7== NVPROF is profiling process 7\n", "nvprof"),
        ('"Device","Kernel","Invocations","Metric Name","Metric Description","Min","Max","Avg"\n', "nvprof"),
        ("Time (%),Total Time (ns),Instances,Avg (ns),Name\n50,100,1,100,k\n", "nsys"),
        ("Start (ns),Duration (ns),CorrId,GrdX,Name\n", "nsys"),
        ("API Start (ns),API Dur (ns),Kernel Name\n1,2,k\n", "nsys"),
        ('"Index","KernelName","gpu-id"\n', "rocprof"),
        ('{"schemaVersion": 1, "traceEvents": []}', "torch.profiler"),
        ('{"schema": "memprof.report/3"}', "a report of memprof"),
        ('"Process ID","Kernel Name","Invocations","Section Name","Metric Name","Average"\n', "--print-summary"),
        ('"Kernel Name","Metric Name","Metric Unit","Metric Value"\n', "no column 'ID'"),
        ('"ID","Kernel Name","Metric Name","Metric Value"\n', "no column 'Metric Unit'"),
        (LONG_HEADER + "\n", "ncu profiled no kernel"),
        (SIZE + f',"{DRAM}"\n', "ncu profiled no kernel"),
        (wide_form([]), "ncu profiled no kernel"),
    ],
)
def test_a_file_that_holds_no_counters_is_called_what_it_is(text, said, tmp_path):
    assert said in refused(written(tmp_path, text))


@FORMS
def test_missing_metrics_are_named(form, tmp_path):
    message = refused(written(tmp_path, form([("k", {"sm__cycles_active.avg": "5", NS: "7"})])))
    assert "none of the metrics that memprof reads" in message
    assert f"--metrics {NS},{DRAM},{L2},{L1}" in message
    assert "no values of the metrics" in refused(written(tmp_path, form([("k", {DRAM: "n/a"})])))


def test_the_wide_form_needs_its_units(tmp_path):
    lines = wide_form(RUNS).splitlines(keepends=True)
    assert "line 2: the row with the units is missing" in refused(written(tmp_path, lines[0] + "".join(lines[2:])))


@FORMS
def test_a_file_that_was_cut_off_is_not_read_in_part(form, tmp_path):
    whole = form([("kernel, with comma", {DRAM: "1"}), ("kernel, with comma", {DRAM: "2"})], BASE)
    last = len(whole.splitlines())
    for cut in range(2, len(whole.splitlines()[-1])):
        assert f"line {last}" in refused(written(tmp_path, whole[:-cut]))


@FORMS
def test_output_of_the_program_among_the_rows_is_not_skipped(form, tmp_path):
    lines = form(RUNS).splitlines(keepends=True)
    message = refused(written(tmp_path, "".join([*lines[:3], "step 2: loss 0.1\n", *lines[3:]])))
    assert "line 4: 1 of" in message
    assert "--log-file" in message


def test_two_runs_in_one_file_are_refused(tmp_path):
    twice = long_form(RUNS) * 2
    assert f"line {len(twice.splitlines()) // 2 + 1}: a second table begins" in refused(written(tmp_path, twice))
    first, second = long_form([("a", {DRAM: "1"})]), long_form([("b", {DRAM: "2"})]).partition("\n")[2]
    assert "line 3: ID 0 is both a (line 2) and b" in refused(written(tmp_path, first + second))


def test_what_cannot_be_opened_is_named(tmp_path):
    assert "is a directory" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "absent.csv")


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_counters_or_refused(tmp_path_factory, content, follows):
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    path.write_bytes((long_form(RUNS).encode() if follows else b"") + content)
    try:
        message = ""
        found = read_counters(path).kernels
    except CountersError as error:
        found, message = (), str(error)
    assert bool(found) != (str(path) in message)
