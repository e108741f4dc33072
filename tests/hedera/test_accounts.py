"""Whose signatures a transaction needs is asked of the mirror, where the bytes alone do not tell."""

import json
from dataclasses import replace

import pytest

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.core.relay import RelayStatus
from paydaemon_hedera import accounts
from paydaemon_hedera.proto.transaction_contents_pb2 import SignedTransaction
from paydaemon_hedera.proto.transaction_list_pb2 import TransactionList
from paydaemon_hedera.sandbox.genesis import KeyKind, holder
from tests.hedera.front import HANG_UP, reply
from tests.hedera.world import ALICE, BOB, CAROL, HBAR, PAYEE, World, world


def about_keys(here: World) -> int:
    return sum("/accounts/" in path for path in here.front.asked)


async def refused(here: World, raw: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await here.chain.verify(here.inspect(raw))
    return caught.value


def shortened(raw: bytes, prefix_bytes: int = 4) -> bytes:
    """The same with so many bytes of each public key."""
    listed = TransactionList.FromString(raw)
    for one in listed.transaction_list:
        signed = SignedTransaction.FromString(one.signedTransactionBytes)
        for pair in signed.sigMap.sigPair:
            pair.pubKeyPrefix = pair.pubKeyPrefix[:prefix_bytes]
        one.signedTransactionBytes = signed.SerializeToString()
    return listed.SerializeToString()


async def test_nobody_is_asked_where_the_payers_key_is_known() -> None:
    async with world() as here, here.watching():
        assert not here.inspect(here.signed()).is_proven
        await here.hand_in(here.signed())
        before = about_keys(here)
        transfer, outcome = await here.hand_in(here.signed())
        assert (transfer.is_proven, outcome.status) == (True, RelayStatus.ACCEPTED)
        assert about_keys(here) == before


@pytest.mark.parametrize("is_known", [False, True], ids=["key unknown", "key known"])
async def test_what_another_key_than_the_payers_has_signed_is_submitted_to_nobody(is_known: bool) -> None:
    async with world() as here, here.watching():
        if is_known:
            await here.hand_in(here.signed())
        before = len(here.codes())
        refusal = await refused(here, here.signed(keys=here.sandbox.holders[CAROL].signers[:1]))
        assert (refusal.code, refusal.param) == ("invalid_signature", "signatures")
        assert len(here.codes()) == before


async def test_forgeries_do_not_have_the_mirror_asked_each_time() -> None:
    async with world() as here, here.watching():
        await here.hand_in(here.signed())
        before = about_keys(here)
        for _ in range(5):
            await refused(here, here.signed(keys=here.sandbox.holders[CAROL].signers[:1]))
        assert about_keys(here) == before


@pytest.mark.parametrize("prefix_bytes", [32, 4])
async def test_a_key_that_was_changed_is_asked_for_anew_before_anything_is_refused(
    prefix_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "ASKED_ANEW_AFTER_S", 0.0)
    async with world() as here, here.watching():
        old = here.sandbox.holders[ALICE].signers
        await here.hand_in(here.signed())
        change_key(here)
        _, outcome = await here.hand_in(shortened(here.signed(), prefix_bytes))
        assert outcome.status is RelayStatus.ACCEPTED
        assert (await refused(here, here.signed(keys=old))).code == "invalid_signature"


async def test_a_key_that_a_node_does_not_take_is_forgotten_and_no_other_node_is_asked() -> None:
    async with world() as here, here.watching():
        old = here.sandbox.holders[ALICE].signers
        await here.hand_in(here.signed())
        change_key(here)
        _, outcome = await here.hand_in(here.signed(keys=old, nodes=(3, 4)))
        assert (outcome.status, outcome.precheck) == (RelayStatus.FAILED, "INVALID_SIGNATURE")
        assert [one.node for one in here.sandbox.network.submissions] == [3, 3]
        assert (await refused(here, here.signed(keys=old))).code == "invalid_signature"


def change_key(here: World) -> None:
    """Alice's key is another one from now on."""
    made = holder(ALICE, KeyKind.ED25519, 0, seed="another")
    here.sandbox.holders[ALICE] = replace(here.sandbox.holders[ALICE], private=made.private)
    with here.sandbox.network.lock:
        known = here.sandbox.network.ledger.accounts
        known[ALICE] = replace(known[ALICE], key=made.key)


async def test_two_of_three_keys_are_enough_and_one_is_not() -> None:
    moves = {HBAR: {CAROL: -5, PAYEE: 5}}
    async with world() as here, here.watching():
        name = here.name(CAROL)
        _, outcome = await here.hand_in(here.signed(moves, name=name))
        assert outcome.status is RelayStatus.ACCEPTED
        one = here.sandbox.holders[CAROL].signers[:1]
        for keys in (one, [*one, *here.sandbox.holders[ALICE].signers]):
            refusal = await refused(here, here.signed(moves, name=here.name(CAROL), keys=keys))
            assert (refusal.code, refusal.param) == ("invalid_signature", "signatures")
            assert "0.0.1004" in refusal.message
        assert len(here.codes()) == 1


async def test_all_who_pay_must_have_signed() -> None:
    moves = {HBAR: {ALICE: -5, BOB: -5, PAYEE: 10}}
    async with world() as here, here.watching():
        transfer, outcome = await here.hand_in(here.signed(moves))
        assert outcome.status is RelayStatus.ACCEPTED
        assert (await here.follow(transfer)).status is RelayStatus.SUCCEEDED
        refusal = await refused(here, here.signed(moves, keys=here.sandbox.holders[ALICE].signers))
        assert "0.0.1003" in refusal.message
        assert len(here.codes()) == 1


@pytest.mark.parametrize("payer", [ALICE, BOB])
@pytest.mark.parametrize("prefix_bytes", [0, 4])
async def test_short_prefixes_are_told_by_the_accounts_key(payer: int, prefix_bytes: int) -> None:
    moves = {HBAR: {payer: -5, PAYEE: 5}}
    async with world() as here, here.watching():
        raw = shortened(here.signed(moves, name=here.name(payer)), prefix_bytes)
        _, outcome = await here.hand_in(raw)
        assert outcome.status is RelayStatus.ACCEPTED
        other = here.sandbox.holders[CAROL].signers[:1]
        refusal = await refused(here, shortened(here.signed(moves, name=here.name(payer), keys=other), 4))
        assert refusal.code == "invalid_signature"


async def test_keys_are_remembered_for_a_while() -> None:
    async with world() as here, here.watching():
        before = about_keys(here)
        for _ in range(3):
            await here.hand_in(shortened(here.signed()))
        assert about_keys(here) == before + 2  # the payer's, and whether the payee wants to sign too
    async with world(**{"limits.keys_for_s": 0.0}) as here, here.watching():
        before = about_keys(here)
        for _ in range(3):
            await here.chain.verify(here.inspect(shortened(here.signed())))
        assert about_keys(here) == before + 6


async def test_while_the_mirror_is_away_what_needs_it_is_refused_for_now() -> None:
    async with world(**{"limits.mirror_tries": 1}) as here, here.watching():
        here.front.always(HANG_UP)
        refusal = await refused(here, here.signed())
        assert (refusal.type, refusal.code) == (ErrorType.UNAVAILABLE, "keys_unavailable")
        assert refusal.message == "the key of account 0.0.1002 cannot be looked up now"
        here.front.says = None
        await here.hand_in(here.signed())
        here.front.always(HANG_UP)
        _, outcome = await here.hand_in(shortened(here.signed()))
        assert outcome.status is RelayStatus.ACCEPTED


async def test_an_account_that_does_not_exist_is_told() -> None:
    async with world() as here, here.watching():
        key = here.sandbox.holders[ALICE].signers
        moves = {HBAR: {1_999: -5, PAYEE: 5}}
        for payer in (ALICE, 1_999):
            refusal = await refused(here, here.signed(moves, keys=key, name=here.name(payer)))
            assert (refusal.code, refusal.param) == ("invalid_transaction", "transfers")
            assert "0.0.1999" in refusal.message


async def test_whoever_wants_to_sign_for_what_it_receives_must_have() -> None:
    def wants_to(here: World, path: str) -> bytes | None:
        if f"/accounts/0.0.{PAYEE}?" not in path:
            return None
        told = json.loads(here.front._honest(path).partition(b"\r\n\r\n")[2])
        return reply({**told, "receiver_sig_required": True})

    moves = {HBAR: {ALICE: -5, BOB: -5, PAYEE: 10}}
    async with world() as here, here.watching():
        here.front.says = lambda path: wants_to(here, path)
        assert "0.0.1001" in (await refused(here, here.signed(moves))).message
        keys = [key for one in (ALICE, BOB, PAYEE) for key in here.sandbox.holders[one].signers]
        _, outcome = await here.hand_in(here.signed(moves, keys=keys))
        assert outcome.status is RelayStatus.ACCEPTED


@pytest.mark.parametrize("key", [None, {"_type": "NEWER", "key": "00"}, {"_type": "ED25519", "key": "zz"}])
async def test_keys_that_cannot_be_told_refuse(key: object) -> None:
    async with world() as here, here.watching():
        told = here.sandbox.mirror.answer(f"/api/v1/accounts/0.0.{ALICE}", ())
        here.front.says = lambda path: (
            reply({**told, "key": key}) if f"/accounts/0.0.{ALICE}?" in path else None
        )
        refusal = await refused(here, shortened(here.signed()))
        assert refusal.code == ("invalid_signature" if key is None else "keys_unavailable")
