"""Finds the private names of libraries that the source uses.

The source is read, not run, except for classes made of library classes: those are imported, since
only the library says which names of ``self`` are its own.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.contract.private_names import DOCUMENTED_MODULES, STANDARD_NAMES

ROOT = Path(__file__).parents[2]
LIBRARIES = {name.partition(".")[0] for name in DOCUMENTED_MODULES}
PRIVATE = re.compile(r"_(?!_)\w+")
OF_SELF = re.compile(r"\bself\.(_(?!_)\w+)")

Use = tuple[str, str]
"""A file, and the name that it uses: a dotted one where it is imported."""


@cache
def used_names() -> frozenset[Use]:
    """Every use in every file that can be looked at."""
    return frozenset(
        (place, name) for place in scanned_files() for name in private_names_in(ROOT / place)
    )


@cache
def source_files() -> frozenset[str]:
    """The files of ftspec and of the plugins."""
    folders = (ROOT / "ftspec", *ROOT.glob("plugins/*/src"))
    return frozenset(
        file.relative_to(ROOT).as_posix() for folder in folders for file in folder.rglob("*.py")
    )


@cache
def scanned_files() -> frozenset[str]:
    """Those of ftspec, and of the plugins whose libraries are installed."""
    without_library = {
        folder_of(ROOT / place)
        for place in source_files()
        for package in imported_packages(parse(ROOT / place))
        if find_spec(package) is None and not (folder_of(ROOT / place) / package).exists()
    } - {ROOT}
    return frozenset(
        place for place in source_files() if folder_of(ROOT / place) not in without_library
    )


def folder_of(file: Path) -> Path:
    """The folder from which the packages of a file are imported."""
    return next(folder for folder in file.parents if folder == ROOT or folder.name == "src")


@cache
def parse(file: Path) -> ast.Module:
    """The tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


def imported_packages(tree: ast.Module) -> Iterator[str]:
    """The top packages that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def private_names_in(file: Path) -> set[str]:
    """The private names of libraries that a file uses."""
    nodes = list(ast.walk(parse(file)))
    own = {name for node in nodes for name in defined_by(node)}
    of_values = {name for node in nodes for name in taken_by(node)} - own - STANDARD_NAMES
    imported = {name for node in nodes for name in undocumented_imports(node)}
    return of_values | imported | names_of_bases(file)


def defined_by(node: ast.AST) -> Iterator[str]:
    """The private names that a node defines."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
            yield name


def taken_by(node: ast.AST) -> Iterator[str]:
    """The private names that a node takes from a value other than ``self``."""
    match node:
        case ast.Attribute(value=ast.Name(id="self" | "cls")):
            return
        case ast.Attribute(attr=name):
            written = name
        case ast.Call(
            func=ast.Name(id="getattr" | "hasattr" | "setattr"), args=[_, ast.Constant(name), *_]
        ):
            written = str(name)
        case _:
            return
    if PRIVATE.fullmatch(written):
        yield written


def undocumented_imports(node: ast.AST) -> Iterator[str]:
    """The dotted names that a node imports from modules that no documentation names."""
    if isinstance(node, ast.ImportFrom) and is_undocumented(node.module or ""):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if is_undocumented(alias.name))


def is_undocumented(module: str) -> bool:
    """Whether a module is a private one of a library."""
    return module.partition(".")[0] in LIBRARIES and module not in DOCUMENTED_MODULES


def names_of_bases(file: Path) -> set[str]:
    """The private names that classes of a file share with the library classes they are made of."""
    classes = [node for node in ast.walk(parse(file)) if isinstance(node, ast.ClassDef)]
    own = {node.name: own_names(node) for node in classes if node.bases}
    if not any(own.values()):
        return set()
    module = import_file(file)
    return {
        name
        for kind, names in own.items()
        for base in getattr(getattr(module, kind, None), "__mro__", ())[1:]
        for name in names & names_in(base)
    }


def own_names(node: ast.ClassDef) -> set[str]:
    """The private names that a class defines, or takes from ``self``."""
    defined = {name for one in node.body for name in defined_by(one)}
    return {*filter(PRIVATE.fullmatch, defined), *OF_SELF.findall(ast.unparse(node))}


@cache
def names_in(base: type) -> frozenset[str]:
    """The names of a class of a library, those that only its instances have too."""
    if base.__module__.partition(".")[0] not in LIBRARIES:
        return frozenset()
    return frozenset({*vars(base), *OF_SELF.findall(inspect.getsource(base))})


def import_file(file: Path) -> Any:
    """The module that a file is."""
    folder = folder_of(file)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module(".".join(file.relative_to(folder).with_suffix("").parts))
