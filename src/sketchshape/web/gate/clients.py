"""Who asks: the address of a client, also behind proxies that are trusted to tell it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address

from starlette.types import Scope

from sketchshape.errors import UsageError

NET = 64  # bits of an address of version 6 that are a client's: the rest it may choose


class Clients:
    """Tells clients apart.

    Args:
        trusted: addresses and networks of proxies whose word is taken for whom they ask; what others write
            into such headers is not read.

    Raises:
        UsageError: one of them is no address.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        try:
            self._trusted = [ipaddress.ip_network(text.strip(), strict=False) for text in trusted]
        except ValueError as error:
            raise UsageError(
                f"--trusted-proxy: {error}; expected an address such as 127.0.0.1 or a network such as "
                "10.0.0.0/8"
            ) from None

    def address(self, scope: Scope) -> IPv4Address | IPv6Address | None:
        """Give the address of the client that asks; None where the connection has none.

        Of `X-Forwarded-For` the last address counts that is not a trusted proxy's: those before it may be
        invented.
        """
        peer = _parsed((scope.get("client") or ("",))[0])
        if not self._is_trusted(peer):
            return peer
        told = ",".join(_values(scope, b"x-forwarded-for")).split(",")
        for text in reversed(told):
            found = _parsed(text)
            if found is None:
                break
            peer = found
            if not self._is_trusted(peer):
                break
        return peer

    def secure(self, scope: Scope) -> bool:
        """Whether the client asks over HTTPS, as far as one can know."""
        peer = _parsed((scope.get("client") or ("",))[0])
        told = _values(scope, b"x-forwarded-proto") if self._is_trusted(peer) else []
        return scope.get("scheme") == "https" or told[-1:] == ["https"]

    def _is_trusted(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def bucket(address: IPv4Address | IPv6Address | None) -> str:
    """Name the client of an address: of version 6, the network that one household has."""
    if isinstance(address, IPv6Address):
        return str(ipaddress.ip_network((address, NET), strict=False))
    return str(address)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, also with a port behind it."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip().lower() for key, value in scope["headers"] if key == name]
