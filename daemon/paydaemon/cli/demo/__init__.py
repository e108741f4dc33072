"""``paydaemon demo``: everything at once, on networks of its own, with nothing left behind.

`command` chooses between its three forms. `playground` brings everything up: networks, exchanges, people who
are told, and a daemon in a process of its own. `shop` is what a seller and payers do there, over the API as
anybody would. `once` plays a payment on each chain; `guide` is what is printed for a look around, and `page`
the page that shows it all. That page is served by the demo's own process and is no part of any daemon.
"""

from paydaemon.cli.demo.command import demo

__all__ = ["demo"]
