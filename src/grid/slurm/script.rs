//! The batch scripts: of one array, and of the job that collects.

use crate::grid::grammar::{path as checked, plain_name};
use crate::run::{Plots, plots_wanted};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// What every script of a sweep names; each path is fit for one.
#[derive(Debug)]
pub(super) struct Places {
    /// The program.
    freeform: PathBuf,
    /// The sweep's folder, absolute.
    sweep: PathBuf,
    /// Where logs and lists lie, absolute.
    slurm: PathBuf,
}

impl Places {
    /// The places of a script, or the path that cannot be in one.
    pub(super) fn new(freeform: PathBuf, sweep: PathBuf, slurm: PathBuf) -> Result<Self, String> {
        for path in [&freeform, &sweep, &slurm] {
            checked(path)?;
        }
        Ok(Self { freeform, sweep, slurm })
    }

    /// A file beside the scripts.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.slurm.join(name)
    }
}

/// What one array runs, and with what.
pub(super) struct ArrayScript<'a> {
    pub(super) places: &'a Places,
    /// File of plan indices, one a line; array index i is line i + 1.
    pub(super) list: &'a Path,
    pub(super) tasks: usize,
    pub(super) max_running: Option<usize>,
    pub(super) cpus: u16,
    /// Further `#SBATCH` options, without the word; each is one line.
    pub(super) options: &'a [String],
}

impl ArrayScript<'_> {
    /// The script. Slurm sends SIGUSR1 to it 90 s before the time limit; the run then saves its
    /// state and ends with 75, and the task goes back into the queue by the array's own id: one
    /// array task carries the id of the whole array as its job id.
    pub(super) fn text(&self) -> String {
        let Self { places, tasks, cpus, .. } = self;
        let at_most = self.max_running.map_or(String::new(), |n| format!("%{n}"));
        let name = places.sweep.file_name().unwrap_or_default().to_string_lossy();
        let mut text = format!(
            "#!/bin/bash\n\
             #SBATCH --job-name=freeform-{}\n\
             #SBATCH --array=0-{}{at_most}\n\
             #SBATCH --output={}\n\
             #SBATCH --open-mode=append\n\
             #SBATCH --requeue\n\
             #SBATCH --signal=B:USR1@90\n\
             #SBATCH --nodes=1\n\
             #SBATCH --ntasks=1\n\
             #SBATCH --cpus-per-task={cpus}\n",
            plain_name(&name),
            tasks - 1,
            option_value(&places.file("%x-%A_%a.log")),
        );
        for option in self.options {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        let (list, freeform, sweep) =
            (quoted(self.list), quoted(&places.freeform), quoted(&places.sweep));
        let plots = match plots_wanted() {
            Plots::Svg => "",
            Plots::Pdf => " --plots pdf",
            Plots::None => " --plots none",
        };
        let _ = write!(
            text,
            "\n\
             index=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" {list})\n\
             {freeform} grid task --index \"$index\" --out {sweep} --threads {cpus}{plots} &\n\
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

/// The script of the job that collects the results when the arrays have ended.
pub(super) fn collect_script(places: &Places, options: &[String]) -> String {
    let mut text = format!(
        "#!/bin/bash\n\
         #SBATCH --job-name=freeform-collect\n\
         #SBATCH --output={}\n\
         #SBATCH --time=10\n",
        option_value(&places.file("collect-%j.log")),
    );
    for option in options {
        let _ = writeln!(text, "#SBATCH {option}");
    }
    let (freeform, sweep) = (quoted(&places.freeform), quoted(&places.sweep));
    let _ = write!(text, "\n{freeform} grid collect --out {sweep}\n");
    text
}

/// A path as one word of the shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// A path without quotes in it as the value of an option in a `#SBATCH` line.
fn option_value(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_one_word() {
        let places = |sweep: &str| {
            let slurm = Path::new(sweep).join("slurm");
            Places::new("/opt/free form/bin".into(), sweep.into(), slurm)
        };
        let there = places("/data/my $(touch X) `sweep`; #1").unwrap();
        let list = there.file("array-1.txt");
        let script = ArrayScript {
            places: &there,
            list: &list,
            tasks: 3,
            max_running: None,
            cpus: 1,
            options: &["--time=1:00".to_owned()],
        };
        let text = script.text();
        assert!(text.contains("--job-name=freeform-my___touch_X___sweep____1\n"), "{text}");
        let sweep = "'/data/my $(touch X) `sweep`; #1'";
        assert!(text.contains(&format!("--out {sweep} --threads 1 &")), "{text}");
        let log = "#SBATCH --output=\"/data/my $(touch X) `sweep`; #1/slurm/%x-%A_%a.log\"\n";
        assert!(text.contains(log), "{text}");
        assert!(collect_script(&there, &[]).contains(&format!("grid collect --out {sweep}\n")));
        for name in ["/data/a\nb", "/data/100%", "/data/a\"b", "/data/it's"] {
            let message = places(name).unwrap_err();
            assert!(message.contains("rename or move"), "{message}");
        }
    }
}
