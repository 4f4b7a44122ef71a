"""What hostile requests are made of: places, texts, conditions, numbers, hosts, and bytes that are no HTTP.

What always holds: every name that could become a file has `MARK` in it, so that whatever was written where it does not
belong is found.
"""

from __future__ import annotations

import json

MARK = "escaped-5f2b"
PLACES = (
    f"../../../../{MARK}", f"..%2f..%2f..%2f{MARK}", f"%2e%2e/%2e%2e/{MARK}", f"..\\..\\{MARK}", f"/tmp/{MARK}",
    f"/{MARK}", f"./{MARK}/.", f"{MARK}/../../../{MARK}", f"C:\\{MARK}", f"file:///tmp/{MARK}", f"~/{MARK}",
    f"%252e%252e%252f{MARK}", f"{MARK}%00.txt", f"....//....//{MARK}", "../../../../etc/passwd",
)  # fmt: skip
"""Where an artifact, a blob, an asset or a run must not lead."""

TEXTS = (
    "", " ", ".", "..", "\0", f"{MARK}\0.txt", "a" * 3000, "é" * 3000, "😀" * 1000, "\u202e\u2066x", "a\r\nX-Evil: 1",
    "' OR 1=1 --", '"; DROP TABLE runs; --', "%s%n%x", "<script>alert(1)</script>", "{{7*7}}${7*7}", "__proto__", "-1",
    "0", "9" * 300, "1e309", "NaN", "Infinity", "null", "true", "[", "*", "%", "CON", "\ufeffx", "ﬃ", "\x7f\x1b[31m",
    *PLACES,
)  # fmt: skip

REGEXES = ("(a+)+$", "(a|a)*b", "(((((a{100}){100}){100}){100}){100})", "a{1000}" * 20, "[", "(?P<x>", "\\", ".*" * 500,
           "(?i)" + "é" * 400, "\\p{L}{1000}", "x" * 500, "(" * 250 + ")" * 250)  # fmt: skip

CONDITIONS = (
    "(" * 5000 + ")" * 5000, "not " * 2000 + "loss < 1", " and ".join(["loss < 1"] * 900), "loss < " + "9" * 5000,
    "loss < 1e99999", "name ~ '(a+)+$'", 'metrics["' + "a" * 5000 + '"].max > 1', "name == '" + "\\'" * 3000,
    "created > days_ago(1e300)", "created > days_ago(-1e300)", "created > '99999-99-99'", "((((", "loss < ", "\0",
    "lo\x00ss < 1", "config." + "a." * 3000 + "b > 1", '"a" in tags ' * 300, "-" * 3000 + "1 < loss", "1 < 1 < 1",
    *(f"name matches {json.dumps(regex)}" for regex in REGEXES),
)  # fmt: skip

FORMULAS = (
    "formula:" + "(" * 280 + "loss" + ")" * 280, "formula:" + "-" * 500 + "loss", "formula:loss / 0",
    "formula:" + "loss+" * 110,
    "formula:loss ** 99999 ** 99999", "formula:exp(exp(exp(exp(loss))))", "formula:__import__('os').system('id')",
    "formula:{loss}", "formula:", "formula:9" + "9" * 500, "*", "**", "loss*" * 50, "formula:diff(" * 60,
)  # fmt: skip

LITERALS = (
    "null", "true", "-1", "0", "1", "1e999", "-1e999", "NaN", "1" + "0" * 400, "18446744073709551616", "-0.0",
    "9223372036854775808", "1e-400", "[]", "{}", "[[[]]]", '{"":{"":[]}}', '""', '"\\ud800"',
    '"\\u0000"', '["\\u0000"]',
    "[" * 40 + "]" * 40, "[" * 100_000, '[""' + ',""' * 150_000 + "]", "[0" + ",0" * 200_000 + "]",
)  # fmt: skip
"""Values as they stand in a body of JSON, among them such as no parser of JSON should take."""

HOSTS = (
    b"evil.example", b"evil.example:8090", b"localhost.evil.example", b"127.0.0.1@evil.example", b"[", b"[::1", b"]",
    b"[::1]:99999", b":", b"", b" ", b"localhost:abc", b"localhost\tx", b"\xff\xfe", b"a" * 5000, b"localhost, evil",
    b"localhost/../x", b"127.1", b"0x7f.1", b"2130706433", b"[v1.x]", b"xn--a", b"localhost#", b"localhost?x", b"%00",
)  # fmt: skip

ORIGINS = (
    b"http://evil.example", b"null", b"http://[", b"http://[::1", b"http://localhost@evil.example", b"file://", b"",
    b"\xff", b"http://" + b"a" * 5000, b"http://localhost:1", b"javascript:alert(1)", b"//localhost", b"http://]",
)  # fmt: skip

MALFORMED = (
    b"", b"\r\n\r\n", b"\0\0\0\0", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/2.0\r\n\r\n",
    b"G\0T / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET http://evil.example/api/v1/projects HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET //evil.example/x HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /%zz%f HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /?%zz&&&=;= HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"PROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n Host: localhost\r\n\r\n", b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 5000 + b"\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n12345",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n",
    b"POST /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n"
    b"X-Tracker-Client: x\r\nContent-Type: application/json\r\n\r\n{}",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: nonsense\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a=b; " * 1500 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %%%\r\n\r\n",
    b"GET /api/v1/projects HTTP/1.1\r\nHost: localhost\r\nAccept: " + b"*/*;q=0.1," * 700 + b"\r\n\r\n",
    b"GET /favicon.svg HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1,0-0,-99999999999999999999\r\n\r\n",
    b"GET /favicon.svg HTTP/1.1\r\nHost: localhost\r\nIf-Modified-Since: \xff\xff\r\nIf-None-Match: \",,W/\"\r\n\r\n",
)  # fmt: skip
