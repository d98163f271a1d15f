"""Module scopes: entered and left with every forward, also one that raises."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd.profiler import profile

from memprof.profiles.kineto import read_events
from memprof.profiles.records import EventCategory
from memprof.profiles.scopes import ModuleScopes


class Raises(nn.Module):
    def forward(self, x):
        raise ValueError


def modules(events, depth=0):
    names = []
    for event in events:
        is_module = event.category is EventCategory.MODULE
        names += [(depth, event.name)] if is_module else []
        names += modules(event.children, depth + is_module)
    return names


def seen(model, images):
    with profile(use_kineto=True, record_shapes=True) as profiler, ModuleScopes(model) as scopes:
        model(images)
    assert scopes.current == ""
    return modules(read_events(profiler.kineto_results))


def test_every_forward_is_a_scope_named_by_its_path():
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.GELU(), nn.Identity()))
    assert seen(model, torch.ones(2)) == [(0, ""), (1, "0"), (1, "1"), (2, "1.0"), (2, "1.1")]


def test_a_module_used_twice_has_one_name():
    """named_modules names a shared module once, by its first path."""
    shared = nn.ReLU()
    assert seen(nn.Sequential(shared, shared), torch.ones(2)) == [(0, ""), (1, "0"), (1, "0")]


def test_the_module_that_raised_stays_current_and_all_hooks_go():
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.GELU(), Raises()))
    scopes = ModuleScopes(model)
    with pytest.raises(ValueError), scopes:  # noqa: PT011
        model(torch.ones(2))
    assert scopes.current == "1.1"
    hooks = [dict(part._forward_hooks) | dict(part._forward_pre_hooks) for part in model.modules()]
    assert not any(hooks)
