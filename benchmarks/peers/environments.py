"""An environment of its own for each peer, in a cache folder: their pins contradict ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

REQUIREMENTS = Path(__file__).parent
PEERS = tuple(sorted(file.stem for file in REQUIREMENTS.glob("*.txt")))
DISTRIBUTIONS = {"autotrain": "autotrain-advanced"}  # those not called as their environment is


def folder_of(peer: str) -> Path:
    """Where its environment is, or would be."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "ftspec-benchmarks", peer)


def installed_version(peer: str) -> str | None:
    """The version that is installed; ``None`` where the peer is not."""
    wanted = DISTRIBUTIONS.get(peer, peer)
    found = (one.version for one in _distributions(peer) if one.name.lower() == wanted)
    return next(found, None)


def install(peer: str) -> None:
    """Make its environment anew, with the versions of ``PEER.txt`` and nothing beside.

    Raises:
        subprocess.CalledProcessError: pip could not.
    """
    folder = folder_of(peer)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps")
    subprocess.run([*pip, "-r", REQUIREMENTS / f"{peer}.txt"], check=True)
    # torchaudio does without its compiled part where there is none, but not where it cannot load
    for library in folder.glob("lib/python*/site-packages/torchaudio/lib/*.so"):
        library.unlink()


def _distributions(peer: str) -> list[Distribution]:
    sites = [str(site) for site in folder_of(peer).glob("lib/python*/site-packages")]
    return list(distributions(path=sites)) if sites else []
