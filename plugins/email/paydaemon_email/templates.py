"""The texts of mails: Jinja2's templates, ours and those that the operator puts in their place.

A template gets plain data in a sandbox, and a variable that is not there is a mistake, not an empty place.
The operator's are rendered once with samples before anything is sent, so a mistake is found at the start.

A mail is `<locale>/<name>.txt`, whose first line is `Subject: …`, and `<locale>/<name>.html`. What begins
with `_` is for other templates to include or extend.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from traceback import walk_tb
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from paydaemon_email.message import Letter
from paydaemon_email.samples import samples
from paydaemon_email.text import excerpt, in_lines, one_line, quoted
from paydaemon_email.variables import VARIABLES

OURS = Path(__file__).parent / "templates"
FALLBACK = "en"
"""The locale that has every mail."""

MAX_FILES = 1_000
MAX_FILE_BYTES = 262_144

_LOCALE = re.compile(r"[a-z]{2,8}(?:-[a-z0-9]{1,8}){0,4}", re.ASCII)
_SUBJECT = re.compile(r"\ASubject: *(?P<subject>[^\n]*)\n(?:[ \t]*\n|\Z)")
_ENDINGS = (".txt", ".html")


class BadTemplate(ValueError):
    """A template that cannot be used; says which, where, and why."""

    def __init__(self, name: str, line: int | None, reason: str) -> None:
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"templates: {where}: {one_line(reason)}")


class Templates:
    """Every template there is. The operator's are checked, and all where parts that they share are replaced.

    Raises `BadTemplate`, and `OSError` where a folder cannot be read.
    """

    def __init__(self, folder: Path | None = None) -> None:
        own = {} if folder is None else dict(_read(folder))
        self._sources = {**dict(_read(OURS)), **own}
        self._env = _environment(self._sources)
        for name in self._sources if any(map(_is_part, own)) else own:
            self._check(name)

    def render(self, letter: str, locales: Sequence[str], variables: Mapping[str, Any]) -> Letter:
        """A mail in the first of these locales that has it: ``de-AT``, or else ``de``; English at last."""
        for locale in (*_widened(locales), FALLBACK):
            if f"{locale}/{letter}.txt" in self._sources:
                return self._letter(f"{locale}/{letter}", variables)
        raise BadTemplate(f"{FALLBACK}/{letter}.txt", None, "is missing")

    def _letter(self, name: str, variables: Mapping[str, Any]) -> Letter:
        subject = one_line(self._rendered(f"{name}.txt", f"{name}.txt:subject", variables))
        text = in_lines(self._rendered(f"{name}.txt", f"{name}.txt", variables))
        html = ""
        if f"{name}.html" in self._sources:
            html = in_lines(self._rendered(f"{name}.html", f"{name}.html", variables))
        return Letter(subject, text, html if html.strip() else None)

    def _rendered(self, name: str, part: str, variables: Mapping[str, Any]) -> str:
        try:
            return self._env.get_template(part).render(variables)
        except jinja2.TemplateSyntaxError as error:
            raise BadTemplate(error.filename or name, error.lineno, error.message or "") from error
        except Exception as error:  # a template may do whatever raises
            where, line = self._blamed(error, name)
            raise BadTemplate(where, line, str(error) or type(error).__name__) from error

    def _blamed(self, error: Exception, name: str) -> tuple[str, int | None]:
        """Which line of which template an error came out of: Jinja writes them into its traceback."""
        lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(error.__traceback__)]
        return next(((file, line) for file, line in reversed(lines) if file in self._sources), (name, None))

    def _check(self, name: str) -> None:
        if _is_part(name):
            return
        locale, _, file = name.partition("/")
        letter = Path(file).stem
        if letter not in VARIABLES or _LOCALE.fullmatch(locale) is None:
            raise BadTemplate(name, None, f"is no mail: there are {', '.join(VARIABLES)}, as en/received.txt")
        if f"{locale}/{letter}.txt" not in self._sources:
            raise BadTemplate(
                name, None, f"has no {letter}.txt beside it, which is what the mail is without HTML"
            )
        for sample in samples(letter):
            self._letter(f"{locale}/{letter}", sample)


def when(text: str | None) -> str:
    """``2026-01-31T12:01:00.412Z`` → ``2026-01-31 12:01 UTC``: the filter of that name."""
    return "" if text is None else f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M} UTC"


def _read(folder: Path) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        raise ValueError("templates: there is no such folder")
    found = sorted(path for path in folder.rglob("*") if path.suffix in _ENDINGS)
    if len(found) > MAX_FILES:
        raise BadTemplate(str(folder), None, f"holds more than {MAX_FILES} files")
    for path in found:
        name = path.relative_to(folder).as_posix()
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadTemplate(name, None, f"is larger than {MAX_FILE_BYTES} bytes")
        try:
            yield name, path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise BadTemplate(name, None, "is not UTF-8 text") from error


def _environment(sources: Mapping[str, str]) -> jinja2.Environment:
    def load(part: str) -> tuple[str, str, None] | None:
        name, _, is_subject = part.partition(":")
        source = sources.get(name)
        if source is None:
            return None
        return _halves(name, source)[0 if is_subject else 1], name, None

    env = ImmutableSandboxedEnvironment(
        loader=jinja2.FunctionLoader(load),
        undefined=jinja2.StrictUndefined,
        autoescape=lambda name: name is None or name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: "" if value is None else value,
        auto_reload=False,
        cache_size=-1,
    )
    env.filters |= {"when": when, "one_line": one_line, "excerpt": excerpt, "quoted": quoted}
    return env


def _halves(name: str, source: str) -> tuple[str, str]:
    """The subject and the body. The body begins with empty lines, so that its lines keep their numbers."""
    if _is_part(name) or not name.endswith(".txt"):
        return "", source
    head = _SUBJECT.match(source)
    if head is None:
        raise BadTemplate(name, 1, 'must begin with a line such as "Subject: Paid", and an empty one')
    return head["subject"], "\n" * source.count("\n", 0, head.end()) + source[head.end() :]


def _is_part(name: str) -> bool:
    return name.rpartition("/")[2].startswith("_")


def _widened(locales: Sequence[str]) -> Iterator[str]:
    for locale in locales:
        parts = locale.lower().replace("_", "-").split("-")
        for end in range(len(parts), 0, -1):
            yield "-".join(parts[:end])
