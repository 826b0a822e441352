"""Trains on a case's raw numbers, and scores five observations against exact posteriors:

    python3 run.py CASE SIMULATIONS SEED [options of `freeform train`]

FREEFORM names the program (`freeform` by default). Needs numpy.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cases import CASES, exact, prior_toml

ROWS = 3000


def freeform(*words):
    program = os.environ.get("FREEFORM", "freeform")
    done = subprocess.run([program, *map(str, words), "--json"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout), done.stderr


def simulated(case, simulations, seed):
    """θ and x to learn from, and five observations, whatever the seed."""
    rng, known = np.random.default_rng(int(seed)), np.random.default_rng(777)
    draw = lambda rng, n: rng.uniform(case.low, case.high, size=(n, len(case.low)))
    theta = draw(rng, int(simulations))
    return theta, case.simulate(theta, rng), case.simulate(draw(known, 5), known)


def score(case, observed, index, draws, at):
    """C2ST of draws in a file for one of the observations, against exact ones."""
    np.save(at / "exact.npy", exact(case, observed[index], ROWS, np.random.default_rng(index)))
    return freeform("c2st", at / "exact.npy", draws)[0]["c2st"]


def main(name, simulations, seed, *options):
    case = CASES[name]
    theta, x, observed = simulated(case, simulations, seed)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        np.savez(at / "sims.npz", theta=theta, x=x)
        (at / "prior.toml").write_text(prior_toml(case))
        begun = time.time()
        table = ("--simulations", at / "sims.npz", "--prior", at / "prior.toml")
        _, said = freeform("train", *table, "--seed", seed, "--out", at / "model", *options)
        seconds = time.time() - begun
        said = [line for line in said.splitlines() if line.startswith(("x of", "the networks see", "warning"))]
        scores = []
        for index, row in enumerate(observed):
            np.save(at / "x.npy", row[None])
            where = ("--observation", at / "x.npy", "--anyway", "--out", at / "draws.npy")
            freeform("sample", at / "model", "-n", ROWS, *where)
            scores.append(score(case, observed, index, at / "draws.npy", at))
    print(f"{name} {simulations} seed {seed} {' '.join(options)}: mean C2ST {np.mean(scores):.3f}")
    print("  each " + " ".join(f"{s:.3f}" for s in scores) + f"; trained in {seconds:.0f} s")
    print("\n".join("  " + line for line in said[:1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
