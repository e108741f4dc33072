"""A local exchange for ``paydaemon demo`` and for tests: it speaks as each source is documented to."""
