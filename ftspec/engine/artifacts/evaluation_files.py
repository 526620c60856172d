"""The files of an evaluation: metrics.json, rows.parquet and report.html, in a folder of their
own."""

from __future__ import annotations

import errno
import json
import secrets
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout
from pyarrow import parquet

from ftspec.engine.artifacts.evaluate import Evaluation
from ftspec.errors import not_writable
from ftspec.report.evaluation_page import render_evaluation
from ftspec.report.run_page import REPORT, render_run
from ftspec.rundir import EVALUATIONS, RunDirectory

METRICS, ROWS = "metrics.json", "rows.parquet"
_LOCK = ".lock"
_SECONDS_TO_BEGIN = 60.0


def write_evaluation(
    run_dir: RunDirectory, name: str, evaluation: Evaluation, about: Mapping[str, Any]
) -> Path:
    """Write an evaluation into a new folder of the run. Earlier ones stay: the second of a name
    ends with ``-2``, also where another process writes it at the same time.

    Args:
        run_dir: the run.
        name: of the evaluation.
        evaluation: what came of it.
        about: what else stands in ``metrics.json``.

    Raises:
        RunError: the folder cannot be written.
    """
    parent = run_dir.path / EVALUATIONS
    temporary = lock = None
    try:
        _remove_left(parent)
        parent.mkdir(exist_ok=True)  # and not its parent, which is a run that may be removed
        temporary, lock = _begin(parent, name)
        facts = {**about, **evaluation.to_json()}
        text = json.dumps(facts, indent=2, ensure_ascii=False, default=str)
        (temporary / METRICS).write_text(text + "\n", encoding="utf-8")
        parquet.write_table(_table(evaluation), temporary / ROWS)
        page = render_evaluation(run_dir, temporary, name)
        (temporary / REPORT).write_text(page, encoding="utf-8")
        kept = take_name(temporary, parent / name)
        (kept / _LOCK).unlink(missing_ok=True)
        return kept
    except OSError as error:
        raise not_writable(parent, error) from error
    finally:
        if lock is not None and temporary is not None:
            lock.release()
            shutil.rmtree(temporary, ignore_errors=True)


def _begin(parent: Path, name: str) -> tuple[Path, FileLock]:
    """A new hidden folder, and the lock in it, which this process holds. Another evaluation may
    take a folder whose lock is not held yet for one that was left."""
    while True:
        temporary = parent / f".{name}.{secrets.token_hex(4)}"
        temporary.mkdir()
        lock = FileLock(temporary / _LOCK)
        try:
            lock.acquire(timeout=0)
        except (Timeout, FileNotFoundError):
            continue
        if (temporary / _LOCK).exists():
            return temporary, lock
        lock.release()


def renew_report(run_dir: RunDirectory) -> None:
    """Make the page of a finished run again, so that it shows a new evaluation.

    Raises:
        RunError: the page cannot be written.
    """
    if run_dir.status().get("status") != "finished" or not (run_dir.path / REPORT).is_file():
        return
    parent = run_dir.path / EVALUATIONS
    while True:
        shown = set(parent.glob("[!.]*"))
        page = render_run(run_dir)
        try:
            run_dir.write_text(REPORT, page)
        except OSError as error:
            raise not_writable(run_dir.path, error) from error
        if set(parent.glob("[!.]*")) <= shown:  # else another process has added one meanwhile
            return


def _remove_left(parent: Path) -> None:
    """Remove what evaluations left that were killed while they wrote. One that still writes holds
    its lock, or has just begun."""
    for folder in parent.glob(".*.*"):
        lock = folder / _LOCK
        try:
            if lock.is_file():
                with FileLock(lock, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
            elif time.time() - folder.stat().st_mtime > _SECONDS_TO_BEGIN:
                shutil.rmtree(folder, ignore_errors=True)
        except (OSError, Timeout):
            continue


def take_name(temporary: Path, folder: Path) -> Path:
    """Rename a folder to a name that nobody has. A folder is never renamed to one with files."""
    number = 1
    while True:
        wanted = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not wanted.exists():
            try:
                return temporary.rename(wanted)
            except OSError as error:
                # another process took the name meanwhile
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        number += 1


def _table(evaluation: Evaluation) -> pa.Table:
    """The rows from 1, with their fields and what the model made of them. The scores of classes
    have a column each, since the names of classes may be any text."""
    columns: dict[str, Sequence[Any]] = {"row": range(1, evaluation.rows + 1)}
    for name, values in evaluation.columns.items():
        if name == "scores":
            for label in values[0] if len(values) else ():
                columns[f"scores.{label}"] = [row[label] for row in values]
        else:
            columns[name] = values
    return pa.table({name: pa.array(list(values)) for name, values in columns.items()})
