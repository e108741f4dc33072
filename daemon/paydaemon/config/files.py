"""What a configuration says about files: places for our own, and secrets that only the service may read.

They are found by walking the validated models, so a plugin's are looked after like the daemon's own.
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel

from paydaemon.config.problems import Problem, Where, problem
from paydaemon.hooks.settings import Secret

MAX_SECRET_BYTES = 65_536
MAX_SCRIPT_BYTES = 1_048_576
MAX_SOCKET_BYTES = 107
"""unix(7): 108 bytes with the NUL at the end."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def place_problems(database: Path, socket: Path) -> Iterator[Problem]:
    """What is wrong with where the daemon's own files are to be."""
    for where, path in ((("daemon", "database"), database), (("admin", "socket"), socket)):
        if _is_folder(path):
            yield problem(where, "is a folder")
    if len(os.fsencode(socket)) > MAX_SOCKET_BYTES:
        yield problem(
            ("admin", "socket"), f"is longer than the {MAX_SOCKET_BYTES} bytes a socket's path can have"
        )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    # A folder on the way that this user may not look into: that is for the start to find out.
    except OSError:
        return False


def wallet_problems(paths: Sequence[Path]) -> Iterator[Problem]:
    """What is wrong with scripts that the checkout page is to load."""
    for place, path in enumerate(paths):
        if reason := _unusable_script(path):
            yield problem(("checkout", "wallets", place), reason)


def _unusable_script(path: Path) -> str | None:
    try:
        with path.open("rb") as script:
            content = script.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    except ValueError:
        return None  # it is no path, which is told of every path
    return f"{path} is larger than {MAX_SCRIPT_BYTES} bytes" if len(content) > MAX_SCRIPT_BYTES else None


# --- Paths and secrets


def file_problems(settings: BaseModel, where: Where) -> Iterator[Problem]:
    """One problem for each path that is none and each secret that cannot be used, in the table at `where`."""
    for path, found in _files(settings, where):
        reason = _unusable_path(found) if isinstance(found, Path) else _unusable_secret(found)
        if reason:
            yield problem(path, reason)


def _files(value: object, where: Where) -> Iterator[tuple[Where, Path | Secret]]:
    match value:
        case Secret() | Path():
            yield where, value
        case BaseModel():
            for name in type(value).model_fields:
                yield from _files(getattr(value, name), (*where, name))
        case Mapping():
            for key, inner in value.items():
                yield from _files(inner, (*where, str(key)))
        case tuple() | list():
            for place, inner in enumerate(value):
                yield from _files(inner, (*where, place))
        case _:
            pass


def _unusable_path(path: Path) -> str | None:
    return "is no path: it holds a NUL character" if "\0" in str(path) else None


def _unusable_secret(secret: Secret) -> str | None:
    try:
        return unusable_file(secret.path) or (None if secret.read() else f"{secret.path} is empty")
    except FileNotFoundError as error:
        return f"{secret.path} does not exist" if error.errno else str(error)
    except OSError as error:
        return f"{secret.path} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return f"{secret.path} is not UTF-8 text"
    except ValueError:
        return _unusable_path(secret.path)


def unusable_file(path: Path) -> str | None:
    """Why a file cannot hold a secret. Raises `OSError` where it cannot even be looked at."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        return f"{path} is not a file"
    if found.st_size > MAX_SECRET_BYTES:
        return f"{path} is too large for a secret"
    if found.st_mode & _OTHERS and not _is_credential(path):
        return f"{path} can be read by others: chmod 600 it"
    return None


def _is_credential(path: Path) -> bool:
    """Whether systemd put it there: its credentials' modes are its own affair (systemd.exec(5))."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.resolve().is_relative_to(Path(folder).resolve())
