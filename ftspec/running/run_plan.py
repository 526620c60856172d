"""From a run directory to the plan of the run."""

from __future__ import annotations

import os
from typing import Any

from ftspec.diagnostics.model import Collector
from ftspec.document.load import read_source
from ftspec.document.nodes import to_plain
from ftspec.document.parse import parse_node
from ftspec.errors import SpecError, UsageError
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText


def require_run(run_dir: RunDirectory) -> None:
    """Refuse a folder that is no run directory.

    Raises:
        UsageError: it is none.
    """
    if not run_dir.resolved_spec.is_file():
        raise UsageError(
            f'"{run_dir.path}" is not a run directory: it has no "{run_dir.resolved_spec.name}"'
        )


def plan_of_run(run_dir: RunDirectory, registry: Registry) -> Plan:
    """The plan of a run, read from its resolved spec.

    Raises:
        UsageError: the folder is not a run directory, or an environment variable is missing that
            the checkpoint of an adapter depends on.
        SpecError: the resolved spec has errors.
    """
    require_run(run_dir)
    found = Collector()
    source = read_source(run_dir.resolved_spec, found)
    if source is None:
        raise SpecError(tuple(found))
    environment = _Environment()
    verdict = examine(source, registry, environment=environment)
    if verdict.plan is None:
        raise SpecError(verdict.diagnostics)
    if verdict.plan.adapter is not None:
        _require_checkpoint(source, environment)
    return verdict.plan


def _require_checkpoint(source: SourceText, environment: _Environment) -> None:
    """Refuse a checkpoint that may differ from the one the adapter was trained on.

    A resolved spec keeps a reference only where the environment had a value in training.
    """
    root = parse_node(source, Collector())
    checkpoint = to_plain(root)["model"]["checkpoint"] if root is not None else ""
    for name in sorted(environment.unset):
        if f"${{env:{name}" in checkpoint:
            raise UsageError(
                f'the checkpoint reads the environment variable "{name}", which is not set; '
                "set it to the value it had in training"
            )


class _Environment(dict[str, str]):
    """The environment, where a variable that is not set reads as empty.

    Most values that a spec reads from the environment, such as tokens and paths of data, are not
    needed for prediction.
    """

    def __init__(self) -> None:
        super().__init__(os.environ)
        self.unset: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.unset.add(key)
            return ""
        return self[key]
