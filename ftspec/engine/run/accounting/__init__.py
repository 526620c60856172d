"""What a run cost: time, tokens, arithmetic and memory, and what would make it cheaper."""
