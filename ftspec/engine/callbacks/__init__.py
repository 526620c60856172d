"""What watches training, as callbacks of the Trainer."""
