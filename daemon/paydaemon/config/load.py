"""A configuration file → the installed plugins and `Config`, or `ConfigError`."""

import ast
import codecs
import re
import stat
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

from paydaemon.config.models import Config
from paydaemon.config.parse import Places, parse_admin_socket, parse_config, parse_places
from paydaemon.config.problems import ConfigError, Problem
from paydaemon.plugins import load_plugins

MAX_FILE_BYTES = 1_048_576

PASSED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""How the names of what a shell passes begin: these may be pipes, which end."""

_TABLE = re.compile(r"(declare|namespace) (\(.*?\))(?= twice| \(at |$)")
"""Where tomllib names a table as Python would write its keys."""


def load_config(path: Path | str, *, extra: Mapping[str, object] | None = None) -> Config:
    """Read a configuration file and load the installed plugins, those of `extra` too.

    Raises `ConfigError`.
    """
    path = Path(path)
    document = _read(path)
    return parse_config(document, load_plugins(_disabled(document), extra), folder=path.absolute().parent)


def load_admin_socket(path: Path | str) -> Path:
    """Where a daemon with this configuration file has its Unix socket.

    Reads nothing else: whoever may open the socket need not be able to read the service's secrets. Raises
    `ConfigError`.
    """
    path = Path(path)
    return parse_admin_socket(_read(path), folder=path.absolute().parent)


def load_places(path: Path | str) -> Places:
    """Where a daemon with this configuration file keeps its database and has its Unix socket.

    Reads nothing else, as `load_admin_socket`. Raises `ConfigError`.
    """
    path = Path(path)
    return parse_places(_read(path), folder=path.absolute().parent)


def _read(path: Path) -> Mapping[str, object]:
    try:
        if not _ends(path):
            raise _unreadable(path, "is no regular file")
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, f"cannot be read: {error.strerror}") from error
    if len(content) > MAX_FILE_BYTES:
        raise _unreadable(path, f"is larger than {MAX_FILE_BYTES} bytes")
    if content.startswith(codecs.BOM_UTF8):
        raise _unreadable(path, "begins with a byte order mark; save it as UTF-8 without one")
    try:
        return _toml(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _unreadable(path, f"is not UTF-8 text: see byte {error.start}") from error
    except ValueError as error:
        raise _unreadable(path, str(error)) from error


def _ends(path: Path) -> bool:
    """Whether reading is sure to end: a pipe may never be written. A folder refuses by itself."""
    mode = path.stat().st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or str(path).startswith(PASSED)


def _unreadable(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(str(path), message)])


def _disabled(document: Mapping[str, object]) -> Collection[str]:
    """What ``[plugins] disabled`` seems to say, before anything is validated."""
    table = document.get("plugins")
    names = table.get("disabled") if isinstance(table, Mapping) else None
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _toml(text: str) -> Mapping[str, object]:
    """Raises `ValueError` saying what is wrong, and where."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not valid TOML: {_with_position(str(error), text)}") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    # Python's own limit on the digits of an integer.
    except ValueError as error:
        raise ValueError("holds a number that is too long") from error


def _with_position(message: str, text: str) -> str:
    """The message, with line and column at the end of the document too, where tomllib leaves them out."""
    message = _TABLE.sub(_as_toml, message)
    last = text.rpartition("\n")[2]
    end = f"at line {text.count(chr(10)) + 1}, column {len(last) + 1}, the end of the file"
    return message.replace("at end of document", end)


def _as_toml(found: re.Match[str]) -> str:
    """``namespace ('http', 'tls')`` → ``namespace [http.tls]``."""
    try:
        keys = ast.literal_eval(found[2])
    except (ValueError, SyntaxError):  # a key that looks like the message around it
        return found[0]
    return f"{found[1]} [{'.'.join(map(str, keys))}]"
