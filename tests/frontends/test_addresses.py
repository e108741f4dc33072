from ipaddress import ip_address, ip_network

import pytest

from paydaemon.frontends.addresses import Address, client_address, one_client, parse

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("::1/128"))


def address(text: str) -> Address:
    return ip_address(text)


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        # nobody trusted: the header is a stranger's claim
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        # one proxy
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("::1", ["2001:db8::7"], "2001:db8::7"),
        # a proxy behind a proxy
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        # what stands before the first untrusted hop is that client's own claim
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
        # nobody but proxies
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # garbage ends the search at whom we know
        ("10.0.0.1", ["198.51.100.1, nonsense"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", [", ,"], "10.0.0.1"),
        # IPv4 in IPv6's clothes
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_client_is_the_last_hop_that_no_trusted_proxy_stands_for(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert client_address(address(peer), forwarded, TRUSTED) == address(client)


def test_without_a_peer_there_is_no_client() -> None:
    assert client_address(None, ["198.51.100.1"], TRUSTED) is None


def test_a_mapped_address_and_a_scoped_one_are_read() -> None:
    assert parse("::ffff:10.0.0.1") == ip_address("10.0.0.1")
    assert parse("fe80::1%eth0") == ip_address("fe80::1")
    assert parse("unknown") is None


def test_one_ipv6_client_is_a_whole_64() -> None:
    assert one_client(address("2001:db8::1")) == one_client(address("2001:db8::ffff:1"))
    assert one_client(address("2001:db8::1")) != one_client(address("2001:db8:0:1::1"))
    assert one_client(address("192.0.2.1")) != one_client(address("192.0.2.2"))
