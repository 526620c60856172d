"""Runs programs that upload a small folder with the real client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.hub.client import run
from tests.hub.fixtures import environment_for
from tests.hub.server import HubServer

TOKEN = "hf_of_the_tests"

# What each program starts with; FOLDER is the folder to upload.
HEAD = """
import json
from pathlib import Path
from huggingface_hub import HfApi, hf_hub_download

api = HfApi()


def text(name, path, **options):
    return Path(hf_hub_download(name, path, **options)).read_text(encoding="utf-8")


def refusal(ask):
    try:
        ask()
    except Exception as error:
        return [type(error).__name__, str(error)]
"""


def write_files(folder: Path) -> Path:
    """A folder with a text file, a file for LFS and a subfolder."""
    (folder / "tokenizer").mkdir(parents=True)
    (folder / "config.json").write_text('{"a": 1}', encoding="utf-8")
    (folder / "tokenizer" / "vocab.txt").write_text("one two\n", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 100)
    return folder


def tell(hub: HubServer, tmp_path: Path, program: str, **environment: str) -> Any:
    """What the program prints; its folder and its cache are under `tmp_path`."""
    folder = tmp_path / "folder"
    if not folder.exists():
        write_files(folder)
    head = f"{HEAD}\nFOLDER = Path({str(folder)!r})\n"
    return run(head + program, environment_for(hub, tmp_path / "home") | environment)
