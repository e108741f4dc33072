"""Series: the values of one metric at one moment, in the shapes of the library."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from paydaemon.measures import Histogram
from paydaemon.metrics.catalogue import Entry


class Series:
    """One metric while a page is put together. Labels are given in the order of its entry."""

    def __init__(self, entry: Entry) -> None:
        self.metric = Metric(entry.name.removesuffix("_total"), entry.about, entry.kind.value)
        self._entry = entry

    def add(self, value: float, *labels: str) -> None:
        """A value. Beyond 2**53 it becomes the nearest that a float can hold."""
        self.metric.add_sample(self._entry.name, self._labels(labels), float(value))

    def add_choice(self, chosen: str, among: Iterable[str], *labels: str) -> None:
        """1 for what is chosen and 0 for all else, which is the last label."""
        for one in among:
            self.add(one == chosen, *labels, one)

    def add_histogram(self, histogram: Histogram, *labels: str) -> None:
        """A histogram. In Prometheus' shape each bucket holds all that is in those before it."""
        named, reached = self._labels(labels), 0
        bounds = [f"{bound:g}" for bound in histogram.bounds] + ["+Inf"]
        for bound, count in zip(bounds, histogram.counts, strict=True):
            reached += count
            self.metric.add_sample(f"{self._entry.name}_bucket", {**named, "le": bound}, reached)
        self.metric.add_sample(f"{self._entry.name}_count", named, reached)
        self.metric.add_sample(f"{self._entry.name}_sum", named, histogram.sum)

    def _labels(self, values: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(self._entry.labels, values, strict=True))
