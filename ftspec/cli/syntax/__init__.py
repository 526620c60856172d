"""What a command line consists of: commands, options, and their values."""
