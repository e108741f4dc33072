"""The demo's page: what runs, what was created, a click that pays it, and the shop's own desk.

It is served by the demo's process at a port of its own, so no daemon has it. Its address holds a secret:
whoever does not have the link, be it another user of this machine or a page of another site, finds nothing
there. What is done there goes over the daemon's interfaces, and chains' payers are those of their sandboxes.
"""

from paydaemon.cli.demo.page.server import page_open

__all__ = ["page_open"]
