"""Exports the model of a run to a folder, with a card that describes the run. Imports without
torch."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from ftspec.engine.hub.card import write_card
from ftspec.engine.progress.disk_fault import FULL, disk_fault_in
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
    except Exception as error:
        fault = disk_fault_in(error, output.parent)
        if fault is None and not isinstance(error, OSError):
            raise
        said = fault.text if fault else f'cannot write to "{output}": {_reason(error)}'
        helps = fault.helps if fault else ()
        raise RunError(said, slug="output-not-writable", helps=helps) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def copy_model(run_dir: RunDirectory, folder: Path) -> None:
    """Copy the files of the model of a run.

    Raises:
        RunError: they are not as the run saved them.
    """
    require_model(run_dir, with_hashes=True)
    left_out = shutil.ignore_patterns(MANIFEST)  # the card is added to the files
    try:
        shutil.copytree(run_dir.model, folder, dirs_exist_ok=True, ignore=left_out)
    except shutil.Error as error:
        _, target, reason = error.args[0][0]  # the first file of all that could not be copied
        number = next((one for one in FULL if f"[Errno {one}]" in reason), None)
        raise OSError(number, reason, target) from error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
