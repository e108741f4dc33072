"""Inspection: everything about a signed transaction that can be told from its bytes and the clock.

What no node would take is refused here, in the order of a node's own checks, naming the field: the client
learns at once what is wrong, and nothing is submitted that costs its payer a fee for certain failure. What
only the network knows (keys behind short prefixes, key lists, balances) is left to `verified` and to the
network.

A transaction may come signed for several nodes, and then some entries' signatures may be wrong: wallets are
known to put one entry's signature into all. So entries are tried until one verifies, and that one comes
first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from paydaemon.core.errors import Refusal
from paydaemon.core.relay import SignedTransfer
from paydaemon_hedera import body as bodies
from paydaemon_hedera import envelope, refusals, signatures, text
from paydaemon_hedera.body import NATIVE, Body, Frame
from paydaemon_hedera.envelope import Entry
from paydaemon_hedera.keys import Key
from paydaemon_hedera.kinds import METHODS

MAX_MEMO_BYTES = 100
MIN_DURATION_S = 15
MAX_DURATION_S = 180
MARGIN_S = 10
"""A node takes nothing that is about to expire."""
MAX_HBAR_MOVES = 10
MAX_TOKEN_MOVES = 10
MIN_GAS = 21_000
"""What a call takes before the contract has done anything (hiero-consensus-node: `ContractServiceImpl`)."""

MAX_VERIFICATIONS = 100
"""Signatures verified in search of an entry that verifies; at some 100 µs each."""

_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry that may be submitted: for which node, by which method of it, and the bytes to submit.

    `body` and `signatures` are for `verified`.
    """

    node: str
    method: str
    envelope: bytes
    body: bytes
    signatures: tuple[signatures.Signature, ...]


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a client has signed, and how it may be submitted.

    `choices` are for nodes that are known. Where it `is_sound`, every signature of the first that can be told
    alone was found right; the others may turn out wrong. `transfer` is for the daemon, `body` for whoever
    wants to know more.
    """

    transfer: SignedTransfer
    body: Body
    choices: tuple[Choice, ...]
    is_sound: bool = False

    @property
    def debited(self) -> tuple[str, ...]:
        """The accounts whose keys must sign, the payer first, each once."""
        losers = (transfer.account for transfer in self.transfer.transfers if transfer.amount_minor < 0)
        return tuple(dict.fromkeys((self.transfer.payer, *losers)))

    @property
    def credited(self) -> tuple[str, ...]:
        """The accounts that gain something, each once: some want to sign for that too."""
        gainers = (transfer.account for transfer in self.transfer.transfers if transfer.amount_minor > 0)
        return tuple(dict.fromkeys(gainers))


@dataclass(frozen=True, slots=True)
class _Rule:
    """Of what one must be able to say no."""

    broken: Callable[[Body], bool]
    param: str
    message: str
    refusal: Callable[[str, str], Refusal] = refusals.wrong


Known = Callable[[str], Key | None]
"""An account's key, where it is known without asking anybody."""


def inspect(
    given: bytes | str, nodes: Collection[str], now_ms: int, known: Known = lambda account: None
) -> Inspected:
    """Everything about what a client sent that can be told without asking anybody.

    `nodes` are the accounts of the nodes that it may be for. Raises `Refusal` naming the field at fault.
    """
    inspected = read(given, nodes)
    _check_time(inspected.body, now_ms * 1_000_000)
    return signed(inspected, known)


def read(given: bytes | str, nodes: Collection[str]) -> Inspected:
    """The same without looking at the clock or at signatures: for what was inspected before.

    Raises `Refusal` all the same, since this may be another release of the daemon, and the nodes others.
    """
    raw = _decode(given)
    entries = envelope.read(raw)
    frame = _one_frame(entries)
    body = bodies.read(entries[0].body)
    for rule in _RULES:
        if rule.broken(body):
            raise rule.refusal(rule.param, rule.message)
    choices = tuple(choice for choice in _choices(entries, frame, body) if choice.node in nodes)
    if not choices:
        raise refusals.wrong("node", "is none of the network's nodes that are known")
    return Inspected(_transfer(body, frame, raw), body, choices)


def verified(inspected: Inspected, keys: Mapping[str, Key]) -> Iterator[Choice]:
    """The choices that these accounts' keys have signed, by preference, each verified as it is asked for.

    `keys` are those of the `debited` accounts, and of credited ones that want to sign for what they receive.
    Raises `Refusal` naming an account where there is no such choice.
    """
    found = False
    missing: str | None = None
    for choice in inspected.choices:
        account = signatures.unsigned(choice.body, choice.signatures, keys)
        if account is None:
            found = True
            yield choice
        missing = missing or account
    if not found:
        raise refusals.unproven(f"do not satisfy the key of account {missing}")


def sound(inspected: Inspected) -> Iterator[Choice]:
    """The choices of which no signature is certainly wrong, each verified as it is asked for."""
    for position, choice in enumerate(inspected.choices):
        is_known = position == 0 and inspected.is_sound
        if is_known or signatures.wrong(choice.body, choice.signatures) is None:
            yield choice


def _decode(given: bytes | str) -> bytes:
    apart = text.parts(given)
    return text.decode(given) if apart is None else envelope.join(*apart)


def _one_frame(entries: tuple[Entry, ...]) -> Frame:
    """What all entries have in common, which must be everything but their node."""
    frame = bodies.frame(entries[0].body)
    if not all(frame.holds(entry.body) for entry in entries[1:]):
        raise refusals.wrong("transaction", "has entries that differ in more than their node")
    return frame


def _choices(entries: tuple[Entry, ...], frame: Frame, body: Body) -> Iterator[Choice]:
    for position, entry in enumerate(entries):
        node = bodies.node_of(entry.body, frame) if position else body.node
        yield Choice(node, METHODS[body.kind], entry.envelope, entry.body, entry.signatures)


def _transfer(body: Body, frame: Frame, raw: bytes) -> SignedTransfer:
    return SignedTransfer(
        transaction_id=str(body.id),
        digest=frame.digest,
        payer=body.id.payer,
        memo=body.memo,
        transfers=body.transfers(),
        expires_at_ms=body.expires_at_ms,
        raw=raw,
        does_more=body.call is not None,
    )


def _check_time(body: Body, now_ns: int) -> None:
    start_ns = body.id.valid_start_ns
    if start_ns + (body.duration_s - MARGIN_S) * _NS < now_ns:
        raise refusals.expired()
    if start_ns > now_ns:
        raise refusals.too_early()


def signed(inspected: Inspected, known: Known = lambda account: None) -> Inspected:
    """With an entry in front whose signatures are right, as far as that can be told.

    Raises `Refusal` where there is none.
    """
    if not any(choice.signatures for choice in inspected.choices):
        raise refusals.unproven("are missing")
    tried, wrong = 0, None
    for position, choice in enumerate(inspected.choices):
        tried += len(choice.signatures)
        if tried > MAX_VERIFICATIONS:
            break
        if choice.signatures and (wrong := signatures.wrong(choice.body, choice.signatures)) is None:
            rest = inspected.choices[:position] + inspected.choices[position + 1 :]
            transfer = replace(inspected.transfer, is_proven=_is_proven(inspected, choice, known))
            return replace(inspected, transfer=transfer, choices=(choice, *rest), is_sound=True)
    by = f"the one by {wrong.prefix.hex()} is not over this body" if wrong else "there are too many to verify"
    raise refusals.unproven(f"do not verify: {by}")


def _is_proven(inspected: Inspected, sound: Choice, known: Known) -> bool:
    """Whether nobody has to be asked to tell that enough is signed.

    Nobody has where the payer alone pays, and the one signature, which verifies, is by the key that is known
    to be the payer's: the node that it is handed to checks the rest at once and for free.
    """
    payer = inspected.transfer.payer
    if inspected.debited != (payer,) or len(sound.signatures) != 1:
        return False
    key = sound.signatures[0].key
    return key is not None and key == known(payer)


def _has_nft(body: Body) -> bool:
    return any(moved.nfts for moved in body.assets)


def _has_approved(body: Body) -> bool:
    return any(move.approved for moved in body.assets for move in moved.moves)


def _has_sum(body: Body) -> bool:
    return any(sum(move.amount_minor for move in moved.moves) for moved in body.assets)


def _repeats_account(body: Body) -> bool:
    return any(len({move.account for move in moved.moves}) < len(moved.moves) for moved in body.assets)


def _repeats_token(body: Body) -> bool:
    return len({moved.asset_code for moved in body.assets}) < len(body.assets)


def _moves_nothing(body: Body) -> bool:
    return body.call is None and not any(move.amount_minor for moved in body.assets for move in moved.moves)


def _has_empty_token(body: Body) -> bool:
    return any(not moved.moves for moved in body.assets)


def _has_little_gas(body: Body) -> bool:
    return body.call is not None and body.call.gas < MIN_GAS


def _count(body: Body, native: bool) -> int:
    return sum(len(moved.moves) for moved in body.assets if (moved.asset_code == NATIVE) is native)


_RULES = (
    _Rule(
        lambda body: body.id.scheduled or body.id.nonce != 0,
        "transaction_id",
        "must be neither scheduled nor have a nonce",
    ),
    _Rule(
        lambda body: len(body.memo.encode()) > MAX_MEMO_BYTES,
        "memo",
        f"must have at most {MAX_MEMO_BYTES} bytes in UTF-8",
    ),
    _Rule(
        lambda body: "\0" in body.memo,
        "memo",
        "must not hold a character of value zero",
    ),
    _Rule(
        lambda body: not MIN_DURATION_S <= body.duration_s <= MAX_DURATION_S,
        "valid_duration",
        f"must be {MIN_DURATION_S} to {MAX_DURATION_S} s",
    ),
    _Rule(_has_nft, "token_transfers", "must not move non-fungible tokens", refusals.unsupported),
    _Rule(
        _has_approved,
        "transfers",
        "must not take what another account gave leave to take",
        refusals.unsupported,
    ),
    _Rule(
        lambda body: _count(body, True) > MAX_HBAR_MOVES,
        "transfers",
        f"must have at most {MAX_HBAR_MOVES} accounts",
    ),
    _Rule(
        lambda body: _count(body, False) > MAX_TOKEN_MOVES,
        "token_transfers",
        f"must have at most {MAX_TOKEN_MOVES} accounts, of all tokens together",
    ),
    _Rule(_repeats_token, "token_transfers", "must name each token once"),
    _Rule(
        _repeats_account,
        "transfers",
        "must name each account once for each asset",
    ),
    _Rule(_has_empty_token, "token_transfers", "must move something of each token"),
    _Rule(_has_sum, "transfers", "must add up to zero for each asset"),
    _Rule(_moves_nothing, "transfers", "must move something"),
    _Rule(_has_little_gas, "gas", f"must be at least {MIN_GAS}"),
)
