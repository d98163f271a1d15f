"""The zoo in words, for people: what can be named, how else it may be written, which options it takes."""

from __future__ import annotations

import textwrap

from memprof.models.registry import ENTRIES, HEADS, SPELLINGS, Family

WIDTH = 100
"""Characters a line."""

OTHER_CODE = """\
Other people's code, which naming it runs:
  timm:NAME                     a model of timm                (pip install "memprof[timm]")
  torchvision:NAME              a model of torchvision         (pip install "memprof[timm]")
  package.module:callable       what a function of an installed module, or of one in this folder, returns
  path/to/file.py:callable      what a function of a file returns
"""


def describe_models() -> str:
    """Return the names of the zoo by family, with the options of each, and the other ways to name a model."""
    families = list(dict.fromkeys(entry.family for entry in ENTRIES.values()))
    return "\n".join([*map(_family, families), _heads(), _spellings(), OTHER_CODE])


def _family(family: Family) -> str:
    names = [entry.name for entry in ENTRIES.values() if entry.family is family]
    lines = [family.title, *textwrap.wrap("  ".join(names), WIDTH, initial_indent="  ", subsequent_indent="  ")]
    if family.options:
        lines += ["", f"  Options, as in {names[0]}:{family.options[0].name}={family.options[0].example}"]
        lines += [f"  {option.name:<14}{option.meaning}: {option.valid}" for option in family.options]
    return "\n".join([*lines, ""])


def _heads() -> str:
    title = "Segmentation (150 classes, 512 pixels), on a staged network of the zoo or of timm"
    lines = [f"  {f'{name}:NAME':<20}{words}" for name, words in HEADS.items()]
    return "\n".join(
        [title, *lines, "", "  As in upernet:inceptionnext_t, semantic_fpn:resnet50, upernet:timm:NAME", ""]
    )


def _spellings() -> str:
    words = ", ".join(f"{long} ({short})" for long, short in SPELLINGS.items())
    text = f"Published names are accepted too, such as convnext_tiny or inception_next_tiny: {words}."
    return "\n".join([*textwrap.wrap(text, WIDTH), ""])
