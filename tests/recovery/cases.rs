//! Priors of every kind, each with a simulator whose likelihood is known.

use freeform_sbi::{Prior, SimulationRng};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

pub struct Case {
    pub name: &'static str,
    prior: &'static str,
    pub data_dim: usize,
    pub simulate: fn(&[f64], &mut SimulationRng, &mut [f64]),
    /// log p(x | θ), up to a constant.
    pub log_likelihood: fn(&[f64], &[f64]) -> f64,
    /// θ of the observations.
    pub truths: &'static [&'static [f64]],
    /// Columns of angles.
    pub angles: &'static [usize],
}

impl Case {
    pub fn prior(&self) -> Prior {
        Prior::from_toml_str(self.prior).unwrap()
    }

    pub fn observation(&self, number: usize) -> Vec<f64> {
        let mut x = vec![0.0; self.data_dim];
        let mut rng = SimulationRng::new(4711, number as u64);
        (self.simulate)(self.truths[number], &mut rng, &mut x);
        x
    }
}

fn noise(rng: &mut SimulationRng) -> f64 {
    StandardNormal.sample(rng)
}

/// −½ ((x − mean) / std)².
fn square(x: f64, mean: f64, std: f64) -> f64 {
    -0.5 * ((x - mean) / std).powi(2)
}

/// x = θ₁ + ε, twice.
fn twice(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    x.fill_with(|| theta[0] + noise(rng));
}

fn twice_likelihood(theta: &[f64], x: &[f64]) -> f64 {
    x.iter().map(|x| square(*x, theta[0], 1.0)).sum()
}

/// Each parameter with noise of half a unit.
fn each(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    x.iter_mut().zip(theta).for_each(|(x, t)| *x = t + 0.5 * noise(rng));
}

fn each_likelihood(theta: &[f64], x: &[f64]) -> f64 {
    x.iter().zip(theta).map(|(x, t)| square(*x, *t, 0.5)).sum()
}

/// A line, a parabola, or neither, through the first of two numbers.
fn curve(theta: &[f64]) -> [f64; 4] {
    [-1.0, -0.3, 0.4, 1.0].map(|t| match theta[0] as usize {
        0 => theta[1] + theta[2] * t,
        1 => theta[1] + theta[2] * t * t,
        _ => theta[1],
    })
}

/// A point on the unit circle with noise.
fn direction(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    (x[0], x[1]) = (theta[0].cos() + 0.5 * noise(rng), theta[0].sin() + 0.5 * noise(rng));
}

fn direction_likelihood(theta: &[f64], x: &[f64]) -> f64 {
    square(x[0], theta[0].cos(), 0.5) + square(x[1], theta[0].sin(), 0.5)
}

/// An axis: opposite directions are one.
fn axis(theta: &[f64], rng: &mut SimulationRng, x: &mut [f64]) {
    direction(&[2.0 * theta[0]], rng, x);
}

fn axis_likelihood(theta: &[f64], x: &[f64]) -> f64 {
    direction_likelihood(&[2.0 * theta[0]], x)
}

pub const CASES: [Case; 15] = [
    Case {
        name: "loguniform",
        prior: "[[parameter]]\nname = \"k\"\ndistribution = \"loguniform\"\nlow = 0.01\nhigh = 100",
        data_dim: 2,
        simulate: |theta, rng, x| x.fill_with(|| theta[0].ln() + noise(rng)),
        log_likelihood: |theta, x| x.iter().map(|x| square(*x, theta[0].ln(), 1.0)).sum(),
        truths: &[&[0.02], &[1.0], &[60.0]],
        angles: &[],
    },
    Case {
        name: "half_normal",
        prior: "[[parameter]]\nname = \"s\"\ndistribution = \"half_normal\"\nscale = 2.0",
        data_dim: 2,
        simulate: twice,
        log_likelihood: twice_likelihood,
        truths: &[&[0.3], &[1.5], &[4.0]],
        angles: &[],
    },
    Case {
        name: "truncated",
        prior: "[[parameter]]\nname = \"t\"\ndistribution = \"truncated_normal\"\nmean = 0.0\n\
                std = 1.5\nlow = -0.5\nhigh = 3.0",
        data_dim: 2,
        simulate: twice,
        log_likelihood: twice_likelihood,
        truths: &[&[-0.3], &[1.0], &[2.5]],
        angles: &[],
    },
    Case {
        name: "student",
        prior: "[[parameter]]\nname = \"t\"\ndistribution = \"student_t\"\ndegrees_of_freedom = 3\n\
                location = 1\nscale = 2",
        data_dim: 2,
        simulate: twice,
        log_likelihood: twice_likelihood,
        truths: &[&[-3.0], &[1.0], &[5.0]],
        angles: &[],
    },
    Case {
        name: "half_student",
        prior: "[[parameter]]\nname = \"s\"\ndistribution = \"half_student_t\"\n\
                degrees_of_freedom = 1\nscale = 1",
        data_dim: 2,
        simulate: |theta, rng, x| x.fill_with(|| theta[0].ln() + noise(rng)),
        log_likelihood: |theta, x| x.iter().map(|x| square(*x, theta[0].ln(), 1.0)).sum(),
        truths: &[&[0.2], &[1.0], &[10.0]],
        angles: &[],
    },
    Case {
        name: "ordered",
        prior: "[[parameter]]\nnames = [\"a\", \"b\", \"c\"]\ndistribution = \"normal\"\nmean = 0\n\
                std = 1\nordered = true",
        data_dim: 3,
        simulate: each,
        log_likelihood: each_likelihood,
        truths: &[&[-1.0, 0.2, 1.0], &[0.0, 0.1, 0.2], &[-2.0, 0.5, 0.6]],
        angles: &[],
    },
    Case {
        name: "shares",
        prior: "[[parameter]]\nnames = [\"a\", \"b\"]\ndistribution = \"dirichlet\"\n\
                concentration = [1.0, 2.0, 0.7]",
        // Counts of 20 draws: the posterior is Dirichlet's again.
        data_dim: 2,
        simulate: |theta, rng, x| {
            x.fill(0.0);
            for _ in 0..20 {
                let place: f64 = rng.random_range(0.0..1.0);
                if place < theta[0] {
                    x[0] += 1.0;
                } else if place < theta[0] + theta[1] {
                    x[1] += 1.0;
                }
            }
        },
        log_likelihood: |theta, x| {
            x[0] * theta[0].ln()
                + x[1] * theta[1].ln()
                + (20.0 - x[0] - x[1]) * (1.0 - theta[0] - theta[1]).max(1e-300).ln()
        },
        truths: &[&[0.3, 0.4], &[0.05, 0.9], &[0.6, 0.35]],
        angles: &[],
    },
    Case {
        name: "category",
        prior: "[[parameter]]\nname = \"curve\"\ndistribution = \"category\"\n\
                probabilities = [0.4, 0.4, 0.2]\nlabels = [\"line\", \"parabola\", \"level\"]\n\
                [[parameter]]\nnames = [\"a\", \"b\"]\ndistribution = \"normal\"\nmean = 0\nstd = 1",
        data_dim: 4,
        simulate: |theta, rng, x| {
            for (x, mean) in x.iter_mut().zip(curve(theta)) {
                *x = mean + 0.3 * noise(rng);
            }
        },
        log_likelihood: |theta, x| {
            x.iter().zip(curve(theta)).map(|(x, mean)| square(*x, mean, 0.3)).sum()
        },
        truths: &[&[0.0, 0.5, 0.4], &[1.0, -0.5, -1.0], &[2.0, 1.0, 0.0]],
        angles: &[],
    },
    Case {
        name: "angle",
        prior: "[[parameter]]\nname = \"phi\"\ndistribution = \"circular_uniform\"",
        data_dim: 2,
        simulate: direction,
        log_likelihood: direction_likelihood,
        truths: &[&[3.1], &[-1.0], &[-3.0]],
        angles: &[0],
    },
    Case {
        name: "axis",
        prior: "[[parameter]]\nname = \"phi\"\ndistribution = \"circular_uniform\"",
        data_dim: 2,
        simulate: axis,
        log_likelihood: axis_likelihood,
        truths: &[&[3.1], &[-1.0], &[0.7]],
        angles: &[0],
    },
    Case {
        name: "von_mises",
        prior: "[[parameter]]\nname = \"phi\"\ndistribution = \"von_mises\"\nlocation = 3.0\n\
                concentration = 1.5\n[[parameter]]\nname = \"r\"\ndistribution = \"half_normal\"\n\
                scale = 1.0",
        data_dim: 2,
        simulate: |theta, rng, x| {
            let r = theta[1];
            (x[0], x[1]) =
                (r * theta[0].cos() + 0.6 * noise(rng), r * theta[0].sin() + 0.6 * noise(rng));
        },
        log_likelihood: |theta, x| {
            let r = theta[1];
            square(x[0], r * theta[0].cos(), 0.6) + square(x[1], r * theta[0].sin(), 0.6)
        },
        truths: &[&[3.1, 1.0], &[-2.0, 0.2], &[1.0, 1.5]],
        angles: &[0],
    },
    Case {
        name: "beside",
        prior: "[[parameter]]\nname = \"k\"\ndistribution = \"uniform\"\nlow = 0\nhigh = 2\n\
                [[parameter]]\nnames = [\"a\", \"b\"]\ndistribution = \"multivariate_normal\"\n\
                mean = [1.0, -1.0]\ncovariance = [[1.0, 0.8], [0.8, 1.0]]",
        data_dim: 3,
        simulate: each,
        log_likelihood: each_likelihood,
        truths: &[&[0.1, 1.0, -1.0], &[1.0, 2.0, 0.5], &[1.9, 0.0, -2.0]],
        angles: &[],
    },
    Case {
        name: "hierarchy",
        prior: "[[parameter]]\nname = \"mu\"\ndistribution = \"normal\"\nmean = 0\nstd = 1\n\
                [[parameter]]\nname = \"tau\"\ndistribution = \"half_normal\"\nscale = 1\n\
                [[parameter]]\nnames = [\"t1\", \"t2\", \"t3\"]\ndistribution = \"normal\"\n\
                mean = \"mu\"\nstd = \"tau\"",
        data_dim: 3,
        simulate: |theta, rng, x| each(&theta[2..], rng, x),
        log_likelihood: |theta, x| each_likelihood(&theta[2..], x),
        truths: &[
            &[0.0, 0.5, 0.3, -0.4, 0.6],
            &[1.0, 0.1, 1.1, 0.9, 1.0],
            &[-0.5, 1.2, -2.0, 0.5, 0.8],
        ],
        angles: &[],
    },
    Case {
        name: "nested",
        prior: "[[parameter]]\nname = \"end\"\ndistribution = \"exponential\"\nscale = 2\n\
                [[parameter]]\nname = \"start\"\ndistribution = \"uniform\"\nlow = 0\n\
                high = \"end\"",
        data_dim: 2,
        simulate: each,
        log_likelihood: each_likelihood,
        truths: &[&[2.0, 0.3], &[0.5, 0.2], &[4.0, 3.8]],
        angles: &[],
    },
    Case {
        name: "between",
        prior: "[[parameter]]\nnames = [\"low\", \"high\"]\ndistribution = \"beta\"\nalpha = 2\n\
                beta = 2\nordered = true\n[[parameter]]\nname = \"t\"\n\
                distribution = \"truncated_normal\"\nmean = 0.5\nstd = 0.5\nlow = \"low\"\n\
                high = \"high\"",
        data_dim: 3,
        simulate: |theta, rng, x| {
            x.iter_mut().zip(theta).for_each(|(x, t)| *x = t + 0.15 * noise(rng));
        },
        log_likelihood: |theta, x| x.iter().zip(theta).map(|(x, t)| square(*x, *t, 0.15)).sum(),
        truths: &[&[0.3, 0.7, 0.5], &[0.1, 0.9, 0.2], &[0.5, 0.6, 0.55]],
        angles: &[],
    },
];
