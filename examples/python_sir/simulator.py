"""An epidemic in discrete time: 10 daily counts of new infections, from two rates."""

import sys

import numpy as np

POPULATION, DAYS = 1000, 10


def simulate(theta, rng):
    """One simulation: parameters in, a list of numbers out. Draw from `rng` only."""
    infection, recovery = theta
    susceptible, infected = POPULATION - 10, 10
    counts = []
    for _ in range(DAYS):
        risk = 1 - np.exp(-infection * infected / POPULATION)
        new = rng.binomial(susceptible, risk)
        recovered = rng.binomial(infected, 1 - np.exp(-recovery))
        susceptible, infected = susceptible - new, infected + new - recovered
        counts.append(new)
    return counts


# One simulation a line: its index, its seed, its parameters. The answer begins with the index.
# Standard output is for answers; print messages to sys.stderr.
for line in sys.stdin:
    if not line.strip():  # the end of a batch
        sys.stdout.flush()
        continue
    index, seed, *theta = line.split()
    x = simulate([float(value) for value in theta], np.random.default_rng(int(seed)))
    print(index, *x)
