//! Where each tensor of a network lies in its flat parameter vector.

/// One tensor: its name, shape, and place in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSlot {
    /// Name without the network's prefix, e.g. `block.3.gate.weight`.
    pub name: String,
    /// `[in, out]` (row-major) for a weight, `[out]` for a bias.
    pub shape: Vec<usize>,
    /// First element's index in the flat vector.
    pub offset: usize,
}

impl TensorSlot {
    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the tensor has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tensor's range in the flat vector.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.len()
    }
}

/// All tensors of one network, in order: `input.l`, then per block `linear.0`, `linear.1` and
/// (with GLU) `gate`, then `output`; of each the weight, then the bias.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    slots: Vec<TensorSlot>,
}

impl Layout {
    /// Appends the weight `[in, out]` and the bias `[out]` of a layer.
    pub(super) fn push(&mut self, layer: &str, inputs: usize, outputs: usize) {
        for (kind, shape) in [("weight", vec![inputs, outputs]), ("bias", vec![outputs])] {
            let (name, offset) = (format!("{layer}.{kind}"), self.len());
            self.slots.push(TensorSlot { name, shape, offset });
        }
    }

    /// The tensors in order.
    #[must_use]
    pub fn slots(&self) -> &[TensorSlot] {
        &self.slots
    }

    /// The tensor of a name such as `output.bias`.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&TensorSlot> {
        self.slots.iter().find(|slot| slot.name == name)
    }

    /// Length of the flat parameter vector.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.last().map_or(0, |slot| slot.offset + slot.len())
    }

    /// Whether there is no parameter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
