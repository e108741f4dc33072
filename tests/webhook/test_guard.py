"""Which addresses an endpoint may be at."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paydaemon_webhook.guard import why_not

INSIDE = {
    "a carrier's own": ["100.64.0.1", "100.100.100.200", "100.127.255.255"],
    "a cloud's own": ["168.63.129.16", "::ffff:168.63.129.16"],
    "for benchmarks": ["198.18.0.1", "198.19.255.255"],
    "for documentation": ["192.0.2.1", "198.51.100.7", "203.0.113.9", "2001:db8::1", "3fff::1"],
    "link-local": ["169.254.169.254", "169.254.170.2", "fe80::1", "febf::1", "::ffff:169.254.169.254"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "no address to connect to": ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"],
    "private": [
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd00:ec2::254"),
        *("::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::c0a8:101"),
    ],
    "reserved": [
        *("192.0.0.1", "192.0.0.192", "192.88.99.1", "240.0.0.1", "255.255.255.255"),
        *("::127.0.0.1", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:a00:1::", "2002:a00:1::", "5f00::1"),
        *("1::", "4000::1", "fec0::1", "e000::1"),
    ],
    "this machine": ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1"],
}
OUTSIDE = [
    *(
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
    ),
    *("168.63.129.15", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255"),
    *("2606:4700::1111", "2001:200::1", "2a00::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2003::1"),
]


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for kind, many in INSIDE.items() for text in many])
def test_what_is_not_public_is_refused_and_named(text: str, kind: str) -> None:
    assert why_not(ip_address(text), ()) == kind


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_is_public_is_not(text: str) -> None:
    assert why_not(ip_address(text), ()) is None
    assert why_not(ip_address(text), (), listed_only=True) == "public, where TLS is needed"
    assert why_not(ip_address(text), [ip_network(text)], listed_only=True) is None


@given(st.ip_addresses())
def test_whatever_python_says_is_no_public_address_is_refused(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        inner = getattr(address, "ipv4_mapped", None) or address
        assert why_not(address, ()) is not None or inner.is_global


@given(st.ip_addresses(v=4))
def test_no_way_of_writing_an_address_makes_another_of_it(address: IPv4Address) -> None:
    kind = why_not(address, ())
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        assert why_not(IPv6Address(int(IPv6Address(prefix)) | int(address)), ()) == kind
    for hidden in (IPv6Address(int(address)), IPv6Address(int(IPv6Address("2002::")) | int(address) << 80)):
        assert why_not(hidden, ()) is not None


@given(st.ip_addresses(), st.integers(1, 32))
def test_what_is_listed_may_be_and_nothing_beside_it(address: IPv4Address | IPv6Address, prefix: int) -> None:
    network = ip_network((address, prefix), strict=False)
    assert why_not(address, [network], listed_only=True) is None
    outside = type(address)(int(address) ^ 1 << (address.max_prefixlen - prefix))
    assert why_not(outside, [network]) == why_not(outside, ())


def test_a_listed_network_holds_in_every_form_of_its_addresses() -> None:
    allow = [ip_network("10.0.0.0/8")]
    for text in ("10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3"):
        assert why_not(ip_address(text), allow) is None
    for text in ("11.1.2.3", "127.0.0.1", "2002:a01:203::", "::10.1.2.3", "::ffff:192.168.0.1"):
        assert why_not(ip_address(text), allow) == why_not(ip_address(text), ())
