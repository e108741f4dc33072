"""etc/paydaemon.toml has every key that the code has, with its true default and meaning, and no other."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paydaemon.config import Key, keys, parse_config
from paydaemon.plugins import PluginStatus, load_plugins
from tests.support.certificate import make_certificate

EXAMPLE = Path(__file__).parents[2] / "etc" / "paydaemon.toml"
PLUGINS = load_plugins()
KEYS = {key.path: key for key in keys(PLUGINS)}

# BIP-84's own example of an account.
ZPUB = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"  # fmt: skip # noqa: E501

COMMENTED = re.compile(r"^#(?=\[|[a-z_]+ = )", re.MULTILINE)


def shipped() -> str:
    return EXAMPLE.read_text(encoding="utf-8")


def everything() -> dict[str, Any]:
    """The file with every # taken away from before a key."""
    return tomllib.loads(COMMENTED.sub("", shipped()))


def leaves(document: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        here = f"{path}{name}"
        if isinstance(value, dict) and here not in KEYS:
            yield from leaves(value, plain(f"{here}."))
        elif isinstance(value, list) and here not in KEYS:
            for inner in value:
                yield from leaves(inner, f"{here}.")
        else:
            yield here, value


def plain(path: str) -> str:
    """A path without the names of one's own that tables within tables bear."""
    return re.sub(r"^(quotes\.(?:pairs|sellers))\.(?:\"[^\"]+\"|[^.\"]+)", r"\1", path)


def comments() -> Mapping[str, str]:
    """What stands above each key, as one line."""
    found: dict[str, str] = {}
    table = ""
    words: list[str] = []
    for line in shipped().splitlines():
        if header := re.match(r"#?\[{1,2}([^\[\]]+)\]{1,2}$", line):
            table = plain(header[1])
        elif key := re.match(r"#?([a-z_]+) = ", line):
            found[f"{table}.{key[1]}"] = " ".join(words)
        words = [*words, line.removeprefix("# ")] if line.startswith("# ") else []
    return found


def meaning(key: Key) -> str:
    """What must stand above a key."""
    words = [key.description]
    if any(f'"{choice}"' not in key.description for choice in key.choices):
        *most, last = [f'"{choice}"' for choice in key.choices]
        words.append(f"{', '.join(most)} or {last}.")
    if key.least is not None:
        words.append(f"From {key.least} to {key.most}.")
    if key.required:
        words.append("Required.")
    return " ".join(words)


def test_it_tells_of_every_plugin_of_ours() -> None:
    assert {record.name: record.status for record in PLUGINS.records} == {
        "bitcoin": PluginStatus.LOADED,
        "email": PluginStatus.LOADED,
        "hedera": PluginStatus.LOADED,
        "monero": PluginStatus.LOADED,
        "rates": PluginStatus.LOADED,
        "socketio": PluginStatus.LOADED,
        "spellbook": PluginStatus.LOADED,
        "webhook": PluginStatus.LOADED,
    }


def test_it_has_every_key_and_no_other() -> None:
    assert sorted(path for path, _ in leaves(everything())) == sorted(KEYS)


@pytest.mark.parametrize("path", sorted(KEYS))
def test_every_default_is_the_true_one(path: str) -> None:
    value = dict(leaves(everything()))[path]
    if KEYS[path].default is not None:
        assert (value, type(value)) == (KEYS[path].default, type(KEYS[path].default))


@pytest.mark.parametrize("path", sorted(KEYS))
def test_what_stands_above_a_key_is_what_the_code_says_of_it(path: str) -> None:
    assert KEYS[path].description
    assert comments()[path] == meaning(KEYS[path])


def test_only_what_must_be_given_is_set() -> None:
    assert [path for path, _ in leaves(tomllib.loads(shipped()))] == [
        "chains.bitcoin.plugin",
        "chains.bitcoin.network",
        "chains.bitcoin.descriptor",
        "chains.bitcoin.cookie_file",
    ]


def test_once_its_descriptor_is_filled_in_it_is_a_configuration() -> None:
    document = tomllib.loads(shipped())
    document["chains"]["bitcoin"]["descriptor"] = ZPUB
    assert list(parse_config(document, PLUGINS).chains) == ["bitcoin"]


def test_every_example_in_it_would_be_taken(tmp_path: Path) -> None:
    document = everything()
    certificate = make_certificate(tmp_path)
    document["http"] |= certificate.settings
    password = {"file": str(certificate.key)}
    mails = {"templates": str(tmp_path), "ca_file": str(certificate.certificate), "password": password}
    document["notifiers"]["email"] |= mails
    document["notifiers"]["publisher"] |= {"ca_file": str(certificate.certificate), "key": password}
    document["notifiers"]["webhook"] |= {"ca_file": str(certificate.certificate)}
    document["rates"]["coingecko"] |= {"api_key": password}
    document["chains"]["monero"] |= {"wallet_rpc_password": password, "monerod_password": password}
    bitcoin = document["chains"]["bitcoin"]
    bitcoin["descriptor"] = ZPUB
    # There is either the one way into the node or the other, and to the publisher.
    del bitcoin["rpc_user"], bitcoin["rpc_password"]
    del document["notifiers"]["publisher"]["socket_url"]
    config = parse_config(document, PLUGINS)
    assert (len(config.rates), list(config.chains)) == (9, ["bitcoin", "hedera", "monero"])
    assert list(config.notifiers) == ["email", "publisher", "webhook"]


def test_nothing_in_it_is_wider_than_a_screen() -> None:
    assert max(len(line) for line in shipped().splitlines()) <= 110
