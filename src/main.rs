//! The `freeform` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    freeform_sbi::cli::main()
}
