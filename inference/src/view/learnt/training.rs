//! The training of such a network, which goes on where it was left.

use super::network::{BATCH, Examples, Network, sizes};
use super::windows::Windows;
use crate::perceptron::initial_weights;
use crate::random::{Purpose, stream};
use crate::work::{Halt, Pack, Part, Saver, Unpack};
use freeform_kernels::Mlp;
use rand::seq::SliceRandom;

const BIAS: f32 = 0.5;
const EPOCHS: usize = 100;
const MOST_STEPS: usize = 6000;
/// Looks in vain that end it.
const PATIENCE: usize = 12;
const LEARNING_RATE: f32 = 2e-3;
/// Share of an average of the weights that stays at a step: averages wander less than the weights.
const AVERAGED: f32 = 0.98;

/// Where it stands, but for what the network holds.
struct State {
    done: bool,
    step: usize,
    in_vain: usize,
    best: (f64, Vec<f32>),
    average: Vec<f32>,
}

impl State {
    fn piece(&self, network: &Network) -> Vec<u8> {
        let pack = Pack::default()
            .whole(usize::from(self.done))
            .whole(self.step)
            .whole(self.in_vain)
            .doubles(&[self.best.0])
            .singles(&self.best.1)
            .singles(&self.average);
        let with = |pack: Pack, mlp: &Mlp| {
            let (steps, [first, second]) = mlp.optimizer();
            let pack = pack.singles(mlp.weights()).whole(steps.unsigned_abs() as usize);
            pack.singles(first).singles(second)
        };
        with(with(pack, &network.each), &network.whole).finish()
    }

    /// The state of such a piece; the rest of it goes into the network.
    fn recalled(piece: &[u8], network: &mut Network) -> Option<Self> {
        let mut piece = Unpack::new(piece);
        let all = network.each.weights().len() + network.whole.weights().len();
        let (done, step, in_vain) = (piece.whole()? == 1, piece.whole()?, piece.whole()?);
        let best = (piece.doubles_of(1)?[0], piece.singles_of(all)?);
        let average = piece.singles_of(all)?;
        for mlp in [&mut network.each, &mut network.whole] {
            let n = mlp.weights().len();
            let (weights, steps) = (piece.singles_of(n)?, i32::try_from(piece.whole()?).ok()?);
            let moments = [piece.singles_of(n)?, piece.singles_of(n)?];
            mlp.set_weights(&weights);
            mlp.set_optimizer(steps, [&moments[0], &moments[1]]);
        }
        piece.end()?;
        Some(Self { done, step, in_vain, best, average })
    }
}

/// The weights that `validation` rows find best after training on the others; kept as `part`.
pub(super) fn train(
    (windows, outputs): (&Windows, usize),
    examples: &Examples,
    (training, validation): (&[u32], &[u32]),
    (seed, index): (u64, u64),
    part: &Part,
) -> Result<Vec<f32>, Halt> {
    let random = |use_of: u64| stream(seed, Purpose::Learnt, (index << 32) + use_of);
    let (each, whole) = sizes(windows, outputs);
    let rng = &mut random(0);
    let start = [initial_weights(&each, BIAS, rng), initial_weights(&whole, BIAS, rng)].concat();
    let mut network = Network::new(windows, outputs, &start, BATCH);
    let mut averaged = Network::new(windows, outputs, &start, BATCH);
    let known = part.recall().and_then(|piece| State::recalled(&piece, &mut network));
    let mut state = known.unwrap_or_else(|| {
        network.set_weights(&start);
        let best = (f64::INFINITY, start.clone());
        State { done: false, step: 0, in_vain: 0, best, average: start }
    });
    let left = |state: &State, network: &Network, halt| {
        part.put(&state.piece(network))?;
        Err(halt)
    };
    let epoch = training.len().div_ceil(BATCH).max(1);
    let steps = (EPOCHS * epoch).min(MOST_STEPS);
    let looks = epoch.min(steps / 20).max(1);
    let mut order = Vec::new();
    let mut saver = Saver::new();
    while !state.done && state.step < steps {
        let step = state.step;
        if order.is_empty() || step.is_multiple_of(epoch) {
            order = training.to_vec();
            order.shuffle(&mut random(1 + (step / epoch) as u64));
        }
        if step.is_multiple_of(looks) {
            averaged.set_weights(&state.average);
            let loss = match averaged.judge(examples, validation, part) {
                Ok(loss) => loss,
                Err(halt) => return left(&state, &network, halt),
            };
            state.in_vain += 1;
            if loss < state.best.0 {
                (state.best, state.in_vain) = ((loss, state.average.clone()), 0);
            }
            if state.in_vain > PATIENCE {
                break;
            }
        }
        let from = step % epoch * BATCH;
        let rows = &order[from..(from + BATCH).min(order.len())];
        network.learn(examples, rows, LEARNING_RATE * (1.0 - step as f32 / steps as f32));
        let decay = AVERAGED.min(step as f32 / (step + 10) as f32);
        let weights = network.each.weights().iter().chain(network.whole.weights());
        let means = state.average.iter_mut().zip(weights);
        means.for_each(|(mean, weight)| *mean += (1.0 - decay) * (weight - *mean));
        state.step += 1;
        // The next look comes with the next step, whether that is this process's or another's.
        if let Err(halt) = part.go_on() {
            return left(&state, &network, halt);
        }
        if saver.is_due() {
            part.put(&state.piece(&network))?;
        }
    }
    if !state.done {
        state.done = true;
        part.keep(|| state.piece(&network))?;
    }
    Ok(state.best.1)
}

#[cfg(test)]
mod tests {
    use super::super::windows::Kind;
    use super::*;
    use crate::view::channel::Channel;
    use crate::work::Unwatched;
    use crate::work::tests::Stopper;
    use rand_distr::{Distribution, StandardNormal};

    /// Interrupted again and again, it ends where an undisturbed one does, bit for bit.
    #[test]
    fn pieces_end_where_the_whole_does() {
        let rng = &mut stream(3, Purpose::Learnt, 9);
        let mut normal = || -> f64 { StandardNormal.sample(rng) };
        let x: Vec<f64> = (0..80 * 12).map(|_| normal()).collect();
        let targets: Vec<f32> = (0..80).map(|row| (x[row * 12] * x[row * 12 + 1]) as f32).collect();
        let channels = Channel::each(&x, 1);
        let windows = Windows::fit(x.chunks_exact(12), channels, (12, Kind::Runs(3)));
        let rows: Vec<_> = x.chunks_exact(12).map(|x| windows.row(x)).collect();
        let examples = Examples { rows: &rows, targets: &targets };
        let all: Vec<u32> = (0..80).collect();
        let learn =
            |part: &Part| train((&windows, 1), &examples, (&all[..64], &all[64..]), (1, 0), part);
        let whole = learn(&Part::new(&Unwatched, "network")).unwrap();
        let stopper = Stopper::default();
        let part = Part::new(&stopper, "network");
        for times in 0.. {
            stopper.allow(9);
            match learn(&part) {
                Ok(weights) => {
                    assert!(weights == whole && times > 2, "after {times} interruptions");
                    break;
                }
                Err(halt) => assert!(matches!(halt, Halt::Stopped)),
            }
        }
    }
}
