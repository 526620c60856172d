"""From planned components to the objects their factories make."""
