"""The sources as the daemon runs them: each an exchange, the way to it, and the runner that asks."""

from collections.abc import Mapping

import trio

from paydaemon.hooks.ports import RateHost
from paydaemon_rates.client import Client
from paydaemon_rates.config import CoinGeckoSettings, KrakenSettings, SourceSettings
from paydaemon_rates.exchange import Exchange
from paydaemon_rates.exchanges.coingecko import PRO_URL, CoinGecko
from paydaemon_rates.exchanges.kraken import Kraken
from paydaemon_rates.pairs import Pair
from paydaemon_rates.poller import Poller
from paydaemon_rates.stream import Stream


class PolledSource:
    """A source that is asked every so often (`paydaemon.hooks.ports.RateSource`)."""

    def __init__(self, exchange: Exchange, settings: SourceSettings) -> None:
        self.id = exchange.name
        self.exchange = exchange
        self._settings = settings

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Ask until cancelled. What is away is no reason to raise, nor to come up later."""
        poller = Poller(self.exchange, self._settings)
        async with self.client() as client:
            await poller.run(host, client, task_status=task_status)

    def client(self) -> Client:
        """The way to it. Raises `OSError` where the key to it cannot be read."""
        settings = self._settings
        return Client(self.url(), settings.timeout_s, settings.limits.answer_bytes, self.headers())

    def url(self) -> str:
        """Where it is asked."""
        return self._settings.url

    def headers(self) -> Mapping[str, str]:
        """What is sent with every request."""
        return {}


class KrakenSource(PolledSource):
    """Kraken is listened to, and asked for whatever it does not tell."""

    def __init__(self, settings: KrakenSettings) -> None:
        self._kraken = Kraken(settings)
        self._listened_to = settings.listened_to
        self._stream_settings = settings
        super().__init__(self._kraken, settings)

    async def run(
        self, host: RateHost, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Ask and listen until cancelled."""
        poller = Poller(self.exchange, self._settings)

        def covers(pairs: frozenset[Pair]) -> None:
            is_less = not poller.covered <= pairs
            poller.covered = pairs
            if is_less:
                poller.look_soon()

        async with self.client() as client, trio.open_nursery() as nursery:
            await nursery.start(poller.run, host, client)
            task_status.started()
            if self._listened_to is not None:
                stream = Stream(self._kraken, self._stream_settings, self._listened_to, covers)
                nursery.start_soon(stream.run, host)


class CoinGeckoSource(PolledSource):
    """CoinGecko, which may be asked with a key."""

    def __init__(self, settings: CoinGeckoSettings) -> None:
        self._keyed = settings
        super().__init__(CoinGecko(settings), settings)

    def url(self) -> str:
        """Those who pay have an address of their own."""
        settings = self._keyed
        is_usual = settings.url == type(settings).model_fields["url"].default
        return PRO_URL if settings.pro and is_usual else settings.url

    def headers(self) -> Mapping[str, str]:
        """The key, read anew at each start."""
        if self._keyed.api_key is None:
            return {}
        name = "x-cg-pro-api-key" if self._keyed.pro else "x-cg-demo-api-key"
        return {name: self._keyed.api_key.read()}
