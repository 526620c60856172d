"""Multiple choice: the right one of several answers."""
