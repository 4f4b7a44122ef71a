"""A model that lies on a CUDA device is logged from a copy on the CPU. Skipped where there is no CUDA device."""

from __future__ import annotations

import pytest

from tracker.bundles.making import make

torch = pytest.importorskip("torch")

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device, or this torch knows none"),
]


def test_a_model_on_a_gpu_stays_there(tmp_path):
    model = torch.nn.Linear(4, 2).cuda()
    before = torch.cuda.get_rng_state().tolist()
    manifest = make(model, tmp_path / "b", example=torch.ones(2, 4, device="cuda"))
    assert {form.kind for form in manifest.forms} >= {"onnx", "torch_export"}
    assert {parameter.device.type for parameter in model.parameters()} == {"cuda"}
    assert model.training
    assert torch.cuda.get_rng_state().tolist() == before
