"""What the daemon finds through the entry point ``webhook``."""

from collections.abc import Sequence

from paydaemon.hooks.specs import NotifierPlugin, hookimpl
from paydaemon_webhook.config import WebhookConfig
from paydaemon_webhook.diagnosis import diagnose
from paydaemon_webhook.notifier import WebhookNotifier
from paydaemon_webhook.receiver import DemoReceiver

PAYDAEMON_API = "1.0"


@hookimpl
def register_notifiers() -> Sequence[NotifierPlugin]:
    """Webhooks, to the endpoints that sellers make."""
    return (
        NotifierPlugin(
            name="webhook",
            config=WebhookConfig,
            build=WebhookNotifier,
            endpoints=True,
            diagnose=diagnose,
            recipient=DemoReceiver,
        ),
    )
