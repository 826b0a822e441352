//! Slurm's commands, with their errors made readable.

use crate::grid::GridError;
use std::io::ErrorKind;
use std::process::Command;

/// Runs a command of Slurm and returns what it printed.
pub(super) fn call(program: &str, args: &[&str]) -> Result<String, GridError> {
    let output = Command::new(program).args(args).output().map_err(|error| {
        GridError::Slurm(match error.kind() {
            ErrorKind::NotFound => format!(
                "there is no `{program}` on this machine; run this on a login node of the cluster, \
                 or use `freeform grid run` here"
            ),
            _ => format!("{program}: {error}"),
        })
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim();
    let unreachable =
        ["Unable to contact", "Connection refused", "timed out"].iter().any(|s| said.contains(s));
    Err(GridError::Slurm(match unreachable {
        true => format!(
            "{program} cannot reach Slurm's controller; nothing was changed by this call, try again \
             later: {said}"
        ),
        false => format!("{program} {}: {said}", args.join(" ")),
    }))
}

/// Slurm's default, where it does not say.
const DEFAULT_MAX_ARRAY_SIZE: usize = 1001;

/// The largest array that the cluster takes: indices run below this number.
pub(super) fn max_array_size() -> Result<usize, GridError> {
    let config = call("scontrol", &["show", "config"])?;
    Ok(parse_max_array_size(&config).unwrap_or(DEFAULT_MAX_ARRAY_SIZE))
}

fn parse_max_array_size(config: &str) -> Option<usize> {
    let line = config.lines().find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    line.split('=').nth(1)?.trim().parse().ok().filter(|size| *size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_says_how_large_arrays_may_be() {
        let config = "MailProg = /bin/mail\nMaxArraySize            = 4001\nMaxJobCount = 10000\n";
        assert_eq!(parse_max_array_size(config), Some(4001));
        assert_eq!(parse_max_array_size("MaxJobCount = 1\n"), None);
    }
}
