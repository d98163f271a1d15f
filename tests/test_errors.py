"""Suggestions in errors."""

from __future__ import annotations

from memprof.errors import MemprofError, did_you_mean, nearest


def test_the_nearest_name_is_found_whatever_the_case():
    assert nearest("ned", ["Net", "build"]) == ["Net"]
    assert nearest("CONVNEXT_TT", ["convnext_t", "resnet50"])[0] == "convnext_t"


def test_all_valid_names_are_listed_where_none_is_near():
    assert did_you_mean("zzz", ["infer", "train"]) == "valid names: infer, train"


def test_an_error_says_what_and_then_the_remedy():
    assert str(MemprofError("it broke", "mend it")) == "it broke; mend it"
    assert str(MemprofError("it broke")) == "it broke"
