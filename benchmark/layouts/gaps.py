"""What gaps, and other numbers of trials, cost: models trained over many of them beside models trained for
the very one that is asked about, scored against exact posteriors.

    python3 gaps.py ou SIMULATIONS SEED        # a series of which 30% is missing
    python3 gaps.py student SIMULATIONS SEED   # 5 to 40 trials, asked with 10, 20 and 40

FREEFORM names the program (`freeform` by default). Needs numpy.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from cases import CASES, OrnsteinUhlenbeck, exact, prior_toml
from run import ROWS, freeform

OBSERVATIONS = 5
MISSING = 0.3


class Gapped(OrnsteinUhlenbeck):
    """The same of which any point may be missing: its law between two points that are there."""

    def log_likelihood(self, theta, x):
        k, m, s = theta.T
        stationary = s**2 / (2 * k)
        there = np.flatnonzero(~np.isnan(x))
        total = -0.5 * ((x[there[0]] - m) ** 2 / stationary + np.log(stationary))
        steps = np.diff(there)
        for step in np.unique(steps):
            at = np.flatnonzero(steps == step)
            before, after, n = x[there[at]], x[there[at + 1]], len(at)
            decay = np.exp(-k * self.step * step)
            noise, drift = stationary * (1 - decay**2), m * (1 - decay)
            squares = (
                (after**2).sum() + decay**2 * (before**2).sum() + n * drift**2
                - 2 * decay * (before * after).sum() - 2 * drift * after.sum()
                + 2 * decay * drift * before.sum()
            )
            total = total - 0.5 * (squares / noise + n * np.log(noise))
        return total


class Trials(type(CASES["student"])):
    """The same of another number of trials; those behind NaN are not there."""

    def __init__(self, trials):
        self.trials = trials

    def log_likelihood(self, theta, x):
        return super().log_likelihood(theta, x[~np.isnan(x)])


def draw(case, rng, n):
    return rng.uniform(case.low, case.high, size=(n, len(case.low)))


def train(at, name, case, theta, x, seed, *options):
    np.savez(at / f"{name}.npz", theta=theta, x=x)
    (at / "prior.toml").write_text(prior_toml(case))
    begun = time.time()
    table = ("--simulations", at / f"{name}.npz", "--prior", at / "prior.toml", "--seed", seed)
    freeform("train", *table, "--layout", case.layout, "--out", at / name, *options)
    return time.time() - begun


def score(at, name, case, observed):
    scores = []
    for index, row in enumerate(observed):
        np.save(at / "x.npy", row[None])
        np.save(at / "exact.npy", exact(case, row, ROWS, np.random.default_rng(index)))
        where = ("--observation", at / "x.npy", "--anyway", "--out", at / "draws.npy")
        freeform("sample", at / name, "-n", ROWS, *where)
        scores.append(freeform("c2st", at / "exact.npy", at / "draws.npy")[0]["c2st"])
    return scores


def report(what, scores, seconds):
    each = " ".join(f"{s:.3f}" for s in scores)
    print(f"{what:<42} mean C2ST {np.mean(scores):.3f} ({each}), trained in {seconds:.0f} s", flush=True)


def ou(at, simulations, seed):
    case, rng, known = Gapped(), np.random.default_rng(seed), np.random.default_rng(777)
    theta = draw(case, rng, simulations)
    x = case.simulate(theta, rng)
    gone = known.random(case.points) < MISSING
    observed = case.simulate(draw(case, known, OBSERVATIONS), known)
    observed[:, gone] = np.nan
    hide = lambda mask: np.where(mask, np.nan, x)
    allowed = ("--missing", "allowed")
    random = rng.random(x.shape) < MISSING
    seconds = train(at, "random", case, theta, hide(random), seed, *allowed)
    report("other points missing in each simulation", score(at, "random", case, observed), seconds)
    np.save(at / "observed.npy", observed)
    masks = (*allowed, "--masks-from", at / "observed.npy")
    seconds = train(at, "masked", case, theta, x, seed, *masks)
    report("--masks-from the observations", score(at, "masked", case, observed), seconds)
    seconds = train(at, "same", case, theta, hide(gone[None]), seed, *allowed)
    report("these points missing in every simulation", score(at, "same", case, observed), seconds)
    seconds = train(at, "reduced", case, theta, x[:, ~gone], seed)
    scores = []
    for index, row in enumerate(observed):
        np.save(at / "x.npy", row[None, ~gone])
        np.save(at / "exact.npy", exact(case, row, ROWS, np.random.default_rng(index)))
        where = ("--observation", at / "x.npy", "--anyway", "--out", at / "draws.npy")
        freeform("sample", at / "reduced", "-n", ROWS, *where)
        scores.append(freeform("c2st", at / "exact.npy", at / "draws.npy")[0]["c2st"])
    report("the points that are there as a series", scores, seconds)


def student(at, simulations, seed):
    most, least, asked = 40, 5, (10, 20, 40)
    case, rng, known = Trials(most), np.random.default_rng(seed), np.random.default_rng(777)
    theta = draw(case, rng, simulations)
    x = case.simulate(theta, rng)
    count = rng.integers(least, most + 1, size=simulations)
    varied = np.where(np.arange(most) < count[:, None], x, np.nan)
    seconds = train(at, "varied", case, theta, varied, seed, "--missing", "allowed")
    observed = case.simulate(draw(case, known, OBSERVATIONS), known)
    for n in asked:
        own = observed[:, :n]
        report(f"{n} trials, trained on {least} to {most}", score(at, "varied", case, own), seconds)
        alone = train(at, f"only-{n}", case, theta, x[:, :n], seed)
        report(f"{n} trials, trained on {n}", score(at, f"only-{n}", case, own), alone)


if __name__ == "__main__":
    name, simulations, seed = sys.argv[1:4]
    print(f"{name} {simulations} seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        {"ou": ou, "student": student}[name](Path(folder), int(simulations), int(seed))
