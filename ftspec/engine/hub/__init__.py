"""The connection of a run to the Hub, and what it pushes there."""
