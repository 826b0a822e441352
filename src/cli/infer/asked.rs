//! What is inferred from what, as the arguments say it: anew, with more rounds, or from a model.

use super::Args;
use crate::cli::Failure;
use crate::cli::observation::ObservationArg;
use crate::run::{Continued, FirstRound, Owned, holds_inference};
use freeform_inference::{EngineKind, Model, Overrides, Preset, RoundPlan, check_observation};
use freeform_simulators::{AnySimulator, Missing};
use std::path::{Path, PathBuf};

/// Simulations where nobody says how many.
const BUDGET: usize = 10_000;

/// An inference, ready to be made.
pub(super) struct Asked {
    pub name: String,
    pub simulator: AnySimulator,
    pub x: Vec<f64>,
    /// The observation, in words.
    pub observation: String,
    pub plan: RoundPlan,
    pub stop_early: bool,
    pub preset: Preset,
    pub overrides: Overrides,
    pub seed: u64,
    pub engine: EngineKind,
    pub out: PathBuf,
    /// Whether it is an inference that is given more rounds.
    pub goes_on: bool,
    /// Simulations that are the first round.
    pub first: Option<PathBuf>,
    /// The folder that is gone on with.
    _own: Option<Owned>,
}

impl Asked {
    pub fn of(args: &Args) -> Result<Self, Failure> {
        match &args.from {
            Some(from) if holds_inference(from) => Self::more_rounds(args, from),
            Some(from) => Self::from_model(args, from),
            None => Self::anew(args),
        }
    }

    fn anew(args: &Args) -> Result<Self, Failure> {
        let (Some(name), Some(observation), Some(out)) = (&args.task, &args.observation, &args.out)
        else {
            return Err(Failure::usage(&"name a TASK or simulator.toml, --observation and --out"));
        };
        let missing = args.settings.overrides()?.missing();
        let simulator = AnySimulator::open(name)?.with_missing(missing);
        let plan = RoundPlan::of(args.simulations.unwrap_or(BUDGET), args.rounds.0);
        Self::first_time(
            args,
            (name, simulator),
            observation,
            (plan, args.seed.unwrap_or(1)),
            (out, None),
        )
    }

    fn from_model(args: &Args, from: &Path) -> Result<Self, Failure> {
        let model = Model::load(from)?;
        let (Some(observation), Some(out)) = (&args.observation, &args.out) else {
            return Err(Failure::usage(&format!(
                "--from {} is a model of every observation: add --observation, the one to infer from, and \
                 --out, the folder for it",
                from.display()
            )));
        };
        if args.seed.is_some() || args.task.is_some() {
            return Err(Failure::usage(
                &"--from a model goes on with its simulator and its seed: leave TASK and --seed out",
            ));
        }
        let first = FirstRound::of(from, &model)?;
        let plan = first.plan(from, args.simulations.unwrap_or(BUDGET), args.rounds.0)?;
        let name = model.training.task.clone().unwrap_or_default();
        let simulator = (name.as_str(), first.simulator);
        Self::first_time(args, simulator, observation, (plan, first.seed), (out, first.set))
    }

    fn first_time(
        args: &Args,
        (name, simulator): (&str, AnySimulator),
        observation: &ObservationArg,
        (plan, seed): (RoundPlan, u64),
        (out, first): (&Path, Option<PathBuf>),
    ) -> Result<Self, Failure> {
        let x = observation.of_simulator(&simulator, &args.tables)?;
        let missing = args.settings.overrides()?.missing().unwrap_or(simulator.missing());
        let x = checked((&simulator, name), observation, x, missing)?;
        Ok(Self {
            name: name.to_owned(),
            simulator,
            x,
            observation: observation.to_string(),
            plan,
            // A number of rounds that somebody chose is kept.
            stop_early: args.rounds.0.is_none(),
            preset: args.settings.preset(),
            overrides: args.settings.overrides()?,
            seed,
            engine: args.settings.device.open()?,
            out: out.to_owned(),
            first,
            goes_on: false,
            _own: None,
        })
    }

    fn more_rounds(args: &Args, from: &Path) -> Result<Self, Failure> {
        let own = [
            ("TASK", args.task.is_some()),
            ("--observation", args.observation.is_some()),
            ("--out", args.out.is_some()),
            ("--seed", args.seed.is_some()),
            ("--overwrite", args.overwrite),
            ("settings", !args.settings.overrides()?.to_toml()?.is_empty()),
        ];
        if let Some((given, _)) = own.into_iter().find(|(_, given)| *given) {
            return Err(Failure::usage(&format!(
                "--from {} is an inference and goes on with its own simulator, observation, seed and settings, \
                 in its own folder: leave {given} out",
                from.display()
            )));
        }
        let Some(budget) = args.simulations else {
            return Err(Failure::usage(
                &"--from an inference needs --simulations: how many are to be made in all, those that there are \
                  included",
            ));
        };
        let Continued { simulator, name, x, plan, preset, overrides, seed, engine, own } =
            Continued::of(from, budget, args.rounds.0)?;
        Ok(Self {
            name,
            simulator,
            x,
            observation: "its observation".to_owned(),
            plan,
            stop_early: false,
            preset,
            overrides,
            seed,
            engine,
            out: from.to_owned(),
            first: None,
            goes_on: true,
            _own: Some(own),
        })
    }
}

/// The observation where rounds can be made for it; one of fewer trials than a simulation has, with the others
/// missing.
fn checked(
    (simulator, name): (&AnySimulator, &str),
    observation: &ObservationArg,
    mut x: Vec<f64>,
    missing: Missing,
) -> Result<Vec<f64>, Failure> {
    let expected = simulator.source().data_dim();
    let trials = simulator.expected().admits(x.len());
    if trials && x.len() < expected {
        x.resize(expected, f64::NAN);
    }
    if x.len() != expected {
        return Err(Failure::failed(&format!(
            "{observation} has {} numbers, a simulation of {name} {expected}: give the observed data in the \
             order of the simulator's{}",
            x.len(),
            if trials {
                "; `freeform run` takes more trials than a simulation has, `infer` does not"
            } else {
                ""
            }
        )));
    }
    if let Some((column, value)) = x.iter().enumerate().find(|(_, v)| !missing.admits(**v)) {
        return Err(Failure::failed(&format!(
            "{observation}: {} is {value}: an observation's numbers must be finite{}",
            simulator.layout().unwrap_or_default().column(column),
            match value.is_nan() {
                true => "; where NaN means \"not measured\", add --missing allowed",
                false => "",
            }
        )));
    }
    match check_observation(&x, missing) {
        Ok(()) => Ok(x),
        Err(error) => Err(Failure::failed(&format!("{observation}: {error}"))),
    }
}
