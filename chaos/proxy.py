"""A network that goes wrong, between a real client and a real server: real sockets on this machine's loopback.

What always holds: each request is treated in the manner that `next_fault` names for it, and what is passed on reaches
the server unchanged. What was held back for later has been delivered when `settle` returns.
"""

from __future__ import annotations

import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, Literal
from urllib.parse import urlsplit

Fault = Literal["none", "cut before", "cut inside", "cut after", "duplicate", "late", "delay"]
"""`cut before` the server has any of it, `inside` the request, `after` the commit and before the answer; `duplicate`:
the server gets it twice; `late`: the client is cut off, and the server gets the request after a later one."""

FAULTS: tuple[Fault, ...] = ("cut before", "cut inside", "cut after", "duplicate", "late", "delay")
LONGEST_S = 30.0
LATEST_S = 0.5
DELAY_S = 0.05


@dataclass(frozen=True)
class Message:
    """A request or an answer as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def data(self) -> bytes:
        return self.head + self.body


def by_chance(shares: dict[Fault, float], seed: int) -> Callable[[], Fault]:
    """Each request's fault, drawn with these probabilities; none for the rest."""
    chance = random.Random(seed)
    faults: list[Fault] = [*shares, "none"]
    weights = [*shares.values(), 1 - sum(shares.values())]
    return lambda: chance.choices(faults, weights)[0]


def in_order(faults: Sequence[Fault]) -> Callable[[], Fault]:
    """These faults, one a request, and none for those that come after."""
    left: Iterator[Fault] = iter(faults)
    return lambda: next(left, "none")


def no_fault() -> Fault:
    """For a proxy that only watches what passes."""
    return "none"


class Proxy:
    """Listens on a free port before the server at `behind`. `on_answer` is told each request that passed and its
    answer, before the client has it; `counts` how many requests each fault met."""

    def __init__(
        self,
        behind: str,
        next_fault: Callable[[], Fault] = no_fault,
        *,
        on_answer: Callable[[Message, Message], None] | None = None,
    ) -> None:
        parts = urlsplit(behind)
        self.next_fault = next_fault
        self.counts: Counter[Fault] = Counter()
        self._behind = (str(parts.hostname), int(parts.port or 80))
        self._on_answer = on_answer
        self._lock = threading.Lock()
        self._moved = threading.Condition()
        self._passed = 0
        self._answered = 0
        self._late: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        self.settle()
        with self._lock:
            for connection in self._open:
                connection.close()

    def settle(self) -> None:
        """Wait until everything that was held back has been delivered."""
        with self._lock:
            late, self._late = self._late, []
        for thread in late:
            thread.join(LONGEST_S)

    def wait_for_request(self, timeout_s: float = LONGEST_S) -> bool:
        """Wait until one more request is on its way to the server; whether one was."""
        with self._moved:
            goal = self._passed + 1
            return self._moved.wait_for(lambda: self._passed >= goal, timeout_s)

    def _accept(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            taken.settimeout(LONGEST_S * 4)
            threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            with client, client.makefile("rb") as source:
                while (request := read_message(source)) is not None:
                    fault = self._chosen()
                    if not self._treat(client, request, fault):
                        return
        except OSError:
            return  # one of the two has hung up, or the server is not there: the client sees a cut connection
        finally:
            with self._lock:
                self._open.discard(client)

    def _chosen(self) -> Fault:
        with self._lock:
            fault = self.next_fault()
            self.counts[fault] += 1
            return fault

    def _treat(self, client: socket.socket, request: Message, fault: Fault) -> bool:
        """Do with a request what its fault says; whether the client's connection goes on."""
        if fault == "cut before":
            return False
        if fault == "cut inside":
            self._send_part(request)
            return False
        if fault == "late":
            later = threading.Thread(target=self._deliver_later, args=(request, self._answered))
            with self._lock:
                self._late.append(later)
            later.start()
            return False
        if fault == "delay":
            threading.Event().wait(DELAY_S)
        if fault == "duplicate":
            self._exchange(request)
        answer = self._exchange(request)
        if fault == "cut after":
            return False
        if self._on_answer is not None:
            self._on_answer(request, answer)
        client.sendall(answer.data)
        return b"connection: close" not in answer.head.lower()

    def _exchange(self, request: Message) -> Message:
        """Pass a request to the server and take its answer. Raises OSError where there is none."""
        with socket.create_connection(self._behind, LONGEST_S) as server, server.makefile("rb") as source:
            server.sendall(request.data)
            with self._moved:
                self._passed += 1
                self._moved.notify_all()
            answer = read_message(source, is_answer=True)
        if answer is None:
            raise ConnectionError("the server hung up without an answer")
        with self._moved:
            self._answered += 1
            self._moved.notify_all()
        return answer

    def _send_part(self, request: Message) -> None:
        with socket.create_connection(self._behind, LONGEST_S) as server:
            server.sendall(request.data[: len(request.head) + len(request.body) // 2 - (not request.body)])

    def _deliver_later(self, request: Message, answered: int) -> None:
        with self._moved:
            self._moved.wait_for(lambda: self._answered > answered, LATEST_S)
        try:
            self._exchange(request)
        except OSError:
            return  # the server was not there: then it was lost on the way


def read_message(source: BinaryIO, *, is_answer: bool = False) -> Message | None:
    """The next request or answer; None where the peer hung up before it was whole."""
    lines = []
    while (line := source.readline(65_536)) not in (b"\r\n", b""):
        lines.append(line)
    if not line or not lines:
        return None
    fields = {name.strip().lower(): value.strip() for name, _, value in (one.partition(b":") for one in lines[1:])}
    head = b"".join([*lines, line])
    if is_answer and lines[0].split()[1] in (b"204", b"304"):
        return Message(head, b"")
    if fields.get(b"transfer-encoding", b"").lower() == b"chunked":
        body = _chunks(source)
        return None if body is None else Message(head, body)
    length = int(fields.get(b"content-length", 0))
    body = source.read(length)
    return Message(head, body) if len(body) == length else None


def _chunks(source: BinaryIO) -> bytes | None:
    """A chunked body as it stands on the wire; None where it ends too early."""
    read = []
    while True:
        size = source.readline(65_536)
        if not size.endswith(b"\r\n"):
            return None
        length = int(size.split(b";")[0], 16)
        part = source.read(length + 2)
        read += [size, part]
        if len(part) != length + 2:
            return None
        if length == 0:
            return b"".join(read)
