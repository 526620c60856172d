"""What is said of a run that does not finish, on a terminal and in an exception."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from ftspec.diagnostics.model import Diagnostic, Label, labelled
from ftspec.diagnostics.render import text
from ftspec.document.load import Document
from ftspec.engine.processes.failure import AnotherFailedError, Failure
from ftspec.engine.progress.outcome import RunFailedError, RunInterruptedError
from ftspec.errors import RunError
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def finding_of(error: RunError, plan: Plan, document: Document | None = None) -> Diagnostic:
    """A mistake that a run found, at the place in the spec that is at fault."""
    labels: tuple[Label, ...] = ()
    if document is not None and error.at:
        place = document.key_span if error.slug == "unknown-key" else document.span
        labels = labelled(place(error.at))
    return Diagnostic(
        slug=error.slug,
        headline=plan.mask(error.headline),
        labels=labels,
        helps=tuple(plan.mask(one) for one in error.helps),
    )


def error_lines(said: str, log: str, helps: Iterable[str] = ()) -> Iterator[str]:
    """Something broke outside ftspec."""
    yield f"error: the run failed: {said}"
    for one in helps:
        yield f"  = help: {one}"
    if log:
        yield f"the traceback is in {log}"


@contextmanager
def errors_explained(plan: Plan, document: Document | None = None) -> Iterator[None]:
    """Give the errors of a run the text that the command line shows. They contain no secrets. Their
    causes are removed, because the texts of causes may contain some; the log has the causes.

    Raises:
        RunError: with the place in the spec and the help.
        RunFailedError: with the help and the log.
        RunInterruptedError: with the run directory.
    """
    try:
        yield
    except RunError as error:
        finding = finding_of(error, plan, document)
        error.headline, error.helps = finding.headline, finding.helps
        _tell(error, [text.render([finding]).rstrip("\n")], plan)
    except RunFailedError as error:
        _tell(error, error_lines(str(error), str(error.run_dir.log), error.helps), plan)
    except RunInterruptedError as stop:
        _tell(stop, ["interrupted"], plan)
    except AnotherFailedError as error:
        _tell(error, _lines_of_failure(error.failure, plan, document), plan)


def _lines_of_failure(failure: Failure, plan: Plan, document: Document | None) -> Iterator[str]:
    if failure.kind == "mistake":
        error = RunError(str(failure), slug=failure.slug, at=failure.at, helps=failure.helps)
        yield text.render([finding_of(error, plan, document)]).rstrip("\n")
    elif failure.kind == "interrupted":
        yield "interrupted"
    else:
        yield from error_lines(str(failure), failure.log)


def _tell(
    error: RunError | RunFailedError | RunInterruptedError | AnotherFailedError,
    lines: Iterable[str],
    plan: Plan,
) -> NoReturn:
    folder = error.run_folder if isinstance(error, RunError) else None
    if isinstance(error, (RunFailedError, RunInterruptedError)):
        folder = error.run_dir.path
    said = [*lines]
    if folder is not None:
        said.append(f"what the run has written is in {folder}, its log is log.txt")
        if RunDirectory(folder).latest_checkpoint() is not None:
            said.append(f'go on with: ftspec.run(…, resume="{folder}")')
    error.args = (plan.mask("\n".join(said)),)
    raise error from None
