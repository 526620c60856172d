"""What a run costs: time, tokens, arithmetic and memory, and what makes it cheaper."""
