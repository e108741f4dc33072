"""What the fields of a form say, and what is done where one says something wrong: the form is shown again,
with what was typed.

What a page has no field for is passed over: links in mails come with parameters of others.
"""

from collections.abc import Awaitable, Mapping
from typing import TypeVar

from quart import request
from werkzeug.datastructures import MultiDict

from paydaemon.core.errors import ErrorType, Refusal, invalid
from paydaemon.core.times import parse_rfc3339
from paydaemon.frontends import errors
from paydaemon.frontends.requests import Query

TO_BE_MENDED = frozenset({ErrorType.INVALID_REQUEST, ErrorType.CONFLICT})
"""What whoever filled a form in can do something about."""

T = TypeVar("T")


def filled_in(known: tuple[str, ...]) -> Query:
    """The query of a form, in which what was left empty stands for nothing."""
    given = [(name, value) for name, value in request.args.items(multi=True) if name in known]
    return Query(MultiDict((name, value) for name, value in given if value.strip()), known)


def filled_in_exactly(known: tuple[str, ...]) -> Query:
    """The same where nothing may be passed over. Raises `Refusal` for what the form has no field for."""
    given = [(name, value) for name, value in request.args.items(multi=True) if value.strip()]
    return Query(MultiDict(given), known)


def typed(known: tuple[str, ...]) -> Mapping[str, str]:
    """Each field as it was filled in, be it right or wrong."""
    return {name: request.args.get(name, "") for name in known}


async def or_problem(asked: Awaitable[T]) -> tuple[T | None, Refusal | None]:
    """What was asked for, or what is wrong with a field."""
    try:
        return await asked, None
    except Refusal as refusal:
        if refusal.type not in TO_BE_MENDED:
            raise
        return None, refusal


def status_of(problem: Refusal | None) -> int:
    """The HTTP status of a page that may tell of a problem."""
    return 200 if problem is None else errors.STATUS[problem.type]


def day_ms(query: Query, name: str) -> int | None:
    """A parameter that is a day, as a browser's field for one writes it: when it begins, in UTC."""
    text = query.text(name)
    try:
        return None if text is None else parse_rfc3339(f"{text}T00:00:00Z")
    except ValueError:
        raise invalid(name, "must be a day such as 2026-01-31") from None
