"""File descriptors: as many as the limits promise connections, or a warning of how many there can be.

The soft bound on them is commonly 1,024 for the sake of select(2), which nothing here uses (systemd.exec(5),
``LimitNOFILE``). So it is raised as far as it may be, and never lowered.
"""

import resource

import structlog

SPARE = 200
"""For the database, the log, the chains, the administration's socket and connections about to be refused."""

log = structlog.get_logger(__name__)


def allow(connections: int) -> None:
    """See to it that so many connections can be open at once, or warn that they cannot."""
    wanted = connections + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft < wanted:
        log.warning(
            "the system allows fewer connections than limits.connections: raise LimitNOFILE",
            connections=connections,
            possible=max(0, soft - SPARE),
        )
