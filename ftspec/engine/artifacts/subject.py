"""The model that is evaluated. Imports without torch."""

from __future__ import annotations

from dataclasses import dataclass

from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


@dataclass(frozen=True)
class Subject:
    """The model of a run, or the checkpoint of a spec as it is.

    Attributes:
        plan: of the run, or of the spec.
        run_dir: the run; ``None`` for a spec.
        spec_text: the text of the spec.
    """

    plan: Plan
    run_dir: RunDirectory | None
    spec_text: str = ""
