//! What is learnt and drawn is right, or said to be wrong.

mod bounds;
mod judged;
mod law;
mod support;
mod worth;
