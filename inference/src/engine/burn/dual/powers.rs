//! Powers of dual values: ẏ = h′(t) ⊙ ṫ.

use super::Dual;

impl<const R: usize> Dual<R> {
    /// y = t²; h′ = 2t.
    ///
    /// # Shapes
    /// Elementwise, like every power here.
    #[must_use]
    pub fn square(self) -> Self {
        let value = self.value.clone().square();
        self.elementwise(value, |t| t * 2.0)
    }

    /// y = √t; h′ = 1/(2y), without bound as t goes to 0.
    #[must_use]
    pub fn sqrt(self) -> Self {
        let value = self.value.clone().sqrt();
        let y = value.clone();
        self.elementwise(value, |_| y.recip() * 0.5)
    }

    /// y = 1/t; h′ = −y².
    #[must_use]
    pub fn recip(self) -> Self {
        let value = self.value.clone().recip();
        let y = value.clone();
        self.elementwise(value, |_| y.square().neg())
    }
}
