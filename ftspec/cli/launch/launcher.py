"""The launcher that starts the processes of ``ftspec run``, unless this process is one of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from typing import TypeVar

import click
from pydantic import ValidationError

from ftspec.cli.launch.engine_imports import require_engine
from ftspec.cli.terminal.exits import Exit
from ftspec.cli.terminal.output import echo
from ftspec.components import LAUNCHER, LauncherComponent, LauncherConfig
from ftspec.diagnostics.suggest import did_you_mean, one_of
from ftspec.engine.components.factories import load_factory
from ftspec.engine.processes.launched_by import LAUNCHED_WITH
from ftspec.errors import UsageError
from ftspec.planning.plan import Plan, PlannedComponent
from ftspec.protocols import Launcher, LauncherContext
from ftspec.registry.registry import Registry
from ftspec.stopping import handling

_DEFAULT = "torchrun"
_SHARED_KEYS = ("processes", "restarts")
_PLACES = ("RANK", "WORLD_SIZE", "TORCHELASTIC_RUN_ID")
"""The variables of a process that a launcher has started."""

Planned = PlannedComponent[LauncherComponent, LauncherConfig]
Command = TypeVar("Command", bound=Callable[..., object])


class Wanted:
    """What the options of a command say about the launcher.

    Args:
        on: the name of the launcher.
        processes: the number of processes on each machine.
        prints: whether to show what would start the run, and to start nothing.
    """

    def __init__(self, on: str | None, processes: int | None, prints: bool) -> None:
        self.on = on
        self.processes = processes
        self.prints = prints

    @property
    def options(self) -> tuple[str, ...]:
        """The options, as they are written."""
        return (
            *(() if self.on is None else ("--on", self.on)),
            *(() if self.processes is None else ("--processes", str(self.processes))),
        )

    def require_none_if_launched(self, environment: Mapping[str, str]) -> None:
        """Refuse the options in a process that a launcher has started.

        Raises:
            UsageError: there are some.
        """
        given = (*self.options[::2], *(("--print",) if self.prints else ()))
        if given and is_launched(environment):
            raise UsageError(
                f"a launcher has started this process, and {given[0]} would start another one; "
                f"leave out {given[0]}, or start ftspec without the launcher"
            )


def launcher_options(command: Command) -> Command:
    """The options that :class:`Wanted` gets."""
    for option in (
        click.option(
            "--print",
            "prints",
            is_flag=True,
            help="Print the command or the script that starts the run, and start nothing.",
        ),
        click.option(
            "--processes",
            type=click.IntRange(min=1),
            help="The number of processes on each machine; starts torchrun, or what --on names.",
        ),
        click.option(
            "--on",
            metavar="LAUNCHER",
            help='What starts the processes, instead of the "launcher" of SPEC: torchrun or slurm.',
        ),
    ):
        command = option(command)
    return command


def is_launched(environment: Mapping[str, str]) -> bool:
    """Whether a launcher has started this process."""
    return any(environment.get(name) for name in _PLACES)


def launch_if_wanted(
    plan: Plan, registry: Registry, wanted: Wanted, spec: str, arguments: tuple[str, ...]
) -> None:
    """Let a launcher run the plan, if the options or the spec name one, and end with its exit code.
    Returns if this process is to run it.

    Args:
        plan: the plan of the spec.
        registry: the installed components.
        wanted: the options about the launcher.
        spec: the spec as it was written.
        arguments: what each process runs, from the name of the program on.

    Raises:
        UsageError: there is no such launcher, or it cannot have these options.
        RunError: it cannot start the run.
        Exit: the run has ended.
    """
    planned = _planned(plan, registry, wanted)
    if planned is None:
        if wanted.prints:
            raise UsageError('--print needs a launcher: add --processes or --on, or a "launcher"')
        return
    if spec == "-":
        raise UsageError("several processes cannot read one spec from standard input")
    context = LauncherContext(name=plan.name, arguments=arguments, section=planned.at)
    launcher: Launcher = load_factory(planned.component)(planned.config, context)
    if wanted.prints:
        echo(launcher.render().rstrip("\n"))
        raise Exit(0)
    require_engine()
    os.environ[LAUNCHED_WITH] = shlex.join(wanted.options)
    raise Exit(_run(launcher))


def _run(launcher: Launcher) -> int:
    """Start the run, wait for it, and forward signals; returns the exit code."""
    early: list[int] = []  # a signal before there is anything to stop
    is_started = False

    def stop(number: int, frame: object) -> None:
        if is_started:
            launcher.stop(number)
        else:
            early.append(number)

    with handling(stop, also_ctrl_c=True):
        launcher.submit()
        is_started = True
        for number in early:
            launcher.stop(number)
        return launcher.wait()


def _planned(plan: Plan, registry: Registry, wanted: Wanted) -> Planned | None:
    """The launcher of the options, or else that of the spec; ``None`` for one process."""
    of_spec = plan.launcher
    if wanted.on is None and wanted.processes is None:
        return of_spec
    if wanted.on is None and of_spec is None and wanted.processes == 1 and not wanted.prints:
        return None
    name = wanted.on or (_DEFAULT if of_spec is None else of_spec.type)
    registered = registry.get(LAUNCHER, name)
    if registered is None:
        names = registry.names(LAUNCHER.name)
        help_line = (*did_you_mean(name, names), one_of(names))[0]
        raise UsageError(f'no launcher "{name}" is installed; {help_line}')
    is_same = of_spec is not None and of_spec.component == registered.component
    keys = {} if of_spec is None else of_spec.config.model_dump(exclude_unset=True)
    if not is_same:  # the other keys are those of another launcher
        keys = {key: value for key, value in keys.items() if key in _SHARED_KEYS}
    if wanted.processes is not None:
        keys["processes"] = wanted.processes
    try:
        config = registered.component.config.model_validate(keys)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise UsageError(
            f'the launcher "{name}" needs a section in the spec: "{place}": {first["msg"]}'
        ) from None
    at = ("launcher",) if of_spec is not None else ()
    return PlannedComponent(
        component=registered.component, config=config, plugin=registered.plugin.name, at=at
    )
