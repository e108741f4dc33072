"""Provocations of what those can take who log in at the desk, and who export."""

from ipaddress import ip_network
from pathlib import Path

from paydaemon.engine.sessions import SessionRules, Sessions
from paydaemon.testing.clocks import TurnedClock
from tests.desk.ledger import Slow
from tests.desk.shop import paid
from tests.desk.visitor import OURS, visitor
from tests.limits.trial import Trial, provokes, told
from tests.support.engine import engine_on
from tests.support.served import listening, served

LOGGED_OUT = "the page for logging in"
PROXIED = (ip_network("127.0.0.1/32"),)


@provokes("desk.idle_s", "desk.lasting_s")
async def a_session_that_is_over(trial: Trial) -> str:
    clock, idle = TurnedClock(), trial.key == "desk.idle_s"
    small = int(trial.value(60))
    rules = SessionRules(small, 10**6) if idle else SessionRules(10**6, small)
    async with engine_on(Path(trial.folder, "paydaemon.sqlite3")) as engine:
        engine.api.sessions = Sessions(engine.store, engine.api.accounts, clock, rules=rules)
        async with listening(engine, trial.folder) as daemon, visitor(daemon) as browser:
            clock.turn(59)
            assert (await browser.get("")).status_code == 200
            clock.turn(60)
            assert (await browser.get("")).headers["Location"] == "./login"
    return LOGGED_OUT


@provokes(
    "limits.desk.login_burst", "limits.desk.login_pause_s", "limits.desk.logins_burst",
    "limits.desk.logins_pause_s",
)  # fmt: skip
async def one_login_too_many(trial: Trial) -> str:
    of_all, pause = "logins_" in trial.key, trial.key.endswith("pause_s")
    limits = trial.all(1_000 if pause else 1).frontends
    name = "logins" if of_all else "login"
    setattr(limits, f"{name}_burst", 1)
    setattr(limits, f"{name}_pause_s", 1_000)
    async with served(trial.folder, limits, trusted_proxies=PROXIED) as daemon, visitor(daemon) as inside:
        addresses = ("192.0.2.1", "192.0.2.2") if of_all else ("192.0.2.1", "192.0.2.1")
        async with visitor(daemon, "") as browser:
            says = [{**OURS, "X-Forwarded-For": address} for address in addresses]
            first, last = [await browser.post("login", {"key": "x"}, says=one) for one in says]
        assert (first.status_code, last.status_code) == (429 if of_all else 403, 429)
        assert int(last.headers["Retry-After"]) >= 1
        assert (await inside.get("")).status_code == 200
    return "`429`, with `Retry-After`: too many requests"


@provokes("limits.desk.sessions")
async def one_session_too_many(trial: Trial) -> str:
    async with (
        served(trial.folder, engine_limits=trial.all(1).engine) as daemon,
        visitor(daemon) as first,
        visitor(daemon) as second,
    ):
        assert (await first.get("")).headers["Location"] == "./login"
        assert (await second.get("")).status_code == 200
    return f"the oldest one comes to {LOGGED_OUT}"


@provokes("limits.desk.exports")
async def one_export_too_many(trial: Trial) -> str:
    async with served(trial.folder, trial.all(1).frontends) as daemon:
        await paid(daemon)
        daemon.engine.api.exports = Slow(daemon.engine.api.exports)  # type: ignore[assignment]
        async with daemon.client() as client, daemon.tcp() as stream:
            head = "GET /v1/exports/payments.csv HTTP/1.1\r\nHost: x\r\n"
            await stream.send_all(f"{head}Authorization: Bearer {daemon.key}\r\n\r\n".encode())
            await stream.receive_some()
            return told(await client.get("/v1/exports/payments.csv"))
