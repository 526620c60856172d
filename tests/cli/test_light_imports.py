"""Lint and plan import nothing heavy, and work in an installation without the `train` extra."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import ftspec
from tests.cli.command import FTSPEC, ROOT, SPECS, Done, assert_no_traceback, run

HEAVY = {
    "accelerate",
    "datasets",
    "evaluate",
    "huggingface_hub",
    "matplotlib",
    "numpy",
    "pandas",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "tensorboard",
    "tokenizers",
    "torch",
    "transformers",
}
# what `pip install ftspec` installs: the dependencies of pyproject.toml and their dependencies
BASE = (
    "_yaml",
    "annotated_types",
    "click",
    "pluggy",
    "pydantic",
    "pydantic_core",
    "typing_extensions",
    "typing_inspection",
    "yaml",
)
ALL_SPECS = sorted(str(path.relative_to(ROOT)) for path in SPECS.glob("*.yaml"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("lint", "specs/quickstart.yaml"),
        ("lint", "specs", "--format", "json"),
        ("plan", "specs/quickstart.yaml", "--profile", "smoke"),
        ("plugins",),
        ("cache", "ls"),
        ("cache", "rm", "--help"),
        ("cache", "why", "--help"),
        ("--help",),
        ("run", "--help"),
        ("predict", "--help"),
        ("report", "--help"),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments: tuple[str, ...]) -> None:
    done = run([sys.executable, "-X", "importtime", *FTSPEC[1:], *arguments])
    imported = re.findall(r"^import time:.*\|\s+(\S+)$", done.err, re.MULTILINE)
    assert done.code == 0, done.said
    assert "ftspec.cli" in imported
    assert {name.partition(".")[0] for name in imported}.isdisjoint(HEAVY)


@pytest.fixture(scope="module")
def base_install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the `site-packages` of a fresh `pip install ftspec`."""
    folder = tmp_path_factory.mktemp("base_install")
    (folder / "ftspec").symlink_to(Path(ftspec.__file__).parent)
    for name in BASE:
        found = importlib.util.find_spec(name)
        assert found is not None
        assert found.origin is not None
        is_package = found.submodule_search_locations is not None
        source = Path(found.origin).parent if is_package else Path(found.origin)
        (folder / source.name).symlink_to(source)
    return folder


def base(folder: Path, *arguments: str) -> Done:
    """Run `ftspec` with only the packages of that folder, and without this environment."""
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); "
        "from ftspec.cli import main; sys.argv[0] = 'ftspec'; main()"
    )
    return run([sys.executable, "-I", "-S", "-c", program, *arguments])


def test_base_install_has_no_train_extra(base_install: Path) -> None:
    program = (
        f"import sys, importlib.util; sys.path.insert(0, {str(base_install)!r}); "
        f"print([name for name in {sorted(HEAVY)} if importlib.util.find_spec(name)])"
    )
    assert run([sys.executable, "-I", "-S", "-c", program]).out == "[]\n"


def test_base_install_lints_every_spec(base_install: Path) -> None:
    done = base(base_install, "lint", *ALL_SPECS)
    assert (done.code, done.out) == (0, ""), done.said
    assert done.err == f"{len(ALL_SPECS)} specs: no problems found\n"


def test_base_install_plans(base_install: Path) -> None:
    done = base(base_install, "plan", "specs/cnn_t5.yaml")
    assert done.code == 0, done.said
    assert "google-t5/t5-small" in done.out


def test_base_install_lists_the_built_in_components(base_install: Path) -> None:
    done = base(base_install, "plugins")
    assert done.code == 0, done.said
    assert "text-classification" in done.out


def test_base_install_cannot_run_and_says_what_to_install(base_install: Path) -> None:
    done = base(base_install, "run", "specs/quickstart.yaml")
    assert done.code == 1
    assert done.out == ""
    assert done.err == (
        'error: the package "torch" is not installed; '
        "install it with: pip install 'ftspec[train]'\n"
    )


def test_base_install_cannot_predict_and_says_what_to_install(
    base_install: Path, tmp_path: Path
) -> None:
    plan = base(base_install, "plan", "specs/quickstart.yaml", "--format", "json")
    spec = (SPECS / "quickstart.yaml").read_text(encoding="utf-8")
    assert plan.code == 0
    (tmp_path / "spec.resolved.yaml").write_text(spec, encoding="utf-8")
    done = base(base_install, "predict", str(tmp_path), "a cat")
    assert done.code == 1
    assert_no_traceback(done)
    assert "pip install 'ftspec[train]'" in done.err


def test_base_install_names_a_missing_extra_before_a_run_directory_is_made(
    base_install: Path, tmp_path: Path
) -> None:
    output = tmp_path / "runs"
    done = base(base_install, "run", "specs/quickstart.yaml", "--output-dir", str(output))
    assert done.code == 1
    assert not output.exists()


def test_the_names_for_python_import_nothing_heavy() -> None:
    program = (
        "import sys, ftspec; light = [*sys.modules]; "
        "print([name for name in light if name.startswith('ftspec.')]); "
        "[getattr(ftspec, name) for name in ftspec.__all__]; "
        f"print(sorted({set(HEAVY)!r} & sys.modules.keys()))"
    )
    done = run([sys.executable, "-c", program])
    assert done.out == "[]\n[]\n", done.said
