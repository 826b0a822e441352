//! `train_times SYSTEM DATA.npy SEED [name=value …]`: trains, tells, times.
use freeform_particles::training::Told;
use freeform_particles::{Preset, by_name, train};
use freeform_simulators::{TableOptions, read_table};
use std::ops::ControlFlow;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let system = by_name(&args[1]).unwrap();
    let data = read_table(&args[2], &TableOptions::observations()).unwrap().values;
    let mut s = Preset::Recommended.settings(system.particles(), data.nrows());
    args[4..].iter().for_each(|a| s.set(a).unwrap());
    let truth = system.truth().unwrap();
    let h = truth.entropy();
    println!("{s:?} entropy {h}");
    let t = std::time::Instant::now();
    let cpu = || {
        let s = std::fs::read_to_string("/proc/self/stat").unwrap();
        let f: Vec<f64> = s.split(' ').skip(13).take(2).map(|v| v.parse().unwrap()).collect();
        (f[0] + f[1]) / 100.0
    };
    let mut last = (0, cpu());
    train(&s, data.view(), system.dims(), args[3].parse().unwrap(), None, &mut |told| {
        if let Told::Step { step, .. } = told { if step == 20 { println!("cpu a step {:.4}", (cpu() - last.1) / 20.0); } }
        if let Told::Checked(c) = told {
            println!("step {} cpu {:.0} ({:.4} a step) wall {:.0} loss {:.3} KL enc {:.4} dec {:.4} solved {:.4} rec/dof {:.2e}", c.step, cpu(), (cpu() - last.1) / (c.step - last.0) as f64, t.elapsed().as_secs_f64(), c.loss, c.encoder_nll - h, c.nll - h, c.solved, c.reconstruction);
            last = (c.step, cpu());
        }
        ControlFlow::Continue(())
    }).unwrap();
}
