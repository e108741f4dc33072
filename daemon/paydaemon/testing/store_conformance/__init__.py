"""The suite that any store must pass: its promises, as tests that can fail.

Say how your store is opened, and collect the class::

    class TestMyStore(StoreConformance):
        @pytest.fixture
        def store_factory(self, tmp_path):
            return lambda: open_my_store(tmp_path / "data")

Each call of the factory returns an async context manager that opens *the same* data, empty at first; no two
are open at once. The tests are for pytest-trio's ``trio_mode``.
"""

from paydaemon.testing.store_conformance.base import StoreFactory
from paydaemon.testing.store_conformance.chains import Chains
from paydaemon.testing.store_conformance.deliveries import Deliveries
from paydaemon.testing.store_conformance.desk import Desk
from paydaemon.testing.store_conformance.due import Due
from paydaemon.testing.store_conformance.epochs import Epochs
from paydaemon.testing.store_conformance.invoices import Invoices
from paydaemon.testing.store_conformance.journal import Journal
from paydaemon.testing.store_conformance.payments import Payments
from paydaemon.testing.store_conformance.rates import Rates
from paydaemon.testing.store_conformance.relays import Relays
from paydaemon.testing.store_conformance.sellers import Sellers
from paydaemon.testing.store_conformance.targets import Targets
from paydaemon.testing.store_conformance.transactions import Transactions

__all__ = ["StoreConformance", "StoreFactory"]


class StoreConformance(
    Transactions,
    Sellers,
    Invoices,
    Due,
    Payments,
    Relays,
    Chains,
    Journal,
    Epochs,
    Targets,
    Deliveries,
    Rates,
    Desk,
):
    """Everything that a store must do."""
