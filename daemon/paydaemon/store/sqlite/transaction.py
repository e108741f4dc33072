"""What a function is given: the whole of the port, put together from its parts."""

from paydaemon.store.sqlite.tables.chains import ReadChains, WriteChains
from paydaemon.store.sqlite.tables.deliveries import ReadDeliveries, WriteDeliveries
from paydaemon.store.sqlite.tables.desk import ReadDesk, WriteDesk
from paydaemon.store.sqlite.tables.invoices import ReadInvoices, WriteInvoices
from paydaemon.store.sqlite.tables.journal import ReadJournal, WriteJournal
from paydaemon.store.sqlite.tables.payments import ReadPayments, WritePayments
from paydaemon.store.sqlite.tables.rates import ReadRates, WriteRates
from paydaemon.store.sqlite.tables.relays import ReadRelays, WriteRelays
from paydaemon.store.sqlite.tables.sellers import ReadSellers, WriteSellers
from paydaemon.store.sqlite.tables.targets import ReadTargets, WriteTargets


class SqliteReader(
    ReadDesk,
    ReadSellers,
    ReadInvoices,
    ReadPayments,
    ReadRelays,
    ReadChains,
    ReadJournal,
    ReadTargets,
    ReadDeliveries,
    ReadRates,
):
    """`paydaemon.store.port.Reader` on a connection inside a transaction."""


class SqliteTransaction(
    WriteDesk,
    WriteSellers,
    WriteInvoices,
    WritePayments,
    WriteRelays,
    WriteChains,
    WriteJournal,
    WriteTargets,
    WriteDeliveries,
    WriteRates,
    SqliteReader,
):
    """`paydaemon.store.port.Transaction` on a connection inside a transaction and a savepoint."""
