"""Chat models: answers learned from conversations, and preferred over worse ones."""
