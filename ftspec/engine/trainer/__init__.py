"""One Trainer for all tasks, and the objects it is given."""
