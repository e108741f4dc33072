"""Measures: what is counted is what was seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon.measures import DELAYS_S, DURATIONS_S, SIZES, Histogram
from paydaemon.metrics.catalogue import Entry, Kind
from paydaemon.metrics.series import Series


@given(st.lists(st.floats(min_value=0, max_value=100)))
def test_each_value_is_counted_in_the_first_bucket_that_it_fits_into(values: list[float]) -> None:
    histogram = Histogram((0.5, 1.0, 10.0))
    for value in values:
        histogram.observe(value)
    assert histogram.counts == [
        sum(value <= 0.5 for value in values),
        sum(0.5 < value <= 1.0 for value in values),
        sum(1.0 < value <= 10.0 for value in values),
        sum(value > 10.0 for value in values),
    ]
    assert histogram.sum == pytest.approx(sum(values))


@pytest.mark.parametrize("bounds", [DELAYS_S, DURATIONS_S, SIZES])
def test_bounds_grow(bounds: tuple[float, ...]) -> None:
    assert sorted(set(bounds)) == list(bounds)


def test_prometheus_adds_up() -> None:
    histogram = Histogram((1, 7_200))
    for value in (1, 5, 5, 10_000):
        histogram.observe(value)
    series = Series(Entry("x_seconds", Kind.HISTOGRAM, ("chain",), "about"))
    series.add_histogram(histogram, "bitcoin")
    told = {(sample.name, sample.labels.get("le")): sample.value for sample in series.metric.samples}
    assert told == {
        ("x_seconds_bucket", "1"): 1,
        ("x_seconds_bucket", "7200"): 3,
        ("x_seconds_bucket", "+Inf"): 4,
        ("x_seconds_count", None): 4,
        ("x_seconds_sum", None): 10_011,
    }


def test_an_amount_of_any_size_is_told_as_nearly_as_a_float_can() -> None:
    series = Series(Entry("x_minor_total", Kind.COUNTER, (), "about"))
    series.add(10**78 + 1)
    assert series.metric.samples[0].value == 1e78


def test_every_label_gets_a_value() -> None:
    with pytest.raises(ValueError, match="zip"):
        Series(Entry("x", Kind.GAUGE, ("one", "two"), "about")).add(1, "only one")
