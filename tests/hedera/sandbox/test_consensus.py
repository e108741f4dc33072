"""What consensus does: keys of all who pay, lists, tokens, fees, duplicates."""

import pytest

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.proto.transaction_pb2 import TransactionBody
from paydaemon_hedera.sandbox.faults import Call, Fault, Kind
from paydaemon_hedera.sandbox.fees import COLLECTOR, fees_of
from paydaemon_hedera.sandbox.genesis import PAYEE, TREASURY, USDC, KeyKind, holder
from paydaemon_hedera.sandbox.handling import Seen, handle
from paydaemon_hedera.sandbox.keys import Ed25519Key, KeyList, has_signed
from paydaemon_hedera.sandbox.ledger import HBAR, TOTAL_TINYBARS, Account, FixedFee, Token
from paydaemon_hedera.sandbox.names import SECOND_NS
from paydaemon_hedera.sandbox.wallet import signature_pair
from tests.hedera.sandbox.world import ALICE, BOARD, BOB, DELAY_S, NOW_NS, World

FEES = fees_of(token_lists=0, with_custom_fees=False)


def test_a_transfer_moves_what_it_says_and_the_fees() -> None:
    world = World()
    before = {number: world.balance(number) for number in (ALICE, PAYEE, 3, COLLECTOR)}
    assert world.outcome(world.body()) == "SUCCESS"
    gained = {number: world.balance(number) - had for number, had in before.items()}
    assert gained == {
        ALICE: -100 - FEES.total,
        PAYEE: 100,
        3: FEES.node,
        COLLECTOR: FEES.network + FEES.service,
    }


def test_everybody_who_pays_has_to_have_signed() -> None:
    world = World()
    moves = {HBAR: {ALICE: -100, BOB: -200, BOARD: -300, PAYEE: 600}}
    assert world.outcome(world.body(moves), world.keys(ALICE, BOB)) == "INVALID_SIGNATURE"
    assert world.outcome(world.body(moves), world.keys(ALICE, BOB, BOARD)) == "SUCCESS"
    tokens = {USDC: {BOB: -5, PAYEE: 5}}
    assert world.outcome(world.body(tokens), world.keys(ALICE)) == "INVALID_SIGNATURE"
    assert world.outcome(world.body(tokens), world.keys(ALICE, BOB)) == "SUCCESS"


def test_a_failure_is_charged_all_the_same() -> None:
    world = World()
    before = world.balance(ALICE)
    assert world.outcome(world.body({HBAR: {BOB: -1, PAYEE: 1}})) == "INVALID_SIGNATURE"
    assert world.balance(ALICE) == before - FEES.total
    assert world.balance(PAYEE) == 0


def test_the_deepest_list_of_keys_and_an_empty_one() -> None:
    world = World()
    raw = world.keys(ALICE)[0].public
    key = KeyList((KeyList((raw,), 1), raw))
    body = world.body().SerializeToString()
    pairs = [signature_pair(world.keys(ALICE)[0], body)]
    assert has_signed(key, body, pairs)
    assert not has_signed(KeyList(()), body, pairs)
    assert not has_signed(KeyList((raw, Ed25519Key(bytes(32)))), body, pairs)


# --- Balances and lists


def test_more_than_somebody_has() -> None:
    world = World()
    much = {HBAR: {BOB: -world.balance(BOB) - 1, PAYEE: world.balance(BOB) + 1}}
    assert world.outcome(world.body(much), world.keys(ALICE, BOB)) == "INSUFFICIENT_ACCOUNT_BALANCE"
    tokens = {USDC: {ALICE: -world.balance(ALICE, USDC) - 1, PAYEE: world.balance(ALICE, USDC) + 1}}
    assert world.outcome(world.body(tokens)) == "INSUFFICIENT_TOKEN_BALANCE"


def test_accounts_and_tokens_that_are_not_there() -> None:
    world = World()
    assert world.outcome(world.body({HBAR: {ALICE: -1, 777: 1}})) == "INVALID_ACCOUNT_ID"
    assert world.outcome(world.body({USDC: {ALICE: -1, 777: 1}})) == "INVALID_ACCOUNT_ID"
    assert world.outcome(world.body({777: {ALICE: -1, PAYEE: 1}})) == "INVALID_TOKEN_ID"


def add_account(world: World, number: int, auto_associations: int = 0) -> int:
    one = holder(number, KeyKind.ED25519, 0)
    world.network.add_account(Account(number, one.key, auto_associations), 0, TREASURY)
    return number


def test_ten_entries_are_allowed_and_eleven_are_not() -> None:
    for token in (HBAR, USDC):
        world = World()
        others = [add_account(world, 2_000 + place, -1) for place in range(10)]
        ten = {token: {ALICE: -9, **dict.fromkeys(others[:9], 1)}}
        eleven = {token: {ALICE: -10, **dict.fromkeys(others, 1)}}
        code = "TRANSFER_LIST_SIZE_LIMIT_EXCEEDED"
        assert world.outcome(world.body(ten)) == "SUCCESS"
        assert world.outcome(world.body(eleven)) == (code if token == HBAR else f"TOKEN_{code}")


def test_a_token_needs_an_association() -> None:
    world = World()
    closed, open_to_one = add_account(world, 2_000), add_account(world, 2_001, 1)
    assert world.outcome(world.body({USDC: {ALICE: -1, closed: 1}})) == "TOKEN_NOT_ASSOCIATED_TO_ACCOUNT"
    assert world.outcome(world.body({USDC: {ALICE: -1, open_to_one: 1}})) == "SUCCESS"
    world.network.add_token(Token(5_002, "USDC", "another", 2, 1_000, TREASURY))
    world.network.give(ALICE, 5_002, 10)
    full = "NO_REMAINING_AUTOMATIC_ASSOCIATIONS"
    assert world.outcome(world.body({5_002: {ALICE: -1, open_to_one: 1}})) == full
    assert world.outcome(world.body({5_002: {ALICE: -1, PAYEE: 1}})) == "TOKEN_NOT_ASSOCIATED_TO_ACCOUNT"
    world.network.give(PAYEE, 5_002, 0)
    assert world.outcome(world.body({5_002: {ALICE: -1, PAYEE: 1}})) == "SUCCESS"
    assert (world.balance(PAYEE, 5_002), world.balance(PAYEE, USDC)) == (1, 0)


def test_the_decimals_that_are_expected() -> None:
    world = World()
    for decimals, status in ((2, "UNEXPECTED_TOKEN_DECIMALS"), (6, "SUCCESS")):

        def expect(body: TransactionBody, decimals: int = decimals) -> None:
            body.cryptoTransfer.tokenTransfers[0].expected_decimals.value = decimals

        assert world.outcome(world.body({USDC: {ALICE: -1, PAYEE: 1}}, change=expect)) == status


def test_nobody_ever_approved_anything_and_there_are_no_nfts() -> None:
    world = World()

    def approve(body: TransactionBody) -> None:
        for one in body.cryptoTransfer.transfers.accountAmounts:
            one.is_approval = one.amount < 0

    approved = world.body({HBAR: {BOB: -1, PAYEE: 1}}, change=approve)
    assert world.outcome(approved) == "SPENDER_DOES_NOT_HAVE_ALLOWANCE"

    def add_nft(body: TransactionBody) -> None:
        moved = body.cryptoTransfer.tokenTransfers.add()
        moved.token.tokenNum = USDC
        one = moved.nftTransfers.add(serialNumber=1)
        one.senderAccountID.accountNum, one.receiverAccountID.accountNum = ALICE, PAYEE

    assert world.outcome(world.body({}, change=add_nft)) == "INVALID_NFT_ID"


def test_an_evm_address_stands_for_its_account() -> None:
    world = World()
    alias = world.network.ledger.accounts[BOB].alias
    assert alias is not None

    def by_alias(body: TransactionBody) -> None:
        body.cryptoTransfer.transfers.accountAmounts[1].accountID.alias = alias

    before = world.balance(BOB)
    assert world.outcome(world.body(change=by_alias)) == "SUCCESS"
    assert world.balance(BOB) == before + 100


# --- Fees and duplicates


def test_who_offers_less_than_the_whole_fee_is_charged_without_the_service() -> None:
    world = World()
    before = world.balance(ALICE)
    low = world.body(change=lambda b: setattr(b, "transactionFee", FEES.total - 1))
    assert world.outcome(low) == "INSUFFICIENT_TX_FEE"
    assert before - world.balance(ALICE) == FEES.without_service


def test_who_has_less_than_the_whole_fee_pays_what_is_there() -> None:
    world = World()
    has = world.balance(ALICE) - FEES.total - FEES.without_service
    assert world.outcome(world.body({HBAR: {ALICE: -has, PAYEE: has}})) == "SUCCESS"
    assert world.outcome(world.body({HBAR: {ALICE: 0}})) == "INSUFFICIENT_PAYER_BALANCE"
    assert world.balance(ALICE) == 0


def test_a_duplicate_by_another_node_is_charged_and_moves_nothing() -> None:
    world = World()
    name = world.name()
    before = world.balance(ALICE)
    for node in (3, 4):
        taken = world.submit(world.body(name=name, node=node), node=node)
        assert taken.code == rc.OK
    world.pass_time(DELAY_S + 1)
    assert world.balance(PAYEE) == 100
    assert before - world.balance(ALICE) == 100 + FEES.total + FEES.without_service
    answer = world.receipt(name, duplicates=True).transactionGetReceipt
    assert answer.receipt.status == rc.SUCCESS
    assert [one.status for one in answer.duplicateTransactionReceipts] == [rc.DUPLICATE_TRANSACTION]
    assert not world.receipt(name).transactionGetReceipt.duplicateTransactionReceipts


def test_a_node_takes_a_transaction_once() -> None:
    world = World()
    body = world.body()
    assert world.submit(body).code == rc.OK
    assert world.submit(body).code == rc.DUPLICATE_TRANSACTION
    world.pass_time()
    assert world.submit(body).code == rc.DUPLICATE_TRANSACTION


def test_what_a_node_should_not_have_brought_is_the_nodes_to_pay() -> None:
    world = World()
    taken = world.submit(world.body(change=lambda b: setattr(b.transactionValidDuration, "seconds", 15)))
    assert taken.code == rc.OK
    envelope = world.network._pending[0].envelope
    late = handle(envelope, world.network.ledger, NOW_NS + 100 * SECOND_NS, Seen.NEVER)
    twice = handle(envelope, world.network.ledger, NOW_NS, Seen.SAME_NODE)
    for effect, code in ((late, rc.TRANSACTION_EXPIRED), (twice, rc.DUPLICATE_TRANSACTION)):
        assert (effect.code, effect.is_nodes_fault) == (code, True)
        assert effect.changes == {(3, HBAR): -FEES.network, (COLLECTOR, HBAR): FEES.network}


def test_transactions_come_one_after_the_other() -> None:
    world = World()
    for _ in range(3):
        world.submit(world.body())
    world.pass_time()
    world.pass_time(1)
    first_ns = NOW_NS + int(DELAY_S * SECOND_NS)
    assert [one.at_ns - first_ns for one in world.network.history.since(0)] == [0, 1, 2]


def test_a_network_has_so_much_room_and_says_busy_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydaemon_hedera.sandbox.network.MAX_PENDING", 1)
    world = World()
    assert world.submit(world.body()).code == rc.OK
    refused = world.body()
    assert world.submit(refused).code == rc.BUSY
    world.pass_time()
    assert world.submit(refused).code == rc.OK


def test_a_node_forgets_what_cannot_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paydaemon_hedera.sandbox.network.PURGE_ABOVE", 2)
    world = World()
    known = world.network._nodes[3]
    known.purge_above = 2
    for _ in range(2):
        world.submit(world.body())
    world.pass_time(200)
    world.submit(world.body())
    assert len(known.known) == 1


def test_the_ledger_takes_nothing_that_does_not_add_up() -> None:
    ledger = World().network.ledger
    with pytest.raises(ValueError, match="differ"):
        ledger.post({(ALICE, HBAR): 1})
    with pytest.raises(ValueError, match="less than nothing"):
        ledger.post({(PAYEE, HBAR): -1, (ALICE, HBAR): 1})
    with pytest.raises(ValueError, match="taken"):
        ledger.add_account(ledger.accounts[ALICE])
    with pytest.raises(ValueError, match=r"no token 0\.0\.9"):
        ledger.add_token(Token(5_003, "X", "X", 0, 1, TREASURY, (FixedFee(PAYEE, 1, 9),)))
    assert ledger.total(HBAR) == TOTAL_TINYBARS


def test_a_receipt_can_be_refused_on_purpose() -> None:
    world = World()
    world.faults.arm(Fault(Kind.CODE, Call.RECEIPT, code=rc.BUSY))
    assert world.outcome(world.body()) == "BUSY"
    assert world.faults.armed == ()
