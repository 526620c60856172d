"""What a run reports, and how it ends."""
