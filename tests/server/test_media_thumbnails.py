"""Thumbnails: whatever people log as an image, a small one of it or a sentence, in bounded memory and room."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from tests.conftest import NOW_MS
from tests.server.logged import digest_of, log_run, writing
from tracker.records import MediaLogged
from tracker_server import media
from tracker_server.errors import Refused
from tracker_server.media.thumbnails import Thumbnails, shrink


def encoded(image: Image.Image, format_: str = "PNG", **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, format_, **options)
    return made.getvalue()


def thumbnail(client: FlaskClient, app: Flask, data: bytes, **query: Any) -> TestResponse:
    client.put(f"/api/v1/blobs/{digest_of(data)}", data=data)
    record = MediaLogged(1, NOW_MS, "a", "image", digest_of(data), len(data), details={"format": "png"})
    with writing(app) as session:
        item = media.add(session, log_run(session), record).id
    address = client.get(f"/api/v1/media/{item}").json["thumbnail_url"]
    return client.get(f"{address}&{urlencode(query)}")


def pixel(data: bytes, place: tuple[int, int] = (5, 5)) -> Any:
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "WEBP"
        return image.convert("RGB").getpixel(place)


def test_an_image_becomes_as_wide_as_is_asked_for(client: FlaskClient, app: Flask) -> None:
    answer = thumbnail(client, app, encoded(Image.new("RGB", (800, 400), "red")), width=128)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == (128, 64)
    again = thumbnail(client, app, encoded(Image.new("RGB", (800, 400), "red")), width=128)
    assert again.data == answer.data
    assert thumbnail(client, app, encoded(Image.new("RGB", (8, 4), "red")), width=9000).status_code == 422


GREY16 = Image.frombytes("I;16", (8, 8), struct.pack("<64H", *[0x8000] * 64))


@pytest.mark.parametrize(
    ("data", "colour"),
    [
        (encoded(GREY16), (128, 128, 128)),
        (encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), (254, 0, 0)),
        (encoded(Image.new("1", (8, 8), 1)), (255, 255, 255)),
        (encoded(Image.new("LA", (8, 8), (90, 255))), (90, 90, 90)),
        (encoded(Image.new("P", (8, 8), 0), transparency=1), (0, 0, 0)),
        (encoded(Image.new("RGB", (8, 8), "blue"), "GIF", save_all=True, append_images=[Image.new("RGB", (8, 8))]),
         (0, 0, 255)),
    ],
    ids=["16 bit", "cmyk", "one bit", "grey with alpha", "palette", "animated"],
)  # fmt: skip
def test_images_of_every_mode_are_shown(tmp_path: Path, data: bytes, colour: tuple[int, int, int]) -> None:
    (tmp_path / "image").write_bytes(data)
    found = pixel(shrink(tmp_path / "image", 64))
    assert max(abs(one - other) for one, other in zip(found, colour, strict=True)) <= 4


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def claiming(width: int, height: int) -> bytes:
    """A PNG that says to be so large, and has next to nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (claiming(60_000, 60_000), "too_large_to_show"),
        (claiming(8000, 8000), "too_large_to_show"),
        (encoded(Image.effect_noise((200, 200), 50))[:-2000], "bad_image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "bad_image"),
        (b"", "bad_image"),
        (encoded(Image.new("RGB", (8, 8)), "BMP"), "bad_image"),
        (encoded(Image.new("RGB", (8, 8)), "TIFF"), "bad_image"),
    ],
    ids=["bomb", "large", "cut off", "svg", "empty", "bmp", "tiff"],
)
def test_what_is_no_image_or_too_large_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "image").write_bytes(data)
    with pytest.raises(Refused) as found:
        shrink(tmp_path / "image", 64)
    assert found.value.code == code


def test_a_broken_image_is_told_of_and_breaks_nothing(client: FlaskClient, app: Flask) -> None:
    answer = thumbnail(client, app, b"\x89PNG\r\n\x1a\n and so on")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_image")


def test_a_large_jpeg_is_read_at_a_fraction_of_its_size(tmp_path: Path) -> None:
    Image.new("L", (8000, 6000), 200).save(tmp_path / "image", "JPEG")
    assert pixel(shrink(tmp_path / "image", 64))[0] == pytest.approx(200, abs=3)


def test_a_large_progressive_jpeg_is_refused_as_it_is_held_whole(tmp_path: Path) -> None:
    Image.new("L", (6000, 5000), 200).save(tmp_path / "image", "JPEG", progressive=True)
    with pytest.raises(Refused) as found:
        shrink(tmp_path / "image", 64)
    assert found.value.code == "too_large_to_show"


def test_the_folder_stays_within_its_size_and_may_go(tmp_path: Path) -> None:
    kept = Thumbnails(tmp_path / "kept", max_bytes=100_000)
    source = tmp_path / "image"
    source.write_bytes(encoded(Image.effect_noise((128, 128), 80)))
    for number in range(20):
        assert kept.get(f"{number:064x}", 128, source)
    sizes = [path.stat().st_size for path in (tmp_path / "kept").glob("*/*")]
    assert 0 < sum(sizes) <= 100_000
    kept.forget(f"{19:064x}")
    assert not list((tmp_path / "kept").glob(f"*/{19:064x}*"))
    (tmp_path / "in the way").write_text("")
    assert Thumbnails(tmp_path / "in the way").get("ab" * 32, 128, source)  # a folder that is none keeps nothing


def test_what_was_made_of_an_image_goes_as_its_bytes_are_removed(client: FlaskClient, app: Flask) -> None:
    data = encoded(Image.new("RGB", (800, 400), "red"))
    assert thumbnail(client, app, data, width=128).status_code == 200
    folder = app.extensions["tracker.settings"].data / "thumbnails"
    assert len(list(folder.rglob("*.webp"))) == 1
    assert client.delete("/api/v1/runs/run1?reason=it+diverged").status_code == 204
    with writing(app) as session:
        session.execute(sa.text("UPDATE blobs SET created_ms = 0"))
    purged = client.post("/api/v1/projects/digits/trash/purge", json={"reason": "full", "runs": ["run1"]})
    assert purged.json["blob_count"] == 1, purged.json
    assert not list(folder.rglob("*.webp"))


def test_only_an_image_has_a_thumbnail(client: FlaskClient, app: Flask) -> None:
    with writing(app) as session:
        item = media.add(session, log_run(session), MediaLogged(1, NOW_MS, "a", "histogram", "", 0)).id
    assert client.get(f"/api/v1/media/{item}/thumbnail").json["error"]["code"] == "no_image"
