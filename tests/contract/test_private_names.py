"""Private names of libraries: the table has each one that the source uses and no other, and the
installed libraries have them as the table says."""

from __future__ import annotations

import importlib
import inspect
import re
from importlib.util import find_spec
from typing import Any

import pytest

from tests.contract.private_names import PRIVATE_NAMES, PrivateName
from tests.contract.used_private_names import scanned_files, source_files, used_names

TABLE = "tests/contract/private_names.py"


@pytest.mark.parametrize("name", PRIVATE_NAMES, ids=lambda name: name.name)
def test_the_library_has_the_name(name: PrivateName) -> None:
    if find_spec(name.library) is None:
        pytest.skip(f"{name.library} is not installed")
    found = find(name.name)
    why = f"{', '.join(name.used_in)} uses it: {name.reason}"
    assert found is not None, f"{name.name} is gone. {why}"
    if name.parameters is not None:
        now = parameters_of(found)
        same = now == name.parameters
        more = name.parameters.endswith("…") and f"{now}, ".startswith(name.parameters[:-1])
        assert same or more, f"{name.name}({name.parameters}) takes ({now}) now. {why}"


def test_the_table_has_every_name_that_is_used() -> None:
    known = {(file, name.as_written) for name in PRIVATE_NAMES for file in name.used_in}
    missing = sorted(used_names() - known)
    assert not missing, f"use a public name, or write why not in {TABLE}: {missing}"


def test_every_name_of_the_table_is_used() -> None:
    unseen = source_files() - scanned_files()
    known = {
        (file, name.as_written)
        for name in PRIVATE_NAMES
        for file in name.used_in
        if file not in unseen
    }
    idle = sorted(known - used_names())
    assert not idle, f"no longer used, remove it from {TABLE}: {idle}"


def test_names_are_listed_once() -> None:
    names = [name.name for name in PRIVATE_NAMES]
    assert sorted(set(names)) == sorted(names)


def find(dotted: str) -> Any:
    """What a dotted name stands for; for an attribute that only instances have, the line of the
    class that uses it. ``None`` if there is neither."""
    parts = dotted.split(".")
    count = next(n for n in range(len(parts), 0, -1) if is_module(".".join(parts[:n])))
    owner: Any = None
    found: Any = importlib.import_module(".".join(parts[:count]))
    for part in parts[count:]:
        owner, found = found, getattr(found, part, None)
    if found is None and inspect.isclass(owner):
        line = re.search(rf"self\.{parts[-1]}\b.*", inspect.getsource(owner))
        found = line[0] if line is not None else None
    return found


def is_module(dotted: str) -> bool:
    try:
        importlib.import_module(dotted)
    except ImportError:
        return False
    return True


def parameters_of(found: Any) -> str:
    """The names of the parameters, without ``self``."""
    if hasattr(found, "default"):  # an operator of torch
        names = [argument.name for argument in found.default._schema.arguments]
    else:
        names = list(inspect.signature(found).parameters)
    return ", ".join(name for name in names if name != "self")
