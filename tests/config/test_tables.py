"""The daemon's own tables: their defaults, and a plain sentence for each thing that can be wrong."""

from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from pydantic import BaseModel

from paydaemon.config import Config, ConfigError, parse_config
from paydaemon.config.models import DAY_S
from paydaemon.config.parse import TABLES
from paydaemon.core.invoice import LatePolicy
from paydaemon.logs import LogFormat, LogLevel
from tests.config.coins import GOOD, PLUGINS, CoinSettings, parsed, problems


def test_what_holds_where_nothing_is_said() -> None:
    config = parsed()
    assert config.daemon.state_dir == Path("/var/lib/paydaemon")
    assert config.daemon.database == Path("/var/lib/paydaemon/paydaemon.sqlite3")
    assert (config.daemon.log_format, config.daemon.log_level) == (LogFormat.JSON, LogLevel.INFO)
    assert config.http.bind == "127.0.0.1:8420"
    assert config.http.public_url == "http://127.0.0.1:8420"
    assert config.http.trusted_proxies == ()
    assert config.admin.socket == Path("/var/lib/paydaemon/admin.sock")
    assert (config.invoices.expires_in_s, config.invoices.monitor_for_s) == (900, 604_800)
    assert (config.invoices.tolerance_ppm, config.invoices.late) == (0, LatePolicy.HOLD)
    assert config.quotes.max_age_s == 120
    assert config.health.stale_after_s == 120
    limits = config.limits
    assert (limits.body_bytes, limits.json_depth) == (65_536, 32)
    assert (limits.connections, limits.connections_per_address) == (2_000, 256)
    assert (limits.requests_per_s, limits.requests_burst) == (50, 100)
    assert (limits.request_timeout_s, limits.idle_timeout_s) == (30, 75)
    assert (limits.store_queue, limits.plugin_wait_s) == (10_000, 10)
    assert config.plugins.disabled == ()
    assert config.rates == {}
    assert config.installed is PLUGINS


def test_every_table_of_the_daemon_is_read() -> None:
    config = parsed()
    own = {field.name for field in fields(Config)} - {"chains", "rates", "installed"}
    assert own == set(TABLES)
    for name, model in TABLES.items():
        assert type(getattr(config, name)) is model


def test_nothing_in_it_can_be_changed() -> None:
    config = parsed()
    with pytest.raises(AttributeError):
        config.daemon = config.daemon  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        config.http.bind = "127.0.0.1:1"  # type: ignore[misc]
    with pytest.raises(TypeError):
        config.chains["other"] = config.chains["main"]  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_that_is_none(name: str) -> None:
    assert problems(**{name: 7}) == [f"{name}: must be a table"]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_an_unknown_key_in_every_table(name: str) -> None:
    assert problems(**{name: {"qqqqqq": 7}}) == [f"{name}.qqqqqq: is not a key of this table"]


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, model in TABLES.items() for key in model.model_fields]
)
def test_every_key_is_suggested_for_itself_mistyped(table: str, key: str) -> None:
    found = problems(**{table: {key + "x": 1}})
    assert found == [f'{table}.{key}x: is not a key of this table; did you mean "{key}"?']


def test_unknown_tables() -> None:
    assert problems(demon={}, qqqq=1) == [
        'demon: is not a table of the configuration; did you mean "daemon"?',
        "qqqq: is not a table of the configuration",
    ]


def test_everything_is_told_at_once() -> None:
    found = problems(
        deamon={},
        daemon={"state_dir": 7, "log_level": "inof"},
        http={"bind": "localhost"},
        limits={"connections": 0, "conections": 5},
        plugins={"disabled": ["coyn"]},
        rates={"fixed": {"prices": {"BTC/EUR": 60000.0}}},
        chains={"Main": {"plugin": "coin"}, "second": {"plugin": "coyn"}},
    )
    assert found == [
        'deamon: is not a table of the configuration; did you mean "daemon"?',
        "daemon.state_dir: must be text in quotes",
        'daemon.log_level: must be "debug", "info", "warning" or "error"; did you mean "info"?',
        "http.bind: must be an IP address and a port, such as 127.0.0.1:8420 or [::1]:8420",
        "limits.connections: must be at least 1",
        'limits.conections: is not a key of this table; did you mean "connections"?',
        "chains.Main: must be made of a-z, 0-9 and -, begin with a letter, and have 32 at most",
        "chains.Main.rpc_url: is required",
        'chains.second.plugin: is brought by no installed plugin: there is "coin"; did you mean "coin"?',
        'rates.fixed.prices."BTC/EUR": must be a decimal string such as "12.50", not a number',
        'plugins.disabled.0: is not an installed plugin; did you mean "coin"?',
    ]


# --- [daemon]


def test_what_lies_in_the_state_folder_moves_with_it() -> None:
    config = parsed(daemon={"state_dir": "/srv/pay"})
    assert config.daemon.database == Path("/srv/pay/paydaemon.sqlite3")
    assert config.admin.socket == Path("/srv/pay/admin.sock")


def test_each_can_be_put_elsewhere() -> None:
    config = parsed(daemon={"database": "/srv/db"}, admin={"socket": "/run/pay.sock"})
    assert config.daemon.database == Path("/srv/db")
    assert config.admin.socket == Path("/run/pay.sock")


def test_relative_paths_start_from_the_files_folder(tmp_path: Path) -> None:
    config = parsed(tmp_path, daemon={"state_dir": "state"}, admin={"socket": "run/a.sock"})
    assert config.daemon.state_dir == tmp_path / "state"
    assert config.daemon.database == tmp_path / "state" / "paydaemon.sqlite3"
    assert config.admin.socket == tmp_path / "run" / "a.sock"


def test_paths_that_are_none(tmp_path: Path) -> None:
    assert problems(daemon={"database": "a\0b"}) == ["daemon.database: is no path: it holds a NUL character"]
    assert problems(daemon={"database": str(tmp_path)}) == ["daemon.database: is a folder"]
    assert problems(admin={"socket": str(tmp_path)}) == ["admin.socket: is a folder"]
    assert problems(daemon={"state_dir": ["/srv"]}) == ["daemon.state_dir: must be text in quotes"]


def test_a_socket_whose_path_the_system_cannot_take() -> None:
    just = "/" + "x" * 106
    assert parsed(admin={"socket": just}).admin.socket == Path(just)
    assert problems(admin={"socket": just + "x"}) == [
        "admin.socket: is longer than the 107 bytes a socket's path can have"
    ]


def test_log_words() -> None:
    config = parsed(daemon={"log_format": "console", "log_level": "error"})
    assert (config.daemon.log_format, config.daemon.log_level) == (LogFormat.CONSOLE, LogLevel.ERROR)
    assert problems(daemon={"log_format": "jsno"}) == [
        'daemon.log_format: must be "json" or "console"; did you mean "json"?'
    ]
    assert problems(daemon={"log_format": 7}) == ['daemon.log_format: must be "json" or "console"']


# --- [http]


@pytest.mark.parametrize(
    ("bind", "host", "port"),
    [
        ("127.0.0.1:8420", "127.0.0.1", 8420),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("[::1]:8420", "::1", 8420),
        ("[0:0:0:0:0:0:0:1]:65535", "::1", 65535),
    ],
)
def test_where_to_listen(bind: str, host: str, port: int) -> None:
    http = parsed(http={"bind": bind}).http
    assert http.address == (host, port)
    assert http.public_url == f"http://{http.address}"


@pytest.mark.parametrize(
    "bind",
    ["", "8420", ":8420", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:8420", "[::1]",
     "localhost:8420", "127.0.0.1:8420 ", "127.0.0.256:1", "[::g]:1", "127.0.0.1:٨", "[fe80::1%lo]:1",
     "http://127.0.0.1:1", "127.1:1"],
)  # fmt: skip
def test_where_nobody_can_listen(bind: str) -> None:
    words = "http.bind: must be an IP address and a port, such as 127.0.0.1:8420 or [::1]:8420"
    assert problems(http={"bind": bind}) == [words]


def test_every_address_needs_a_url_of_its_own() -> None:
    words = "must be given, and be what others can open: 0.0.0.0 and [::] are for listening only"
    assert problems(http={"bind": "0.0.0.0:80"}) == [f"http.public_url: {words}"]
    assert problems(http={"bind": "[::]:80"}) == [f"http.public_url: {words}"]
    assert problems(http={"public_url": "http://0.0.0.0"}) == [f"http.public_url: {words}"]
    assert parsed(http={"bind": "0.0.0.0:80", "public_url": "https://pay.example"}).http.bind == "0.0.0.0:80"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://pay.example.org", "https://pay.example.org"),
        ("https://pay.example.org/", "https://pay.example.org"),
        ("http://127.0.0.1:8420/pay/", "http://127.0.0.1:8420/pay"),
        ("http://[::1]:8420", "http://[::1]:8420"),
    ],
)
def test_public_urls(given: str, kept: str) -> None:
    assert parsed(http={"public_url": given}).http.public_url == kept


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("pay.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("ftp://pay.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("https://", 'must be a URL such as "https://pay.example.org"'),
        ("https:///path", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org:99999", 'must be a URL such as "https://pay.example.org"'),
        ("https://[::1", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/a b", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/\n", 'must be a URL such as "https://pay.example.org"'),
        ("https://päy.example.org", 'must be a URL such as "https://pay.example.org"'),
        ("https://pay.example.org/?a=b", "must have no query and no fragment: paths are put behind it"),
        ("https://pay.example.org/?", "must have no query and no fragment: paths are put behind it"),
        ("https://pay.example.org/#a", "must have no query and no fragment: paths are put behind it"),
        ("https://user:hunter2@pay.example.org", "must hold no user and no password"),
        (8420, "must be text in quotes"),
    ],
)
def test_urls_that_links_cannot_begin_with(url: object, words: str) -> None:
    assert problems(http={"public_url": url}) == [f"http.public_url: {words}"]


def test_the_public_url_once_the_port_is_known() -> None:
    assert parsed(http={"bind": "127.0.0.1:0"}).http.public_url_at(41873) == "http://127.0.0.1:41873"
    assert parsed(http={"bind": "[::1]:0"}).http.public_url_at(41873) == "http://[::1]:41873"
    given = parsed(http={"bind": "127.0.0.1:0", "public_url": "https://pay.example/x/"}).http
    assert given.public_url_at(41873) == "https://pay.example/x"


def test_a_default_that_cannot_be_made_is_not_told_beside_its_cause() -> None:
    assert len(problems(http={"bind": "nowhere"})) == 1
    assert len(problems(daemon={"state_dir": 7})) == 1


def test_trusted_proxies() -> None:
    http = parsed(http={"trusted_proxies": ["10.0.0.0/8", "::1/128", "192.0.2.7"]}).http
    assert http.trusted_proxies == (
        IPv4Network("10.0.0.0/8"), IPv6Network("::1/128"), IPv4Network("192.0.2.7/32"),
    )  # fmt: skip
    assert problems(http={"trusted_proxies": ["10.0.0.1/8", "proxy", 7, "::1/129"]}) == [
        'http.trusted_proxies.0: has bits set beyond its prefix; the network is "10.0.0.0/8"',
        'http.trusted_proxies.1: must be a network such as "10.0.0.0/8" or "::1/128"',
        "http.trusted_proxies.2: must be text in quotes",
        'http.trusted_proxies.3: must be a network such as "10.0.0.0/8" or "::1/128"',
    ]
    assert problems(http={"trusted_proxies": "10.0.0.0/8"}) == ["http.trusted_proxies: must be a list"]


# --- [invoices] and numbers


@pytest.mark.parametrize(
    ("percent", "ppm"),
    [("0", 0), ("0.5", 5_000), ("1", 10_000), ("0.0001", 1), ("10", 100_000), ("10.0000", 100_000)],
)
def test_tolerance(percent: str, ppm: int) -> None:
    assert parsed(invoices={"tolerance_percent": percent}).invoices.tolerance_ppm == ppm


@pytest.mark.parametrize(
    ("percent", "words"),
    [
        ("10.0001", 'must be at most "10"'),
        ("0.00001", "must have at most 4 decimals"),
        (0.5, "must be text in quotes"),
        (1, "must be text in quotes"),
    ],
)
def test_tolerances_that_are_none(percent: object, words: str) -> None:
    assert problems(invoices={"tolerance_percent": percent}) == [f"invoices.tolerance_percent: {words}"]


@pytest.mark.parametrize("percent", ["-1", "1%", "1e0", "NaN", "", "1_0", "٣"])
def test_tolerances_that_are_no_decimals(percent: str) -> None:
    (problem,) = problems(invoices={"tolerance_percent": percent})
    assert problem.startswith("invoices.tolerance_percent: must be a plain")


def test_late() -> None:
    assert parsed(invoices={"late": "settle"}).invoices.late is LatePolicy.SETTLE
    assert problems(invoices={"late": "setle"}) == [
        'invoices.late: must be "hold" or "settle"; did you mean "settle"?'
    ]


def _bounds(model: type[BaseModel], key: str) -> tuple[int, int]:
    constraints = model.model_fields[key].metadata
    (least,) = [one.ge for one in constraints if hasattr(one, "ge")]
    (most,) = [one.le for one in constraints if hasattr(one, "le")]
    return least, most


NUMBERS = [
    (table, key, *_bounds(model, key))
    for table, model in TABLES.items()
    for key, field in model.model_fields.items()
    if field.annotation is int
]


@pytest.mark.parametrize(("table", "key", "least", "most"), NUMBERS)
def test_every_number_has_bounds_and_keeps_to_them(table: str, key: str, least: int, most: int) -> None:
    assert getattr(getattr(parsed(**{table: {key: least}}), table), key) == least
    assert getattr(getattr(parsed(**{table: {key: most}}), table), key) == most
    assert problems(**{table: {key: least - 1}}) == [f"{table}.{key}: must be at least {least}"]
    assert problems(**{table: {key: most + 1}}) == [f"{table}.{key}: must be at most {most}"]
    for wrong in ("7", 7.5, 7.0, True, [7]):
        assert problems(**{table: {key: wrong}}) == [f"{table}.{key}: must be a whole number, without quotes"]


def test_the_bounds_that_are_promised() -> None:
    bounds = {f"{table}.{key}": (least, most) for table, key, least, most in NUMBERS}
    assert bounds["invoices.expires_in_s"] == (60, 7 * DAY_S)
    assert len(bounds) > 10


# --- [plugins], chains and rates as tables


def test_disabled_plugins_are_named() -> None:
    assert parsed(plugins={"disabled": ["bitcoin"]}).plugins.disabled == ("bitcoin",)
    assert problems(plugins={"disabled": ["bitcion"]}) == [
        'plugins.disabled.0: is not an installed plugin; did you mean "bitcoin"?'
    ]
    assert problems(plugins={"disabled": "bitcoin"}) == ["plugins.disabled: must be a list"]
    assert problems(plugins={"disabled": [7]}) == ["plugins.disabled.0: must be text in quotes"]


@pytest.mark.parametrize("document", [{}, {"chains": {}}])
def test_no_chain(document: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(document, PLUGINS)
    assert str(caught.value) == (
        "chains: no chain is configured: there must be a table such as [chains.bitcoin]"
    )


def test_several_chains_of_one_kind() -> None:
    config = parsed(chains={"main": GOOD, "a-2": {**GOOD, "depth": 9}})
    assert list(config.chains) == ["main", "a-2"]
    chain = config.chains["a-2"]
    assert (chain.id, chain.plugin) == ("a-2", PLUGINS.chains["coin"])
    assert isinstance(chain.settings, CoinSettings)
    assert chain.settings.depth == 9


@pytest.mark.parametrize("id", ["A", "1a", "a_b", "a.b", "", "a" * 33, "ä", "-a"])
def test_ids_that_no_chain_can_have(id: str) -> None:
    (problem,) = problems(chains={id: GOOD})
    assert problem.endswith(": must be made of a-z, 0-9 and -, begin with a letter, and have 32 at most")


def test_chains_that_are_no_tables() -> None:
    assert problems(chains=7) == ["chains: must hold tables such as [chains.bitcoin]"]
    assert problems(chains={"main": GOOD, "plugin": "coin"}) == [
        "chains.plugin: must be a table such as [chains.bitcoin]"
    ]
    assert problems(chains=[GOOD]) == ["chains: must hold tables such as [chains.bitcoin]"]


def test_which_kind_of_chain() -> None:
    words = "chains.main.plugin: "
    keys = {"rpc_url": "http://127.0.0.1:1"}
    assert problems(chains={"main": keys}) == [words + 'is required: there is "coin"']
    assert problems(chains={"main": {**keys, "plugn": "coin"}}) == [
        words + 'is required: there is "coin"; is it what "plugn" was meant to be?'
    ]
    assert problems(chains={"main": {**keys, "plugin": 7}}) == [words + "must be text in quotes"]
    assert problems(chains={"main": {**keys, "plugin": "zzz"}}) == [
        words + 'is brought by no installed plugin: there is "coin"'
    ]


def test_a_chain_whose_plugin_is_out_of_order_says_why() -> None:
    reason = 'there is no hook "register_chain"; did you mean "register_chains"?'
    assert problems(chains={"main": {"plugin": "broken"}}) == [
        f"chains.main.plugin: the plugin of this name is broken: {reason}"
    ]
    assert problems(chains={"main": {"plugin": "bitcoin"}}) == [
        "chains.main.plugin: the plugin of this name is disabled: disabled in the configuration"
    ]


def test_rates() -> None:
    config = parsed(rates={"fixed": {"prices": {"BTC/EUR": "60000.00"}}})
    plugin, settings = config.rates["fixed"]
    assert plugin is PLUGINS.rate_sources["fixed"]
    assert isinstance(settings, plugin.config)
    assert config.rates["fixed"].settings is settings


def test_rates_that_are_none() -> None:
    assert problems(rates={"fixd": {}}) == [
        'rates.fixd: is brought by no installed plugin: there is "fixed"; did you mean "fixed"?'
    ]
    assert problems(rates=7) == ["rates: must hold tables such as [rates.fixed]"]
    assert problems(rates={"fixed": 7}) == ["rates.fixed: must be a table such as [rates.fixed]"]
    assert problems(rates={"fixed": {}}) == ["rates.fixed.prices: is required"]
    assert problems(rates={"fixed": {"prices": {}}}) == ["rates.fixed.prices: must hold at least 1"]
    assert problems(rates={"fixed": {"prices": {"btc/eur": "0"}}}) == [
        'rates.fixed.prices."btc/eur": must be a pair in capitals such as "BTC/EUR"',
        'rates.fixed.prices."btc/eur": must be more than zero',
    ]
