"""Trains, and scores fresh simulations by the density that the posterior gives their true parameters, and
by the ranks of these among its draws:

    python3 truth.py lv SIMULATIONS SEED FORM...      # raw, ten, statistics
    python3 truth.py ddm SIMULATIONS SEED TRIALS...   # trained on 10 to 1,000 trials; 100: on 100 alone

FREEFORM names the program (`freeform` by default). Needs numpy.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from processes import DriftDiffusion, LotkaVolterra
from run import freeform

FRESH, DRAWS = 200, 1000


def train(at, case, theta, x, seed, options):
    np.savez(at / "sims.npz", theta=theta, x=x)
    (at / "prior.toml").write_text(case.prior_toml())
    begun = time.time()
    table = ("--simulations", at / "sims.npz", "--prior", at / "prior.toml", "--seed", seed)
    model = at / "model"
    more = ("--threads", 1, "--overwrite", "--out", model)
    _, said = freeform("train", *table, *options, *more)
    print("\n".join("  " + line for line in said.splitlines() if "x of" in line or "see" in line))
    return model, time.time() - begun


def score(at, model, theta, x):
    """log p of each true θ, and its rank among draws, `[n]` and `[n, D]`."""
    logs, ranks = [], []
    for row, true in zip(x, theta):
        np.save(at / "x.npy", row[None])
        np.save(at / "theta.npy", true[None])
        where = (model, "--observation", at / "x.npy", "--anyway", "--threads", 1)
        freeform("log-prob", *where, "--theta", at / "theta.npy", "--out", at / "log.npy")
        freeform("sample", *where, "-n", DRAWS, "--out", at / "draws.npy")
        logs.append(np.load(at / "log.npy").ravel()[0])
        ranks.append((np.load(at / "draws.npy") < true).mean(0))
    return np.array(logs), np.array(ranks)


def worst(ranks):
    """The largest distance of ranks from uniform, times the root of their number (Kolmogorov's; 1.63 is
    exceeded once in a hundred)."""
    n = len(ranks)
    steps = np.arange(1, n + 1)[:, None] / n
    ordered = np.sort(ranks, 0)
    return np.sqrt(n) * np.maximum(np.abs(ordered - steps), np.abs(ordered - steps + 1 / n)).max(0)


def report(what, logs, ranks, seconds):
    ks = " ".join(f"{k:.2f}" for k in worst(ranks))
    error = logs.std() / np.sqrt(len(logs))
    print(f"{what:<24} log p {logs.mean():.3f} ± {error:.3f}, ranks {ks}, {seconds:.0f} s", flush=True)


def lv(at, simulations, seed, *forms):
    case, rng, known = LotkaVolterra(), np.random.default_rng(seed), np.random.default_rng(777)
    theta, fresh = case.draw(rng, simulations), case.draw(known, FRESH)
    x, seen = case.simulate(theta, rng), case.simulate(fresh, known)
    for name in forms or case.forms:
        given, options = case.form(x, name)
        model, seconds = train(at, case, theta, given, seed, options)
        report(name, *score(at, model, fresh, case.form(seen, name)[0]), seconds)


def ddm(at, simulations, seed, *asked):
    case, rng, known = DriftDiffusion(), np.random.default_rng(seed), np.random.default_rng(777)
    theta, fresh = case.draw(rng, simulations), case.draw(known, FRESH)
    options = ["--layout", "set", "--channels", "2"]
    most = 1000
    if asked == ("100",):
        most, asked = 100, (100,)
    x = case.simulate(theta, most, rng)
    if most > 100:
        count = np.exp(rng.uniform(np.log(10), np.log(most + 1), size=simulations)).astype(int)
        x[np.arange(most) >= count[:, None]] = np.nan
        options += ["--missing", "allowed"]
    model, seconds = train(at, case, theta, x, seed, options)
    seen = case.simulate(fresh, most, known)
    for n in map(int, asked or (10, 100, 1000)):
        logs, ranks = score(at, model, fresh, seen[:, :n])
        report(f"{n} trials", logs, ranks, seconds)
        best = [exact(at, case, model, true, row) for true, row in zip(fresh[:50], seen[:50, :n])]
        there = np.isfinite(best)
        print(
            f"  of {there.sum()} of these log p {logs[:50][there].mean():.3f},"
            f" exactly {np.array(best)[there].mean():.3f}",
            flush=True,
        )


def exact(at, case, model, true, x):
    """log p(θ | x) by importance sampling from a Student law fitted to the model's draws, widened."""
    np.save(at / "x.npy", x[None])
    where = ("--observation", at / "x.npy", "--anyway", "--threads", 1)
    freeform("sample", model, *where, "-n", DRAWS, "--out", at / "draws.npy")
    to_line = lambda t: np.log((t - case.low) / (case.high - t))
    draws, rng, freedom = to_line(np.load(at / "draws.npy").astype(float)), np.random.default_rng(1), 5
    for _ in range(2):
        mean, root = draws.mean(0), np.linalg.cholesky(1.3 * np.cov(draws.T))
        z = rng.normal(size=(4000, 4)) / np.sqrt(rng.chisquare(freedom, size=(4000, 1)) / freedom)
        points = mean + z @ root.T
        theta = case.low + (case.high - case.low) / (1 + np.exp(-points))
        unit = (theta - case.low) / (case.high - case.low)
        jacobian = np.log(unit * (1 - unit)).sum(1) + np.log(case.high - case.low).sum()
        proposal = -0.5 * (freedom + 4) * np.log1p((z**2).sum(1) / freedom) - np.log(np.diag(root)).sum()
        weight = np.concatenate([case.log_likelihood(t, x) for t in np.array_split(theta, 40)])
        weight += jacobian - proposal
        own = np.exp(weight - weight.max())
        draws = points[rng.choice(len(points), size=DRAWS, p=own / own.sum())]
    if own.sum() ** 2 / (own**2).sum() < 100:
        return np.nan
    # The constant of a Student law in four dimensions.
    from math import lgamma, log, pi

    constant = lgamma((freedom + 4) / 2) - lgamma(freedom / 2) - 2 * log(freedom * pi)
    evidence = weight.max() + np.log(own.mean()) - constant
    return case.log_likelihood(true[None], x)[0] - evidence


if __name__ == "__main__":
    name, simulations, seed, *more = sys.argv[1:]
    print(f"{name} {simulations} seed {seed} {' '.join(more)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        {"lv": lv, "ddm": ddm}[name](Path(folder), int(simulations), int(seed), *more)
