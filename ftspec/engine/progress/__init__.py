"""What a run says while it lasts and how it ends."""
