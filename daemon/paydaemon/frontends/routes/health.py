"""``/healthz`` and ``/readyz``: for whoever restarts or balances; they need no key."""

from collections.abc import Mapping, Sequence

import trio
from quart import Blueprint, Response

from paydaemon.core.access import LOCAL_OPERATOR
from paydaemon.core.public import Json
from paydaemon.engine.api import Api
from paydaemon.frontends import wire
from paydaemon.frontends.gate import operator_asks
from paydaemon.frontends.settings import Status
from paydaemon.hooks.ports import HealthState
from paydaemon.journal import Filter
from paydaemon.store.port import StoreUnavailable

STORE_ANSWERS_WITHIN_S = 5.0


def blueprint(api: Api, status: Status) -> Blueprint:
    """Whether the daemon lives, and whether it can take an order."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    async def alive() -> Response:
        return wire.answer({"status": "ok"})

    @routes.get("/readyz")
    async def ready() -> Response:
        why = False
        with trio.move_on_after(STORE_ANSWERS_WITHIN_S):
            why = await operator_asks()
        store = await _store(api)
        chains = api.chains()
        is_ready = store["state"] == HealthState.HEALTHY and any(
            chain.state is HealthState.HEALTHY for chain in chains
        )
        said = {
            "status": "ok" if is_ready else "unavailable",
            "store": _for_whom(why, store),
            "chains": [_for_whom(why, wire.chain(chain)) for chain in (*chains, *api.absent)],
            "plugins": _brief(status.plugins(), "name", "status"),
            "services": _brief(status.services(), "name", "state"),
        }
        return wire.answer(said, 200 if is_ready else 503)

    return routes


GENERAL_WORDS = {
    HealthState.STARTING: "not ready yet",
    HealthState.HEALTHY: "",
    HealthState.STALE: "not to be relied on now",
}
"""What anybody may know of a reason."""


def _for_whom(why: bool, told: Json) -> Json:
    """A part with its own reason, which may name files and addresses in here, or with a general word."""
    return told if why else {**told, "reason": GENERAL_WORDS[HealthState(str(told["state"]))]}


def _brief(records: Sequence[Mapping[str, object]], *names: str) -> list[Json]:
    """What anybody may know of a record; the rest is for operators, at ``/v1/plugins``."""
    return [{name: record[name] for name in names} for record in records]


async def _store(api: Api) -> Json:
    """Whether the store records and answers: a look beyond the journal's end finds nothing."""
    fault = api.store_fault()
    if fault is not None:
        return {"state": HealthState.STALE.value, "reason": fault}
    reason = f"does not answer within {STORE_ANSWERS_WITHIN_S:g} s"
    with trio.move_on_after(STORE_ANSWERS_WITHIN_S):
        try:
            await api.journal.page(LOCAL_OPERATOR, Filter(), api.journal.last_seq, 1)
        except StoreUnavailable as error:
            reason = str(error)
        else:
            return {"state": HealthState.HEALTHY.value, "reason": ""}
    return {"state": HealthState.STALE.value, "reason": reason}
