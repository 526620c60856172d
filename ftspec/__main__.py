"""``python -m ftspec`` is the ``ftspec`` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The ``ftspec`` command, which ends without a traceback from its first import on."""
    try:
        if sys.argv[1:2] == ["run"]:
            from ftspec.exit_code import code_of_forbidden_restart
            from ftspec.stopping import end_now, set_handlers

            code = code_of_forbidden_restart()
            if code is not None:
                os._exit(code)
            set_handlers(lambda number, frame: end_now(number), also_ctrl_c=False)
        from ftspec.cli import main as run_command
    except KeyboardInterrupt:
        os.write(2, b"interrupted\n")
        os._exit(130)
    run_command()


if __name__ == "__main__":
    main()
