"""From a run directory to the plan of the run, for commands that use what the run left."""

from __future__ import annotations

from ftspec.cli.inputs.installed import open_registry
from ftspec.cli.terminal.output import hide
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory
from ftspec.running.run_plan import plan_of_run, require_run


def plan_of(run_dir: RunDirectory) -> Plan:
    """The plan of a run, read from its resolved spec. Its secrets are not printed.

    Raises:
        UsageError: the folder is not a run directory, or an environment variable is missing that
            the checkpoint of an adapter depends on.
        SpecError: the resolved spec has errors.
    """
    require_run(run_dir)
    plan = plan_of_run(run_dir, open_registry())
    hide(plan.secrets)
    return plan
