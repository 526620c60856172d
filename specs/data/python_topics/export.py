"""Write the help topics of the running Python, those of `help("for")`, as one text file each.

    python export.py OUTPUT_DIR

The text is `pydoc_data.topics`, unchanged; it differs from one Python version to the next.
"""

from __future__ import annotations

import argparse
import hashlib
import platform
import re
from pathlib import Path
from pydoc_data.topics import topics

# Names become file names as they are, so anything beyond these characters must be looked at first.
SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


def export(output_dir: Path) -> list[Path]:
    """Write every topic and return the files in order of their names."""
    written: list[Path] = []
    for name, text in sorted(topics.items()):
        if not SAFE_NAME.fullmatch(name):
            raise SystemExit(f"topic {name!r} does not make a safe file name")
        path = output_dir / f"{name}.txt"
        path.write_bytes(text.encode())  # bytes, so that Windows writes no "\r\n"
        written.append(path)
    return written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output_dir", type=Path, help="folder for the .txt files")
    output_dir: Path = parser.parse_args().output_dir
    output_dir.mkdir(parents=True, exist_ok=True)

    contents = [path.read_bytes() for path in export(output_dir)]
    size = sum(len(content) for content in contents)
    digest = hashlib.sha256(b"".join(contents)).hexdigest()
    print(f"Python {platform.python_version()}: {len(contents)} topics, {size} bytes")
    print(f"{digest}  all topics, joined in order of their names")


if __name__ == "__main__":
    main()
