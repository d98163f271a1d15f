"""Every file of the corpus through its target, whole, cut, and with bytes changed."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import CORPUS
from tests.fuzz.targets import TARGETS

FILES = sorted((name, path.name) for name in TARGETS for path in (CORPUS / name).iterdir())


@pytest.mark.parametrize(("target", "name"), FILES)
def test_a_hostile_file_gives_a_record_or_a_clear_error(tmp_path, target, name):
    content = (CORPUS / target / name).read_bytes()
    assert content
    chance = random.Random(name)
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] = chance.randrange(256)
    for variant in (content, content[: chance.randrange(len(content))], bytes(changed)):
        path = tmp_path / name
        path.write_bytes(variant)
        TARGETS[target](path)
