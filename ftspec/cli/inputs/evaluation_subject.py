"""What ``ftspec evaluate`` evaluates: the model of a run, or the checkpoint of a spec."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ftspec.cli.inputs.run_plan import plan_of
from ftspec.cli.inputs.sound_plan import sound_plan
from ftspec.document.load import Document
from ftspec.engine.artifacts.subject import Subject
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan
from ftspec.registry.registry import Registry
from ftspec.rundir import RunDirectory


class Examined(NamedTuple):
    """A subject, and the spec to point into, if it is one."""

    subject: Subject
    document: Document | None


def subject_of(
    target: Path, registry: Registry, *, profile: str | None, overrides: Sequence[str]
) -> Examined:
    """The subject in a run directory, or in the file of a spec.

    Raises:
        UsageError: the folder is no run, or an option is only for specs.
        SpecError: the spec of the run has errors.
    """
    if target.is_dir():
        if profile is not None or overrides:
            raise UsageError("--profile and --set are for specs, not for runs")
        run_dir = RunDirectory(target)
        return Examined(Subject(plan_of(run_dir), run_dir), None)
    source, document, plan = sound_plan(str(target), registry, profile=profile, overrides=overrides)
    return Examined(Subject(plan, None, source.text), document)


def data_of(spec: Path, plan: Plan, registry: Registry) -> Plan:
    """The plan of another spec, whose data a model is evaluated on.

    Raises:
        UsageError: its task is another one.
        SpecError: it has errors.
    """
    # what lint would say of training does not matter here
    _, _, other = sound_plan(str(spec), registry, profile=None, overrides=(), shows=False)
    if other.task.type != plan.task.type:
        raise UsageError(
            f'the task of "{spec}" is {other.task.type}, and that of the model {plan.task.type}'
        )
    return other
