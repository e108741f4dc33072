"""The mirror node: late, in pages, by shapes of the real one."""

import base64

import httpx
import pytest

from paydaemon_hedera.proto.basic_types_pb2 import Key
from paydaemon_hedera.sandbox.genesis import USDC, default_holders
from paydaemon_hedera.sandbox.names import SECOND_NS
from paydaemon_hedera.sandbox.running import Options
from tests.hedera.sandbox.live import Live, sandbox

PAYEE, ALICE = "0.0.1001", "0.0.1002"
LIST = "/api/v1/transactions"


def paid(live: Live, *amounts: int, memo: str = "") -> list[str]:
    orders = ({"payee": PAYEE, "amount_minor": str(amount), "memo": memo} for amount in amounts)
    return [live.post("pay", order)["transaction_id"] for order in orders]


def credited(page: dict[str, list[dict[str, list[dict[str, object]]]]]) -> list[object]:
    return [
        transfer["amount"]
        for one in page["transactions"]
        for transfer in one["transfers"]
        if transfer["account"] == PAYEE
    ]


def test_a_transaction_as_it_is_listed_and_by_its_id() -> None:
    with sandbox() as live:
        (id,) = paid(live, 700, memo="inv 1")
        (one,) = live.get(LIST, **{"account.id": PAYEE})["transactions"]
        assert base64.b64decode(one["memo_base64"]) == b"inv 1"
        assert len(base64.b64decode(one["transaction_hash"])) == 48
        assert (one["transaction_id"], one["result"], one["name"]) == (id, "SUCCESS", "CRYPTOTRANSFER")
        assert (one["node"], one["nonce"], one["scheduled"], one["max_fee"]) == (
            "0.0.3",
            0,
            False,
            "100000000",
        )
        assert sum(transfer["amount"] for transfer in one["transfers"]) == 0
        assert {"account": PAYEE, "amount": 700, "is_approval": False} in one["transfers"]
        assert one["charged_tx_fee"] == 83_333
        (detail,) = live.get(f"{LIST}/{id}")["transactions"]
        assert detail == {**one, "assessed_custom_fees": []}
        assert live.get(f"{LIST}/{id}", nonce="0", scheduled="false")["transactions"] == [detail]
        assert live.http.get(f"{LIST}/{id}?nonce=1").status_code == 404


def test_pages_follow_each_other_in_either_order() -> None:
    with sandbox() as live:
        paid(live, *range(1, 8))
        for order, expected in (("asc", [1, 2, 3, 4, 5, 6, 7]), ("desc", [7, 6, 5, 4, 3, 2, 1])):
            url: str | None = f"{LIST}?account.id={PAYEE}&limit=3&order={order}&timestamp=gt:0.0"
            seen: list[object] = []
            pages = 0
            while url is not None:
                page = live.get(url)
                seen += credited(page)
                url = page["links"]["next"]
                pages += 1
            assert (seen, pages) == (expected, 3)


def test_times_have_operators() -> None:
    with sandbox() as live:
        paid(live, 1, 2, 3)
        page = live.get(LIST, order="asc", **{"account.id": PAYEE})
        times = [one["consensus_timestamp"] for one in page["transactions"]]
        for operators, expected in (
            ([f"gt:{times[0]}"], [2, 3]),
            ([f"gte:{times[0]}", f"lt:{times[2]}"], [1, 2]),
            ([f"lte:{times[1]}"], [1, 2]),
            ([times[1]], [2]),
            ([f"eq:{times[1]}"], [2]),
        ):
            asked = {"account.id": PAYEE, "timestamp": operators, "order": "asc"}
            assert credited(live.get(LIST, **asked)) == expected


def test_what_is_selected() -> None:
    with sandbox() as live:
        paid(live, 5)
        live.post("pay", {"payee": PAYEE, "amount_minor": "6", "token": f"0.0.{USDC}"})
        both = {"account.id": PAYEE, "order": "asc"}
        first, second = live.get(LIST, **both)["transactions"]
        assert first["token_transfers"] == []
        assert {"token_id": f"0.0.{USDC}", "account": PAYEE, "amount": 6, "is_approval": False} in second[
            "token_transfers"
        ]
        assert live.get(LIST, type="debit", **{"account.id": PAYEE})["transactions"] == []
        assert live.get(LIST, result="fail")["transactions"] == []
        assert len(live.get(LIST, result="success", limit="1")["transactions"]) == 1


@pytest.mark.parametrize(
    "path",
    [
        f"{LIST}?limit=0",
        f"{LIST}?order=up",
        f"{LIST}?timestamp=ne:1.0",
        f"{LIST}?timestamp=yesterday",
        f"{LIST}?account.id=me",
        f"{LIST}?colour=red",
        f"{LIST}/no-such-id",
        "/api/v1/accounts/nobody",
        "/api/v1/accounts/0xzz",
    ],
)
def test_a_bad_question(path: str) -> None:
    with sandbox() as live:
        answer = live.http.get(path)
        assert answer.status_code == 400
        assert answer.json()["_status"]["messages"][0]["message"]


def test_blocks_end_where_everything_is_told() -> None:
    with sandbox(Options(consensus_delay_s=0.0, mirror_lags_s=(5.0,))) as live:
        before_ns = live.running.clock.now_ns()
        (newest,) = live.get("/api/v1/blocks", limit="1", order="desc")["blocks"]
        to_ns = int(newest["timestamp"]["to"].replace(".", ""))
        assert 0 <= to_ns - (before_ns - 5 * SECOND_NS) < 5 * SECOND_NS
        assert newest["timestamp"]["from"] < newest["timestamp"]["to"]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/accounts/0.0.9",
        "/api/v1/tokens/0.0.9",
        f"{LIST}/0.0.2-1700000000-000000001",
        "/api/v1/blocks/1",
    ],
)
def test_what_is_not_there(path: str) -> None:
    with sandbox() as live:
        assert live.http.get(path).status_code == 404
        assert live.http.post(path).status_code == 405


# --- Accounts, tokens, the network


def test_accounts_with_their_keys() -> None:
    with sandbox() as live:
        paid(live, 700)
        for holder in default_holders():
            found = live.get(f"/api/v1/accounts/0.0.{holder.number}", transactions="false")
            kind, raw = found["key"]["_type"], bytes.fromhex(found["key"]["key"])
            if kind == "ProtobufEncoded":
                assert Key.FromString(raw).thresholdKey.threshold == 2
            else:
                assert kind == {"ed25519": "ED25519", "ecdsa": "ECDSA_SECP256K1"}[holder.kind]
                assert raw == holder.private[0].public.raw
            assert found["transactions"] == []
        payee = live.get(f"/api/v1/accounts/{PAYEE}")
        assert payee["balance"]["balance"] == 700
        assert credited(payee) == [700]
        ecdsa = live.get("/api/v1/accounts/0.0.1003")
        assert live.get(f"/api/v1/accounts/{ecdsa['evm_address']}")["account"] == "0.0.1003"


def test_tokens_and_balances() -> None:
    with sandbox() as live:
        live.post("pay", {"payee": PAYEE, "amount_minor": "6", "token": f"0.0.{USDC}"})
        (held,) = live.get(f"/api/v1/accounts/{PAYEE}/tokens")["tokens"]
        assert (held["token_id"], held["balance"], held["decimals"]) == (f"0.0.{USDC}", 6, 6)
        assert live.get(f"/api/v1/accounts/{PAYEE}/tokens", **{"token.id": "0.0.7"})["tokens"] == []
        (balance,) = live.get("/api/v1/balances", **{"account.id": PAYEE})["balances"]
        assert balance == {
            "account": PAYEE,
            "balance": 0,
            "tokens": [{"token_id": f"0.0.{USDC}", "balance": 6}],
        }
        assert len(live.get("/api/v1/balances")["balances"]) > 4
        token = live.get(f"/api/v1/tokens/0.0.{USDC}")
        assert (token["symbol"], token["decimals"], token["type"]) == ("USDC", "6", "FUNGIBLE_COMMON")


def test_the_network_itself() -> None:
    with sandbox() as live:
        rate = live.get("/api/v1/network/exchangerate")["current_rate"]
        assert (rate["cent_equivalent"], rate["hbar_equivalent"]) == (12, 1)
        nodes = live.get("/api/v1/network/nodes")["nodes"]
        assert [one["node_account_id"] for one in nodes] == ["0.0.3", "0.0.4"]
        (endpoint,) = nodes[0]["service_endpoints"]
        assert f"{endpoint['ip_address_v4']}:{endpoint['port']}" == live.running.node(3).address
        assert live.get("/api/v1/network/nodes", order="desc", limit="1")["nodes"] == nodes[1:]


# --- Late, out of order, down


def test_what_a_late_mirror_knows() -> None:
    with sandbox(Options(consensus_delay_s=0, mirror_lags_s=(5.0,))) as live:
        (id,) = paid(live, 700)
        assert live.get(LIST)["transactions"] == []
        assert live.http.get(f"{LIST}/{id}").status_code == 404
        assert live.get(f"/api/v1/accounts/{PAYEE}")["balance"]["balance"] == 0
        live.post("clock", {"advance_s": 5})
        assert credited(live.get(LIST)) == [700]
        assert live.get(f"/api/v1/accounts/{PAYEE}")["balance"]["balance"] == 700


def test_replicas_that_disagree() -> None:
    with sandbox() as live:
        live.post("settings", {"mirror_lags_s": [0, 60]})
        paid(live, 700)
        assert [len(live.get(LIST)["transactions"]) for _ in range(4)] == [1, 0, 1, 0]


def test_a_transaction_that_shows_up_behind_later_ones() -> None:
    with sandbox() as live:
        live.arm(kind="hold", delay_ms=10_000)
        paid(live, 1, 2)
        assert credited(live.get(LIST)) == [2]
        assert live.get(f"/api/v1/accounts/{PAYEE}")["balance"]["balance"] == 2
        live.post("clock", {"advance_s": 10})
        assert credited(live.get(LIST)) == [2, 1]


def test_a_mirror_that_fails() -> None:
    with sandbox() as live:
        live.arm(kind="http", code="429")
        assert live.http.get(LIST).status_code == 429
        live.arm(kind="drop_before", call="mirror")
        with pytest.raises(httpx.RemoteProtocolError):
            live.http.get(LIST)
        live.post("settings", {"mirror_down": True})
        with pytest.raises(httpx.RemoteProtocolError):
            live.http.get(LIST)
        live.post("settings", {"mirror_down": False})
        assert live.http.get(LIST).status_code == 200


def test_any_page_may_read_it() -> None:
    with sandbox() as live:
        assert live.http.get(LIST).headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Origin" not in live.http.get("/sandbox").headers
