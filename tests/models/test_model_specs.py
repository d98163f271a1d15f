"""Reading what stands after --model: names, aliases, options, other people's code, and every way to get it wrong."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memprof.errors import ModelError
from memprof.models import canonical_name, default_resolution, list_models
from memprof.models.options import BRANCHES
from memprof.models.registry import ENTRIES, INCEPTIONNEXT
from memprof.models.spec import ModelSpec, Source, parse

ALIASES = {
    "convnext_tiny": "convnext_t",
    "convnext_small": "convnext_s",
    "convnext_base": "convnext_b",
    "convnext_large": "convnext_l",
    "convnext_xlarge": "convnext_xl",
    "convnext_tiny_k5": "convnext_t_k5",
    "convnext_tiny_k3_par1_2": "convnext_t_k3_par1_2",
    "convnext_isotropic_small": "convnext_iso_s",
    "inceptionnext_tiny": "inceptionnext_t",
    "inceptionnext_base_384": "inceptionnext_b_384",
    "inception_next_atto": "inceptionnext_atto",
    "inception_next_tiny": "inceptionnext_t",
    "inception_next_small": "inceptionnext_s",
    "inception_next_base": "inceptionnext_b",
    "inceptionnext_iso_small": "inceptionnext_iso_s",
    "ResNet-50": "resnet50",
    "ConvNeXt-T": "convnext_t",
    " InceptionNeXt-T ": "inceptionnext_t",
}

# What people may write, and its one canonical form.
SPELLINGS = {
    "convnext_t:kernel=31": "convnext_t:kernel=31",
    "convnext_t:conv_ratio=0.125": "convnext_t:conv_ratio=1/8",
    "convnext_t:conv_ratio=2/16": "convnext_t:conv_ratio=1/8",
    "convnext_t:conv_ratio=1": "convnext_t:conv_ratio=1",
    "convnext_tiny : mlp = Conv , kernel = 07": "convnext_t:kernel=7,mlp=conv",
    "inceptionnext_t:band-kernel=7": "inceptionnext_t:band_kernel=7",
    "inceptionnext_t:branch_ratio=.25": "inceptionnext_t:branch_ratio=1/4",
    "inceptionnext_t:branches=horizontal+identity + square": "inceptionnext_t:branches=identity+square+horizontal",
    "inception_next_tiny:norm=layer,arrangement=sequential": "inceptionnext_t:norm=layer,arrangement=sequential",
    "timm:vit_small_patch16_224": "timm:vit_small_patch16_224",
    "timm: resnet50.a1_in1k": "timm:resnet50.a1_in1k",
    "torchvision:resnet50": "torchvision:resnet50",
    "package.module:build": "package.module:build",
    "nets/my net.py:build": "nets/my net.py:build",
    "net.py:build": "net.py:build",
    "/a:b/net.py:build": "/a:b/net.py:build",
}

# What is wrong, and words its error must hold: the culprit, and the way out.
WRONG = {
    "": ("names no model", "inceptionnext_t"),
    ":kernel=7": ("names no model",),
    "convnext_tt": ("unknown model 'convnext_tt'", "convnext_t"),
    "resnet51": ("unknown model 'resnet51'", "resnet50"),
    "inceptionnet_t": ("unknown model", "inceptionnext_t"),
    "convnext_q:kernel=3": ("unknown model 'convnext_q'", "convnext_t"),
    "convnext_t:kernal=3": ("no option 'kernal'", "kernel"),
    "inceptionnext_t:kernel=3": ("no option 'kernel'", "band_kernel", "square_kernel"),
    "resnet50:kernel=3": ("resnet50 takes no options", "'kernel'"),
    "convnext_t:kernel": ("'kernel' has no value", "convnext_t:kernel=7"),
    "convnext_t:": ("option without a name",),
    "convnext_t:kernel=3,": ("option without a name",),
    "convnext_t:=3": ("option without a name",),
    "convnext_t:kernel=3,kernel=5": ("'kernel' is given twice",),
    "convnext_t:kernel=2": ("kernel=2", "odd number of pixels from 1 to 255"),
    "convnext_t:kernel=0": ("kernel=0", "odd"),
    "convnext_t:kernel=-7": ("kernel=-7", "odd"),
    "convnext_t:kernel=7.0": ("kernel=7.0", "odd"),
    "convnext_t:kernel=257": ("kernel=257", "odd"),
    "convnext_t:kernel=seven": ("kernel=seven", "convnext_t:kernel=7"),
    "convnext_t:kernel=٧": ("kernel=٧", "odd"),
    "convnext_t:conv_ratio=0": ("conv_ratio=0", "above 0 and at most 1"),
    "convnext_t:conv_ratio=9/8": ("conv_ratio=9/8", "above 0 and at most 1"),
    "convnext_t:conv_ratio=-1/8": ("conv_ratio=-1/8", "above 0"),
    "convnext_t:conv_ratio=1/0": ("conv_ratio=1/0", "above 0"),
    "convnext_t:conv_ratio=nan": ("conv_ratio=nan", "above 0"),
    "convnext_t:conv_ratio=1e999999999": ("conv_ratio=1e999999999", "above 0"),
    "convnext_t:conv_ratio=": ("conv_ratio= is not valid", "convnext_t:conv_ratio=1/8"),
    "convnext_t:mlp=dense": ("mlp=dense", "linear or conv"),
    "inceptionnext_t:norm=group": ("norm=group", "batch or layer"),
    "inceptionnext_t:branches=": ("branches=", "identity, square, horizontal, vertical"),
    "inceptionnext_t:branches=square+diagonal": ("square+diagonal", "identity, square, horizontal, vertical"),
    "inceptionnext_t:branches=square+square": ("square+square", "one or more"),
    "inceptionnext_t:branches=square,branch_ratio=1/4": ("no effect without the identity",),
    "inceptionnext_t:branches=identity,branch_ratio=1/4": ("no effect on the identity branch alone",),
    "inceptionnext_t:branches=identity+vertical,arrangement=sequential": ("needs both",),
    "inceptionnext_t:branches=identity+square,band_kernel=7": ("band_kernel has no effect",),
    "inceptionnext_t:branches=identity+vertical,square_kernel=5": ("square_kernel has no effect",),
    "timm:": ("names no model", "timm:resnet50"),
    "nets/net.py": ("names no callable", "path/to/file.py:callable"),
    "net.py:": ("names no callable",),
    "net.py:a b": ("names no callable",),
}


@pytest.mark.parametrize("alias", ALIASES)
def test_published_names_are_aliases(alias):
    assert canonical_name(alias) == ALIASES[alias]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spec_has_one_canonical_form(text):
    spec = parse(text)

    assert str(spec) == SPELLINGS[text]
    assert parse(str(spec)) == spec


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_in_one_line_with_a_way_out(text):
    with pytest.raises(ModelError) as error:
        parse(text)

    assert error.value.remedy
    assert "\n" not in str(error.value)
    for words in WRONG[text]:
        assert words in str(error.value)


def test_the_zoo_comes_before_a_module_of_the_same_name():
    assert parse("resnet50").source is Source.ZOO
    assert parse("resnet50.models:build") == ModelSpec(Source.MODULE, "resnet50.models", "build")


def test_only_the_384_model_has_a_resolution_of_its_own():
    assert {name: default_resolution(name) for name in list_models()} == {
        name: 384 if name == "inceptionnext_b_384" else 224 for name in list_models()
    }
    assert default_resolution("inceptionnext_base_384:norm=layer") == 384


shares = st.fractions(min_value=Fraction(1, 999), max_value=1, max_denominator=999)
kernels = st.integers(0, 127).map(lambda half: 2 * half + 1)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,9}", fullmatch=True)

convnexts = st.builds(
    lambda name, options: (name, {key: value for key, value in options.items() if value is not None}),
    st.sampled_from([name for name in ENTRIES if name.startswith("convnext")]),
    st.fixed_dictionaries(
        {
            "kernel": kernels | st.none(),
            "conv_ratio": shares | st.none(),
            "mlp": st.sampled_from(["linear", "conv", None]),
        }
    ),
)


@given(convnexts, st.randoms(use_true_random=False))
def test_options_survive_writing_and_reading_in_any_order(model, random):
    name, options = model
    items = [f"{key}={value}" for key, value in options.items()]
    random.shuffle(items)
    spec = parse(f"{name}:{','.join(items)}" if items else name)

    assert dict(spec.options) == options
    assert parse(str(spec)) == spec
    assert str(parse(str(spec))) == str(spec)


@given(st.sets(st.sampled_from(["identity", "square", "horizontal", "vertical"]), min_size=1))
def test_any_subset_of_branches_is_read(branches):
    spec = parse(f"inceptionnext_t:branches={'+'.join(branches)}")

    assert dict(spec.options)["branches"] == tuple(branch for branch in BRANCHES if branch in branches)
    assert parse(str(spec)) == spec


@given(names, names, names)
def test_other_peoples_code_survives_writing_and_reading(first, second, target):
    for text, source in (
        (f"timm:{first}.{second}", Source.TIMM),
        (f"torchvision:{first}", Source.TORCHVISION),
        (f"{first}.{second}:{target}", Source.MODULE),
        (f"{first}/{second}.py:{target}", Source.FILE),
    ):
        assert parse(text).source is source
        assert str(parse(text)) == text


@given(st.text(max_size=40))
def test_no_text_gets_past_reading_but_as_a_spec_or_a_model_error(text):
    with suppress(ModelError):
        spec = parse(text)
        assert parse(str(spec)) == spec


@given(st.sampled_from([option.name for option in INCEPTIONNEXT.options]), st.text(max_size=12))
def test_no_value_gets_past_reading_but_valid_or_as_a_model_error(option, value):
    with suppress(ModelError):
        spec = parse(f"inceptionnext_t:{option}={value}")
        assert parse(str(spec)) == spec
