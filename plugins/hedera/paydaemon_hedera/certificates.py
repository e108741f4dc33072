"""Certificates of nodes, which nobody has signed but themselves.

What vouches for one is its hash: in the network's address book, or as the operator wrote it. So a node is
asked for its certificate, that is held to the hash, and then nothing but this certificate is trusted on the
line that transactions go over.
"""

import hashlib
import ssl
from contextlib import suppress

import trio
from cryptography import x509
from cryptography.x509.oid import NameOID

from paydaemon_hedera.addresses import CERTIFICATE_HASH, NodeAddress


class Distrusted(Exception):
    """The node shows another certificate than it should, or none, or nobody knows which it should."""


async def presented(node: NodeAddress) -> bytes:
    """The certificate that a node shows, as PEM. Raises `Distrusted`, or `OSError` where it is away."""
    if node.certificate_hash is None:
        raise Distrusted("has a certificate that nothing vouches for: its hash is not known")
    async with await trio.open_tcp_stream(node.host, node.port) as tcp:
        stream = trio.SSLStream(tcp, _context(), server_hostname=node.host)
        try:
            await stream.do_handshake()
        except trio.BrokenResourceError as broken:
            raise Distrusted("shows no certificate") from broken
        pem = ssl.DER_cert_to_PEM_cert(stream.getpeercert(binary_form=True)).encode("ascii")
    if not matches(pem, node.certificate_hash):
        raise Distrusted("shows another certificate than is known of it")
    return pem


def matches(pem: bytes, expected: str) -> bool:
    """Whether a certificate, as PEM, is the one of this SHA-384 in hex.

    (hedera: basic_types.proto, NodeAddress.) Some hash it with its last line's end, and some without.
    """
    found = CERTIFICATE_HASH.fullmatch(expected)
    hashes = {hashlib.sha384(text).hexdigest() for text in (pem, pem.rstrip(b"\n"))}
    return found is not None and found[1].lower() in hashes


def subject(pem: bytes) -> str:
    """The name that a certificate is for."""
    certificate = x509.load_pem_x509_certificate(pem)
    names: list[object] = []
    with suppress(x509.ExtensionNotFound):
        also = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names += [*also.get_values_for_type(x509.DNSName), *also.get_values_for_type(x509.IPAddress)]
    names += [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return str(names[0]) if names else "127.0.0.1"


def _context() -> ssl.SSLContext:
    """Any certificate is looked at: what it is worth is told by its hash."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context
