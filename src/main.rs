//! The `freeform` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    let no_output = before_main::WITHOUT_OUTPUT.load(std::sync::atomic::Ordering::Relaxed);
    #[cfg(not(target_os = "linux"))]
    let no_output = false;
    freeform_sbi::cli::main(no_output)
}

/// What only can be seen before the runtime puts the null device in the place of a closed standard output.
#[cfg(target_os = "linux")]
mod before_main {
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Whether there is no standard output.
    pub static WITHOUT_OUTPUT: AtomicBool = AtomicBool::new(false);

    extern "C" fn look() {
        let there = std::fs::symlink_metadata("/proc/self/fd/1");
        let gone = there.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        let known = std::path::Path::new("/proc/self/fd").exists();
        WITHOUT_OUTPUT.store(gone && known, Ordering::Relaxed);
    }

    // SAFETY: the section is of functions that the loader calls once, one after another, before `main`;
    // this one only reads the file system and stores a flag, which needs nothing that `main` sets up.
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}
