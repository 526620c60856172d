"""Changes of libraries for the whole process, one in each file."""
