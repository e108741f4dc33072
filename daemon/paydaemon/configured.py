"""Configured: what plugins bring, and the rules that the engine keeps, as the configuration has them."""

from paydaemon.config import Config
from paydaemon.engine.chains import LiveChain
from paydaemon.engine.clock import Clock
from paydaemon.engine.deliveries import DeliveryLimits, LiveNotifier
from paydaemon.engine.orders import InvoiceDefaults
from paydaemon.engine.ratehistory import HistoryRules
from paydaemon.engine.sessions import SessionRules
from paydaemon.frontends.guests import LiveFrontend
from paydaemon.store.port import Store


def live_chain(config: Config, id: str, store: Store, clock: Clock) -> LiveChain:
    """``[chains.<id>]``, not running yet."""
    chosen = config.chains[id]
    return LiveChain(
        chosen.plugin.build(id, chosen.settings),
        chosen.plugin.name,
        store,
        clock,
        stale_after_ms=1000 * config.health.stale_after_s,
        wait_s=config.limits.plugin_wait_s,
    )


def live_notifier(config: Config, id: str, limits: DeliveryLimits) -> LiveNotifier:
    """``[notifiers.<id>]``, not running yet."""
    chosen = config.notifiers[id]
    notifier = chosen.plugin.build(id, chosen.settings)
    return LiveNotifier(notifier, chosen.plugin.name, limits, endpoints=chosen.plugin.endpoints)


def live_frontend(config: Config, id: str) -> LiveFrontend:
    """``[frontends.<id>]``, not running yet."""
    chosen = config.frontends[id]
    return LiveFrontend(id, chosen.plugin.build(id, chosen.settings), chosen.plugin.name)


def invoice_defaults(config: Config) -> InvoiceDefaults:
    """``[invoices]``: what an order that says nothing else gets."""
    return InvoiceDefaults(
        expires_in_s=config.invoices.expires_in_s,
        monitor_for_s=config.invoices.monitor_for_s,
        tolerance_ppm=config.invoices.tolerance_ppm,
        late=config.invoices.late,
    )


def history_rules(config: Config) -> HistoryRules:
    """``[quotes]``: how often rates are noted, and for how long they are kept."""
    return HistoryRules(config.quotes.history_every_s, config.quotes.history_keep_days)


def session_rules(config: Config) -> SessionRules:
    """``[desk]``: how long somebody stays logged in."""
    return SessionRules(config.desk.idle_s, config.desk.lasting_s)
