"""From planned components to the objects that their factories create."""
