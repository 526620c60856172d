"""``python -m ftspec`` is the ``ftspec`` command."""

from ftspec.cli import main

if __name__ == "__main__":
    main()
