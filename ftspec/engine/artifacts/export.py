"""Exports the model of a run to a folder, with a card that describes the run. Imports without
torch."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from ftspec.engine.hub.card import write_card
from ftspec.engine.run.opening import require_model
from ftspec.errors import RunError
from ftspec.files import open_as_their_folder
from ftspec.manifest import MANIFEST
from ftspec.planning.plan import Plan
from ftspec.rundir import RunDirectory


def export(
    plan: Plan, run_dir: RunDirectory, output: Path, write_model: Callable[[Path], None]
) -> None:
    """Create the folder ``output`` with the files that ``write_model`` writes to a folder, and a
    card. After an error there is no such folder.

    Raises:
        RunError: the folder or the model cannot be written.
    """
    # in the same folder, so that it can be renamed
    temporary = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        write_model(temporary)
        write_card(plan, run_dir, temporary)
        open_as_their_folder(temporary)
        temporary.rename(output)
    except OSError as error:
        raise RunError(
            f'cannot write to "{output}": {error.strerror or error}', slug="output-not-writable"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_model(run_dir: RunDirectory, folder: Path) -> None:
    """Copy the files of the model of a run.

    Raises:
        RunError: they are not as the run saved them.
    """
    require_model(run_dir, with_hashes=True)
    left_out = shutil.ignore_patterns(MANIFEST)  # the card is added to the files
    shutil.copytree(run_dir.model, folder, dirs_exist_ok=True, ignore=left_out)
