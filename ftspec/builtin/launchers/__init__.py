"""Built-in launchers: how the processes of a run are started."""
