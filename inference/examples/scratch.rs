use freeform_inference::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[2].parse().unwrap();
    let posterior = Posterior::load(std::path::Path::new(&a[1]), EngineKind::Cpu).unwrap();
    let name = std::path::Path::new(&a[1]).file_name().unwrap().to_str().unwrap();
    let name = name.trim_start_matches("m_").rsplit_once('_').unwrap().0;
    let task = freeform_simulators::Task::by_name(name).unwrap();
    for o in a[3].split(',') {
        let x = task.observation(o.parse().unwrap()).unwrap().x;
        let t = std::time::Instant::now();
        let d = posterior.sample(&x, n, 1).unwrap();
        println!("{name} {o}: {:.3} s, worth {:.0}, distinct {}, proposals {}, k {:?}", t.elapsed().as_secs_f64(), d.effective, d.distinct, d.proposals, d.pareto_k);
    }
}
