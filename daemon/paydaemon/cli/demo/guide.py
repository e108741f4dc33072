"""What is printed for a look around: where everything is, one invoice, and the commands that pay it."""

from collections.abc import Iterator
from textwrap import indent

from paydaemon.cli.demo.playground import Playground
from paydaemon.cli.demo.shop import Json, Recipe, creating, paying
from paydaemon.cli.render import invoice_text


def guide(ground: Playground, page: str, invoice: Json) -> str:
    """All of it, with the link of the `page` first: whoever opens that needs nothing else."""
    return "\n".join(
        [
            "",
            f"start here     {page}",
            "               (this page shows it all, and pays by a click)",
            "",
            f"the API        {ground.api}",
            f"operator's key {ground.key}",
            f"checkout link  {invoice['checkout_url']}",
            f"the desk       {ground.api}/desk (sign in by this key)",
            "",
            invoice_text(invoice),
            *_recipe(creating(ground)),
            *(line for recipe in paying(ground, invoice) for line in _recipe(recipe)),
            "",
            "what happens (Ctrl-C ends it all):",
        ]
    )


def _recipe(recipe: Recipe) -> Iterator[str]:
    yield ""
    yield f"{recipe.title}:"
    yield from (indent(command, "  ") for command in recipe.commands)
    if recipe.aside is not None:
        yield f"  {recipe.aside}"
