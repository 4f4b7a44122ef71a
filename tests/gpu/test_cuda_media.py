"""Media of CUDA tensors wait for no device. Skipped where there is no CUDA device."""

from __future__ import annotations

import io

import numpy as np
import PIL.Image
import pytest

import tracker
from tests.client.reading import read_all
from tracker.journal_files import blobs_of
from tracker.records import MediaLogged

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device, or this torch knows none"),
]


def pictures(run):
    run.finish()
    return {
        record.name: np.asarray(PIL.Image.open(io.BytesIO((blobs_of(run.journal_path) / record.digest).read_bytes())))
        for record in read_all(run.journal_path)
        if isinstance(record, MediaLogged) and record.digest
    }


def busy(a):
    """Work for some 100 ms and more, queued in far less."""
    for _ in range(100):
        a = torch.matmul(a, a).clamp_(-1, 1)
    return a


def test_an_image_is_logged_while_the_device_still_computes_it(run):
    a = torch.randn(8192, 8192, device="cuda")
    run.log({"first": tracker.Image(busy(a)[:64, :64].clamp(0, 1))}, step=0)  # whatever is set up once, is set up here
    torch.cuda.synchronize()
    image = busy(a)[:64, :64].clamp(0, 1) * 0 + 0.5
    computed = torch.cuda.Event()
    computed.record()
    run.log({"image": tracker.Image(image), "histogram": tracker.Histogram(image)}, step=1)
    assert not computed.query()
    assert set(pictures(run)["image"].ravel().tolist()) == {128}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.bool, torch.int64])
def test_what_is_done_to_a_tensor_afterwards_does_not_change_it(run, dtype):
    ones = torch.ones(3, 512, 512, device="cuda").to(dtype)
    image = tracker.Image(ones, masks={"mask": torch.ones(512, 512, dtype=torch.int64, device="cuda")})
    ones.zero_()
    run.log({"image": image})
    expected = 1 if dtype in (torch.uint8, torch.int64) else 255
    assert set(pictures(run)["image"].ravel().tolist()) == {expected}
