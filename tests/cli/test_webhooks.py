"""``paydaemon webhook`` and ``paydaemon deliveries``: what the API says, for people and for programs."""

from tests.deliveries.played import is_away, refuses
from tests.e2e.commands import Done, paydaemon
from tests.support.served import Served
from tests.support.waiting import until

URL = "https://shop.example/hook"


async def run(daemon: Served, *arguments: str, exit_code: int = 0) -> Done:
    done = await paydaemon(*arguments, "--socket", str(daemon.socket))
    assert done.exit_code == exit_code, done
    return done


async def test_a_webhook_from_its_beginning_to_its_end(daemon: Served) -> None:
    asked = ("webhook", "add", URL, "--seller", "shop", "--type", "invoice.created", "--description", "ours")
    id, secret = (await run(daemon, *asked)).out.splitlines()
    assert secret.startswith("whsec_")
    assert (await run(daemon, "webhook", "list")).out == f"{id}  well     shop             {URL}\n"
    shown = (await run(daemon, "webhook", "show", id)).out
    assert f"{id}  well  {URL}\n  of shop, made " in shown
    assert "  told of invoice.created\n  ours\n" in shown
    assert secret not in shown
    again = (await run(daemon, "webhook", "rotate", id, "--json")).json
    assert again["secret"] not in ("", secret)
    assert "old secret until" in (await run(daemon, "webhook", "show", id)).out
    assert (await run(daemon, "webhook", "test", id)).out.startswith("taken after ")
    daemon.engine.notifier.says[id] = is_away
    assert (await run(daemon, "webhook", "test", id, exit_code=1)).out.endswith(" ms: connection refused\n")
    assert (await run(daemon, "webhook", "remove", id)).out == f"{id} is removed\n"
    gone = await run(daemon, "webhook", "show", id, exit_code=1)
    assert gone.err == f"Error: id: there is no webhook with the id {id!r}\n"


async def test_deliveries_are_listed_shown_and_tried_again(daemon: Served) -> None:
    id = (await run(daemon, "webhook", "add", URL, "--seller", "shop", "--json")).json["id"]
    daemon.engine.notifier.says[id] = refuses
    for _ in range(3):
        await daemon.invoice()
    await until(lambda: len(daemon.engine.notifier.tried(id)) >= 3)
    rows: list[str] = []
    while len(rows) < 3:
        rows = (await run(daemon, "deliveries", "list", "--target", id, "--state", "parked")).out.splitlines()
    one = rows[-1].split()[0]
    assert rows[-1].split()[1:] == ["parked", "1", "invoice.created", f"{id}:", "410", "gone"]
    assert " not taken after " in (await run(daemon, "deliveries", "show", one)).out
    targets = (await run(daemon, "deliveries", "targets")).out
    assert f"{id:<32} well     0 pending, 3 parked" in targets
    daemon.engine.notifier.says.clear()
    assert (await run(daemon, "deliveries", "retry", one)).out == f"{one} is tried again\n"
    await until(lambda: len(daemon.engine.notifier.taken[id]) == 1)
    assert (await run(daemon, "deliveries", "retry", "--target", id)).out == "2 are tried again\n"
    await until(lambda: len(daemon.engine.notifier.taken[id]) == 3)
    usage = await run(daemon, "deliveries", "retry", exit_code=2)
    assert "name either a delivery or a --target" in usage.err
