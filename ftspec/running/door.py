"""``ftspec.run``: a run from Python."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ftspec.diagnostics.model import Collector
from ftspec.engine.hub.connection import Connection
from ftspec.engine.processes import roles
from ftspec.engine.processes.failure import Failure
from ftspec.engine.processes.launch import Launch, read_launch
from ftspec.errors import FtspecError, UsageError, is_bad_path, is_disk_full, text_of_os_error
from ftspec.linting import examine
from ftspec.planning.urls import is_url
from ftspec.registry.discover import build_registry
from ftspec.registry.registry import Registry
from ftspec.running.engine_imports import require_packages
from ftspec.running.failure_text import errors_explained
from ftspec.running.host import Host
from ftspec.running.notebook import watcher_here
from ftspec.running.process_state import one_run_at_a_time, state_restored
from ftspec.running.quiet_watcher import QuietWatcher
from ftspec.running.run import Run
from ftspec.running.spec_findings import spec_error, warn_of
from ftspec.running.spec_source import Spec, source_of, written_overrides
from ftspec.running.start import SoundSpec, follow_run, run_spec

if TYPE_CHECKING:
    from ftspec.engine.processes.group import Group

_FRAMES = 4
"""From the program that calls :func:`run` to the warning of a finding."""


def run(
    spec: Spec,
    *,
    profile: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    output_dir: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> Run:
    """Train, evaluate and save, as ``ftspec run`` does, and return the finished run.

    The process stays as it was: nothing is printed except in a notebook, which shows the progress,
    and environment, logging, signals and random numbers are put back. Ctrl-C and, in the main
    thread, the other signals that stop a run save a checkpoint and raise. Findings in the spec that
    are not errors are warnings of the category :class:`ftspec.FtspecWarning`.

    Args:
        spec: the path of a spec, or a spec as a mapping. Paths in a mapping start from the current
            folder.
        profile: the profile of the spec to apply.
        overrides: values by their paths, such as ``{"training.learning_rate": 1e-4}``.
        output_dir: the folder for run directories, instead of the spec's ``output.dir``.
        resume: a run directory to go on with, or ``"auto"`` for the newest unfinished run of this
            plan, if there is one.

    Raises:
        SpecError: the spec has errors; ``diagnostics`` has every finding.
        UsageError: an argument is wrong, the run cannot be resumed, or another thread of this
            process runs a spec.
        MissingExtraError: the ``train`` extra is not installed.
        RunError: the plan does not fit the data, the model or the machine.
        RunFailedError: something outside ftspec broke; the log has the traceback.
        RunInterruptedError: a signal stopped the run; ``checkpoint`` is the last one kept.
        FtspecError: the base of all of these, and the failure of another process of the run.
    """
    for name, path in (("output_dir", output_dir), ("resume", resume)):
        if path is not None and not isinstance(path, (str, os.PathLike)):
            raise UsageError(f"{name} is a path, not {path!r}"[:200])
    if output_dir is not None and is_url(os.fspath(output_dir)):
        raise UsageError(f'"{output_dir}" is a URL; expected a local folder for output_dir')
    folder = None if output_dir is None else Path(output_dir)
    asked = _Asked(spec, profile, written_overrides(overrides), folder, resume)
    launch = read_launch(os.environ)
    with _faults_of_disk(), one_run_at_a_time(), state_restored():
        if launch.is_alone:
            return asked.run()
        _require_first_meeting()
        return asked.lead(launch) if launch.is_first else asked.follow(launch)


@dataclass(frozen=True)
class _Asked:
    """The arguments of a call."""

    spec: Spec
    profile: str | None
    overrides: tuple[str, ...]
    output_dir: Path | None
    resume: str | os.PathLike[str] | None

    def run(self, leader: roles.Leader | None = None) -> Run:
        """Run in the only process, or in the first of several."""
        registry = build_registry()
        sound = self._sound(registry, warns=True)
        require_packages()

        def open_group(**opened: Any) -> dict[str, Group]:
            if leader is None:
                return {}
            return {"group": leader.open({"plan": sound.plan.digest(), **opened})}

        watcher = watcher_here()
        host = Host(watcher, self._command(sound), owns_process=False)
        resume = None if self.resume is None else os.fspath(self.resume)
        with errors_explained(sound.plan, sound.document), _connection_closed():
            try:
                ended = run_spec(sound, resume, registry, host, open_group)
            except BaseException as error:
                if leader is not None:
                    leader.end(1, Failure.of(error, leader.launch))
                raise
            finally:
                watcher.close()
        return Run(ended.run_dir.path, sound.plan)

    def lead(self, launch: Launch) -> Run:
        """Run in the first of several processes. The others end with it, also where it opens no
        run."""
        leader = roles.Leader(launch)
        try:
            run = self.run(leader)
        except BaseException:
            leader.end(1, Failure.of(FtspecError("the first process says why"), launch))
            raise
        leader.end(0, None)
        return run

    def follow(self, launch: Launch) -> Run:
        """Work on the run that the first process opens."""
        try:
            group, opened = roles.join(launch)
        except roles.FirstProcessEndedError:
            text = "the first process ended before it opened a run: it says why"
            raise FtspecError(text) from None
        registry = build_registry()
        sound = self._sound(registry, warns=False)
        host = Host(QuietWatcher(), owns_process=False)
        with errors_explained(sound.plan, sound.document), _connection_closed():
            try:
                follow_run(sound.plan, group, opened, registry, host)
            except BaseException as error:
                roles.hand_over(group, Failure.of(error, launch))
                raise
        roles.wait_for_end(group)
        return Run(Path(opened["run_dir"]), sound.plan)

    def _sound(self, registry: Registry, *, warns: bool) -> SoundSpec:
        """The spec, if it has no errors.

        Raises:
            SpecError: it has.
        """
        found = Collector()
        source = source_of(self.spec, found)
        if source is None:
            raise spec_error(found)
        verdict = examine(
            source,
            registry,
            profile=self.profile,
            overrides=self.overrides,
            output_dir=self.output_dir,
        )
        document, plan = verdict.document, verdict.plan
        secrets = document.secrets if document is not None else None
        if document is None or plan is None or not verdict.is_sound:
            raise spec_error(verdict.diagnostics, secrets)
        if warns:
            warn_of([*registry.problems, *verdict.diagnostics], secrets, stacklevel=_FRAMES)
        return SoundSpec(source, document, plan, self.profile, self.overrides)

    def _command(self, sound: SoundSpec) -> list[str]:
        """The call, in the words of the command line."""
        profile = [] if self.profile is None else ["--profile", self.profile]
        changes = [word for one in self.overrides for word in ("--set", one)]
        return ["ftspec.run", sound.source.name, *profile, *changes]


@contextmanager
def _connection_closed() -> Iterator[None]:
    """Afterwards, libraries that have read what was set for the run have their own values again."""
    try:
        yield
    finally:
        Connection.close_current()


@contextmanager
def _faults_of_disk() -> Iterator[None]:
    """A path that nothing can have, and a full disk, are no bugs."""
    try:
        yield
    except OSError as error:
        if is_bad_path(error):
            raise UsageError(text_of_os_error(error)) from None
        if is_disk_full(error):
            raise FtspecError(text_of_os_error(error)) from None
        raise


_has_met = False


def _require_first_meeting() -> None:
    """Refuse a second run of several processes: they meet through what their launcher gave them,
    once.

    Raises:
        UsageError: there was one.
    """
    global _has_met
    if _has_met:
        raise UsageError(
            "several processes make one run each time they are started; start them again"
        )
    _has_met = True
