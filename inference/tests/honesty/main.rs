//! What is learnt and drawn is right, or said to be wrong.

mod bounds;
mod drawing;
mod judged;
mod law;
mod modes;
mod support;
mod worth;
