"""Multiple choice: which of several texts answers another."""
