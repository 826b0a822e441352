//! Dense f32 kernels.
