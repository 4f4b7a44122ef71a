"""Which addresses a request may go to: read strictly, and refused unless they are public or an operator's own choice.

What always holds: a host is a name in ASCII or an address in its one usual form; whatever else some parser somewhere
might take for an address (octal, hexadecimal, one number, other scripts' digits) is no host here.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tracker_server.errors import Refused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_CHARACTERS: Final = 2000
USUAL_PORTS: Final = {"http": 80, "https": 443}
FIRST_FREE_PORT: Final = 1024
"""Below it only the usual ports: whatever else listens there speaks no HTTP, and would read a request as its own."""

_PUBLIC_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_NOT_PUBLIC: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ipaddress.ip_network(network), word)
    for network, word in (
        ("0.0.0.0/8", "not the address of any host"),
        ("10.0.0.0/8", "of a private network"),
        ("100.64.0.0/10", "of a provider's own network"),
        ("127.0.0.0/8", "of this machine itself"),
        ("169.254.0.0/16", "link-local, where clouds keep their machines' credentials"),
        ("172.16.0.0/12", "of a private network"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "a relay's from IPv6"),
        ("192.168.0.0/16", "of a private network"),
        ("198.18.0.0/15", "for measurements"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "not the address of any host"),
        ("::1/128", "of this machine itself"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address in disguise"),
        ("64:ff9b:1::/48", "an IPv4 address in disguise"),
        ("fc00::/7", "of a private network"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "of a private network"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "an IPv4 address in disguise"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "an IPv4 address in disguise"),
        ("3fff::/20", "for documentation"),
    )
)

_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER: Final = re.compile(r"(?:\d+|0x[0-9a-f]*)")
_FIELD: Final = "url"


@dataclass(frozen=True)
class Target:
    """Where a request goes. `host` is a name, or an address without brackets; `path` has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """As it stands in the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, allowed: Sequence[Network] = ()) -> Target:
    """The target of a URL. Raises Refused for what is none, and for an address that stands there and is not allowed.

    Looks up no name: `check` of what a name resolves to comes when something is sent.
    """
    parts = _split(url)
    host = (parts.hostname or "").lower()
    if parts.username is not None or parts.password is not None:
        raise _refused("the address has a user or a password in it, which would stand in lists; leave them out")
    if "#" in url:
        raise _refused("the address has a part after '#', which is never sent; leave it out")
    literal = _literal(host)
    if literal is not None:
        check([literal], host, allowed)
    elif not _is_name(host):
        raise _refused(
            f"{host!r} is not the name of a host; write a name such as 'hooks.example.org', or an address such as "
            "'192.0.2.7' or '[2001:db8::7]'"
        )
    elif host == "localhost" or host.endswith(".localhost"):
        check([ipaddress.IPv4Address("127.0.0.1")], host, allowed)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, _port(parts), path)


def check(addresses: Sequence[Address], host: str, allowed: Sequence[Network]) -> None:
    """Raises Refused unless every one of a host's addresses is public or lies in an allowed network."""
    for address in addresses:
        if any(address in network for network in allowed):
            continue
        word = _why_not(address)
        if word is not None:
            what = f"{host!r} is {address}, which is" if str(address) != host else f"{host!r} is"
            raise Refused(
                "address_refused",
                f"{what} {word}; this server sends to public addresses, and to networks that whoever runs it has "
                f"allowed (tracker server --allow-webhook-to {ipaddress.ip_network(address)})",
                field=_FIELD,
            )


def _split(url: str) -> SplitResult:
    if len(url) > MAX_CHARACTERS:
        raise _refused(f"the address has {len(url)} characters, the limit is {MAX_CHARACTERS}")
    if not url.isascii() or any(character <= " " or character in '\\"<>^`{|}\x7f' for character in url):
        raise _refused(
            "the address has characters that no address has (a blank, a backslash, a letter outside ASCII); write "
            "them encoded, and a name with other letters in its ASCII form 'xn--…'"
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise _refused(f"{url!r} cannot be read as an address: {error}") from error
    if parts.scheme not in USUAL_PORTS or not url.lower().startswith(f"{parts.scheme}://"):
        raise _refused(f"{url!r} does not begin with 'https://' or 'http://'; nothing else can be sent to")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port is None:
        return USUAL_PORTS[parts.scheme]
    if port not in USUAL_PORTS.values() and port < FIRST_FREE_PORT:
        raise _refused(f"the port must be 80, 443, or from {FIRST_FREE_PORT} to 65535, got {parts.netloc!r}")
    return port


def _literal(host: str) -> Address | None:
    """The address, where the host is one. One with a zone is none: it names a network card of this machine."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if "%" in host else address


def _is_name(host: str) -> bool:
    """A name whose last part is no number: a resolver would read '0x7f.1' or '2130706433' as an address."""
    return len(host) <= 253 and _NAME.fullmatch(host) is not None and not _NUMBER.fullmatch(host.rpartition(".")[2])


def _why_not(address: Address) -> str | None:
    """Why an address is not public, in words; None where it is."""
    for network, word in _NOT_PUBLIC:
        if address in network:
            return word
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_IPV6:
        return "reserved"
    return None


def _refused(message: str) -> Refused:
    return Refused("bad_address", message, field=_FIELD)
