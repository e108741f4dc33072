"""The bound on open files is raised as far as the limits need it and the system lets it."""

import json
import sys

import pytest
import trio

CHILD = """
import resource, sys
from paydaemon import logs
from paydaemon.frontends.descriptors import allow
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
logs.configure(logs.LogFormat.JSON, logs.LogLevel.INFO)
allow(int(sys.argv[3]))
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "then", "possible"),
    [
        (256, 4_096, 2_000, 2_200, None),
        (3_000, 4_096, 2_000, 3_000, None),
        (256, 1_000, 2_000, 1_000, 800),
    ],
)
async def test_it_is_raised_or_told(
    soft: int, hard: int, connections: int, then: int, possible: int | None
) -> None:
    command = [sys.executable, "-c", CHILD, *map(str, (soft, hard, connections))]
    done = await trio.run_process(command, capture_stdout=True, capture_stderr=True)
    assert int(done.stdout) == then
    told = [json.loads(line)["possible"] for line in done.stderr.splitlines()]
    assert told == ([] if possible is None else [possible])
