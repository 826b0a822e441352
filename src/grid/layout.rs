//! Where everything of a sweep lies.

use std::path::{Path, PathBuf};

/// A sweep's folder.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The sweep in `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The sweep's file as last planned.
    #[must_use]
    pub fn sweep(&self) -> PathBuf {
        self.root.join("sweep.toml")
    }

    /// The frozen list of runs.
    #[must_use]
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.jsonl")
    }

    /// Everything that happened, a line each.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.root.join("events.jsonl")
    }

    /// Who is at work on what.
    #[must_use]
    pub fn claims(&self) -> PathBuf {
        self.root.join("claims")
    }

    /// Simulations shared between runs.
    #[must_use]
    pub fn simulations(&self) -> PathBuf {
        self.root.join("simulations")
    }

    /// Job scripts, their logs, the ids of submitted jobs.
    #[must_use]
    pub fn slurm(&self) -> PathBuf {
        self.root.join("slurm")
    }

    /// Asks local runners to stop while it is there.
    #[must_use]
    pub fn stop(&self) -> PathBuf {
        self.root.join("stop")
    }

    /// The table that `collect` makes.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.root.join("results.csv")
    }

    /// The best settings of each task and budget.
    #[must_use]
    pub fn best(&self) -> PathBuf {
        self.root.join("best.csv")
    }

    /// A run's own folder.
    #[must_use]
    pub fn run(&self, run: &str) -> PathBuf {
        self.root.join(run)
    }
}
