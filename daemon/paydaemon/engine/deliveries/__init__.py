"""Deliveries: everybody who is to be told reads the journal, and hears of each event until it was taken.

The `feeder` makes deliveries of what the journal says, for each target from where it left off. A `courier`
for each target with anything to tell hands it to the target's notifier, one of each order key at a time, and
records how that went. `lanes` bound how much is under way, so that targets which hang cost those that answer
nothing.
"""

from paydaemon.engine.deliveries.deliveries import Deliveries as Deliveries
from paydaemon.engine.deliveries.endpoints import EndpointRequest as EndpointRequest
from paydaemon.engine.deliveries.endpoints import Endpoints as Endpoints
from paydaemon.engine.deliveries.endpoints import NewSecret as NewSecret
from paydaemon.engine.deliveries.limits import DeliveryLimits as DeliveryLimits
from paydaemon.engine.deliveries.livenotifier import LiveNotifier as LiveNotifier
from paydaemon.engine.deliveries.measures import Outcome as Outcome
from paydaemon.engine.deliveries.records import DeliveryView as DeliveryView
from paydaemon.engine.deliveries.records import Records as Records
from paydaemon.engine.deliveries.records import Revived as Revived
from paydaemon.engine.deliveries.records import TargetState as TargetState
from paydaemon.engine.deliveries.records import TargetView as TargetView
from paydaemon.engine.deliveries.records import Wish as Wish
from paydaemon.engine.deliveries.trials import Tested as Tested
