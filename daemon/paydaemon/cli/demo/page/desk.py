"""The desk at a click: the demo logs in by its key, and hands the visitor's browser the session's cookie.

A browser keeps cookies by host and not by port (RFC 6265, section 8.5), and page and daemon are on the same
one. The daemon knows nothing of this: it is a login as any other, and counted as one.
"""

import httpx
from quart import Response

from paydaemon.cli.demo.playground import Playground

SEE_OTHER = 303
TIMEOUT_S = 30.0


async def log_in(ground: Playground, user_agent: str) -> Response:
    """An answer that leads to the desk, with a session. Without one where the daemon gives none now.

    It takes no more logins from one address than its limits say; an earlier session then still opens it.
    """
    headers = {"Origin": ground.api, "User-Agent": user_agent}
    async with httpx.AsyncClient(base_url=ground.api, headers=headers, timeout=TIMEOUT_S) as client:
        answer = await client.post("/desk/login", data={"key": ground.key})
    leading = Response("", SEE_OTHER, {"Location": f"{ground.api}/desk/"})
    if answer.status_code == SEE_OTHER:
        for cookie in answer.headers.get_list("Set-Cookie"):
            leading.headers.add("Set-Cookie", cookie)
    return leading
