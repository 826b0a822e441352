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
    /// All numbers between two bounds.
    Interval {
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
}

impl Support {
    /// Whether θ lies inside. The ends of an interval count as inside, the bound of a positive
    /// parameter does not; NaN and infinities never do.
    #[must_use]
    pub fn contains(self, theta: f64) -> bool {
        match self {
            Self::Real => theta.is_finite(),
            Self::Positive { lower } => theta > lower && theta.is_finite(),
            Self::Interval { lower, upper } => lower <= theta && theta <= upper,
        }
    }

    /// Whether θ lies inside and off every bound, so that [`Support::to_unconstrained`] is finite.
    #[must_use]
    pub fn contains_strictly(self, theta: f64) -> bool {
        match self {
            Self::Interval { lower, upper } => lower < theta && theta < upper,
            _ => self.contains(theta),
        }
    }

    /// θ, or the number nearest to it that lies off every bound, where rounding put it on or beyond
    /// one. NaN and infinities stay.
    #[must_use]
    pub(crate) fn nearest_inside(self, theta: f64) -> f64 {
        match self {
            Self::Positive { lower } if theta <= lower => lower.next_up(),
            Self::Interval { lower, .. } if theta <= lower => lower.next_up(),
            Self::Interval { upper, .. } if theta >= upper => upper.next_down(),
            _ => theta,
        }
    }

    /// Maps θ to u on the real line: u = θ, u = log(θ − lower), or the logit of θ's place in the
    /// interval. Returns (u, log |dθ/du|). A bound maps to an infinity.
    #[must_use]
    pub fn to_unconstrained(self, theta: f64) -> (f64, f64) {
        match self {
            Self::Real => (theta, 0.0),
            Self::Positive { lower } => {
                let u = (theta - lower).ln();
                (u, u)
            }
            Self::Interval { lower, upper } => {
                // Distances to either end are exact near that end, unlike a rescaled θ.
                let below = (theta - lower).ln();
                let above = (upper - theta).ln();
                (below - above, below + above - (upper - lower).ln())
            }
        }
    }

    /// The inverse of [`Support::to_unconstrained`]. Returns (θ, log |dθ/du|); θ lies strictly
    /// inside, whatever finite u is.
    #[must_use]
    pub fn from_unconstrained(self, u: f64) -> (f64, f64) {
        match self {
            Self::Real => (u, 0.0),
            Self::Positive { lower } => (self.nearest_inside(lower + u.exp()), u),
            Self::Interval { lower, upper } => {
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
