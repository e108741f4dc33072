"""The port's calls, a module for each part: what can be read and, on top of that, what can be written."""
