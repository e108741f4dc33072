"""Whatever is submitted: no tinybar and no token comes or goes, nobody owes, each is charged once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from paydaemon_hedera.proto import response_code_pb2 as rc
from paydaemon_hedera.sandbox.customfees import Moves
from paydaemon_hedera.sandbox.genesis import CONTRACT, PAYEE, TREASURY, USDC, USDC_SUPPLY_MINOR
from paydaemon_hedera.sandbox.ledger import HBAR, TOTAL_TINYBARS, FixedFee, FractionalFee, Token
from paydaemon_hedera.sandbox.wallet import call_body
from tests.hedera.sandbox.world import ALICE, BOARD, BOB, World

COIN, COIN_SUPPLY = 6_001, 1_000_000
ACCOUNTS = (ALICE, BOB, BOARD, PAYEE)
TOKENS = {HBAR: TOTAL_TINYBARS, USDC: USDC_SUPPLY_MINOR, COIN: COIN_SUPPLY}

amounts = st.one_of(st.integers(0, 500), st.integers(0, 2 * 10**12))


@st.composite
def moves(draw: st.DrawFn) -> Moves:
    """A few tokens between a few accounts, each adding up to nothing."""
    made: Moves = {}
    for token in draw(st.sets(st.sampled_from(sorted(TOKENS)), min_size=1)):
        sender, *receivers = draw(st.permutations(ACCOUNTS))
        gained = {one: draw(amounts) for one in receivers[: draw(st.integers(1, 3))]}
        made[token] = {sender: -sum(gained.values()), **gained}
    return made


fees = st.lists(
    st.one_of(
        st.builds(FixedFee, st.just(3), st.integers(0, 100), st.sampled_from([HBAR, USDC, COIN])),
        st.builds(
            FractionalFee,
            st.sampled_from([3, BOB]),
            st.integers(1, 10),
            st.integers(1, 20),
            st.integers(0, 50),
            st.sampled_from([0, 60]),
            st.booleans(),
        ),
    ),
    max_size=3,
)

steps = st.lists(
    st.tuples(
        moves(),
        st.sampled_from([ALICE, BOB, BOARD]),
        st.sets(st.sampled_from(ACCOUNTS)),
        st.sets(st.sampled_from([3, 4]), min_size=1),
        st.booleans(),
        st.none() | st.tuples(st.sampled_from([CONTRACT, PAYEE]), st.integers(21_000, 16_000_000), amounts),
    ),
    max_size=8,
)
"""What moves, who pays, who else signs, at which nodes, whether time passes; or a call in its place."""

Step = tuple[Moves, int, set[int], set[int], bool, tuple[int, int, int] | None]


@settings(max_examples=60, deadline=None)
@given(fees=fees, steps=steps)
def test_money_is_neither_made_nor_lost(fees: list[FixedFee | FractionalFee], steps: list[Step]) -> None:
    world = World()
    world.network.add_token(Token(COIN, "COIN", "Coin", 0, COIN_SUPPLY, TREASURY, tuple(fees)))
    for account in ACCOUNTS:
        world.network.give(account, COIN, 1_000)
    taken = 0
    for what, payer, others, nodes, wait, call in steps:
        name = world.name(payer)
        for node in sorted(nodes):
            body = world.body(what, name=name, node=node)
            if call is not None:
                contract, gas, amount = call
                body = call_body(name, node, contract, gas=gas, amount_tinybars=amount)
            answer = world.submit(body, world.keys(*{payer, *others}), node)
            taken += answer.code == rc.OK
        if wait:
            world.pass_time()
    world.pass_time(60)
    ledger = world.network.ledger
    assert {token: ledger.total(token) for token in TOKENS} == TOKENS
    assert all(ledger.balance(one, token) >= 0 for one in ledger.accounts for token in TOKENS)
    handled = world.network.history.since(0)
    assert len(handled) == taken
    assert all(
        one.effect.fee_tinybars > 0 or one.effect.code == rc.INSUFFICIENT_PAYER_BALANCE for one in handled
    )
    successes = [one.name for one in handled if one.effect.code == rc.SUCCESS]
    assert len(successes) == len(set(successes))
