//! A training step of the CPU engine allocates nothing once it has seen its largest batch, and
//! what it holds does not grow with the table.

use freeform_inference::engine::{Batch, CpuEngine, Engine, LogDet, LossSettings, UpdateSettings};
use freeform_inference::network::{Activation, NetworkSpec};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const UPDATE: UpdateSettings = UpdateSettings {
    learning_rate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 1e-3,
    clip_norm: Some(5.0),
    average_decay: Some(0.99),
};

/// Steps on batches of 32 from a table; allocations in the last two of three, bytes held.
fn train(log_det: LogDet, table_rows: usize) -> (usize, usize) {
    let spec = NetworkSpec::small(3, 4, Activation::Silu);
    let table = |width: usize| -> Vec<f32> {
        (0..table_rows * width).map(|i| (i as f32 * 0.37).sin()).collect()
    };
    let (theta, x) = (table(3), table(4));
    let probes = match log_det {
        LogDet::Hutchinson { probes } => vec![1.0; probes * 32 * 3],
        LogDet::Exact => Vec::new(),
    };
    let rows: Vec<u32> = (0..32).map(|i| (i * 7919 % table_rows) as u32).collect();
    let batch = Batch { theta: &theta, x: &x, rows: &rows, probes: &probes };
    // A last, shorter batch of an epoch.
    let ragged = match log_det {
        LogDet::Hutchinson { probes: k } => {
            Batch { rows: &rows[..5], probes: &probes[..k * 15], ..batch }
        }
        LogDet::Exact => Batch { rows: &rows[..5], ..batch },
    };
    let loss = LossSettings { beta: 5.0, latent_reconstruction: 1.0, log_det };
    let mut engine = CpuEngine::new(&spec, &spec.initial_weights(1));
    assert!(engine.train_step(&batch, &loss, &UPDATE).is_finite());
    let before = ALLOCATIONS.with(Cell::get);
    let reports = [&ragged, &batch].map(|b| engine.train_step(b, &loss, &UPDATE));
    let count = ALLOCATIONS.with(Cell::get) - before;
    assert!(reports.iter().all(|r| r.is_finite()));
    (count, engine.workspace_bytes())
}

#[test]
fn a_step_allocates_nothing() {
    for log_det in
        [LogDet::Hutchinson { probes: 1 }, LogDet::Hutchinson { probes: 3 }, LogDet::Exact]
    {
        let (count, bytes) = train(log_det, 100);
        assert_eq!(count, 0, "{log_det:?}");
        let (count, with_large_table) = train(log_det, 50_000);
        assert_eq!((count, with_large_table), (0, bytes), "{log_det:?}");
    }
}
