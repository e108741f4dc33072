"""How much the engine does in one go, and remembers. Whoever keeps to these looks here each time."""

from dataclasses import dataclass


@dataclass(slots=True)
class EngineLimits:
    """All of it may change while the daemon runs."""

    keys_remembered: int = 10_000
    """API keys that need not be read again; where there are more, all are forgotten."""
    destination_attempts: int = 20
    """How often an invoice is drawn up where a destination turns out to have been issued, or paid, before."""
    clocks_at_once: int = 500
    """How many invoices move on in one transaction because their time has run out."""
    clock_turns: int = 10
    """How many such transactions follow one look at the chain, for each stage."""
    confirming_at_once: int = 1_000
    """How many payments a new block is told of by live pushes."""
    live_queue: int = 100
    """How many live pushes wait for one watcher; what comes while it is full is dropped for that one."""
    observations: int = 10_000
    """How many observations a chain may tell in one go."""
    rates: int = 10_000
    """Of how many pairs one source's rates are remembered."""
