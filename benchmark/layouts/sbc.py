"""Trains on a case's raw numbers, and ranks the true parameters of fresh simulations among draws (SBC):

    python3 sbc.py CASE SIMULATIONS SEED [options of `freeform train`]

FREEFORM names the program (`freeform` by default). Needs numpy.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from cases import CASES, prior_toml
from run import freeform, simulated


FRESH = 300


def main(name, simulations, seed, *options):
    case = CASES[name]
    theta, x, _ = simulated(case, simulations, seed)
    rng = np.random.default_rng(4242)
    new = rng.uniform(case.low, case.high, size=(FRESH, len(case.low)))
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        np.savez(at / "sims.npz", theta=theta, x=x)
        np.savez(at / "new.npz", theta=new, x=case.simulate(new, rng))
        (at / "prior.toml").write_text(prior_toml(case))
        table = ("--simulations", at / "sims.npz", "--prior", at / "prior.toml")
        freeform("train", *table, "--seed", seed, "--out", at / "model", *options)
        found, _ = freeform("calibrate", at / "model", "--simulations", at / "new.npz")
    uniform = {p["name"]: round(p["ecdf_p_value"], 3) for p in found["parameters"]}
    print(f"{name} {simulations} seed {seed}: {found['simulations']} ranked, p of uniform ranks {uniform}")


if __name__ == "__main__":
    main(*sys.argv[1:])
