"""The metrics: what the rooms have counted of themselves, told to Prometheus when it asks.

No room knows of this one. Each keeps plain attributes (`paydaemon.measures`). `collect` reads them when
somebody scrapes, `catalogue` says what each is called, and `scrape` puts the page together. A daemon has a
registry of its own, so that several in one process do not mix.
"""

from paydaemon.metrics.collect import Rooms
from paydaemon.metrics.scrape import Metrics

__all__ = ["Metrics", "Rooms"]
