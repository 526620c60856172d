"""From a run directory to the plan of the run, for commands that use what it left."""

from __future__ import annotations

import os
from typing import Any, NoReturn

from ftspec.cli.exits import FINDINGS, Exit
from ftspec.cli.installed import open_registry
from ftspec.cli.output import echo, hide
from ftspec.diagnostics.model import Collector, Diagnostic
from ftspec.diagnostics.render import text
from ftspec.document.load import read_source
from ftspec.document.nodes import to_plain
from ftspec.document.parse import parse_node
from ftspec.errors import RunError, SpecError, UsageError
from ftspec.linting import examine
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.span import SourceText


def plan_of(run_dir: RunDirectory) -> Plan:
    """The plan of a run, read from its resolved spec like any other spec."""
    if not run_dir.resolved_spec.is_file():
        raise UsageError(
            f"{run_dir.path} is no run directory: it has no {run_dir.resolved_spec.name}"
        )
    found = Collector()
    source = read_source(run_dir.resolved_spec, found)
    if source is None:
        raise SpecError(tuple(found))
    environment = _Environment()
    verdict = examine(source, open_registry(), environment=environment)
    if verdict.plan is None:
        raise SpecError(verdict.diagnostics)
    hide(verdict.plan.secrets)
    if verdict.plan.adapter is not None:
        _require_checkpoint(source, environment)
    return verdict.plan


def _require_checkpoint(source: SourceText, environment: _Environment) -> None:
    """Refuse to load another checkpoint below an adapter than training had. A resolved spec has
    references only where the environment had a value."""
    root = parse_node(source, Collector())
    checkpoint = to_plain(root)["model"]["checkpoint"] if root is not None else ""
    for name in sorted(environment.unset):
        if f"${{env:{name}" in checkpoint:
            raise UsageError(
                f'the checkpoint reads the environment variable "{name}", which is not set; '
                "set it as it was in training"
            )


class _Environment(dict[str, str]):
    """The environment, in which a variable that is not set is empty: most of what a spec reads from
    it, such as tokens and paths of data, prediction does without."""

    def __init__(self) -> None:
        super().__init__(os.environ)
        self.unset: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self.unset.add(key)
            return ""
        return self[key]


def show_and_exit(error: RunError) -> NoReturn:
    """End a command with what went wrong. There is no place in a spec to show: the run is over."""
    finding = Diagnostic(slug=error.slug, headline=error.headline, helps=error.helps)
    echo(text.render([finding]), err=True, nl=False)
    raise Exit(FINDINGS) from None
