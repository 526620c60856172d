"""Processes of one run that get their places from the environment alone, without a launcher."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.cli.command import Done
from tests.cli.warm import Warm


def placed(warm: Warm, *arguments: str | Path, env: dict[str, str]) -> tuple[Done, Done]:
    """Run `ftspec` in two processes that get their ranks from the environment alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = [
        {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
        | {"MASTER_PORT": str(port)}
        for rank in ("0", "1")
    ]
    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda place: warm.ftspec(*arguments, env=env | place), places)
    return first, second
