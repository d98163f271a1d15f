"""What devices, bounds and kernels are called."""

import pytest

from memprof import words
from memprof.analysis import rows
from memprof.vocabulary import UNBOUND


def test_engines_are_called_by_what_the_device_has() -> None:
    assert [words.engine(code) for code in ("tensor", "fp32")] == ["tensor cores", "CUDA cores"]
    assert [words.engine(code, "gpu") for code in ("tensor", "fp32")] == ["tensor cores", "CUDA cores"]
    assert [words.engine(code, "cpu") for code in ("tensor", "fp32")] == ["matrix units", "vector units"]
    assert [words.short_bound(code, "cpu") for code in ("tensor", "fp32", "dram")] == ["matrix", "vector", "DRAM"]
    assert words.binding_clause("tensor", "cpu") == "matrix arithmetic binds"
    assert words.bound("l2", "cpu") == "L2 bandwidth"


def test_amds_gpus_have_matrix_cores_and_vector_units() -> None:
    assert [words.engine(code, "amd") for code in ("tensor", "fp32")] == ["matrix cores", "vector units"]
    assert [words.short_bound(code, "amd") for code in ("tensor", "fp32", "issue")] == ["matrix", "vector", "issue"]
    assert words.bound("tensor", "amd") == "matrix-core arithmetic"
    for code in ("tensor", "fp32", "fp16"):
        phrases = words.engine(code, "amd"), words.bound(code, "amd"), words.short_bound(code, "amd")
        assert not any("CUDA" in word or "tensor" in word for word in phrases)


def test_no_word_for_a_cpu_names_parts_of_a_gpu() -> None:
    for code in ("tensor", "fp32", "fp16"):
        phrases = words.engine(code, "cpu"), words.bound(code, "cpu"), words.short_bound(code, "cpu")
        assert not any("CUDA" in word or "tensor" in word for word in phrases)


def test_what_no_ceiling_bounds_is_called_so() -> None:
    assert UNBOUND == rows.UNBOUND
    assert words.bound(UNBOUND) == "no known ceiling"
    assert words.short_bound(UNBOUND) == "–"


def test_words_of_a_later_version_are_printed_as_they_stand() -> None:
    assert words.engine("quantum", "cpu") == words.bound("quantum") == words.short_bound("quantum", "gpu") == "quantum"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        (
            "void at::native::vectorized_elementwise_kernel<4, at::native::AddFunctor<float>>(int)",
            "vectorized_elementwise_kernel",
        ),
        (
            "void (anonymous namespace)::softmax_warp_forward<float, float, 10>(float*, float const*)",
            "softmax_warp_forward",
        ),
        (
            "void cutlass::Kernel2<cutlass_80_tensorop_s1688gemm_128x128_tn_align4>(cutlass::Params)",
            "cutlass_80_tensorop_s1688gemm_128x128_tn_align4",
        ),
        ("void cutlass::Kernel<>(int)", "Kernel"),
        ("ampere_sgemm_128x64_tn", "ampere_sgemm_128x64_tn"),
        ("Memcpy HtoD (Pinned -> Device)", "Memcpy HtoD"),
        ("<lambda>", "<lambda>"),
        ("kernel", "kernel"),
        ("", ""),
    ],
)
def test_kernels_are_called_without_their_template_arguments(name: str, short: str) -> None:
    assert words.kernel(name) == short


def test_an_operator_without_its_phase() -> None:
    assert words.drop_phase("gelu_backward") == "gelu"
    assert words.drop_phase("add") == "add"
