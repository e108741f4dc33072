"""``paydaemon rates``: what the API says, for people and for programs."""

from decimal import Decimal
from operator import methodcaller

import pytest

from paydaemon.engine.clock import system_clock
from paydaemon.hooks.ports import Rate
from paydaemon.testing.samples import kept_rate
from tests.e2e.commands import Done, paydaemon
from tests.support.served import Served

NOON_MS = 1_769_860_800_000


async def run(daemon: Served, *arguments: str, exit_code: int = 0) -> Done:
    done = await paydaemon("rates", *arguments, "--socket", str(daemon.socket))
    assert done.exit_code == exit_code, done
    return done


def says(daemon: Served, pair: str, *prices: str) -> None:
    base, quote = pair.split("/")
    for number, price in enumerate(prices):
        said = Rate(base, quote, Decimal(price), system_clock())
        daemon.engine.rates.publish(f"s{number}", [said])


async def test_what_every_pair_costs_is_shown_with_who_says_so(daemon: Served) -> None:
    says(daemon, "ADA/EUR", "0.50", "0.51", "5.10")
    lines = (await run(daemon)).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("ADA/EUR"))
    assert lines[at].split() == ["ADA/EUR", "0.51", "median"]
    assert [line.split()[:3] for line in lines[at + 1 : at + 3]] == [
        ["s0", "0.50", "used"],
        ["s1", "0.51", "used"],
    ]
    assert lines[at + 3].split()[:3] == ["s2", "5.10", "outlier:"]


async def test_one_pair_is_shown_be_it_a_cross_or_without_a_rate(daemon: Served) -> None:
    says(daemon, "ADA/USD", "0.55", "0.55")
    says(daemon, "EUR/USD", "1.1", "1.1")
    [only, more] = [line for line in (await run(daemon, "--limit", "1")).out.splitlines() if line[0] != " "]
    assert (only.split()[0], more) == ("ADA/USD", "more: --cursor ADA/USD")
    first, *rest = (await run(daemon, "ADA/EUR")).out.splitlines()
    assert first.split() == ["ADA/EUR", "0.5", "median"]
    assert rest[0].split() == ["s0", "0.55", "used", "ADA/USD"]
    [row] = (await run(daemon, "ADA/EUR", "--json")).json["data"]
    assert row["rate"] == "0.5"
    says(daemon, "XRP/EUR", "2")
    none = (await run(daemon, "XRP/EUR")).out.splitlines()[0]
    assert none.split()[:2] == ["XRP/EUR", "none"]
    assert "1 of 2 sources needed" in none


async def test_what_a_pair_has_cost_is_shown_page_by_page(daemon: Served) -> None:
    for number in range(4):
        kept = kept_rate(NOON_MS + number * 60_000, rate=f"6000{number}")
        await daemon.engine.store.transact(methodcaller("keep_rate", kept))
    asked = ("BTC/EUR", "--history", "--from", "2026-01-31T12:01:00Z", "--to", "2026-01-31T12:03:00Z")
    first, more = (await run(daemon, *asked, "--limit", "1")).out.splitlines()
    assert first.split(maxsplit=3) == ["2026-01-31T12:02:00.000Z", "60002", "median", "a, b and c"]
    assert more.startswith("more: --cursor ")
    [last] = (await run(daemon, *asked, "--cursor", more.split()[-1])).out.splitlines()
    assert last.split()[:2] == ["2026-01-31T12:01:00.000Z", "60001"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--history",), 2, "name a PAIR with --history"),
        (("BTC/EUR", "--from", "2026-01-31T12:00:00Z"), 2, "go with --history"),
        (("BTC/EUR", "--cursor", "BTC/CHF"), 2, "--cursor goes with --history where a PAIR is named"),
        (("BTC",), 1, "Error: pair: must be a pair such as BTC/EUR"),
        (
            ("BTC/EUR", "--history", "--to", "noon"),
            1,
            "Error: to: must be a time such as 2026-01-31T12:00:00Z\n",
        ),
    ],
)
async def test_what_cannot_be_asked_is_told(
    daemon: Served, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    assert said in (await run(daemon, *arguments, exit_code=exit_code)).err


@pytest.mark.parametrize("more", [(), ("--history",), ("--json",)])
async def test_where_small_letters_find_nothing_capitals_are_named(
    daemon: Served, more: tuple[str, ...]
) -> None:
    said = "pair: btc/eur has no rate; did you mean BTC/EUR?"
    assert said in (await run(daemon, "btc/eur", *more)).err
    assert "did you mean" not in (await run(daemon, "XYZ/EUR", *more)).err


async def test_what_is_called_in_small_letters_has_a_rate_all_the_same(daemon: Served) -> None:
    says(daemon, "stETH/EUR", "2", "2")
    done = await run(daemon, "stETH/EUR")
    assert done.out.splitlines()[0].split() == ["stETH/EUR", "2", "median"]
    assert "did you mean" not in done.err
