//! What may enter a job script: each kind of text by the grammar that Slurm has for it, so that no
//! value can become an option, a comment or a command.

use std::path::Path;

/// A time limit: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours` and what may
/// follow that, or `UNLIMITED`.
pub(super) fn time(text: &str) -> Result<(), String> {
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(days), rest),
        None => (None, text),
    };
    let parts: Vec<&str> = rest.split(':').collect();
    let digits = |part: &str| is_number(part) && part.len() <= 6;
    let well = parts.len() <= 3 && parts.iter().all(|p| digits(p)) && days.is_none_or(digits);
    match well || ["UNLIMITED", "INFINITE"].contains(&text) {
        true => Ok(()),
        false => Err(refused(
            text,
            "a time limit as Slurm writes it: 90 (minutes), 30:00, 1:00:00, 2-12 or 2-12:00:00",
        )),
    }
}

/// Memory: a number, perhaps with `K`, `M`, `G` or `T`.
pub(super) fn memory(text: &str) -> Result<(), String> {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']).unwrap_or(text);
    match is_number(digits) && digits.len() <= 12 {
        true => Ok(()),
        false => Err(refused(text, "an amount of memory as Slurm writes it: 2G or 500M")),
    }
}

/// The name of an account.
pub(super) fn account(text: &str) -> Result<(), String> {
    match is_name(text) {
        true => Ok(()),
        false => Err(refused(text, "a name of letters, digits and _ - . + @")),
    }
}

/// Names of partitions, with commas between them.
pub(super) fn partition(text: &str) -> Result<(), String> {
    match text.split(',').all(is_name) {
        true => Ok(()),
        false => Err(refused(text, "names of letters, digits and _ - . + @, with commas between")),
    }
}

/// A further option of `sbatch`: `--name`, `--name=value` or `-x value`, without anything that ends
/// a line, begins a comment, or hides either.
pub(super) fn option(text: &str) -> Result<(), String> {
    let name = |text: &str, long: bool| {
        let mut rest = text.bytes();
        rest.next().is_some_and(|c| c.is_ascii_alphabetic())
            && (long || text.len() == 1)
            && rest.all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    let value =
        |text: &str| !text.is_empty() && text.bytes().all(|c| PLAIN.contains(char::from(c)));
    let well = match text.strip_prefix("--") {
        Some(long) => match long.split_once('=') {
            Some((long, given)) => name(long, true) && value(given),
            None => name(long, true),
        },
        None => text.strip_prefix('-').is_some_and(|short| match short.split_once(' ') {
            Some((short, given)) => name(short, false) && value(given),
            None => name(short, false),
        }),
    };
    match well {
        true => Ok(()),
        false => Err(refused(
            text,
            "one option, --name, --name=value or -x value, whose value has letters, digits and \
             _ - . , : = + / % @ * [ ] ( ) & | ! only",
        )),
    }
}

/// What the value of a further option is made of.
const PLAIN: &str =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:=+/%@*[]()&|!";

/// A path that a script names: text, without what Slurm replaces (`%`) or takes for quotes, and
/// without control characters. Spaces are fine.
pub(super) fn path(path: &Path) -> Result<&str, String> {
    let bad = |c: char| c.is_control() || "%\"'\\".contains(c);
    match path.to_str() {
        Some(text) if !text.contains(bad) => Ok(text),
        _ => Err(format!(
            "the path {path:?} has characters that a job script cannot name safely (control \
             characters, quotes, \\, %, or bytes that are no text); rename or move that folder"
        )),
    }
}

/// The id of a job.
pub(super) fn job_id(text: &str) -> Result<(), String> {
    match is_number(text) {
        true => Ok(()),
        false => Err(refused(text, "the number of a job")),
    }
}

/// A name for a job or a file: what is neither a letter, a digit nor `_` becomes `_`.
pub(super) fn plain_name(text: &str) -> String {
    text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|c| c.is_ascii_alphanumeric() || c == b'_')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || b"_-.+@".contains(&c))
}

fn refused(text: &str, wanted: &str) -> String {
    format!("{text:?} is not {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&str) -> Result<(), String>;

    /// Forms from Slurm's own manual of `sbatch`.
    #[test]
    fn what_slurm_takes_is_taken() {
        let forms: [(Rule, &[&str]); 5] = [
            (time, &["90", "30:00", "1:00:00", "2-12", "2-12:30", "2-12:30:00", "UNLIMITED"]),
            (memory, &["0", "2G", "500M", "1048576", "64g", "1T"]),
            (partition, &["cpu", "cpu,gpu-long", "a.b_c"]),
            (account, &["lab", "lab-2.old", "x@y"]),
            (
                option,
                &[
                    "--qos=long",
                    "--exclusive",
                    "-C haswell",
                    "--gres=gpu:a100:2",
                    "--constraint=[rack1|rack2]",
                    "--mail-user=me@lab.org",
                    "-H",
                ],
            ),
        ];
        for (rule, texts) in forms {
            for text in texts {
                assert_eq!(rule(text), Ok(()), "{text}");
            }
        }
    }

    #[test]
    fn what_could_be_more_than_its_kind_is_refused() {
        let tricks = [
            "",
            " ",
            "1:00:00\ntouch X #",
            "1\n",
            "\r1",
            "1 --uid=0",
            "1#",
            "1;ls",
            "$(ls)",
            "`ls`",
            "1\u{2028}2",
            "1\0",
            "'1'",
            "\"1\"",
            "1\\",
            "--",
            "-",
            "٣",
            "1:00:00:00",
            "-1",
        ];
        let rules: [(&str, Rule); 5] = [
            ("time", time),
            ("memory", memory),
            ("partition", partition),
            ("account", account),
            ("option", option),
        ];
        for (name, rule) in rules {
            for text in tricks {
                let message = rule(text).expect_err(&format!("{name} took {text:?}"));
                assert!(!message.contains(char::is_control), "{message}");
            }
        }
        assert!(time("1-").is_err() && time("1-2-3").is_err() && memory("2GB").is_err());
        for text in ["--wrap=x y", "--qos=a\nb", "--comment=a#b", "qos=long", "--comment=\"a", "-"]
        {
            assert!(option(text).is_err(), "{text:?}");
        }
        for text in ["a\nb", "a%b", "a\"b", "a'b", "a\\b", "a\tb"] {
            assert!(path(Path::new(text)).is_err(), "{text:?}");
        }
        assert_eq!(path(Path::new("/data/my sweeps ü/1")), Ok("/data/my sweeps ü/1"));
        assert_eq!(plain_name("a b\n../c%d"), "a_b____c_d");
    }

    /// Any text of any characters: what is taken is one word of one line (an option: two at most).
    #[test]
    fn nothing_taken_ends_a_line() {
        let alphabet: Vec<char> = "019aZG:-=,. #;$`'\"\\\n\r\t\0%&|()<>*\u{85}é".chars().collect();
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        const OPTION: usize = 4;
        let rules: [Rule; 6] = [time, memory, partition, account, option, job_id];
        let mut taken = 0;
        for _ in 0..200_000 {
            let length = next(7);
            let text: String = (0..length).map(|_| alphabet[next(alphabet.len())]).collect();
            for (kind, _) in rules.iter().enumerate().filter(|(_, rule)| rule(&text).is_ok()) {
                taken += 1;
                let spaces = text.matches(' ').count();
                let bad = |c: char| c.is_control() || "#;$`'\"\\<>".contains(c);
                assert!(!text.contains(bad), "{text:?}");
                assert!(spaces == 0 || (spaces == 1 && kind == OPTION), "{text:?}");
            }
        }
        assert!(taken > 1000, "only {taken} of the texts were taken");
    }
}
