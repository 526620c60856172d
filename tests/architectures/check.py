"""Checks a pair: trains, evaluates, predicts, saves and loads it, and compares."""

from __future__ import annotations

import shutil
import time
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from ftspec.errors import in_one_line
from tests.architectures.checkpoints import save_checkpoint
from tests.architectures.comparisons import (
    difference_to_next_token_loss,
    difference_when_loaded,
    share_of_other_predictions,
    validation_loss_alone,
)
from tests.architectures.corpus import read_rows, write_rows
from tests.architectures.models import NotBuiltError
from tests.architectures.pairs import Pair
from tests.architectures.specs import ACCUMULATED, AT_ONCE, PADDED, Case
from tests.architectures.steps import RefusedError, Step, make_step
from tests.architectures.verdict import Measures, Verdict

_TEXT_OF_ERRORS = 200


def check_pair(pair: Pair, folder: Path) -> Verdict:
    """The verdict of a pair. Its files are in ``folder``, which is removed. So is the cache: what
    ftspec remembers of one pair decides nothing for another."""
    began = time.monotonic()
    try:
        folder.mkdir(parents=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FTSPEC_CACHE", str(folder / "cache"))
            verdict = _check(pair, folder)
    except NotBuiltError as error:
        verdict = Verdict(pair=pair, outcome="not built", says=str(error))
    except RefusedError as error:
        verdict = Verdict(pair=pair, outcome="refused", says=str(error))
    except Exception as error:  # of any kind: a raw error is what is looked for
        verdict = Verdict(pair=pair, outcome="failed", says=_told(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return replace(verdict, seconds=time.monotonic() - began)


def _check(pair: Pair, folder: Path) -> Verdict:
    rows = write_rows(folder / "rows.jsonl")
    case = Case(pair, save_checkpoint(pair, folder / "model"), rows, folder / "runs")
    accumulated = make_step(case.plan(ACCUMULATED), is_finished=True)
    measures = _measure(case, accumulated)
    outcome, faults = measures.judge()
    return Verdict(
        pair=pair, outcome=outcome, says=accumulated.says, faults=faults, measures=measures
    )


def _measure(case: Case, accumulated: Step) -> Measures:
    at_once = make_step(case.plan(AT_ONCE))
    padded = make_step(case.plan(AT_ONCE, PADDED))
    is_language_model = case.pair.task == "text-generation"
    is_padded = accumulated.is_said_to_be_padded
    accumulated_padded = make_step(case.plan(ACCUMULATED, PADDED)) if is_padded else accumulated
    alone = validation_loss_alone(padded)
    assert accumulated.validation_loss is not None
    return Measures(
        at_once=at_once.difference_to(padded),
        accumulated=accumulated.difference_to(padded),
        is_said_to_be_padded=is_padded,
        at_once_padded=at_once.difference_to(padded),
        accumulated_padded=accumulated.difference_to(accumulated_padded),
        evaluation=abs(accumulated.validation_loss - alone) / abs(alone),
        next_token=difference_to_next_token_loss(padded) if is_language_model else 0.0,
        predictions=share_of_other_predictions(accumulated, read_rows(case.rows)),
        saved=difference_when_loaded(accumulated, padded, case.pair.auto_model),
    )


def _told(error: Exception) -> str:
    """The error, and the last place of ftspec or of a model where it was raised."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    text = in_one_line(error, _TEXT_OF_ERRORS)
    return f"{type(error).__name__} in {Path(where.filename).name}: {text}"
