"""How a command starts the engine, in one process or in several."""
