"""Simulators that are scored by the density of the true parameters: Lotka and Volterra's populations, and
the drift-diffusion model of choices and their times."""

import numpy as np


class LotkaVolterra:
    """The benchmark's task seen at 41 times instead of ten: prey and predators, 0.5 days apart, each with
    a log-normal error of 10%."""

    names = ["alpha", "beta", "gamma", "delta"]
    location, scale = np.array([-0.125, -3.0, -0.125, -3.0]), 0.5
    times, spacing, noise, steps = 41, 0.5, 0.1, 25
    # How the same series is given: whole, thinned to ten times, by nine statistics.
    forms = ["raw", "ten", "statistics"]

    def draw(self, rng, n):
        return np.exp(self.location + self.scale * rng.normal(size=(n, 4)))

    def prior_toml(self):
        entry = '[[parameter]]\nname = "{}"\ndistribution = "lognormal"\nlocation = {}\nscale = {}\n'
        return "\n".join(entry.format(n, m, self.scale) for n, m in zip(self.names, self.location))

    def simulate(self, theta, rng):
        """Runge and Kutta's fourth order for the logarithms of the populations, `[n, 41, 2]`."""
        a, b, c, d = theta.T
        slope = lambda s: np.stack([a - b * np.exp(s[:, 1]), d * np.exp(s[:, 0]) - c], 1)
        state = np.tile(np.log([30.0, 1.0]), (len(theta), 1))
        h, seen = self.spacing / self.steps, [state]
        for _ in range(self.times - 1):
            for _ in range(self.steps):
                k1 = slope(state)
                k2 = slope(state + 0.5 * h * k1)
                k3 = slope(state + 0.5 * h * k2)
                k4 = slope(state + h * k3)
                state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
            seen.append(state)
        means = np.clip(np.stack(seen, 1), np.log(1e-10), np.log(1e4))
        return np.exp(means + self.noise * rng.normal(size=means.shape))

    def form(self, x, name):
        """An array of x, and how it is said to be laid out."""
        if name == "raw":
            return x, ["--layout", "series", "--channels", "2"]
        if name == "ten":
            at = np.round(np.linspace(0, self.times - 1, 11)[:10]).astype(int)
            return x[:, at].transpose(0, 2, 1).reshape(len(x), -1), []
        logs = np.log(x)
        level, spread = logs.mean(1), logs.std(1)
        z = (logs - level[:, None]) / spread[:, None]
        lags = [(z[:, lag:] * z[:, :-lag]).mean(1) for lag in (1, 2)]
        cross = (z[..., 0] * z[..., 1]).mean(1)[:, None]
        return np.concatenate([level, np.log(spread), *lags, cross], 1), []


class DriftDiffusion:
    """Evidence that drifts from a biased start to one of two bounds: reaction time and choice."""

    names = ["drift", "boundary", "bias", "non_decision"]
    low, high = np.array([-3.0, 0.6, 0.3, 0.1]), np.array([3.0, 2.5, 0.7, 0.5])

    def draw(self, rng, n):
        return rng.uniform(self.low, self.high, size=(n, 4))

    def prior_toml(self):
        entry = '[[parameter]]\nname = "{}"\ndistribution = "uniform"\nlow = {}\nhigh = {}\n'
        return "\n".join(entry.format(*v) for v in zip(self.names, self.low, self.high))

    def log_density(self, theta, time, upper):
        """log p(time, choice | θ) (Navarro & Fuss 2009), everything broadcast."""
        v, a, w, rest = theta
        v, w = np.where(upper, -v, v), np.where(upper, 1 - w, w)
        t = np.maximum(time - rest, 1e-12)
        s = t / a**2
        early, late = np.zeros(s.shape), np.zeros(s.shape)
        for k in range(-3, 4):
            early += (w + 2 * k) * np.exp(-((w + 2 * k) ** 2) / (2 * s))
        for k in range(1, 8):
            late += k * np.exp(-(k**2) * np.pi**2 * s / 2) * np.sin(k * np.pi * w)
        standard = np.where(s < 0.3, early / np.sqrt(2 * np.pi * s**3), np.pi * late)
        log = np.log(np.maximum(standard, 1e-300)) - 2 * np.log(a) - v * a * w - v**2 * t / 2
        return np.where(time > rest, log, -np.inf)

    def simulate(self, theta, trials, rng):
        """`[n, trials, 2]`: both bounds' densities are summed up on a grid of times, and inverted."""
        x = np.empty((len(theta), trials, 2))
        grid = np.concatenate([[0.0], np.geomspace(1e-3, 6.0, 800)])
        for row, (v, a, w, rest) in enumerate(theta):
            times = grid * a**2
            law = np.exp([self.log_density((v, a, w, 0.0), times, up) for up in (False, True)])
            law[:, 0] = 0.0
            pieces = 0.5 * (law[:, 1:] + law[:, :-1]) * np.diff(times)
            total = np.concatenate([[0.0], np.cumsum(pieces.ravel())])
            place = np.interp(rng.random(trials) * total[-1], total, np.arange(len(total)))
            cell = np.minimum(place.astype(int), pieces.size - 1)
            bound, at = np.divmod(cell, pieces.shape[1])
            x[row, :, 0] = times[at] + (place - cell) * np.diff(times)[at] + rest
            x[row, :, 1] = bound
        return x

    def log_likelihood(self, theta, x):
        """Of points `[k, 4]` given trials `[N, 2]`."""
        there = x[~np.isnan(x[:, 0])]
        theta = theta.T[:, :, None]
        return self.log_density(theta, there[None, :, 0], there[None, :, 1] > 0.5).sum(1)


def test():
    """Moments of the drift-diffusion model in closed form (Wagenmakers, van der Maas & Grasman 2007)."""
    rng, case = np.random.default_rng(1), DriftDiffusion()
    v, a = 1.2, 1.5
    x = case.simulate(np.array([[v, a, 0.5, 0.3]]), 200_000, rng)[0]
    share = 1 / (1 + np.exp(-v * a))
    mean = 0.3 + a / (2 * v) * np.tanh(v * a / 2)
    print("share", x[:, 1].mean(), share, "mean", x[:, 0].mean(), mean)


if __name__ == "__main__":
    test()
