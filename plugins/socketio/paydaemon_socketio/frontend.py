"""The frontend: Socket.IO at the older server's path, on the daemon's own address."""

from collections.abc import Sequence

import trio

from paydaemon.hooks.frontend import Accept, Access, Answer, FrontendHost, Request, Route, SocketRoute
from paydaemon_socketio import messages, rounds
from paydaemon_socketio.config import SocketIoConfig
from paydaemon_socketio.service import Service

PATH = "/socket.io/"


class SocketIoFrontend:
    """One ``[frontends.<id>]`` (`paydaemon.hooks.frontend.Frontend`)."""

    def __init__(self, id: str, config: SocketIoConfig) -> None:
        self.id = id
        self.service: Service | None = None
        self._config = config

    @property
    def routes(self) -> Sequence[Route | SocketRoute]:
        """Requests and websockets at one path. Its clients send cookies along, which mean nothing here."""
        config = self._config
        limits, who = config.limits, (Access.OPEN, config.origins)
        polling = Route(
            PATH, ("GET", "POST"), self._handle, *who, credentials=True, body_bytes=limits.body_bytes
        )
        return polling, SocketRoute(PATH, self._converse, limits.message_bytes, *who)

    async def run(
        self, host: FrontendHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until cancelled. When that comes, all sessions are over."""
        await trio.to_thread.run_sync(messages.packets)
        try:
            async with trio.open_nursery() as nursery:
                self.service = Service(host, self._config, nursery)
                nursery.start_soon(rounds.keep_time, self.service.registry)
                task_status.started()
                await host.stopping.wait()
                self.service.registry.wake()
                await trio.sleep_forever()
        finally:
            self.service = None

    async def _handle(self, request: Request) -> Answer:
        assert self.service is not None, "nothing is asked of a frontend that does not run"
        return await self.service.handle(request)

    async def _converse(self, request: Request, accept: Accept) -> Answer | None:
        assert self.service is not None, "nothing is asked of a frontend that does not run"
        return await self.service.converse(request, accept)
