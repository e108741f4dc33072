"""The routes, one module for each noun. Each parses, calls the engine once, and words the answer."""
