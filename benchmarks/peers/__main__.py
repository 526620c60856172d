"""``python -m benchmarks.peers install [PEER…]``: make the environments to measure peers in.

They go to ``$XDG_CACHE_HOME/ftspec-benchmarks`` (``~/.cache`` by default), 7 GB in all, and are for
Python 3.11 on Linux with an x86-64 processor, from which their versions were taken. They take CPU
builds of torch; where pip does not find these by itself, set
``PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu``.
"""

from __future__ import annotations

import argparse

from benchmarks.peers.environments import PEERS, folder_of, install, installed_version


def main() -> None:
    """Install the peers that are named, or all that are not installed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("command", choices=["install"])
    parser.add_argument("peers", nargs="*", metavar="PEER", help=", ".join(PEERS))
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.peers) - set(PEERS))
    if unknown:
        parser.error(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    for peer in arguments.peers or [one for one in PEERS if installed_version(one) is None]:
        install(peer)
        print(f"{peer} {installed_version(peer)} in {folder_of(peer)}")


if __name__ == "__main__":
    main()
