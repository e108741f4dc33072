"""Wording: what an event is answered by, from what the daemon knows.

Numbers stand for Hedera's codes, as in the older server's answers. Its clients take a transaction as accepted
by a `nodePrecheckcode` of 0 or 11 and know one sentence, `UNREACHABLE`; so both keep their exact meaning.
"""

import base64
import re
from collections.abc import Mapping

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.relay import Relay, RelayStatus
from paydaemon.hooks.ports import Reply
from paydaemon_socketio.codes import number_of
from paydaemon_socketio.events import Event, Fields, Said

OK = "OK"
UNREACHABLE = "UNAVAILABLE. Hedera network unreachable."
NO_WORD_YET = "no node has said anything yet: ask for the receipt"
BROKEN = "something went wrong here: whether it was done is not known"
BUSY = "too many events of this session are under way: wait for their answers"

_NEWER = re.compile(r"CODE_([0-9]{1,6})", re.ASCII)
"""How a chain names codes that are newer than it knows."""
_AWAY = frozenset({"chain_unavailable", "keys_unavailable", "no_nodes"})
"""By what a chain says that its network cannot be asked."""
_TAKEN = (RelayStatus.ACCEPTED, RelayStatus.SUCCEEDED)


def relayed(event: Event, relay: Relay) -> Said:
    """The answer to a transaction that was handed in."""
    fields = _fields(event, None, _precheck(relay), _trouble(relay))
    return Said(
        _wrapped(event, fields, {"transactionId": relay.transaction_id, "status": relay.status.value})
    )


def replied(event: Event, reply: Reply) -> Said:
    """The answer to a question."""
    error = None if reply.code == OK else f"Hedera answers {reply.code}"
    return Said(_fields(event, reply, _code(reply.code), error))


def refused(event: Event, refusal: Refusal) -> Said:
    """The answer to what is not done. What its client can mend is told by `ERROR_EVENT` too."""
    said = refusal.message if refusal.param is None else f"{refusal.param}: {refusal.message}"
    if refusal.type is ErrorType.UNAVAILABLE:
        return failed(event, UNREACHABLE if refusal.code in _AWAY else said)
    return Said(failed(event, said).fields, said)


def failed(event: Event, error: str) -> Said:
    """The answer to what came to nothing."""
    return Said(_wrapped(event, _fields(event, None, None, error), None))


def _fields(event: Event, reply: Reply | None, precheck: int | None, error: str | None) -> Fields:
    content = {} if reply is None else reply.content
    return {"nodePrecheckcode": precheck, **_told(event, content), "error": error}


def _wrapped(event: Event, fields: Fields, tx: Fields | None) -> Fields:
    """One event has always had its answer inside another object."""
    return {"responseData": fields, "tx": tx} if event is Event.CONTRACTCALL else fields


def _precheck(relay: Relay) -> int | None:
    """The node's first word. Of what was taken without one, as after a restart, it can only have been OK."""
    if relay.precheck is not None:
        return _code(relay.precheck)
    is_taken = relay.status in _TAKEN or relay.receipt is not None
    return _code(OK) if is_taken else None


def _trouble(relay: Relay) -> str | None:
    if relay.status in _TAKEN:
        return None
    if relay.status is RelayStatus.FAILED and relay.precheck is None and relay.receipt is None:
        return UNREACHABLE
    return relay.error or (NO_WORD_YET if relay.precheck is None else None)


def _told(event: Event, content: Mapping[str, object]) -> Fields:
    match event:
        case Event.CRYPTOGETACCOUNTBALANCE:
            return {"balance": _number(content, "balance_minor"), "accountID": _name(content, "account")}
        case Event.TRANSACTIONGETRECEIPT:
            return {
                "receiptStatus": _code(content.get("status")),
                "receiptAccountID": _name(content, "account"),
                "receiptFileID": _name(content, "file"),
                "receiptContractID": _name(content, "contract"),
            }
        case Event.FILEGETCONTENTS:
            return {"fileContents": _in_base64(content, "contents"), "fileID": _name(content, "file")}
        case Event.CRYPTOTRANSFER | Event.CONTRACTCALL:
            return {}


def _code(name: object) -> int | None:
    if not isinstance(name, str):
        return None
    newer = _NEWER.fullmatch(name)
    return int(newer[1]) if newer else number_of(name)


def _number(content: Mapping[str, object], name: str) -> int | None:
    """A number of JSON, as ever: beyond 2^53 JavaScript rounds it."""
    found = content.get(name)
    return found if isinstance(found, int) else None


def _name(content: Mapping[str, object], name: str) -> str | None:
    found = content.get(name)
    return found if isinstance(found, str) else None


def _in_base64(content: Mapping[str, object], name: str) -> str | None:
    found = content.get(name)
    return base64.b64encode(found).decode() if isinstance(found, bytes) else None
