"""Neural posterior estimation by the package sbi and by freeform-sbi: one script, two imports.

    pip install sbi ./python
    python benchmark/peers/sbi_npe.py --simulations 1000 --seeds 1,2

Both get the same simulations and are asked for draws at the same observations; C2ST against exact
reference draws judges both (0.5 is perfect).
"""

from __future__ import annotations

import argparse
import importlib
import time

import freeform_sbi as ff
import numpy as np
import torch

DRAWS = 10_000


def prior_of(task: str) -> torch.distributions.Distribution:
    """The task's prior as an sbi script writes it."""
    if task == "two_moons":
        box = torch.distributions.Uniform(-torch.ones(2), torch.ones(2))
        return torch.distributions.Independent(box, 1)
    return torch.distributions.MultivariateNormal(torch.zeros(10), 0.1 * torch.eye(10))


def script(package: str, task: ff.Task, n: int, seed: int, observations: list[int]) -> list[torch.Tensor]:
    """What a user of sbi writes; `package` is what stands after `from`."""
    NPE = importlib.import_module(f"{package}.inference").NPE

    torch.manual_seed(seed)
    sims = task.simulate(n, seed=seed, progress=False)
    theta, x = torch.as_tensor(sims.theta), torch.as_tensor(sims.x)

    inference = NPE(prior=prior_of(task.name), show_progress_bars=False)
    inference.append_simulations(theta, x)
    inference.train()
    posterior = inference.build_posterior()

    observed = [torch.as_tensor(task.observation(number)) for number in observations]
    options = {"show_progress_bars": False}
    return [posterior.sample((DRAWS,), x=each, **options) for each in observed]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="two_moons,gaussian_linear")
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--observations", default="1,2,3,4,5")
    arguments = parser.parse_args()
    observations = [int(number) for number in arguments.observations.split(",")]
    for name in arguments.tasks.split(","):
        task = ff.task(name)
        for seed in map(int, arguments.seeds.split(",")):
            for package in ("sbi", "freeform_sbi.sbi"):
                began = time.process_time()
                draws = script(package, task, arguments.simulations, seed, observations)
                seconds = time.process_time() - began
                scores = [
                    ff.c2st(task.reference(DRAWS, observation=number), sample)
                    for number, sample in zip(observations, draws)
                ]
                each = " ".join(f"{score:.3f}" for score in scores)
                print(
                    f"{name} n={arguments.simulations} seed={seed} {package:17} "
                    f"C2ST {np.mean(scores):.3f} ({each}) in {seconds:.0f} core seconds",
                    flush=True,
                )


if __name__ == "__main__":
    main()
