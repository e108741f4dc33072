"""How much the engine does in one go, and remembers. Whoever keeps to these looks here each time."""

from dataclasses import dataclass


@dataclass(slots=True)
class EngineLimits:
    """All of it may change while the daemon runs."""

    keys_remembered: int = 10_000
    """API keys that need not be read again; where there are more, all are forgotten."""
    sessions: int = 20
    """How many sessions one key has at the desk; a further one ends the oldest."""
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
    unresolved: int = 10_000
    """How many relays wait for their outcome at once; beyond it no other is taken."""
    prepared: int = 10_000
    """How many payments that were drawn up for wallets are remembered, to be given again."""
    questions_per_client: int = 20
    """How many questions of one client are with the networks at once; a further one is refused."""
    answer_wait_s: float = 20.0
    """How long an answer waits for the network; then it tells what is known."""
    submit_timeout_s: float = 60.0
    """How long a chain may take to hand a transaction over; then it is asked to do so again."""
    follow_timeout_s: float = 600.0
    """How long a chain may look for an outcome; then it is asked anew."""
    follow_pause_s: float = 1.0
    """The pause after a chain has told no outcome. It doubles with each further one."""
    follow_longest_pause_s: float = 60.0
    """What such a pause grows to at most, before its jitter."""
