"""A small server that speaks the client's side of the protocol and can misbehave: the fake at the client's edge.

What always holds: `records` has each record once, in the order of their numbers, exactly as a real server would store
them. `commands` is what it says to every run, `flush_after_ms` what it asks of them, where it asks. `manner` is how it
answers meanwhile: "well", or one of the ways in which servers and proxies go wrong. A path that ends as `lacks` does is
none that it knows.
"""

from __future__ import annotations

import hashlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from tracker.records import blobs_of, decode, read_frames


class RecordingServer:
    """Listens on a free port of this machine from the moment it is made."""

    def __init__(self) -> None:
        self.manner = "well"
        self.api_key: str | None = None
        self.next_seq: dict[tuple[str, str], int] = {}
        self.payloads: dict[tuple[str, str], dict[int, bytes]] = {}
        self.commands: list[dict] = []
        self.flush_after_ms: object = None
        self.resume_modes: list[str | None] = []
        self.refused_code: str | None = None
        self.blobs: dict[str, bytes] = {}
        self.arrived: dict[str, bytes] = {}
        self.offsets: list[int] = []
        self.asked_from: list[int] = []
        self.bulk_count = 0
        self.fetched_counts: list[int] = []
        self.fetches_cut_after: list[int] = []
        self.models: dict[tuple[str, str], dict] = {}
        self.artifacts: dict[tuple[str, str], dict] = {}
        self.lacks: str | None = None
        self.request_count = 0
        self.lock = threading.Lock()
        self.changed = threading.Condition()
        self.release = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def wait_for(self, condition, timeout_s: float = 20.0) -> None:
        """Return when `condition()` is true; fail after `timeout_s`."""
        with self.changed:
            assert self.changed.wait_for(condition, timeout_s), "the server did not get to see what it waited for"

    def records(self, kind: type | None = None) -> list:
        """The stored records, those of one kind where one is given."""
        with self.lock:
            stored = [decode(by_seq[seq]) for by_seq in self.payloads.values() for seq in sorted(by_seq)]
        return stored if kind is None else [record for record in stored if isinstance(record, kind)]

    def take(self, run_id: str, writer: str, body: bytes, allow_gaps: bool) -> tuple[int, dict]:
        with self.lock:
            key = (run_id, writer)
            known = self.next_seq.get(key, 0)
            frames = list(read_frames(body))
            if not frames:
                return 200, {"next_seq": known, "commands": self.commands}
            if known == 0 and frames[0].seq != 0:
                return 404, _error("unknown_run", "there is no such run")
            if frames[0].seq > known and not allow_gaps:
                return 409, _error("gap", "records are missing", next_seq=known)
            missing = [digest for frame in frames for digest in _digests(frame.payload) if digest not in self.blobs]
            if missing:
                return 409, _error("missing_blobs", "bytes are missing", digests=missing)
            for frame in frames:
                if frame.seq >= self.next_seq.get(key, 0):
                    self.payloads.setdefault(key, {})[frame.seq] = frame.payload
                    self.next_seq[key] = frame.seq + 1
            wish = {} if self.flush_after_ms is None else {"flush_after_ms": self.flush_after_ms}
            return 200, {"next_seq": self.next_seq[key], "commands": self.commands, **wish}


def _bulk(body: bytes) -> Iterator[tuple[str, bytes]]:
    offset = 0
    while offset < len(body):
        digest, length = struct.unpack_from("<32sI", body, offset)
        offset += 36 + length
        data = body[offset - length : offset]
        assert hashlib.sha256(data).digest() == digest
        yield digest.hex(), data


def _digests(payload: bytes) -> list[str]:
    return sorted(blobs_of(decode(payload)))


def _error(code: str, message: str, **more: object) -> dict:
    return {"error": {"code": code, "message": message, **more}}


def _handler(server: RecordingServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer's body waits 40 ms for the acknowledgement of its headers

        def log_message(self, *_: object) -> None:
            return

        def do_POST(self) -> None:
            body = self._body()
            if self._misbehave():
                return
            parts = urlsplit(self.path)
            if parts.path.endswith("/blobs/bulk"):
                found = dict(_bulk(body))
                with server.lock:
                    server.blobs |= found
                    server.bulk_count += 1
                self._reply(200, {"stored": len(found)})
                return
            if parts.path.endswith("/blobs/fetch"):
                self._send_blobs(json.loads(body)["digests"])
                return
            query = parse_qs(parts.query)
            run_id = parts.path.split("/")[-2]
            if body:
                server.resume_modes.append(query.get("resume", [None])[0])
            if server.refused_code and "resume" not in query:
                self._reply(409, _error(server.refused_code, "its resume mode does not allow it"))
                return
            status, answer = server.take(run_id, query["writer"][0], body, query.get("allow_gaps") == ["1"])
            if server.manner == "cut after commit":
                server.manner = "well"
                self.close_connection = True
                return
            self._reply(status, answer)

        def do_PUT(self) -> None:
            body = self._body()
            if self._misbehave():
                return
            parts = urlsplit(self.path)
            offset = int(parse_qs(parts.query).get("offset", ["0"])[0])
            named = parts.path.split("/")[-1]
            server.offsets.append(offset)
            body = server.arrived.get(named, b"")[:offset] + body
            digest = hashlib.sha256(body).hexdigest()
            server.arrived.pop(named, None)
            if digest != named:
                self._reply(422, _error("digest_mismatch", "these are other bytes"))
                return
            with server.lock:
                server.blobs[digest] = body
            self._reply(201, {"digest": digest, "size_bytes": len(body)})

        def do_GET(self) -> None:
            if self._misbehave():
                return
            parts = urlsplit(self.path)
            if parts.path.endswith("/arrived"):
                self._reply(200, {"arrived_bytes": len(server.arrived.get(parts.path.split("/")[-2], b""))})
                return
            if "/blobs/" in parts.path:
                self._send_blob(server.blobs[parts.path.split("/")[-1]])
                return
            ref = parse_qs(parts.query)["ref"][0]
            if parts.path.endswith("/artifact"):
                named = (unquote(parts.path.split("/")[-2]), ref)
                if named in server.artifacts:
                    self._reply(200, server.artifacts[named])
                else:
                    self._reply(404, _error("unknown_artifact", f"there is no artifact {ref!r}"))
                return
            key = (parts.path.split("/")[-2], ref)
            if key in server.models:
                self._reply(200, server.models[key])
            else:
                self._reply(404, _error("unknown_model", f"there is no model {key[0]!r}"))

        def _send_blob(self, data: bytes) -> None:
            asked = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-")
            server.asked_from.append(int(asked))
            if asked == "0":
                self._send(200, data, "application/octet-stream")
            else:
                self._send(206, data[int(asked) :], "application/octet-stream")

        def _send_blobs(self, digests: list[str]) -> None:
            server.fetched_counts.append(len(digests))
            found = [(digest, server.blobs[digest]) for digest in digests]
            framed = b"".join(struct.pack("<32sI", bytes.fromhex(digest), len(data)) + data for digest, data in found)
            if server.fetches_cut_after:
                self.close_connection = True
                self._send(200, framed, "application/octet-stream", cut_after=server.fetches_cut_after.pop(0))
            else:
                self._send(200, framed, "application/octet-stream")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def _misbehave(self) -> bool:
            server.request_count += 1
            self._tell()
            manner = server.manner
            if manner == "hang":
                server.release.wait(60)
                self.close_connection = True
                return True
            if manner == "status 500":
                self._reply(500, _error("internal", "it broke"))
                return True
            if manner == "reset":
                linger = struct.pack("ii", 1, 0)  # closing then resets the connection
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return True
            if manner == "half an answer":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b'{"next_seq": 1')
                self.close_connection = True
                return True
            if server.lacks is not None and urlsplit(self.path).path.endswith(server.lacks):
                self._reply(404, _error("not_found", f"there is nothing at {self.path}"))
                return True
            if manner == "html":
                self._send(200, b"<html><body>Sign in to the hotel's network</body></html>", "text/html")
                return True
            if manner == "refuse":
                self._reply(422, _error("bad_record", "this record is nonsense"))
                return True
            if server.api_key and self.headers.get("Authorization") != f"Bearer {server.api_key}":
                self._reply(401, _error("unauthorized", "the key is not known"))
                return True
            return False

        def _reply(self, status: int, answer: dict) -> None:
            self._send(status, json.dumps(answer).encode(), "application/json")
            self._tell()

        def _send(self, status: int, body: bytes, kind: str, *, cut_after: int | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:cut_after])

        def _tell(self) -> None:
            with server.changed:
                server.changed.notify_all()

    return Handler
