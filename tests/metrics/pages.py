"""A page of metrics, as Prometheus reads it."""

from collections.abc import Mapping

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from paydaemon.engine.clock import system_clock
from paydaemon.metrics import Metrics, Rooms
from paydaemon.supervisor import Supervisor
from tests.support.served import Served


class Page:
    """What was scraped."""

    def __init__(self, text: str) -> None:
        self.families: dict[str, Metric] = {
            family.name: family for family in text_string_to_metric_families(text)
        }

    def samples(self, name: str) -> dict[tuple[str, ...], float]:
        """Every sample of this name, by the values of its labels in the order of their names."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == f"paydaemon_{name}"
        }

    def value(self, name: str, *labels: str) -> float:
        """One sample's value."""
        return self.samples(name)[labels]


def metrics_of(daemon: Served, sources: Mapping[str, int] | None = None) -> Metrics:
    """The metrics of a daemon that has no supervised services."""
    engine = daemon.engine

    async def nobody(*_: str) -> None:
        raise AssertionError("nothing is supervised")

    supervisor = Supervisor(system_clock, nobody)
    return Metrics(
        Rooms(
            engine.api,
            engine.live_chains,
            system_clock,
            (),
            engine.store.measures,
            supervisor,
            lambda: daemon.traffics,
            lambda: sources or {},
        )
    )


async def scrape(metrics: Metrics) -> Page:
    """What is told now."""
    return Page((await metrics.render()).decode())
