"""A notebook's kernel: progress is shown, its stop button stops, and it stays usable."""

from __future__ import annotations

import time

import pytest

CODE = """
import freeform_sbi as ff
prior = ff.Prior(a=ff.Normal(0, 1))
theta = prior.sample(3000)
settings = {"training.max_epochs": 5000, "training.patience": 0, "whitening.steps": 100}
posterior = ff.fit(theta=theta, x=theta + prior.sample(3000, seed=2), prior=prior, settings=settings)
"""


def test_the_stop_button():
    manager = pytest.importorskip("jupyter_client.manager")
    pytest.importorskip("ipykernel")
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    try:
        shown = []

        def see(message):
            if message["msg_type"] in ("display_data", "update_display_data"):
                shown.append((time.monotonic(), message["content"]["data"]["text/html"]))
                if len(shown) == 3:
                    kernel.interrupt_kernel()

        reply = client.execute_interactive(CODE, output_hook=see, timeout=120)
        ended = time.monotonic()
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert ended - shown[2][0] < 1.5
        assert "training" in shown[0][1] and "<progress" in shown[0][1]
        assert "stopped after" in shown[-1][1]
        again = client.execute_interactive(
            "ff.fit(theta=theta, x=theta + prior.sample(3000, seed=2), prior=prior, progress=False, "
            "settings={'training.max_epochs': 1, 'training.members': 1}).sample(3, x=[0.0]).shape",
            output_hook=lambda message: None,
            timeout=120,
        )
        assert again["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
