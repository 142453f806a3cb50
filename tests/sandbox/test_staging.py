"""What a worker is started with."""

import pytest

from harness.sandbox.staging import bare_environment


@pytest.mark.parametrize(
    "name",
    [
        "NVIDIA_TF32_OVERRIDE",
        "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
        "CUDA_LAUNCH_BLOCKING",
        "PYTORCH_ALLOC_CONF",
        "PYTORCH_CUDA_ALLOC_CONF",
        "PYTORCH_NO_CUDA_MEMORY_CACHING",
    ],
)
def test_variables_that_change_speed_or_bits_are_not_handed_on(monkeypatch, tmp_path, name):
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    environment = bare_environment(tmp_path)
    assert name not in environment
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"
