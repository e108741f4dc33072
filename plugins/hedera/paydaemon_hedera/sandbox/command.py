"""``paydaemon hedera-sandbox``: the sandbox for whoever writes a plugin, a page or a wallet on Hedera.

Every daemon imports this, to know what commands there are; `serving` is imported by whoever calls it.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from paydaemon_hedera.sandbox.names import SEED, number

if TYPE_CHECKING:
    from paydaemon_hedera.sandbox.faults import Fault

_ACCOUNT = re.compile(r"(0\.0\.\d{1,18}):(ed25519|ecdsa|threshold):(\d{1,11})", re.ASCII)
_NODE = re.compile(r"(0\.0\.\d{1,18})(?::(\d{1,5}))?", re.ASCII)
_MAX_NODES = 50
_MAX_PORT = 65_535


def _nodes(_: click.Context, __: click.Parameter, given: Sequence[str]) -> list[tuple[int, int]]:
    found = [_matched(_NODE, text, "ACCOUNT[:PORT], such as 0.0.3:50211") for text in given]
    if len(found) > _MAX_NODES:
        raise click.BadParameter(f"at most {_MAX_NODES} nodes")
    for match in found:
        if int(match[2] or 0) > _MAX_PORT:
            raise click.BadParameter(f"{match[0]!r}: a port is at most {_MAX_PORT}")
    return [(number(match[1]), int(match[2] or 0)) for match in found]


def _accounts(_: click.Context, __: click.Parameter, given: Sequence[str]) -> list[tuple[int, str, int]]:
    what = "ACCOUNT:KEY:HBAR, such as 0.0.1010:ecdsa:500"
    found = [_matched(_ACCOUNT, text, what) for text in given]
    return [(number(match[1]), match[2], int(match[3])) for match in found]


def _matched(pattern: re.Pattern[str], text: str, what: str) -> re.Match[str]:
    found = pattern.fullmatch(text)
    if found is None:
        raise click.BadParameter(f"{text!r} is not {what}")
    return found


def _faults(_: click.Context, __: click.Parameter, given: Sequence[str]) -> "list[Fault]":
    from paydaemon_hedera.sandbox.orders import FaultOrder, in_words  # noqa: PLC0415 - see above

    try:
        return [FaultOrder.model_validate_json(text).fault() for text in given]
    except ValidationError as error:
        raise click.BadParameter(in_words(error)) from error
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("hedera-sandbox")
@click.option(
    "--node",
    "nodes",
    multiple=True,
    default=("0.0.3", "0.0.4"),
    show_default=True,
    callback=_nodes,
    metavar="ACCOUNT[:PORT]",
    help="A node, on any free port or this one.",
)
@click.option(
    "--mirror-port",
    type=click.IntRange(0, _MAX_PORT),
    default=0,
    show_default=True,
    help="The mirror node's and the admin route's; 0: any free one.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    callback=_accounts,
    metavar="ACCOUNT:KEY:HBAR",
    help="An account more, its KEY ed25519, ecdsa or threshold (two of three), with so many whole HBAR.",
)
@click.option("--seed", default=SEED, show_default=True, help="What the accounts' keys are made from.")
@click.option(
    "--consensus-delay",
    type=click.FloatRange(0, 600),
    default=0.5,
    show_default=True,
    metavar="SECONDS",
    help="From a node to consensus.",
)
@click.option(
    "--mirror-lag",
    "mirror_lags",
    type=click.FloatRange(0, 600),
    multiple=True,
    default=(0.0,),
    show_default=True,
    metavar="SECONDS",
    help="From consensus to the mirror node; several: as many replicas, asked in turn.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    callback=_faults,
    metavar="JSON",
    help="""Something that is to go wrong, once unless it says otherwise, such as
    '{"kind": "code", "code": "BUSY", "times": 3}'.""",
)
@click.option("--tls", is_flag=True, help="Nodes speak TLS, with a certificate that the address book knows.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON when ready; all else to stderr."
)
def hedera_sandbox(
    nodes: list[tuple[int, int]],
    mirror_port: int,
    accounts: list[tuple[int, str, int]],
    seed: str,
    consensus_delay: float,
    mirror_lags: Sequence[float],
    faults: "list[Fault]",
    tls: bool,
    as_json: bool,
) -> None:
    """Run a Hedera network to try things on: nodes, a mirror node, accounts with money, and faults on demand.

    Everything is in memory, on the loopback interface, and gone at the end. It runs until Ctrl-C. What it
    does as the real network does it, and what it leaves out, is in docs/hedera-sandbox.md.
    """
    from paydaemon_hedera.sandbox import serving  # noqa: PLC0415 - see above

    options = serving.Options(
        nodes=nodes,
        http_port=mirror_port,
        holders=serving.holders(accounts, seed),
        seed=seed,
        consensus_delay_s=consensus_delay,
        mirror_lags_s=mirror_lags,
        tls=tls,
        faults=faults,
    )
    try:
        running = serving.Running(options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    serving.serve(running, serving.tell_script if as_json else serving.tell_person)
