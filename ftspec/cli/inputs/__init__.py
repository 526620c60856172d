"""What a command line names: specs, run directories, files of rows, and installed plugins."""
