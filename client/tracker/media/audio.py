"""Sound from arrays and files.

What always holds: samples become a WAV file of 16 bit; a file is kept byte for byte. The waveform is measured here,
where the samples are, so that a page can draw it without fetching them.
"""

from __future__ import annotations

import io
import math
import os
import wave
from typing import TYPE_CHECKING, Any, Final, Literal

from tracker import kinds
from tracker.media.arrays import Held, hold, words
from tracker.media.piece import Encoded, Keep, Media, read_file

if TYPE_CHECKING:
    from tracker.media.arrays import Array

PEAKS: Final = 500
MAX_CHANNELS: Final = 32
MAX_RATE_HZ: Final = 1_000_000

Format = Literal["wav", "mp3", "ogg", "flac"]


class Audio(Media):
    """Sound: samples, an array of (samples,) or (samples, channels), or the path of a WAV, MP3, Ogg or FLAC file.

    Samples are -1 to 1, or 16-bit integers; louder ones are cut off. They need their `sample_rate_hz`.
    """

    def __init__(self, data: Any, caption: str = "", *, sample_rate_hz: int | None = None) -> None:
        super().__init__(caption)
        self._held: Held | None = None
        self._file = b""
        self._rate_hz = 0
        if isinstance(data, str | os.PathLike):
            if sample_rate_hz is not None:
                raise ValueError(f"a file says its own sample rate; leave out sample_rate_hz={sample_rate_hz}")
            self._file = read_file(data, "audio")
            self._format: Format = _format_of(self._file, os.fspath(data))
            self.size_bytes = len(self._file)
            return
        self._rate_hz = _checked_rate(sample_rate_hz)
        self._held = hold(data, "audio")
        self._format = "wav"
        self.size_bytes = self._held.size_bytes
        _check_shape(self._held)
        self._held.check(_check_samples)

    def encode(self, keep: Keep) -> Encoded:
        if self._held is None:
            return Encoded("audio", _details_of(self._file, self._format), keep(self._file))
        samples = self._held.read()
        _check_samples(samples)
        samples = _as_int16(samples)
        details = _details(samples, self._rate_hz)
        return Encoded("audio", details, keep(_wav(samples, self._rate_hz)))


def _checked_rate(rate_hz: object) -> int:
    if rate_hz is None:
        raise ValueError("samples need their rate: tracker.Audio(samples, sample_rate_hz=16_000)")
    if isinstance(rate_hz, bool) or not hasattr(rate_hz, "__index__") or not 1 <= rate_hz.__index__() <= MAX_RATE_HZ:
        raise ValueError(f"sample_rate_hz is a whole number from 1 to {MAX_RATE_HZ:,}, got {rate_hz!r:.80}")
    return int(rate_hz.__index__())


def _check_shape(held: Held) -> None:
    shape = held.shape
    if len(shape) not in (1, 2) or not all(shape):
        raise ValueError(f"audio has the shape (samples,) or (samples, channels), got {words(shape)}")
    if len(shape) == 2 and shape[1] > MAX_CHANNELS:
        way_out = "; its channels come last: give samples.T" if shape[0] <= MAX_CHANNELS else ""
        raise ValueError(f"audio has at most {MAX_CHANNELS} channels, got the shape {words(shape)}{way_out}")
    if held.kind in "bu":
        raise TypeError(
            "samples are -1 to 1, or signed integers of 16 bit; centre unsigned ones: (samples - 128) / 128"
        )


def _check_samples(samples: Array) -> None:
    import numpy

    if samples.dtype.kind == "i" and samples.dtype != numpy.int16:
        least, most = int(samples.min()), int(samples.max())
        if least < -32_768 or most > 32_767:
            raise ValueError(f"samples that are integers have 16 bit, got {least} to {most}; divide by 2**31, say")
    if samples.dtype.kind == "f" and not bool(numpy.isfinite(samples).all()):
        raise ValueError("samples are finite numbers, got NaN or infinity among them; numpy.nan_to_num makes silence")


def _as_int16(samples: Array) -> Array:
    """(samples, channels) of 16 bit."""
    import numpy

    if samples.ndim == 1:
        samples = samples[:, None]
    if samples.dtype.kind == "i":
        return samples.astype("<i2")
    return numpy.rint(numpy.clip(samples.astype(numpy.float32), -1.0, 1.0) * 32_767).astype("<i2")


def _wav(samples: Array, rate_hz: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as made:
        made.setnchannels(samples.shape[1])
        made.setsampwidth(2)
        made.setframerate(rate_hz)
        made.writeframes(samples.tobytes())
    return file.getvalue()


def _details(samples: Array, rate_hz: int) -> kinds.Audio:
    return kinds.Audio(
        format="wav",
        sample_rate_hz=rate_hz,
        seconds=len(samples) / rate_hz,
        channels=samples.shape[1],
        peaks=_peaks(samples),
    )


def _peaks(samples: Array) -> tuple[tuple[float, float], ...]:
    """The least and the greatest amplitude of equal parts, over all channels."""
    import numpy

    starts = numpy.unique(numpy.linspace(0, len(samples), PEAKS, endpoint=False).astype(int))
    least = numpy.minimum.reduceat(samples.min(axis=1), starts) / 32_768
    most = numpy.maximum.reduceat(samples.max(axis=1), starts) / 32_768
    return tuple((round(float(low), 4), round(float(high), 4)) for low, high in zip(least, most, strict=True))


def _format_of(data: bytes, where: str) -> Format:
    """By what the file begins with. Raises ValueError for one that browsers do not play."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:4] == b"OggS":
        return "ogg"
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0):
        return "mp3"
    raise ValueError(f"the file {where} is no WAV, MP3, Ogg or FLAC; give the samples and their sample_rate_hz")


def _details_of(data: bytes, format: Format) -> kinds.Audio:
    """What a file says of itself, as far as it can be read with little."""
    if format == "wav":
        return _details_of_wav(data)
    if format == "flac" and len(data) >= 26:
        packed = int.from_bytes(data[18:26], "big")
        rate_hz, channels, count = packed >> 44, (packed >> 41 & 7) + 1, packed & (2**36 - 1)
        seconds = count / rate_hz if rate_hz and count else None
        return kinds.Audio(format=format, sample_rate_hz=rate_hz, channels=channels, seconds=seconds)
    return kinds.Audio(format=format)


def _details_of_wav(data: bytes) -> kinds.Audio:
    try:
        with wave.open(io.BytesIO(data), "rb") as read:
            channels, width, rate_hz, count = read.getparams()[:4]
            frames = read.readframes(count) if width == 2 else b""
    except (wave.Error, EOFError):  # of floats, say: the browser knows more than the standard library
        return kinds.Audio(format="wav")
    peaks: tuple[tuple[float, float], ...] = ()
    try:
        import numpy
    except ImportError:
        pass
    else:
        whole = len(frames) // (2 * channels) * 2 * channels
        samples = numpy.frombuffer(frames[:whole], "<i2").reshape(-1, channels)
        peaks = _peaks(samples) if len(samples) else ()
    seconds = count / rate_hz if rate_hz and math.isfinite(count) else None
    return kinds.Audio(format="wav", sample_rate_hz=rate_hz, seconds=seconds, channels=channels, peaks=peaks)
