"""The border: what a chain's plugin hands to the daemon, checked before anything of it is written.

Two speak through a plugin. What its author decides (types, signs, lengths, ids) is refused where it is wrong,
by an error that names the field: `plugin.failed` says it, and the author can mend it. What payers and issuers
write (a memo, the symbol of a token that they made) is never refused, or any of them could stop the chain. It
is made fit to be stored: what no database takes is replaced, and what is too long is cut.

A destination's key is the author's where the chain gives it out, and a payer's where it comes with a credit.
What was replaced or cut in the second holds a mark or is longer than any of the first may be: so it can
never become the key of an invoice.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from paydaemon.core.invoice import Destination
from paydaemon.core.money import Asset
from paydaemon.core.payment import ChainTime, Observation, ObservedState

REF_CHARACTERS = 500
"""The longest ref, transaction id, block hash and code of an asset."""
KEY_CHARACTERS = 500
"""The longest key of a destination that a chain gives out; of what a payer wrote, as much is kept."""
SHOWN_CHARACTERS = 10_000
"""The longest address, memo and URI: all that a payer may have to scan or copy."""
CURSOR_CHARACTERS = 1_048_576
"""The longest cursor. It is written with each look, so it should be far shorter."""
IDENTITY_CHARACTERS = 1_000
"""The longest identity of a network and wallet."""
SYMBOL_CHARACTERS = 100
"""How much is kept of what an issuer calls a token."""
MOST_MINOR = 10**78 - 1
"""The largest amount: what 78 digits hold, and more than the 256 bits of any chain."""
MOST_DECIMALS = 255
"""The most decimals of an asset: a token's are a byte on most chains."""
MOST_POSITION = 2**63 - 1
"""The largest position or index: what a database's integer holds."""
MOST_HEIGHT = 2**53 - 1
"""The highest block: numbers are exact up to there in everything that reads JSON."""
MOST_MS = 253_402_300_799_999
"""The latest time, in milliseconds since the Unix epoch: the end of the year 9999, the last of RFC 3339."""

REPLACED = "\ufffd"
"""What stands for a character that cannot be stored (Unicode, section 23.8: the replacement character)."""
CUT = "…"
"""What stands at the end of a text that was cut."""

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""UTF-8 has no lone surrogates (RFC 3629, section 3), and PostgreSQL's texts have no NUL."""
_EXCERPT = 60


def storable(text: str, most: int) -> str:
    """What somebody else wrote, fit to be stored and told: at most `most` characters, and a mark if cut."""
    kept = text if len(text) <= most else text[:most] + CUT
    return _UNSTORABLE.sub(REPLACED, kept)


def admitted(seen: Observation, chain: str) -> Observation:
    """An observation of the chain of that id as it can be recorded: the same one, unless payers wrote oddly.

    Raises `ValueError` naming the field and the ref for what a chain may not say.
    """
    if not isinstance(seen, Observation):
        raise ValueError(f"an observation must be an Observation, not {_shown(seen)}")
    _text(seen.ref, "ref", REF_CHARACTERS)
    of = f"of {_shown(seen.ref)}"
    _asset(seen.asset, f"asset {of}", chain)
    _text(seen.transaction_id, f"transaction_id {of}", REF_CHARACTERS)
    _whole(seen.amount_minor, f"amount_minor {of}", MOST_MINOR)
    _whole(seen.seen_at_ms, f"seen_at_ms {of}", MOST_MS)
    _whole(seen.position, f"position {of}", MOST_POSITION)
    _is(seen.state, ObservedState, f"state {of}")
    _is(seen.final, bool, f"final {of}")
    _is(seen.destination_key, str, f"destination_key {of}")
    if seen.height is not None:
        _whole(seen.height, f"height {of}", MOST_HEIGHT)
    for name, value in (("block", seen.block), ("replaced_by", seen.replaced_by)):
        if value is not None:
            _text(value, f"{name} {of}", REF_CHARACTERS)
    return _as_written(seen)


def check_as_of(as_of: ChainTime | None) -> None:
    """Raises `ValueError` naming the field of an impossible time up to which a chain was seen complete."""
    if as_of is None:
        return
    _is(as_of, ChainTime, "as_of")
    _whole(as_of.at_ms, "as_of.at_ms", MOST_MS)
    if as_of.height is not None:
        _whole(as_of.height, "as_of.height", MOST_HEIGHT)


def check_cursor(cursor: str | None) -> None:
    """Raises `ValueError` for a cursor that cannot be kept."""
    if cursor is not None:
        _text(cursor, "cursor", CURSOR_CHARACTERS, least=0)


def check_identity(identity: str) -> None:
    """Raises `ValueError` for what cannot be the identity of a network and wallet."""
    _text(identity, "identity", IDENTITY_CHARACTERS)


def check_destination(given: Destination) -> None:
    """Raises `ValueError` naming the field of a destination that no payer could be given."""
    _is(given, Destination, "a destination")
    _text(given.key, "key of a destination", KEY_CHARACTERS)
    if REPLACED in given.key:
        raise ValueError(f"key of a destination must not have U+FFFD: {_shown(given.key)}")
    _whole(given.index, "index of a destination", MOST_POSITION)
    _text(given.address, "address of a destination", SHOWN_CHARACTERS)
    _text(given.uri, "uri of a destination", SHOWN_CHARACTERS, least=0)
    if given.memo is not None:
        _text(given.memo, "memo of a destination", SHOWN_CHARACTERS)


def all_admitted(observations: Sequence[Observation], chain: str) -> Sequence[Observation]:
    """Every observation of one portion, or none: raises as `admitted` does."""
    return [admitted(seen, chain) for seen in observations]


def _as_written(seen: Observation) -> Observation:
    """What payers and issuers wrote in it, as it can be stored."""
    key = storable(seen.destination_key, KEY_CHARACTERS)
    symbol = storable(seen.asset.symbol, SYMBOL_CHARACTERS)
    if (key, symbol) == (seen.destination_key, seen.asset.symbol):
        return seen
    return replace(seen, destination_key=key, asset=replace(seen.asset, symbol=symbol))


def _asset(asset: Asset, what: str, chain: str) -> None:
    _is(asset, Asset, what)
    if asset.chain != chain:
        raise ValueError(f"{what} is of the chain {_shown(asset.chain)}, and told by the chain {chain!r}")
    _text(asset.code, f"code of the {what}", REF_CHARACTERS)
    _is(asset.symbol, str, f"symbol of the {what}")
    _whole(asset.decimals, f"decimals of the {what}", MOST_DECIMALS)


def _is(value: object, kind: type, what: str) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{what} must be of the type {kind.__name__}, not {_shown(value)}")


def _whole(value: object, what: str, most: int) -> None:
    if type(value) is not int:  # bool is one of its subclasses
        raise ValueError(f"{what} must be an int, not {_shown(value)}")
    if not 0 <= value <= most:
        raise ValueError(f"{what} must be from 0 to {most}, not {_shown(value)}")


def _text(value: object, what: str, most: int, *, least: int = 1) -> None:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a str, not {_shown(value)}")
    if not least <= len(value) <= most:
        raise ValueError(f"{what} must have {least} to {most} characters, and has {len(value)}")
    if _UNSTORABLE.search(value):
        raise ValueError(f"{what} must have neither NUL nor a lone surrogate: {_shown(value)}")


def _shown(value: object) -> str:
    """A value in a message, however large it is."""
    match value:
        case bool() | float() | None:
            return repr(value)
        case int():
            return str(value) if value.bit_length() <= 256 else f"one of {value.bit_length()} bits"
        case str():
            return ascii(value[:_EXCERPT]) + (CUT if len(value) > _EXCERPT else "")
        case _:
            return f"a {type(value).__name__}"
