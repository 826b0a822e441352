//! Where a parameter may lie, and a smooth map from there to the whole real line.

/// The support of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Support {
    /// All real numbers.
    Real,
    /// All numbers above a lower bound.
    Positive {
        /// The lower bound, not itself part of the support.
        lower: f64,
    },
    /// All numbers below an upper bound.
    Below {
        /// The upper bound, not itself part of the support.
        upper: f64,
    },
    /// All numbers between two bounds.
    Interval {
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// All numbers between two positive bounds, over orders of magnitude: what counts is the logarithm.
    LogInterval {
        /// The lower bound, above 0.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// A circle, cut open: both bounds are one point of it.
    Circle {
        /// Where a turn begins.
        lower: f64,
        /// Where it ends.
        upper: f64,
    },
    /// One of several categories: 0, 1, …, whose order means nothing.
    Category {
        /// How many.
        count: usize,
    },
}

impl Support {
    /// The support of numbers above `lower` and below `upper`, either of which may be infinite.
    #[must_use]
    pub fn between(lower: f64, upper: f64) -> Self {
        match (lower.is_finite(), upper.is_finite()) {
            (false, false) => Self::Real,
            (true, false) => Self::Positive { lower },
            (false, true) => Self::Below { upper },
            (true, true) => Self::Interval { lower, upper },
        }
    }

    /// Lower and upper bound; infinite where there is none.
    #[must_use]
    pub fn bounds(self) -> (f64, f64) {
        match self {
            Self::Real => (f64::NEG_INFINITY, f64::INFINITY),
            Self::Positive { lower } => (lower, f64::INFINITY),
            Self::Below { upper } => (f64::NEG_INFINITY, upper),
            Self::Interval { lower, upper }
            | Self::LogInterval { lower, upper }
            | Self::Circle { lower, upper } => (lower, upper),
            Self::Category { count } => (0.0, count.saturating_sub(1) as f64),
        }
    }

    /// Whether θ lies inside. The ends of an interval count as inside, the bound of a parameter with
    /// one bound does not; NaN and infinities never do.
    #[must_use]
    pub fn contains(self, theta: f64) -> bool {
        match self {
            Self::Real => theta.is_finite(),
            Self::Positive { lower } => theta > lower && theta.is_finite(),
            Self::Below { upper } => theta < upper && theta.is_finite(),
            Self::Interval { lower, upper }
            | Self::LogInterval { lower, upper }
            | Self::Circle { lower, upper } => lower <= theta && theta <= upper,
            Self::Category { count } => {
                theta.fract() == 0.0 && 0.0 <= theta && theta < count as f64
            }
        }
    }

    /// Whether θ lies inside and off every bound, so that [`Support::to_unconstrained`] is finite.
    #[must_use]
    pub fn contains_strictly(self, theta: f64) -> bool {
        match self {
            Self::Interval { lower, upper }
            | Self::LogInterval { lower, upper }
            | Self::Circle { lower, upper } => lower < theta && theta < upper,
            _ => self.contains(theta),
        }
    }

    /// θ, or the number nearest to it that lies off every bound, where rounding put it on or beyond
    /// one. NaN and infinities stay.
    #[must_use]
    pub(crate) fn nearest_inside(self, theta: f64) -> f64 {
        if let Self::Category { .. } = self {
            return theta;
        }
        let (lower, upper) = self.bounds();
        if lower.is_finite() && theta <= lower {
            lower.next_up()
        } else if upper.is_finite() && theta >= upper {
            upper.next_down()
        } else {
            theta
        }
    }

    /// Maps θ to u on the real line: u = θ, u = log(θ − lower), u = −log(upper − θ), or the logit of
    /// the place of θ, or of its logarithm, in the interval. Returns (u, log |dθ/du|). A bound maps
    /// to an infinity. A circle is mapped as the interval that it is cut open to, a category to the middle of the
    /// unit interval that it begins.
    #[must_use]
    pub fn to_unconstrained(self, theta: f64) -> (f64, f64) {
        match self {
            Self::Real => (theta, 0.0),
            Self::Category { .. } => (theta + 0.5, 0.0),
            Self::Positive { lower } => {
                let u = (theta - lower).ln();
                (u, u)
            }
            Self::Below { upper } => {
                let log_distance = (upper - theta).ln();
                (-log_distance, log_distance)
            }
            Self::LogInterval { lower, upper } => {
                // Logarithms of ratios, which are exact near either end.
                let below = ((theta - lower) / lower).ln_1p().ln();
                let above = ((upper - theta) / theta).ln_1p().ln();
                let log_slope = below + above - (upper / lower).ln().ln();
                (below - above, log_slope + theta.ln())
            }
            Self::Interval { lower, upper } | Self::Circle { lower, upper } => {
                // Distances to either end are exact near that end, unlike a rescaled θ.
                let below = (theta - lower).ln();
                let above = (upper - theta).ln();
                (below - above, below + above - (upper - lower).ln())
            }
        }
    }

    /// The inverse of [`Support::to_unconstrained`]. Returns (θ, log |dθ/du|); θ lies strictly
    /// inside, whatever finite u is, but for a u that lies in no category's interval.
    #[must_use]
    pub fn from_unconstrained(self, u: f64) -> (f64, f64) {
        match self {
            Self::Real => (u, 0.0),
            Self::Category { .. } => (u.floor(), 0.0),
            Self::Positive { lower } => (self.nearest_inside(lower + u.exp()), u),
            Self::Below { upper } => (self.nearest_inside(upper - (-u).exp()), -u),
            Self::LogInterval { lower, upper } => {
                let width = (upper / lower).ln();
                let tail = (-u.abs()).exp();
                let distance = width * (tail / (1.0 + tail));
                let theta = if u < 0.0 {
                    lower + lower * distance.exp_m1()
                } else {
                    upper + upper * (-distance).exp_m1()
                };
                let theta = self.nearest_inside(theta);
                (theta, width.ln() - u.abs() - 2.0 * tail.ln_1p() + theta.ln())
            }
            Self::Interval { lower, upper } | Self::Circle { lower, upper } => {
                let width = upper - lower;
                let tail = (-u.abs()).exp();
                // Distance to the nearer end, so that neither end loses digits.
                let distance = width * (tail / (1.0 + tail));
                let theta = if u < 0.0 { lower + distance } else { upper - distance };
                (self.nearest_inside(theta), width.ln() - u.abs() - 2.0 * tail.ln_1p())
            }
        }
    }
}
