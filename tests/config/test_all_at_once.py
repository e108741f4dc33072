"""Every mistake is told whichever others are made beside it, and nothing that only follows from one."""

from collections.abc import Mapping
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationInfo, model_validator

from paydaemon.config import ConfigError, parse_config
from paydaemon.config.check import check
from paydaemon.config.problems import Problem
from paydaemon.hooks.settings import Secret, Settings
from paydaemon.plugins import load_plugins
from tests.bitcoin.test_descriptors import XPRV, ZPUB
from tests.config.coins import COIN, GOOD

PLUGINS = load_plugins((), {"coin": COIN})
NODE: Mapping[str, Any] = {"plugin": "bitcoin", "network": "mainnet", "descriptor": ZPUB, "cookie_file": "/c"}
ONE_WAY_IN = "chains.bitcoin: give either cookie_file, or both rpc_user and rpc_password"
PRIVATE = "chains.bitcoin.descriptor: holds a private key"
A_SECRET = 'give either { file = "/path" } or { credential = "name" }'


def refused(document: Mapping[str, Any]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_config(document, PLUGINS, folder=Path("/nowhere"))
    return [str(problem) for problem in caught.value.problems]


def http(**keys: object) -> list[str]:
    return refused({"chains": {"main": GOOD}, "http": keys})


def bitcoin(**keys: object) -> list[str]:
    """What is wrong with a node's table with these keys, up to the first colon of each message."""
    table = {key: value for key, value in {**NODE, **keys}.items() if value is not ...}
    return [": ".join(line.split(": ")[:2]) for line in refused({"chains": {"bitcoin": table}})]


def test_a_certificate_beside_a_wrong_bind() -> None:
    told = [line.split(": ")[0] for line in http(bind="127.0.0.1:99999", tls_certificate="/nope")]
    assert told == ["http.bind", "http.tls_key", "http.tls_certificate"]
    told = [line.split(": ")[0] for line in http(tls_key=7, tls_certificate="/nope")]
    assert told == ["http.tls_key", "http.tls_certificate"]


def test_a_private_key_beside_whatever_else() -> None:
    network, *others = bitcoin(network="mainet", descriptor=XPRV)
    assert network.endswith('did you mean "mainnet"?')
    assert others == [PRIVATE]
    assert bitcoin(descriptor=XPRV, cookie_file=..., rpc_user="u") == [PRIVATE, ONE_WAY_IN]
    assert bitcoin(descriptor=XPRV, cookie_file=...) == [PRIVATE, ONE_WAY_IN]


def test_two_broken_rules() -> None:
    zero = "chains.bitcoin: confirmations = 0 needs allow_zero_confirmations = true"
    assert bitcoin(confirmations=0, rpc_user="u") == [ONE_WAY_IN, zero]


def test_a_wrong_key_is_given_all_the_same() -> None:
    secret = "chains.bitcoin.rpc_password: must not be the secret itself, but where it is"
    assert bitcoin(rpc_user="u", rpc_password="hunter2") == [secret, ONE_WAY_IN]
    assert bitcoin(rpc_user="u", rpc_password="hunter2", cookie_file=...) == [secret]


@pytest.mark.parametrize(
    "keys",
    [
        {"network": "mainet"},
        {"cookie_file": 7},
        {"cookie_file": ..., "cookie_fiel": "/c"},
        {"confirmations": 0, "allow_zero_confirmations": "yes"},
        {"confirmations": 0, "allow_zero_confirmation": True},
        {"descriptor": 7},
    ],
)
def test_what_follows_from_a_wrong_key_is_not_told(keys: dict[str, Any]) -> None:
    (told,) = bitcoin(**keys)
    assert told.startswith("chains.bitcoin.")


def test_a_misspelt_key_of_a_pair_is_told_alone() -> None:
    (told,) = http(tls_kye="/k", tls_certificate="/etc/hostname")
    assert told.startswith("http.tls_kye: is not a key of this table")


# --- A plugin's own model, whatever it is made of


class Inner(Settings):
    low: int = 1
    high: int = 2
    note: str = ""
    secret: Secret | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self


class Outer(BaseModel):
    """Not even of `Settings`."""

    size: int = 1
    name: str = "n"
    one: Inner | None = None
    many: tuple[Inner, ...] = Field(default=(), max_length=2)
    named: dict[str, Annotated[Inner, "by name"]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _with_notes(self, info: ValidationInfo) -> Self:
        if self.name == "wrong" and info.mode == "json":
            raise ValueError("the name is wrong-headed")
        return self

    @model_validator(mode="after")
    def _takes_anything_for_a_fault(self) -> Self:
        try:
            assert self.size > 0
        except Exception as error:
            raise ValueError("the size is out of order") from error
        return self


def outer(**table: object) -> list[str]:
    found: list[Problem] = []
    check(Outer, table, ("t",), Path("/nowhere"), found)
    return [str(problem) for problem in found]


def test_a_plugins_rules_beside_a_wrong_key() -> None:
    number = "must be a whole number, without quotes"
    assert outer(size="x", name="wrong") == [
        "t.size: must be a valid integer, unable to parse string as an integer",
        "t: the name is wrong-headed",
    ]
    assert outer(size=0, name="wrong") == ["t: the name is wrong-headed", "t: the size is out of order"]
    crossed = {"low": 3, "note": 7}
    for table, place in (
        ({"one": crossed}, "t.one"),
        ({"many": [{}, crossed]}, "t.many.1"),
        ({"named": {"a b": crossed}}, 't.named."a b"'),
    ):
        assert outer(**table) == [
            f"{place}.note: must be text in quotes",
            f"{place}: low must not be above high",
        ]
    assert outer(one={"low": "x", "high": 0}) == [f"t.one.low: {number}"]
    assert outer(one={"note": 7, "secret": {"file": 7, "credential": "c"}}) == [
        "t.one.note: must be text in quotes",
        "t.one.secret.file: must be text in quotes",
        f"t.one.secret: {A_SECRET}",
    ]
    assert outer(many=[{}, {}, {"low": 3}])[-1] == "t.many.2: low must not be above high"


def test_a_secrets_file_beside_a_wrong_key() -> None:
    assert outer(size="x", one={"secret": {"file": "gone"}})[1:] == [
        "t.one.secret: /nowhere/gone does not exist"
    ]


# --- Any of them together


class Mistake(NamedTuple):
    """A value put at a place; None takes the key away."""

    where: tuple[str, ...]
    value: object


VALID: Mapping[str, Any] = {
    "daemon": {},
    "http": {},
    "invoices": {},
    "limits": {"http": {}},
    "plugins": {},
    "chains": {"main": dict(GOOD), "bitcoin": dict(NODE)},
    "rates": {"fixed": {"prices": {"BTC/EUR": "60000"}}},
}
MISTAKES = [
    Mistake(("daemon", "log_level"), "lod"),
    Mistake(("daemon", "database"), "/tmp"),
    Mistake(("daemon", "zzz"), 1),
    Mistake(("http", "bind"), "127.0.0.1:99999"),
    Mistake(("http", "tls_certificate"), "/nope"),
    Mistake(("http", "trusted_proxies"), ["10.0.0.1/8"]),
    Mistake(("http", "zzz"), 1),
    Mistake(("invoices", "late"), "never"),
    Mistake(("invoices", "tolerance_percent"), "11"),
    Mistake(("limits", "http", "head_bytes"), 1),
    Mistake(("limits", "http", "zzz"), 1),
    Mistake(("plugins", "disabled"), ["nobody"]),
    Mistake(("plugins", "zzz"), 1),
    Mistake(("zzz",), {}),
    Mistake(("chains", "main", "depth"), 0),
    Mistake(("chains", "main", "label"), "A"),
    Mistake(("chains", "main", "key"), "xprv"),
    Mistake(("chains", "main", "nodes"), [{"host": 7}, {"host": "h", "password": {"file": "gone"}}]),
    Mistake(("chains", "main", "main_node"), {"host": "h", "password": {}}),
    Mistake(("chains", "main", "zzz"), 1),
    Mistake(("chains", "bitcoin", "network"), "mainet"),
    Mistake(("chains", "bitcoin", "descriptor"), XPRV),
    Mistake(("chains", "bitcoin", "cookie_file"), None),
    Mistake(("chains", "bitcoin", "confirmations"), 0),
    Mistake(("chains", "bitcoin", "rpc_url"), "http://u:p@h:1"),
    Mistake(("chains", "bitcoin", "wallet"), ""),
    Mistake(("chains", "bitcoin", "zmq_rawtx"), "udp"),
    Mistake(("chains", "bitcoin", "limits"), {"rpc_tries": 0, "zzz": 1}),
    Mistake(("chains", "bitcoin", "zzz"), 1),
    Mistake(("rates", "fixed", "prices"), {"BTC/EUR": "0", "btc": "1"}),
    Mistake(("rates", "fixed", "zzz"), 1),
]


def with_mistakes(*mistakes: Mistake) -> dict[str, Any]:
    document = deepcopy(dict(VALID))
    for (*tables, key), value in mistakes:
        table = document
        for name in tables:
            table = table[name]
        if value is None:
            del table[key]
        else:
            table[key] = value
    return document


ALONE = {mistake.where: refused(with_mistakes(mistake)) for mistake in MISTAKES}


def test_without_a_mistake_it_is_taken() -> None:
    assert parse_config(with_mistakes(), PLUGINS).chains.keys() == {"main", "bitcoin"}


@given(st.lists(st.sampled_from(MISTAKES), min_size=2, unique_by=lambda mistake: mistake.where))
def test_mistakes_are_told_together_as_each_alone(mistakes: list[Mistake]) -> None:
    told = refused(with_mistakes(*mistakes))
    assert sorted(told) == sorted(line for mistake in mistakes for line in ALONE[mistake.where])
    assert XPRV not in "\n".join(told)


def test_all_of_them_are_told_together() -> None:
    assert sorted(refused(with_mistakes(*MISTAKES))) == sorted(chain.from_iterable(ALONE.values()))
