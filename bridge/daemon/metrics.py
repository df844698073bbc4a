"""Figures for Prometheus: runs, operations, requests and conflicts by pair, and how long ago both sides agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from bridge.daemon.service import PairStatus
from bridge.report import PairReport

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of one daemon, counted from its start."""

    def __init__(self, pairs: Callable[[], Mapping[str, PairStatus]], now: Callable[[], datetime]) -> None:
        """`pairs` answers how they stand now, `now` an aware moment."""
        self._registry = CollectorRegistry()
        self._runs = self._counter("runs", "Runs that ended", "outcome")
        self._operations = self._counter("operations", "Write requests", "side", "action", "state")
        self._requests = self._counter("requests", "HTTP requests", "side")
        self._conflicts = self._counter("conflicts", "Fields that both sides changed")
        self._registry.register(_Ages(pairs, now))

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"liondesk_bridge_{name}", what, ("pair", *labels), registry=self._registry)

    async def heard(self, pair: str, report: PairReport, _ended: datetime) -> None:
        """Count a run."""
        self._runs.labels(pair, report.outcome.value).inc()
        self._conflicts.labels(pair).inc(len(report.conflicts))
        for side, count in report.requests.items():
            self._requests.labels(pair, side).inc(count)
        for each in report.operations:
            self._operations.labels(pair, each.side.value, each.action, each.state).inc()

    def text(self) -> bytes:
        """What Prometheus reads."""
        return generate_latest(self._registry)


class _Ages(Collector):
    """What is measured when it is asked for."""

    def __init__(self, pairs: Callable[[], Mapping[str, PairStatus]], now: Callable[[], datetime]) -> None:
        self._pairs, self._now = pairs, now

    def collect(self) -> Iterable[GaugeMetricFamily]:
        lag = GaugeMetricFamily(
            "liondesk_bridge_agreed_seconds_ago", "Seconds since both sides last agreed", labels=["pair"]
        )
        failures = GaugeMetricFamily("liondesk_bridge_failures_in_a_row", "Runs in a row that failed", labels=["pair"])
        waiting = GaugeMetricFamily(
            "liondesk_bridge_waiting", "Changes of the last run that are not made yet", labels=["pair"]
        )
        for name, pair in self._pairs().items():
            if pair.agreed_at is not None:
                lag.add_metric([name], (self._now() - pair.agreed_at).total_seconds())
            failures.add_metric([name], pair.failures)
            operations = pair.report.operations if pair.report is not None else ()
            waiting.add_metric([name], sum(each.state in ("waiting", "failed") for each in operations))
        return (lag, failures, waiting)
