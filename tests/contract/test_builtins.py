"""The built-in plugin passes the checks for plugins, and follows some conventions of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ftspec.components import CallbackConfig
from ftspec.registry.discover import BUILTIN_PLUGINS
from ftspec.testing import Check, Subject, checks_of
from ftspec.testing.training import training_checks_of

# required keys of components for which generated values are not valid
SAMPLES: dict[str, dict[str, Any]] = {
    "source hub": {"path": "acme/rows"},
    "source mixture": {
        "sources": [{"source": "a"}, {"source": {"type": "b", "x": 1}, "weight": 2.0}]
    },
    "source package": {"package": "acme", "files": "rows.jsonl", "format": "json"},
    "source parquet": {"files": {"train": "a.parquet", "test": ["b.parquet"]}},
    "transform filter": {"column": "text", "not_missing": True},
    "metric hub": {"path": "acme/metric", "trust_remote_code": True},
}
SUBJECT = Subject.installed(BUILTIN_PLUGINS[0], samples=SAMPLES)


@pytest.mark.parametrize(
    "check",
    [*checks_of(SUBJECT), *training_checks_of(SUBJECT)],
    ids=str,
)
def test_conforms(check: Check) -> None:
    check()


@pytest.mark.parametrize("component", SUBJECT.components, ids=lambda one: f"{one.kind} {one.name}")
def test_keeps_our_customs(component: Any) -> None:
    assert component.factory.startswith("ftspec.builtin.")
    first = component.summary.split()[0].strip(",")
    assert first.islower() or first in ("BLEU", "JSON", "Parquet"), first
    assert component.config.model_config["strict"] is True
    assert component.config.__doc__
    for name, field in component.config.model_fields.items():
        assert not field.description.endswith("."), name
        assert re.fullmatch(r"[a-z0-9_]+", name)
    if component.kind == "callback" and component.name != "generated-samples":
        assert issubclass(component.config, CallbackConfig)


def test_every_kind_has_its_own_names() -> None:
    names = [(one.kind, name) for one in SUBJECT.components for name in (one.name, *one.aliases)]
    assert len(set(names)) == len(names)


def test_samples_are_of_components() -> None:
    assert set(SAMPLES) <= {f"{one.kind} {one.name}" for one in SUBJECT.components}
