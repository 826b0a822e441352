//! Times replica exchange and prints what it found: `reference_times SYSTEM DRAWS SEED [THREADS]`.
use freeform_particles::{ReferenceSettings, by_name, sample_reference};
use std::ops::ControlFlow;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let system = by_name(&args[1]).unwrap();
    let s = ReferenceSettings {
        draws: args[2].parse().unwrap(),
        seed: args[3].parse().unwrap(),
        chains: 8,
        sampling: system.sampling(),
    };
    if let Some(t) = args.get(4) {
        rayon::ThreadPoolBuilder::new().num_threads(t.parse().unwrap()).build_global().unwrap();
    }
    let t = std::time::Instant::now();
    let r = sample_reference(&*system, &s, None, &mut |_| ControlFlow::Continue(())).unwrap();
    println!("{:.1} s {:#?}", t.elapsed().as_secs_f64(), r.report);
}
