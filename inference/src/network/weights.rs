//! The parameters of a flow as two flat vectors.

/// Encoder and decoder parameters, each flat in its [`Layout`](super::Layout)'s order. Also the
/// shape of gradients and of optimiser moments.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowWeights {
    /// Parameters of the encoder f.
    pub encoder: Vec<f32>,
    /// Parameters of the decoder g.
    pub decoder: Vec<f32>,
}

impl FlowWeights {
    /// Zeros of the given lengths.
    #[must_use]
    pub fn zeros(encoder: usize, decoder: usize) -> Self {
        Self { encoder: vec![0.0; encoder], decoder: vec![0.0; decoder] }
    }

    /// Whether every parameter is finite.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.encoder.iter().chain(&self.decoder).all(|w| w.is_finite())
    }
}
