"""Whatever a plugin's handler does wrong is a 500 with its name in the log, and hurts nobody else."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from paydaemon.core.errors import ErrorType, Refusal
from paydaemon.hooks.frontend import Access, Answer, Request, Route, SocketGone
from paydaemon.store.port import StoreUnavailable
from tests.support.guests import ask, guest, hosting, logged
from tests.support.served import QUICK, Served, error_of
from tests.support.waiting import BOUND_S

Lines = Sequence[MutableMapping[str, Any]]
WRONG: Any = None
REFUSAL = Refusal(ErrorType.CONFLICT, "key_reused", "not twice", "field")


@dataclass(frozen=True)
class Sly(Answer):
    """Looks at nothing that it says."""

    def __post_init__(self) -> None:
        pass


async def raising(error: Callable[[], BaseException], _: Request) -> Answer:
    await trio.lowlevel.checkpoint()
    raise error()


async def raising_in_tasks(errors: Sequence[BaseException], request: Request) -> Answer:
    async with trio.open_nursery() as nursery:
        for error in errors:
            nursery.start_soon(raising, lambda error=error: error, request)
    return Answer()


async def answering(make: Callable[[], Any], _: Request) -> Any:
    await trio.lowlevel.checkpoint()
    return make()


FAULTS: dict[str, tuple[Callable[[Request], Any], str]] = {
    "status-0": (partial(answering, lambda: Answer(0)), "status must be"),
    "status-99": (partial(answering, lambda: Answer(99)), "status must be"),
    "status-101": (partial(answering, lambda: Answer(101)), "status must be"),
    "status-1000": (partial(answering, lambda: Answer(1000)), "status must be"),
    "header-line": (partial(answering, lambda: Answer(headers={"X": "a\r\nb"})), "header X must be"),
    "header-letter": (partial(answering, lambda: Answer(headers={"X": "€"})), "header X must be"),
    "header-ours": (partial(answering, lambda: Answer(headers={"Connection": "x"})), "have Connection"),
    "body-none": (partial(answering, lambda: Answer(body=WRONG)), "body must be bytes, not NoneType"),
    "nothing": (partial(answering, lambda: None), "answered by a NoneType"),
    "text": (partial(answering, lambda: "mumble"), "answered by a str"),
    "sly": (partial(answering, lambda: Sly(0, headers={"X": "a\r\nb"})), "answered by a Sly"),
    "no-coroutine": (lambda _: Answer(), "TypeError"),
    "error": (partial(raising, lambda: RuntimeError("a secret")), "RuntimeError: a secret"),
    "exit": (partial(raising, lambda: SystemExit(3)), "SystemExit: 3"),
    "interrupt": (partial(raising, KeyboardInterrupt), "KeyboardInterrupt"),
    "gone": (partial(raising, SocketGone), "SocketGone"),
    "exit-in-a-task": (partial(raising_in_tasks, [SystemExit(3)]), "SystemExit: 3"),
    "refusal-of-nothing": (partial(raising, lambda: Refusal(WRONG, "a", "b")), "Refusal"),
    "refusal-of-a-kind": (partial(raising, lambda: Refusal("conflict", "a", "b")), "Refusal"),  # type: ignore[arg-type]
    "refusal-without-words": (partial(raising, lambda: Refusal(ErrorType.CONFLICT, "a", WRONG)), "Refusal"),
    "refusal-and-more": (
        partial(raising, lambda: ExceptionGroup("", [REFUSAL, ValueError("x")])),
        "Error: x",
    ),
}
"""What a handler does, and what the log says of it."""

MEANT: dict[str, tuple[Callable[[Request], Any], int, str]] = {
    "refusal": (partial(raising, lambda: REFUSAL), 409, "key_reused"),
    "refusal-in-a-task": (partial(raising_in_tasks, [REFUSAL, REFUSAL]), 409, "key_reused"),
    "no-store": (partial(raising, lambda: StoreUnavailable("the disk is full")), 503, "store_unavailable"),
}
"""What is no fault of the plugin's, and how it is answered."""


async def asked_in_turn(daemon: Served, names: Sequence[str]) -> dict[str, httpx.Response]:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{daemon.port}", timeout=BOUND_S, verify=False
    ) as client:
        return {name: await client.get(f"/{name}") for name in names}


async def test_what_a_handler_does_wrong_is_answered_and_told_by_its_name(tmp_path: Path) -> None:
    fine = Route("/fine", ["GET"], partial(answering, Answer), Access.OPEN)
    routes = [Route(f"/{name}", ["GET"], handle, Access.OPEN) for name, (handle, _) in FAULTS.items()]
    async with hosting(tmp_path, guest(fine, *routes)) as daemon:
        begun = daemon.counts.accepted
        with logged() as lines:
            answers = await asked_in_turn(daemon, [*FAULTS, "fine"])
        assert daemon.counts.accepted == begun + 1, "the connection stays usable"
    assert answers.pop("fine").status_code == 200
    for name, (_, reason) in FAULTS.items():
        assert (answers[name].status_code, error_of(answers[name])["code"]) == (500, "internal"), name
        assert reason in told(lines, f"/{name}"), name
        assert "secret" not in answers[name].text


def told(lines: Lines, route: str) -> str:
    """The reason in the one line that there is for a route."""
    [line] = [line for line in lines if line["event"] == "a frontend failed" and line["route"] == route]
    assert (line["frontend"], line["log_level"]) == ("till", "error")
    assert line["exc_info"] is not None
    return str(line["reason"])


async def test_what_a_handler_means_is_no_fault(tmp_path: Path) -> None:
    routes = [Route(f"/{name}", ["GET"], handle, Access.OPEN) for name, (handle, *_) in MEANT.items()]
    async with hosting(tmp_path, guest(*routes)) as daemon:
        with logged() as lines:
            answers = await asked_in_turn(daemon, list(MEANT))
    for name, (_, status, code) in MEANT.items():
        assert (answers[name].status_code, error_of(answers[name])["code"]) == (status, code)
    assert not [line for line in lines if line.get("exc_info")]


async def dawdle(_: Request) -> Answer:
    await trio.sleep(10 * BOUND_S)
    return Answer()


async def break_on_the_way_out(request: Request) -> Answer:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(dawdle, request)
        try:
            await trio.sleep(10 * BOUND_S)
        finally:
            raise RuntimeError("cancelled, and broken")


@pytest.mark.parametrize("handle", [dawdle, break_on_the_way_out])
async def test_one_that_takes_too_long_is_answered_all_the_same(
    tmp_path: Path, handle: Callable[[Request], Any]
) -> None:
    limits = replace(QUICK, request_timeout_s=0.2)
    async with hosting(
        tmp_path, guest(Route("/late", ["GET"], handle, Access.OPEN)), limits=limits
    ) as daemon:
        with logged() as lines:
            assert error_of(await ask(daemon, "/late"))["code"] == "timeout"
    failed = [line["reason"] for line in lines if line["event"] == "a frontend failed"]
    assert failed == ([] if handle is dawdle else ["RuntimeError: cancelled, and broken"])


async def test_answers_without_a_body_leave_the_connection_as_it_was(tmp_path: Path) -> None:
    statuses = (204, 205, 304)
    routes = [
        Route(f"/{status}", ["GET"], partial(answering, partial(Answer, status)), Access.OPEN)
        for status in statuses
    ]
    async with hosting(tmp_path, guest(*routes)) as daemon:
        begun = daemon.counts.accepted
        answers = await asked_in_turn(daemon, [f"{status}" for status in (*statuses, *statuses)])
        assert daemon.counts.accepted == begun + 1
    assert [answer.status_code for answer in answers.values()] == list(statuses)
