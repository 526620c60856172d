"""One environment for each peer, in a cache folder, because their pinned versions conflict."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

REQUIREMENTS = Path(__file__).parent
PEERS = tuple(sorted(file.stem for file in REQUIREMENTS.glob("*.txt")))
DISTRIBUTIONS = {"autotrain": "autotrain-advanced"}  # where it differs from the environment's name


def folder_of(peer: str) -> Path:
    """The folder of the environment, which may not exist yet."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "ftspec-benchmarks", peer)


def installed_version(peer: str) -> str | None:
    """The installed version; ``None`` if the peer is not installed."""
    wanted = DISTRIBUTIONS.get(peer, peer)
    found = (one.version for one in _distributions(peer) if one.name.lower() == wanted)
    return next(found, None)


def install(peer: str) -> None:
    """Recreate the environment with exactly the versions in ``PEER.txt``.

    Raises:
        subprocess.CalledProcessError: pip failed.
    """
    folder = folder_of(peer)
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = (folder / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps")
    subprocess.run([*pip, "-r", REQUIREMENTS / f"{peer}.txt"], check=True)
    # torchaudio works if its compiled part is missing, but not if that part cannot be loaded
    for library in folder.glob("lib/python*/site-packages/torchaudio/lib/*.so"):
        library.unlink()


def _distributions(peer: str) -> list[Distribution]:
    sites = [str(site) for site in folder_of(peer).glob("lib/python*/site-packages")]
    return list(distributions(path=sites)) if sites else []
