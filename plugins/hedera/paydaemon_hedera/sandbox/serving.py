"""Serves a sandbox until somebody ends it: what ``paydaemon hedera-sandbox`` does with what it was given."""

import json
import signal
from collections.abc import Callable, Sequence
from typing import Any

import click
import trio

from paydaemon_hedera.sandbox.genesis import TINYBARS, Holder, KeyKind, default_holders, holder
from paydaemon_hedera.sandbox.running import Options as Options
from paydaemon_hedera.sandbox.running import Running as Running

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def holders(accounts: Sequence[tuple[int, str, int]], seed: str) -> list[Holder]:
    """The default ones, and those given: each its number, what its key is, and its whole HBAR."""
    more = (holder(number, KeyKind(kind), hbar * TINYBARS, seed) for number, kind, hbar in accounts)
    return [*default_holders(seed), *more]


def serve(running: Running, tell: Callable[[dict[str, Any]], None]) -> None:
    """Run it until a signal ends it. Raises `click.ClickException` where it cannot listen."""

    async def until_told() -> None:
        with trio.open_signal_receiver(*_ENDS) as signals:
            await trio.to_thread.run_sync(running.start)
            tell(running.facts)
            async for _ in signals:
                return

    try:
        trio.run(until_told)
    except* OSError as group:
        raise click.ClickException(str(group.exceptions[0])) from group
    finally:
        running.stop()


def tell_script(facts: dict[str, Any]) -> None:
    """One line of JSON."""
    click.echo(json.dumps(facts))


def tell_person(facts: dict[str, Any]) -> None:
    """What is where, and whose keys are known."""
    lines = [f"node    {account:<10} {address}" for address, account in facts["nodes"].items()]
    lines += [f"mirror  {facts['mirror']}", f"admin   {facts['mirror']}/sandbox", f"payee   {facts['payee']}"]
    for payer in facts["payers"]:
        keys = payer.get("private_keys") or [payer["private_key"]]
        lines += [f"payer   {payer['account']:<10} {payer['type']:<9} {key}" for key in keys]
    click.echo("\n".join([*lines, "", "Ctrl-C ends it."]))
