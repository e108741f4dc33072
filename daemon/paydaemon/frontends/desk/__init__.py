"""The desk: pages at ``/desk`` for whoever has a key, made here and quick; without a script they do all they
do.

A request passes, in this order: `guard` (is the desk there for this address, is a form really ours), `door`
(who is it), a module of pages (asks the engine), `render` (a template and the policy of what a page may do).
Nothing about money or state is decided here; what is done is the engine's, which journals it.

``templates`` and ``static`` hold what the pages are made of. `plots` draws, `words` says things for people.
"""

from paydaemon.frontends.desk.blueprint import install

__all__ = ["install"]
