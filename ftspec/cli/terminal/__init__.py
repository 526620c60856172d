"""What a command prints, and the exit code it ends with."""
