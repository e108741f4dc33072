"""The daemon's own tables: their defaults, and a plain sentence for each thing that can be wrong."""

from dataclasses import fields
from math import inf, nan
from operator import attrgetter
from pathlib import Path

import pytest

from paydaemon.config import Config, keys
from paydaemon.config.limits import DAY_S
from paydaemon.config.parse import TABLES
from paydaemon.core.invoice import LatePolicy
from paydaemon.logs import LogFormat, LogLevel
from tests.config.coins import PLUGINS, parsed, problems


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
    others = {"chains", "rates", "notifiers", "frontends", "installed"}
    assert {field.name for field in fields(Config)} - others == set(TABLES)
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
        (
            'chains.second.plugin: is brought by no installed plugin: there is "coin", "hedera", "monero"; '
            'did you mean "coin"?'
        ),
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
        ("10.0001", 'must be from "0" to "10"'),
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


OF_PLUGINS = ("chains", "frontends", "notifiers", "rates")
NUMBERS = {
    key.path: key
    for key in keys(PLUGINS)
    if type(key.default) is int and key.table.partition(".")[0] not in OF_PLUGINS
}


def with_key(path: str, value: object) -> dict[str, object]:
    """A document in which this key alone is given."""
    *tables, name = path.split(".")
    document: dict[str, object] = {name: value}
    for table in reversed(tables):
        document = {table: document}
    return document


@pytest.mark.parametrize("path", NUMBERS)
def test_every_number_has_bounds_and_keeps_to_them(path: str) -> None:
    least, most = NUMBERS[path].least, NUMBERS[path].most
    assert isinstance(least, int)
    assert isinstance(most, int)
    for value in (least, most):
        assert attrgetter(path)(parsed(**with_key(path, value))) == value
    assert problems(**with_key(path, least - 1)) == [f"{path}: must be at least {least}"]
    assert problems(**with_key(path, most + 1)) == [f"{path}: must be at most {most}"]
    for wrong in ("7", 7.5, 7.0, True, [7]):
        assert problems(**with_key(path, wrong)) == [f"{path}: must be a whole number, without quotes"]
    for none in (nan, inf):
        assert problems(**with_key(path, none)) == [f"{path}: must be a whole number, without quotes"]


def test_the_bounds_that_are_promised() -> None:
    expiry = NUMBERS["invoices.expires_in_s"]
    assert (expiry.least, expiry.most) == (60, 7 * DAY_S)
    assert len(NUMBERS) > 40
