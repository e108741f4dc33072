"""The command: to look around, with a page and commands to pay; ``--once``; and ``--json``, for scripts."""

import json
import signal
import sys
from typing import Any

import click
import trio

from paydaemon import logs
from paydaemon.cli.demo import browser
from paydaemon.cli.demo.guide import guide
from paydaemon.cli.demo.once import play_all
from paydaemon.cli.demo.playground import STOPPED_WITHIN_S, Playground, playground
from paydaemon.cli.demo.shop import Json, create_invoice
from paydaemon.cli.ending import run
from paydaemon.cli.render import event_line
from paydaemon.cli.stream import follow


@click.command()
@click.option("--once", is_flag=True, help="Play one payment per chain to settled, then end.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON when ready; all else to stderr."
)
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8420, show_default=True, help="0: any free one."
)
@click.option("--no-open", is_flag=True, help="Open no browser, also where there is a desktop.")
def demo(once: bool, as_json: bool, port: int, no_open: bool) -> None:
    """Show it all: local networks, a daemon, and a payment on each chain.

    Everything lives in a temporary folder and is gone afterwards. Without an option it shows a page from
    which an invoice is paid by a click, opens it where there is a desktop, and runs until Ctrl-C.
    """
    if once and as_json:
        raise click.UsageError("--once and --json are two different shows")
    run(_run, once, as_json, port, no_open)


async def _run(once: bool, as_json: bool, port: int, no_open: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # beyond what is received below: the second of two is late
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_cancel_on_signal, signals, nursery.cancel_scope)
            async with playground(port, _to_stderr if as_json else click.echo) as ground:
                if once:
                    await play_all(ground)
                else:
                    await _show(ground, as_json, no_open)
            nursery.cancel_scope.cancel()


async def _cancel_on_signal(signals: Any, scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()


def _to_stderr(text: str) -> None:
    click.echo(text, err=True)


async def _show(ground: Playground, as_json: bool, no_open: bool) -> None:
    """Until cancelled, with the page."""
    from paydaemon.cli.demo.page import page_open  # noqa: PLC0415 - a web server, and only here

    logs.configure(logs.LogFormat.CONSOLE, logs.LogLevel.WARNING)
    async with page_open(ground) as page:
        if as_json:
            await _for_scripts(ground, page)
        else:
            await _by_hand(ground, page, no_open)


async def _for_scripts(ground: Playground, page: str) -> None:
    line: Json = {"api": ground.api, "key": ground.key, "page": page, "pids": dict(ground.pids)}
    line |= {chain: dict(network.facts.public) for chain, network in ground.networks.items()}
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    await trio.sleep_forever()


async def _by_hand(ground: Playground, page: str, no_open: bool) -> None:
    """One invoice with every chain's commands to pay it, then the events as they come."""
    invoice = await create_invoice(ground, return_url=page)
    click.echo(guide(ground, page, invoice))
    async with trio.open_nursery() as nursery, follow(ground.socket, {"after": "0"}) as events:
        found = None if no_open else browser.browser()
        if found is not None:
            nursery.start_soon(browser.show, found, page)
        async for event in events:
            click.echo(f"  {event_line(event)}")
        await trio.sleep(STOPPED_WITHIN_S)  # the playground says how a daemon ended, once it has
        raise click.ClickException("the daemon tells no more events")
