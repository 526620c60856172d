"""Virtual environments with ftspec and plugins, installed from wheels as users do.

The heavy packages are those of the environment that runs the tests, seen through a path file; a
path file inside that environment is not read, so the checkout that it names stays unseen.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cli.command import ROOT, Done, own_environment, run

PROJECTS = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))


def build_wheel(project: Path, folder: Path) -> Path:
    """The wheel of a project, built in ``folder``."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    before = set(folder.glob("*.whl"))
    done = run(command, cwd=project)
    assert done.code == 0, done.said
    (wheel,) = set(folder.glob("*.whl")) - before
    return wheel


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def site(self) -> Path:
        """Where its packages are."""
        (site,) = self.folder.glob("lib/python*/site-packages")
        return site

    def install(self, *wheels: Path) -> None:
        """Install wheels without their dependencies."""
        self._pip("install", "--no-deps", "--no-index", *map(str, wheels))

    def copy(self, folder: Path) -> Environment:
        """Another with the same packages, in much less time than pip takes to install them."""
        shutil.copytree(self.folder, folder, symlinks=True)
        for script in (folder / "bin").iterdir():
            if not script.is_symlink():  # they name their interpreter
                text = script.read_text(encoding="utf-8")
                script.write_text(text.replace(str(self.folder), str(folder)), encoding="utf-8")
        return Environment(folder)

    def uninstall(self, distribution: str) -> None:
        """Remove a distribution."""
        self._pip("uninstall", "--yes", distribution)

    def run(self, *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
        """``python -m`` with these arguments, away from the checkout."""
        # without -P the working directory would be on the path
        command = [str(self.python), "-P", "-m", *map(str, arguments)]
        return run(command, cwd=cwd, env=env)

    def ftspec(
        self, *arguments: str | Path, cwd: Path, env: Mapping[str, str] | None = None
    ) -> Done:
        """The ``ftspec`` command."""
        return self.run("ftspec", *arguments, cwd=cwd, env=env)

    def _pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "-q", *arguments]
        done = run(command, env=own_environment(PIP_DISABLE_PIP_VERSION_CHECK="1"))
        assert done.code == 0, done.said


def make_environment(folder: Path) -> Environment:
    """A new environment that sees the packages of this one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    made = Environment(folder)
    (made.site / "heavy.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return made
