"""What ``paydaemon doctor`` is told of webhooks: whom they trust, and where they may lead."""

import ssl
from collections.abc import AsyncIterator

import trio

from paydaemon.hooks.diagnosis import Finding, ok, problem, warning
from paydaemon.hooks.trust import trusting
from paydaemon_webhook.config import WebhookConfig


async def diagnose(id: str, config: WebhookConfig) -> AsyncIterator[Finding]:
    """Look at what endpoints would be told by (`paydaemon.hooks.diagnosis.DiagnoseNotifier`)."""
    yield await _authorities(config)
    if config.allow:
        yield warning(
            "networks",
            f"webhooks may lead to {', '.join(config.allow)} too",
            "see that nothing listens there that whoever makes webhooks should not reach",
        )
    else:
        yield ok("networks", "webhooks lead to public addresses only")


async def _authorities(config: WebhookConfig) -> Finding:
    try:
        context = await trio.to_thread.run_sync(trusting, config.ca_file)
    except ValueError as error:
        return problem("certificates", str(error), "look after ca_file")
    count = context.cert_store_stats()["x509_ca"]
    if count == 0 and ssl.get_default_verify_paths().capath is None:
        advice = "install the system's ca-certificates, or give ca_file: no endpoint can be trusted otherwise"
        return problem("certificates", "no authority is trusted", advice)
    return ok("certificates", f"{count} authorities are trusted" if count else "the system's are trusted")
