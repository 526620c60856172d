"""A new plugin: a whole distribution that passes its own tests, to change into one's own."""
