"""The hooks of ftspec. None is ``firstresult``: hooks announce or observe, the registry selects by
name, Protocols behave.

A plugin is a plain module in the entry-point group ``ftspec`` that implements some of these with
``@ftspec.api.hookimpl``. It must import without torch; see :mod:`ftspec.api`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from ftspec.components import (
    AdapterComponent,
    CallbackComponent,
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
    """Every hook there is.

    A docstring has a fixed form, of which docs/hooks.md is made: what the hook is for, when it is
    called, what may be returned, an example that a test installs.
    """

    @hookspec
    def ftspec_register_sources(self) -> Iterable[SourceComponent]:
        """Offer sources: where rows come from, ``data.source`` in a spec.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``SourceComponent``, a list or a generator. The factory of a record
        is called with the validated config and a ``Context`` when a run prepares its data, and
        returns a ``Source``. Where the factory asks the Hub for files, the record says
        ``uses_hub=True``; a key that is a path is annotated with ``LocalPath``, so that lint
        looks whether it is there.

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
        """Offer transforms: what happens to rows before the template, ``preprocess.transforms``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``TransformComponent``, a list or a generator. The factory is called
        with the validated config and a ``Context``, once for each place in a spec, and returns a
        ``Transform``. What it makes must hash alike each time it is made, or prepared data is
        never found again in the cache.

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
        """Offer tokenizers: how text becomes ids, ``tokenizer``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``TokenizerComponent``, a list or a generator. The config is a
        subclass of ``TokenizerConfig``, which has the lengths that tasks cut to. The factory is
        called with the validated config and a ``TokenizerContext``, which has the checkpoint and
        the texts to learn from, and returns a tokenizer of transformers.

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
        """Offer adapters: what is trained in place of all weights, ``model.adapter``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``AdapterComponent``, a list or a generator. The factory is called
        with the validated config and an ``AdapterContext``, and returns an ``Adapter``. Without
        adapters in a spec, every weight of the model is trained.

        Example::

            from ftspec.api import AdapterComponent, ComponentConfig, Field, hookimpl


            class TopLayersConfig(ComponentConfig):
                '''How much of the model learns.'''

                count: int = Field(default=2, ge=1, description="layers that learn, from the top")


            @hookimpl
            def ftspec_register_adapters():
                yield AdapterComponent(
                    name="top-layers",
                    summary="train the uppermost layers alone",
                    config=TopLayersConfig,
                    factory="ftspec_top_layers.adapter:TopLayers",
                )
        """
        return ()

    @hookspec
    def ftspec_register_tasks(self) -> Iterable[TaskComponent]:
        """Offer tasks: what the model learns, ``task``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``TaskComponent``, a list or a generator. The config is a subclass
        of ``TaskConfig`` and says with ``predictions`` what the task, configured so, gives its
        metrics to score. The record says what lint may know without torch: the fields that
        templates fill, the auto class that loads its models, the metrics it has by default. The
        factory is called with the validated config and a ``TaskContext``, and returns a ``Task``:
        best a class that inherits from it, since most methods have a default.

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
                    summary="a text to the one of several endings that fits",
                    config=MultipleChoiceConfig,
                    factory="ftspec_multiple_choice.task:MultipleChoice",
                    fields=(
                        TaskField(name="text", summary="how it begins"),
                        TaskField(name="endings", summary="a list of endings", type="any"),
                        TaskField(name="label", summary="which fits", type="label", is_answer=True),
                    ),
                    auto_model="AutoModelForMultipleChoice",
                    default_metrics={"class": ("accuracy",)},
                )
        """
        return ()

    @hookspec
    def ftspec_register_metrics(self) -> Iterable[MetricComponent]:
        """Offer metrics: what is measured at each evaluation, ``metrics``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``MetricComponent``, a list or a generator. ``scores`` says of which
        predictions it can be measured; lint compares that with what the task gives. ``results``
        names the numbers it gives, so that a spec may watch one of them. The factory is called
        with the validated config and a ``Context``, and returns an ``evaluate.EvaluationModule``.

        Example::

            from ftspec.api import ComponentConfig, MetricComponent, hookimpl


            class ExactMatchConfig(ComponentConfig):
                '''Nothing to set.'''


            @hookimpl
            def ftspec_register_metrics():
                yield MetricComponent(
                    name="exact-match",
                    summary="share of texts that are the reference to the letter",
                    config=ExactMatchConfig,
                    factory="ftspec_exact_match.metric:exact_match",
                    scores=frozenset({"text"}),
                    results=("exact_match",),
                )
        """
        return ()

    @hookspec
    def ftspec_register_callbacks(self) -> Iterable[CallbackComponent]:
        """Offer callbacks: what happens during training, ``callbacks``.

        Called once in every command that reads specs, before the first is read; must not import
        torch.

        Return an iterable of ``CallbackComponent``, a list or a generator. A config that needs
        certain settings of the Trainer is a subclass of ``CallbackConfig`` and gives them in
        ``training_defaults``; what a spec writes wins. The factory is called with the validated
        config and a ``CallbackContext``, and returns a ``transformers.TrainerCallback``.

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
    def ftspec_check_plan(self, plan: Plan, spans: Document) -> Iterable[Diagnostic]:
        """Find what is wrong in a plan that no single key shows.

        Called for each spec, and under each of its profiles, by every command that reads specs,
        after the built-in checks and only where these found a plan; must not import torch or open
        a connection.

        ``plan`` is the spec resolved: ``plan.task.type``, ``plan.task.config``, ``plan.training``
        with the fields that the spec sets, and so on. ``spans.span(path)`` is the place where a
        value was written, ``spans.key_span(path)`` that of its key.

        Return an iterable of ``Diagnostic``, a list or a generator; ``None`` is nothing. Slugs
        are ``"<plugin>/<slug>"``, which is also how a user ignores a finding or sets its
        severity. A finding of severity ``ERROR`` keeps the spec from being run. A check that
        raises is a warning, and hides nothing.

        Example::

            from ftspec.api import Diagnostic, Severity, hookimpl, labelled


            @hookimpl
            def ftspec_check_plan(plan, spans):
                epochs = plan.training.get("num_train_epochs", 3)
                if epochs > 10:
                    yield Diagnostic(
                        slug="house/many-epochs",
                        severity=Severity.WARNING,
                        headline=f'"{epochs:g}" epochs keep the machine from everybody else',
                        labels=labelled(spans.span(("training", "num_train_epochs"))),
                        helps=("ask before you start it",),
                    )
        """
        return ()

    @hookspec
    def ftspec_run_started(self, plan: Plan, run_dir: RunDirectory) -> None:
        """Observe that a run begins to train.

        Called once in a run, in the first of its processes, when data and model are prepared and
        the lock is written, before the first step; also where a run is resumed. ``run_dir.path`` is
        the folder of the run, and ``run_dir.write_text`` writes a file in it whole or not at all.

        Return nothing. An exception is a warning in the run log, and the run goes on.

        Example::

            from ftspec.api import hookimpl


            @hookimpl
            def ftspec_run_started(plan, run_dir):
                run_dir.write_text("ticket.txt", f"https://tickets.example/runs/{plan.digest()[:8]}\\n")
        """

    @hookspec
    def ftspec_run_finished(self, plan: Plan, run_dir: RunDirectory, outcome: str) -> None:
        """Observe that a run is over, however it ended.

        Called once in a run, in the first of its processes, when all files are written; also where
        preparing failed and ``ftspec_run_started`` was never called. ``outcome`` is ``finished``,
        ``failed`` or ``interrupted``; ``run_dir.read_json("metrics.json")`` are the results of a
        run that finished.

        Return nothing. An exception is a warning in the run log, and the outcome stays what it
        was.

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
    "ftspec_register_metrics": MetricComponent,
    "ftspec_register_sources": SourceComponent,
    "ftspec_register_tasks": TaskComponent,
    "ftspec_register_tokenizers": TokenizerComponent,
    "ftspec_register_transforms": TransformComponent,
}
"""The hooks that return component records, with the record each must return."""
