//! A law that a program knows.
//!
//! The program is asked one line at a time: `sample SEED` is answered by a draw `θ1 θ2 …`, `log_prob θ1
//! θ2 …` by the normalised log-density there, `-inf` where it is 0.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rand::Rng;
use toml::{Table, Value};

use super::toml_form::{FOLDER, PROGRAM};
use super::{OwnLaw, PriorError, Support};
use crate::external::{Conversation, named_file};
use crate::simulation::SimulationRng;

/// What `prior.toml` says of a program.
#[derive(Clone, Debug)]
pub(super) struct ProgramSettings {
    pub command: Vec<String>,
    pub folder: PathBuf,
    pub names: Vec<String>,
    pub support: Vec<Support>,
}

/// A law whose density and draws a program gives.
pub(super) struct ProgramLaw {
    settings: ProgramSettings,
    name: String,
    /// A hash of the files that the command names.
    content: String,
    /// Whether a file of ours says that it was used before, with the same files.
    known: bool,
    /// Programs that wait for a question.
    idle: Mutex<Vec<Conversation>>,
}

impl ProgramLaw {
    /// Starts the program; `content` is what its files were, where that is known.
    pub fn start(settings: ProgramSettings, content: Option<String>) -> Result<Self, PriorError> {
        let name = settings.command.join(" ");
        let failed = |reason: String| PriorError::Own {
            law: name.clone(),
            parameters: settings.names.join(", "),
            reason,
        };
        let mut hasher = blake3::Hasher::new();
        for argument in &settings.command {
            hasher.update(&named_file(&settings.folder, argument).unwrap_or_default());
        }
        let found = hasher.finalize().to_hex()[..32].to_owned();
        let known = content.is_some();
        if content.is_some_and(|content| content != found) {
            return Err(failed(format!(
                "its files in {} are not what they were when this was written, and the prior may be \
                 another; put them back, or train anew",
                settings.folder.display()
            )));
        }
        let mut first = Conversation::start(&settings.folder, &settings.command)
            .map_err(|error| failed(format!("it cannot be started: {error}")))?;
        let dim = settings.names.len();
        // The law is checked whole later; this is for what it says when it cannot work at all.
        let theta = answer(&mut first, "sample 1", dim).map_err(&failed)?;
        answer(&mut first, &log_prob_question(&theta), 1).map_err(&failed)?;
        let idle = Mutex::new(vec![first]);
        Ok(Self { name, content: found, known, idle, settings })
    }

    /// Asks a waiting program, or a new one where none waits or the one has ended.
    fn ask(&self, question: &str, numbers: usize) -> Option<Vec<f64>> {
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let start = || Conversation::start(&self.settings.folder, &self.settings.command).ok();
        let waiting = waiting.and_then(|mut program| {
            let answer = answer(&mut program, question, numbers).ok()?;
            Some((program, answer))
        });
        let (program, answer) = match waiting {
            Some(answered) => answered,
            None => {
                let mut program = start()?;
                let answer = answer(&mut program, question, numbers).ok()?;
                (program, answer)
            }
        };
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(program);
        Some(answer)
    }
}

fn log_prob_question(theta: &[f64]) -> String {
    let numbers: Vec<String> = theta.iter().map(f64::to_string).collect();
    format!("log_prob {}", numbers.join(" "))
}

/// The answer to a question as so many numbers.
fn answer(program: &mut Conversation, question: &str, numbers: usize) -> Result<Vec<f64>, String> {
    let line = program.ask(question)?;
    let found: Option<Vec<f64>> =
        line.split_ascii_whitespace().map(|field| field.parse().ok()).collect();
    found.filter(|found| found.len() == numbers).ok_or_else(|| {
        let shown: String = line.chars().take(200).collect();
        format!(
            "it answered \"{question}\" with \"{shown}\", not with {numbers} number(s); nothing else \
             belongs on standard output"
        )
    })
}

impl OwnLaw for ProgramLaw {
    fn name(&self) -> &str {
        &self.name
    }

    fn names(&self) -> &[String] {
        &self.settings.names
    }

    fn support(&self) -> &[Support] {
        &self.settings.support
    }

    fn sample(&self, rng: &mut SimulationRng, out: &mut [f64]) {
        // 53 bits: the most that every language reads exactly.
        let drawn = self.ask(&format!("sample {}", rng.next_u64() >> 11), out.len());
        match drawn {
            Some(theta) => out.copy_from_slice(&theta),
            None => out.fill(f64::NAN),
        }
    }

    fn log_prob(&self, theta: &[f64]) -> f64 {
        self.ask(&log_prob_question(theta), 1).map_or(f64::NAN, |answer| answer[0])
    }

    fn is_known(&self) -> bool {
        self.known
    }

    fn toml(&self) -> Option<Table> {
        let mut table = Table::new();
        let bounds = |side: fn((f64, f64)) -> f64| {
            let ends = self.settings.support.iter().map(|support| side(support.bounds()));
            ends.collect::<Vec<f64>>()
        };
        let mut insert = |key: &str, value: Value| table.insert(key.to_owned(), value);
        insert("distribution", PROGRAM.into());
        insert("command", self.settings.command.clone().into());
        insert(FOLDER, self.settings.folder.display().to_string().into());
        insert("content", self.content.clone().into());
        insert("low", bounds(|b| b.0).into());
        insert("high", bounds(|b| b.1).into());
        Some(table)
    }
}
