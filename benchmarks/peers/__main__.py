"""``python -m benchmarks.peers install [PEER…]``: install the other tools.

Each gets its own environment in ``$XDG_CACHE_HOME/ftspec-benchmarks`` (default: ``~/.cache``). All
take 7 GB. They are for Python 3.11 on Linux with an x86-64 processor, where their versions were
pinned. They use CPU builds of torch; if pip does not find them, set
``PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu``.
"""

from __future__ import annotations

import argparse

from benchmarks.peers.environments import PEERS, folder_of, install, installed_version


def main() -> None:
    """Install the given peers, or all that are not installed yet."""
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
