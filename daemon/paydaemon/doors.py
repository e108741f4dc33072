"""Doors: what the frontends keep to while they are open, all of which a reload may change."""

import ssl
from collections.abc import Callable

from paydaemon.config import Config, HttpSettings, server_context
from paydaemon.frontends.app import App
from paydaemon.frontends.descriptors import allow
from paydaemon.frontends.settings import DeskSettings, Limits


class Doors:
    """What the frontends keep to, all of which may change while they are open."""

    def __init__(self, config: Config, limits: Limits) -> None:
        self.limits = limits
        allow(limits.connections)
        self.certificate = _certificate(config.http)
        self.desk = DeskSettings(config.desk.enabled, config.desk.allow)
        self.apps: list[App] = []

    def read_certificate(self, config: Config) -> None:
        """Raises `OSError` where the certificate cannot be read; nothing has changed then."""
        self.certificate = _certificate(config.http)

    def configured(self, config: Config) -> None:
        """Tell the system, and those who keep a copy of it, what holds from now on."""
        allow(self.limits.connections)
        self.desk.allow = config.desk.allow
        for app in self.apps:
            app.limits_changed()
            app.traffic.logged = config.daemon.log_requests

    @property
    def tls(self) -> Callable[[], ssl.SSLContext] | None:
        """Gives today's certificate to each connection; None where there is none."""
        return None if self.certificate is None else self._today

    def _today(self) -> ssl.SSLContext:
        assert self.certificate is not None
        return self.certificate


def _certificate(http: HttpSettings) -> ssl.SSLContext | None:
    if http.tls_certificate is None or http.tls_key is None:
        return None
    return server_context(http.tls_certificate, http.tls_key)
