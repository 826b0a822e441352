//! The batch script of one array.

use std::fmt::Write;
use std::path::Path;

/// What one array runs, and with what.
pub(super) struct ArrayScript<'a> {
    pub(super) name: &'a str,
    /// The program.
    pub(super) freeform: &'a Path,
    /// The sweep's folder, absolute.
    pub(super) sweep: &'a Path,
    /// Where logs and lists lie, absolute.
    pub(super) slurm: &'a Path,
    /// File of plan indices, one a line; array index i is line i + 1.
    pub(super) list: &'a Path,
    pub(super) tasks: usize,
    pub(super) max_running: Option<usize>,
    pub(super) cpus: u16,
    /// Further `#SBATCH` options, without the word.
    pub(super) options: &'a [String],
}

impl ArrayScript<'_> {
    /// The script. Slurm sends SIGUSR1 to it 90 s before the time limit; the run then saves its
    /// state and ends with 75, and the task goes back into the queue by the array's own id: one
    /// array task carries the id of the whole array as its job id.
    pub(super) fn text(&self) -> String {
        let Self { name, tasks, cpus, .. } = self;
        let at_most = self.max_running.map_or(String::new(), |n| format!("%{n}"));
        let logs = self.slurm.join("%x-%A_%a.log");
        let mut text = format!(
            "#!/bin/bash\n\
             #SBATCH --job-name={name}\n\
             #SBATCH --array=0-{}{at_most}\n\
             #SBATCH --output={}\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --requeue\n\
             #SBATCH --signal=B:USR1@90\n\
             #SBATCH --nodes=1\n\
             #SBATCH --ntasks=1\n\
             #SBATCH --cpus-per-task={cpus}\n",
            tasks - 1,
            logs.display(),
        );
        for option in self.options {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        let (list, freeform, sweep) =
            (quoted(self.list), quoted(self.freeform), quoted(self.sweep));
        let _ = write!(
            text,
            "\n\
             index=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" {list})\n\
             {freeform} grid task --index \"$index\" --out {sweep} --threads {cpus} &\n\
             run=$!\n\
             requeue=\n\
             # Before the time limit, and before preemption: save, stop, queue again.\n\
             trap 'requeue=yes; kill -USR1 \"$run\"' USR1\n\
             # Cancelled: save and stop.\n\
             trap 'kill -TERM \"$run\"' TERM\n\
             while :; do\n\
             \x20   wait \"$run\"\n\
             \x20   code=$?\n\
             \x20   kill -0 \"$run\" 2>/dev/null || break\n\
             done\n\
             # A signal that came just as the run ended hid its code.\n\
             if [ \"$code\" -gt 128 ]; then\n\
             \x20   wait \"$run\" 2>/dev/null\n\
             \x20   again=$?\n\
             \x20   [ \"$again\" -eq 127 ] || code=$again\n\
             fi\n\
             if [ \"$requeue\" ] && [ \"$code\" -eq 75 ]; then\n\
             \x20   scontrol requeue \"${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\"\n\
             fi\n\
             exit \"$code\"\n"
        );
        text
    }
}

/// A path as one word of the shell.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}
