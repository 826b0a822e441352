"""Simulators whose data have structure and whose likelihoods are known: exact posteriors on a grid."""

import numpy as np


class OrnsteinUhlenbeck:
    """100 points, 0.1 apart, of dx = k (m - x) dt + s dW, begun in its stationary law."""

    names, layout = ["reversion", "mean", "noise"], "series"
    low, high = np.array([0.1, -2.0, 0.2]), np.array([5.0, 2.0, 2.0])
    points, step = 100, 0.1

    def law(self, theta):
        k, m, s = theta.T
        decay = np.exp(-k * self.step)
        stationary = s**2 / (2 * k)
        return m, decay, stationary * (1 - decay**2), stationary

    def simulate(self, theta, rng):
        m, decay, noise, stationary = self.law(theta)
        x = np.empty((len(theta), self.points))
        x[:, 0] = m + np.sqrt(stationary) * rng.normal(size=len(theta))
        for t in range(1, self.points):
            x[:, t] = m + decay * (x[:, t - 1] - m) + np.sqrt(noise) * rng.normal(size=len(theta))
        return x

    def log_likelihood(self, theta, x):
        m, decay, noise, stationary = self.law(theta)
        before, after, n = x[:-1], x[1:], len(x) - 1
        drift = m * (1 - decay)
        squares = (
            (after**2).sum() + decay**2 * (before**2).sum() + n * drift**2
            - 2 * decay * (before * after).sum() - 2 * drift * after.sum()
            + 2 * decay * drift * before.sum()
        )
        start = (x[0] - m) ** 2 / stationary + np.log(stationary)
        return -0.5 * (squares / noise + n * np.log(noise) + start)


class Autoregression:
    """200 points of a stationary AR(2) process, by its partial autocorrelations and its noise."""

    names, layout = ["first", "second", "noise"], "series"
    low, high = np.array([-0.9, -0.9, 0.3]), np.array([0.9, 0.9, 3.0])
    points, warm_up = 200, 100

    def simulate(self, theta, rng):
        first, second, noise = theta.T
        x = np.zeros((len(theta), self.points + self.warm_up))
        shocks = rng.normal(size=x.shape)
        for t in range(2, x.shape[1]):
            x[:, t] = first * (1 - second) * x[:, t - 1] + second * x[:, t - 2] + noise * shocks[:, t]
        return x[:, self.warm_up :]

    def log_likelihood(self, theta, x):
        first, second, noise = theta.T
        a, b = first * (1 - second), second
        rows = (x[2:], x[1:-1], x[:-2])
        gram = [[(p * q).sum() for q in rows] for p in rows]
        squares = (
            gram[0][0] + a**2 * gram[1][1] + b**2 * gram[2][2]
            - 2 * a * gram[0][1] - 2 * b * gram[0][2] + 2 * a * b * gram[1][2]
        )
        stationary = noise**2 / ((1 - first**2) * (1 - second**2))
        next_one = stationary * (1 - first**2)
        start = x[0] ** 2 / stationary + np.log(stationary)
        start = start + (x[1] - first * x[0]) ** 2 / next_one + np.log(next_one)
        return -0.5 * (squares / noise**2 + start) - len(rows[0]) * np.log(noise)


class StudentTrials:
    """20 independent draws of a Student law with 2 degrees of freedom: location and scale."""

    names, layout = ["location", "scale"], "set"
    low, high = np.array([-3.0, 0.2]), np.array([3.0, 3.0])
    trials, freedom = 20, 2.0

    def simulate(self, theta, rng):
        draws = rng.standard_t(self.freedom, size=(len(theta), self.trials))
        return theta[:, :1] + theta[:, 1:] * draws

    def log_likelihood(self, theta, x):
        location, scale = theta.T
        total = np.zeros(len(theta))
        for value in x:
            z = (value - location) / scale
            total -= np.log(scale) + (self.freedom + 1) / 2 * np.log1p(z**2 / self.freedom)
        return total


class GaussianField:
    """A Gaussian random field of 32 x 32 pixels around whose edges it goes on: waves of k crests a side
    have power amplitude^2 / (1 + k^2)^(index / 2)."""

    names, layout = ["index", "amplitude"], "image"
    low, high = np.array([0.0, 0.5]), np.array([4.0, 2.0])
    side = 32

    def __init__(self):
        k = np.fft.fftfreq(self.side, 1 / self.side)
        self.squares = 1 + k[:, None] ** 2 + k**2

    def simulate(self, theta, rng):
        """`[n, 32, 32]`."""
        index, amplitude = theta.T[:, :, None, None]
        noise = np.fft.fft2(rng.normal(size=(len(theta), self.side, self.side)))
        return np.fft.ifft2(amplitude * self.squares ** (-index / 4) * noise).real

    def log_likelihood(self, theta, x):
        """By its waves, those of one length together."""
        index, amplitude = theta.T
        power = np.abs(np.fft.fft2(x)) ** 2 / self.side**2
        lengths, which = np.unique(self.squares, return_inverse=True)
        sums = np.bincount(which.ravel(), power.ravel())
        total = np.zeros(len(theta))
        for length, count, own in zip(lengths, np.bincount(which.ravel()), sums):
            law = amplitude**2 * length ** (-index / 2)
            total -= 0.5 * (own / law + count * np.log(law))
        return total


CASES = {
    "ou": OrnsteinUhlenbeck(),
    "ar2": Autoregression(),
    "student": StudentTrials(),
    "field": GaussianField(),
}


def exact(case, x, n, rng):
    """n draws from the posterior under the case's box: on a grid that is zoomed in upon, cells are
    drawn and points placed in them at random."""
    low, high, dim = case.low, case.high, len(case.low)

    def grid(cells):
        edges = [np.linspace(a, b, cells + 1) for a, b in zip(low, high)]
        middles = np.meshgrid(*[0.5 * (e[1:] + e[:-1]) for e in edges], indexing="ij")
        points = np.stack(middles, -1).reshape(-1, dim)
        log = case.log_likelihood(points, x)
        return edges, points, np.exp(log - log.max())

    for _ in range(6):
        edges, _, weights = grid(60)
        weights = weights.reshape([60] * dim)
        bounds = []
        for axis in range(dim):
            marginal = weights.sum(tuple(other for other in range(dim) if other != axis))
            kept = np.flatnonzero(marginal > 1e-7 * marginal.max())
            bounds.append((edges[axis][kept[0]], edges[axis][kept[-1] + 1]))
        narrower = np.array(bounds).T
        done = np.all(narrower[1] - narrower[0] > 0.8 * (high - low))
        if done:
            break
        low, high = narrower
    cells = {2: 400, 3: 120}[dim]
    _, points, weights = grid(cells)
    chosen = points[rng.choice(len(points), size=n, p=weights / weights.sum())]
    return chosen + (rng.random((n, dim)) - 0.5) * (high - low) / cells


def prior_toml(case):
    entry = '[[parameter]]\nname = "{}"\ndistribution = "uniform"\nlow = {}\nhigh = {}\n'
    return "\n".join(entry.format(*values) for values in zip(case.names, case.low, case.high))
