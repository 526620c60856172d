"""What a run asks of the Hub and gives to it."""
