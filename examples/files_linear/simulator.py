"""A program that reads and writes files: a line through five points, for a batch at once."""

import sys

import numpy as np

theta_file, x_file, seeds_file = sys.argv[1:]
theta, seeds = np.load(theta_file), np.load(seeds_file)
noise = np.array([np.random.default_rng(seed).normal(size=5) for seed in seeds])
at = np.linspace(-1, 1, 5)
np.save(x_file, theta[:, :1] + theta[:, 1:] * at + 0.2 * noise)
