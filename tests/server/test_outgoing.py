"""Requests of the server's own: where none goes, and what one that goes may cost."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.receiving import receiving
from tracker_server.errors import Refused
from tracker_server.outgoing import Answer, Limits, Network, Unreached, read_target, send

PATIENT = Limits(connect_s=20, total_s=30)
LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)


def post(url: str, *, allowed: tuple[Network, ...] = LOOPBACK, limits: Limits = PATIENT) -> Answer:
    return send("POST", url, headers={"Content-Type": "text/plain"}, body=b"hello", allowed=allowed, limits=limits)


def read_request(line: socket.socket) -> None:
    """Read all that `post` sends: a connection that is closed with more to read is reset."""
    text = b""
    while not text.endswith(b"\r\n\r\nhello"):
        text += line.recv(65536)


@contextmanager
def listener(talk: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[int]]]:
    """A socket on 127.0.0.1 that talks to whoever connects; its port, and a list that grows by each connection."""
    connections: list[int] = []
    server = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            connections.append(line.fileno())
            with line, suppress(OSError):
                talk(line)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server.getsockname()[1], connections
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


REFUSED_HOSTS = {
    "loopback": "127.0.0.1",
    "elsewhere in loopback": "127.8.9.1",
    "loopback by name": "localhost",
    "loopback by a name below": "hooks.localhost",
    "unspecified": "0.0.0.0",
    "private 10": "10.0.0.1",
    "private 172": "172.16.3.4",
    "private 192": "192.168.1.1",
    "clouds' credentials": "169.254.169.254",
    "a provider's own": "100.64.0.1",
    "documentation": "192.0.2.1",
    "measurements": "198.18.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "IPv6 loopback": "[::1]",
    "IPv6 unspecified": "[::]",
    "IPv6 link-local": "[fe80::1]",
    "IPv6 link-local with a zone": "[fe80::1%25lo]",
    "IPv6 unique local": "[fd00:ec2::254]",
    "IPv6 multicast": "[ff02::1]",
    "IPv4-mapped": "[::ffff:127.0.0.1]",
    "IPv4-mapped in hexadecimal": "[::ffff:7f00:1]",
    "IPv4-compatible": "[::127.0.0.1]",
    "NAT64": "[64:ff9b::7f00:1]",
    "6to4": "[2002:7f00:1::]",
    "Teredo": "[2001:0:7f00:1::]",
    "octal": "0177.0.0.1",
    "padded with zeros": "127.000.000.001",
    "hexadecimal": "0x7f.0.0.1",
    "hexadecimal in one": "0x7f000001",
    "one number": "2130706433",
    "two parts": "127.1",
    "percent-encoded": "%31%32%37.0.0.1",
    "full-width digits": "１２７.0.0.1",
    "circled letters": "ⓛocalhost",
    "ideographic full stop": "127。0。0。1",
    "a trailing dot": "localhost.",
    "a dot alone": ".",
    "no host": "",
}


@pytest.mark.parametrize("host", REFUSED_HOSTS.values(), ids=REFUSED_HOSTS.keys())
def test_refused_hosts_get_no_connection(host: str) -> None:
    with listener(lambda _line: None) as (port, connections):
        with pytest.raises(Refused) as caught:
            post(f"http://{host}:{port}/", allowed=())
        assert caught.value.field == "url"
        assert connections == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "gopher://hooks.example.org/",
        "//hooks.example.org/",
        "http:hooks.example.org",
        "https://user:word@hooks.example.org/",
        "https://@hooks.example.org/",
        "https://hooks.example.org/#part",
        "https://hooks.example.org:22/",
        "https://hooks.example.org:0/",
        "https://hooks.example.org:65536/",
        "https://hooks.example.org\\@127.0.0.1/",
        "https://hooks.example.org/a b",
        "https://hooks.example.org/\r\nX-More: 1",
        "https://hooks.example.org/" + "a" * 2000,
        "https://-bad-.example.org/",
        "https://[::1",
        "",
    ],
    ids=lambda url: repr(url[:40]),
)
def test_what_is_no_address_for_a_request_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(Refused) as caught:
        read_target(url)
    assert len(caught.value.message.split()) > 5


def test_a_public_address_and_a_name_are_read() -> None:
    assert read_target("HTTPS://Hooks.Example.org/in?to=me").authority == "hooks.example.org"
    target = read_target("http://[2606:4700::1111]:8080")
    assert (target.host, target.port, target.path, target.authority) == (
        "2606:4700::1111", 8080, "/", "[2606:4700::1111]:8080",
    )  # fmt: skip


def test_an_allowed_network_is_sent_to() -> None:
    with receiving() as receiver:
        answer = post(receiver.url)
        assert (answer.status, answer.body) == (200, b"thanks")
        (received,) = receiver.requests
        assert (received.method, received.path, received.body) == ("POST", "/hook", b"hello")
        assert received.headers["Host"] == receiver.url.split("/")[2]


class Resolver:
    """Answers for one name, one list of addresses after the other; other names go the usual way."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, **_how: Any) -> list[Any]:
        self.asked += 1
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (families[":" in address], socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in self.answers.pop(0)
        ]


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::ffff:127.0.0.1"], ["::1"]],
    ids=["loopback", "public first", "loopback first", "mapped", "loopback of IPv6"],
)
def test_a_name_with_one_refused_address_is_not_sent_to(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(addresses))
    with listener(lambda _line: None) as (port, connections):
        with pytest.raises(Refused, match=r"^'rebinding\.example' is (127|::)"):
            post(f"http://rebinding.example:{port}/", allowed=())
        assert connections == []


def test_a_name_is_looked_up_once_however_its_answer_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(["127.0.0.1"], ["169.254.169.254"])
    with receiving() as receiver:
        monkeypatch.setattr(socket, "getaddrinfo", resolver)
        port = receiver.url.split(":")[2]
        assert post(f"http://rebinding.example:{port}").status == 200
        assert resolver.asked == 1
        assert receiver.requests[0].headers["Host"] == f"rebinding.example:{port.split('/')[0]}"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving(lambda _count: 302) as receiver:
        assert post(receiver.url).status == 302
        assert [received.path for received in receiver.requests] == ["/hook"]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener(lambda _line: None) as (port, connections), receiving() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        assert post(receiver.url).status == 200
        assert connections == []


def _silent(line: socket.socket) -> None:
    while line.recv(1024):
        pass


def _dripping(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(1000):
        line.sendall(b"a")
        time.sleep(0.01)


def _continuing(line: socket.socket) -> None:
    while True:
        line.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("talk", [_silent, _dripping, _continuing], ids=["silent", "dripping", "endless 100"])
def test_it_is_over_at_the_deadline(talk: Callable[[socket.socket], None]) -> None:
    with listener(talk) as (port, _):
        begun = time.monotonic()
        with pytest.raises(Unreached):
            post(f"http://127.0.0.1:{port}/", limits=Limits(total_s=0.4))
        assert time.monotonic() - begun < 3


def test_a_name_that_is_looked_up_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def look_up(*_args: Any, **_how: Any) -> None:
        is_over.wait(20)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(Unreached, match=r"looking up 'slow\.example' took too long"):
        post("http://slow.example/", limits=Limits(total_s=0.2))
    is_over.set()


def test_a_long_answer_is_read_up_to_its_limit() -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b"a" * 65536)

    with listener(talk) as (port, _):
        answer = post(f"http://127.0.0.1:{port}/", limits=Limits(total_s=30, answer_bytes=5000))
        assert (answer.status, len(answer.body)) == (200, 5000 - len(b"HTTP/1.1 200 OK\r\n\r\n"))


def test_an_answer_whose_body_hangs_still_has_its_status() -> None:
    def talk(line: socket.socket) -> None:
        line.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nso far")
        _silent(line)

    with listener(talk) as (port, _):
        answer = post(f"http://127.0.0.1:{port}/", limits=Limits(total_s=2))
        assert (answer.status, answer.body) == (202, b"so far")


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-OpenSSH_9\r\n"], ids=["nothing", "no HTTP"])
def test_what_does_not_speak_http_is_told_in_words(reply: bytes) -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(reply)

    with listener(talk) as (port, _), pytest.raises(Unreached, match="not HTTP"):
        post(f"http://127.0.0.1:{port}/")


def test_a_port_where_nobody_listens_is_told_in_words() -> None:
    with listener(_silent) as (port, _):
        pass
    with pytest.raises(Unreached, match="Connection refused"):
        post(f"http://127.0.0.1:{port}/")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `hooks.example` that signs itself, with its key."""
    path = tmp_path / "hooks.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hooks.example"]
    words += ["-addext", "subjectAltName=DNS:hooks.example", "-keyout", str(path), "-out", str(tmp_path / "own.pem")]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "own.pem").read_text())
    return path


@contextmanager
def receiving_by_tls(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def talk(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            read_request(safe)
            safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with listener(talk) as (port, _):
        yield port


def test_a_certificate_of_the_name_that_the_system_trusts_is_accepted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["127.0.0.1"]))
    with receiving_by_tls(certificate) as port:
        assert post(f"https://hooks.example:{port}/").body == b"ok"


@pytest.mark.parametrize(("name", "trusted"), [("hooks.example", False), ("other.example", True)])
def test_a_certificate_that_is_not_trusted_or_of_another_name_is_not(
    name: str, trusted: bool, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["127.0.0.1"]))
    with receiving_by_tls(certificate) as port, pytest.raises(Unreached, match="certificate is not accepted"):
        post(f"https://{name}:{port}/")
