"""The hooks of ftspec. No hook is ``firstresult``: hooks register components or observe a run.

A plugin is a plain module in the entry-point group ``ftspec`` that implements some of these hooks
with ``@ftspec.api.hookimpl``. It must import without torch; see :mod:`ftspec.api`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
    LauncherComponent,
    MetricComponent,
    SourceComponent,
    TaskComponent,
    TokenizerComponent,
    TransformComponent,
)

if TYPE_CHECKING:
    from ftspec.diagnostics.model import Diagnostic
    from ftspec.document.load import Document
    from ftspec.planning.plan import Plan
    from ftspec.rundir import RunDirectory

PROJECT = "ftspec"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """Every hook.

    docs/hooks.md is generated from the docstrings, which have a fixed form: what the hook is for,
    when it is called, what it may return, and an example that a test installs.
    """

    @hookspec
    def ftspec_register_sources(self) -> Iterable[SourceComponent]:
        """Register sources: where rows come from, ``data.source`` in a spec.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``SourceComponent``, a list or a generator. When a run prepares its
        data, ftspec calls the factory with the validated config and a ``Context``; it returns a
        ``Source``. If the factory downloads files from the Hub, set ``uses_hub=True`` in the
        record. Annotate keys that are paths with ``LocalPath``, so that lint checks that they
        exist.

        Example::

            from typing import Annotated

            from ftspec.api import ComponentConfig, Field, LocalPath, SourceComponent, hookimpl


            class SqliteConfig(ComponentConfig):
                '''Rows of a table.'''

                path: Annotated[str, LocalPath(must_exist=True)] = Field(description="the file")
                table: str = Field(description="the table")


            @hookimpl
            def ftspec_register_sources():
                return [
                    SourceComponent(
                        name="sqlite",
                        summary="the rows of a table in a SQLite file",
                        config=SqliteConfig,
                        factory="ftspec_sqlite.source:SqliteSource",
                    )
                ]
        """
        return ()

    @hookspec
    def ftspec_register_transforms(self) -> Iterable[TransformComponent]:
        """Register transforms: changes to rows before the template, ``preprocess.transforms``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``TransformComponent``, a list or a generator. For each place in a
        spec, ftspec calls the factory with the validated config and a ``Context``; it returns a
        ``Transform``. Two transforms from the same config must have the same hash, or the cache
        never finds the prepared data again.

        Example::

            from ftspec.api import ComponentConfig, Field, TransformComponent, hookimpl


            class ShoutConfig(ComponentConfig):
                '''What to put in upper case.'''

                column: str = Field(description="the column to put in upper case")


            @hookimpl
            def ftspec_register_transforms():
                yield TransformComponent(
                    name="shout",
                    summary="put a column in upper case",
                    config=ShoutConfig,
                    factory="ftspec_shout.shout:Shout",
                )
        """
        return ()

    @hookspec
    def ftspec_register_tokenizers(self) -> Iterable[TokenizerComponent]:
        """Register tokenizers: how text becomes token ids, ``tokenizer``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``TokenizerComponent``, a list or a generator. The config is a
        subclass of ``TokenizerConfig``, which has the maximum lengths. ftspec calls the factory
        with the validated config and a ``TokenizerContext``, which has the checkpoint and the
        texts to train on; it returns a tokenizer of transformers.

        Example::

            from ftspec.api import TokenizerComponent, TokenizerConfig, hookimpl


            class BytesConfig(TokenizerConfig):
                '''Bytes need no settings.'''


            @hookimpl
            def ftspec_register_tokenizers():
                yield TokenizerComponent(
                    name="bytes",
                    summary="each byte is a token, in any script",
                    config=BytesConfig,
                    factory="ftspec_bytes.tokenizer:byte_tokenizer",
                )
        """
        return ()

    @hookspec
    def ftspec_register_adapters(self) -> Iterable[AdapterComponent]:
        """Register adapters: new weights to train instead of all weights, ``model.adapter``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``AdapterComponent``, a list or a generator. ftspec calls the factory
        with the validated config and an ``AdapterContext``; it returns an ``Adapter``. Without an
        adapter in a spec, every weight of the model is trained.

        Example::

            from ftspec.api import AdapterComponent, ComponentConfig, Field, hookimpl


            class TopLayersConfig(ComponentConfig):
                '''Which layers are trained.'''

                count: int = Field(default=2, ge=1, description="number of layers, from the top")


            @hookimpl
            def ftspec_register_adapters():
                yield AdapterComponent(
                    name="top-layers",
                    summary="train only the top layers",
                    config=TopLayersConfig,
                    factory="ftspec_top_layers.adapter:TopLayers",
                )
        """
        return ()

    @hookspec
    def ftspec_register_tasks(self) -> Iterable[TaskComponent]:
        """Register tasks: what the model learns, ``task``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``TaskComponent``, a list or a generator. The config is a subclass
        of ``TaskConfig``; its ``predictions`` are the kinds of prediction that metrics score. The
        record has what lint needs without torch: the fields that templates fill, the auto class
        that loads its models, and its default metrics. ftspec calls the factory with the
        validated config and a ``TaskContext``; it returns a ``Task``. Inherit from ``Task``, which
        has a default for most methods.

        Example::

            from ftspec.api import TaskComponent, TaskConfig, TaskField, hookimpl


            class MultipleChoiceConfig(TaskConfig):
                '''Which of several endings fits.'''

                @property
                def predictions(self):
                    return frozenset({"class"})


            @hookimpl
            def ftspec_register_tasks():
                yield TaskComponent(
                    name="multiple-choice",
                    summary="choose the ending that fits a text",
                    config=MultipleChoiceConfig,
                    factory="ftspec_multiple_choice.task:MultipleChoice",
                    fields=(
                        TaskField(name="text", summary="the beginning"),
                        TaskField(name="endings", summary="a list of endings", type="any"),
                        TaskField(name="label", summary="the best", type="label", is_answer=True),
                    ),
                    auto_model="AutoModelForMultipleChoice",
                    default_metrics={"class": ("accuracy",)},
                )
        """
        return ()

    @hookspec
    def ftspec_register_metrics(self) -> Iterable[MetricComponent]:
        """Register metrics: what is measured at each evaluation, ``metrics``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``MetricComponent``, a list or a generator. ``scores`` are the kinds
        of prediction that it can score; lint compares them with the predictions of the task.
        ``results`` are the names of the numbers that it returns, so that a spec can select the
        best model by one of them. ftspec calls the factory with the validated config and a
        ``Context``; it returns an ``evaluate.EvaluationModule``.

        Example::

            from ftspec.api import ComponentConfig, MetricComponent, hookimpl


            class ExactMatchConfig(ComponentConfig):
                '''Nothing to set.'''


            @hookimpl
            def ftspec_register_metrics():
                yield MetricComponent(
                    name="exact-match",
                    summary="share of texts that are identical to the reference",
                    config=ExactMatchConfig,
                    factory="ftspec_exact_match.metric:exact_match",
                    scores=frozenset({"text"}),
                    results=("exact_match",),
                )
        """
        return ()

    @hookspec
    def ftspec_register_callbacks(self) -> Iterable[CallbackComponent]:
        """Register callbacks: actions during training, ``callbacks``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``CallbackComponent``, a list or a generator. If a callback needs
        certain settings of the Trainer, its config is a subclass of ``CallbackConfig`` and returns
        them in ``training_defaults``; the settings of the spec win. ftspec calls the factory with
        the validated config and a ``CallbackContext``; it returns a
        ``transformers.TrainerCallback``.

        Example::

            from ftspec.api import CallbackComponent, CallbackConfig, Field, hookimpl


            class TimeLimitConfig(CallbackConfig):
                '''When to stop.'''

                minutes: float = Field(gt=0, description="minutes after which training stops")


            @hookimpl
            def ftspec_register_callbacks():
                yield CallbackComponent(
                    name="time-limit",
                    summary="stop after some minutes, with a checkpoint",
                    config=TimeLimitConfig,
                    factory="ftspec_time_limit.callback:TimeLimit",
                )
        """
        return ()

    @hookspec
    def ftspec_register_launchers(self) -> Iterable[LauncherComponent]:
        """Register launchers: how the processes of a run are started, ``launcher``.

        Called once by every command that reads specs, before it reads the first spec. Must not
        import torch.

        Return an iterable of ``LauncherComponent``, a list or a generator. The config is a subclass
        of ``LauncherConfig``, which has the number of processes and of restarts. The record says
        what the launcher can do. ``ftspec run`` calls the factory with the validated config and a
        ``LauncherContext``, which has the command that every process runs; it returns a
        ``Launcher``. A process that is already launched ignores the section. It finds its place in
        the variables ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``MASTER_ADDR`` and ``MASTER_PORT``.

        Example::

            from ftspec.api import Field, LauncherComponent, LauncherConfig, hookimpl


            class SshConfig(LauncherConfig):
                '''Where to run.'''

                host: str = Field(description="the machine, as ssh knows it")


            @hookimpl
            def ftspec_register_launchers():
                yield LauncherComponent(
                    name="ssh",
                    summary="torchrun on another machine, by ssh",
                    config=SshConfig,
                    factory="ftspec_ssh.launcher:SshLauncher",
                )
        """
        return ()

    @hookspec
    def ftspec_check_plan(self, plan: Plan, spans: Document) -> Iterable[Diagnostic]:
        """Check a plan: find mistakes that involve more than one key.

        Called by every command that reads specs, for each spec and each of its profiles, after
        the built-in checks and only if there is a plan. Must not import torch or open a
        connection.

        ``plan`` is the resolved spec: ``plan.task.type``, ``plan.task.config``, ``plan.training``
        with the fields that the spec sets, and so on. ``spans.span(path)`` is where a value is
        written, and ``spans.key_span(path)`` where its key is written.

        Return an iterable of ``Diagnostic``, a list or a generator, or ``None`` for no findings.
        Slugs have the form ``"<plugin>/<slug>"``; users write them to ignore a finding or to set
        its severity. A spec with a finding of severity ``ERROR`` does not run. If the hook
        raises, ftspec reports a warning and keeps the findings so far.

        Example::

            from ftspec.api import Diagnostic, Severity, hookimpl, labelled


            @hookimpl
            def ftspec_check_plan(plan, spans):
                epochs = plan.training.get("num_train_epochs", 3)
                if epochs > 10:
                    yield Diagnostic(
                        slug="house/many-epochs",
                        severity=Severity.WARNING,
                        headline=f'"{epochs:g}" epochs block the machine for everyone else',
                        labels=labelled(spans.span(("training", "num_train_epochs"))),
                        helps=("ask before you start it",),
                    )
        """
        return ()

    @hookspec
    def ftspec_run_started(self, plan: Plan, run_dir: RunDirectory) -> None:
        """Observe the start of training.

        Called once per run, in its first process, after data and model are prepared and the lock
        is written, and before the first step. Also called when a run is resumed. ``run_dir.path``
        is the folder of the run, and ``run_dir.write_text`` writes a file in it atomically.

        Return nothing. An exception becomes a warning in the run log, and the run continues.

        Example::

            from ftspec.api import hookimpl


            @hookimpl
            def ftspec_run_started(plan, run_dir):
                run_dir.write_text("ticket.txt", f"https://tickets.example/runs/{plan.digest()[:8]}\\n")
        """

    @hookspec
    def ftspec_run_finished(self, plan: Plan, run_dir: RunDirectory, outcome: str) -> None:
        """Observe the end of a run.

        Called once per run, in its first process, after all files are written. Also called if
        preparation failed and ``ftspec_run_started`` was never called. ``outcome`` is
        ``finished``, ``failed`` or ``interrupted``. ``run_dir.read_json("metrics.json")`` returns
        the results of a finished run.

        Return nothing. An exception becomes a warning in the run log, and the outcome does not
        change.

        Example::

            from pathlib import Path

            from ftspec.api import hookimpl


            @hookimpl
            def ftspec_run_finished(plan, run_dir, outcome):
                with Path("all-runs.csv").open("a", encoding="utf-8") as table:
                    table.write(f"{plan.name},{run_dir.path},{outcome}\\n")
        """


REGISTER_HOOKS: dict[str, type] = {
    "ftspec_register_adapters": AdapterComponent,
    "ftspec_register_callbacks": CallbackComponent,
    "ftspec_register_launchers": LauncherComponent,
    "ftspec_register_metrics": MetricComponent,
    "ftspec_register_sources": SourceComponent,
    "ftspec_register_tasks": TaskComponent,
    "ftspec_register_tokenizers": TokenizerComponent,
    "ftspec_register_transforms": TransformComponent,
}
"""The hooks that return component records, with the class of their records."""
