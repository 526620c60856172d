"""The JSON files that training arguments name."""

from __future__ import annotations

from collections.abc import Iterator

from ftspec.document.paths import SpecPath
from ftspec.planning.plan import Plan
from ftspec.spec.training import JSON_FILES
from ftspec.spec.training_shapes import is_json_text


def settings_files(plan: Plan) -> Iterator[tuple[SpecPath, str]]:
    """Each path with its place in the spec."""
    for name in JSON_FILES:
        value = plan.training.get(name)
        if isinstance(value, str) and not is_json_text(value):
            yield ("training", name), value
