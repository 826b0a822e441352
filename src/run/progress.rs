//! What a person sees while a job works: a bar on a terminal, a line now and then in a log.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::RefCell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Between two lines in a log.
const LOG_EVERY: Duration = Duration::from_secs(15);
/// Before which a rate says nothing of what is left.
const SOON: Duration = Duration::from_secs(3);

/// Reports to standard error; silent on request.
#[derive(Clone, Copy, Debug)]
pub struct Reporter {
    quiet: bool,
}

impl Reporter {
    /// A reporter; `quiet` keeps all but warnings to itself.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// One line that a user should see whatever the verbosity.
    pub fn tell(&self, line: &str) {
        tell(line);
    }

    /// One line of news.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            tell(line);
        }
    }

    /// Something a user should know whatever the verbosity.
    pub fn warn(&self, line: &str) {
        tell(&format!("warning: {line}"));
    }

    /// A bar over `total` units of work, `done` of which an earlier process did.
    pub(crate) fn bar(&self, label: &'static str, total: usize, done: usize) -> Bar {
        let terminal = !self.quiet && std::io::stderr().is_terminal();
        let target =
            if terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = "{prefix} {bar:24} {pos}/{len} {msg} {elapsed}";
        let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(total as u64), target)
            .with_style(style)
            .with_prefix(label)
            .with_position(done as u64);
        let log = !self.quiet && !terminal;
        Bar { bar, label, total, done, log, started: Instant::now(), logged: Instant::now() }
    }

    /// A bar over simulations, some of which may be there already.
    pub(super) fn counter(&self, label: &'static str, total: usize) -> Counter {
        let mut bar = self.bar(label, total, 0);
        // No log of what is over in a moment.
        bar.logged = Instant::now();
        Counter(RefCell::new((bar, false)))
    }
}

/// A line on standard error. Where it cannot be written, the work goes on all the same.
fn tell(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Progress of one piece of work.
pub(crate) struct Bar {
    bar: ProgressBar,
    label: &'static str,
    total: usize,
    done: usize,
    log: bool,
    started: Instant,
    logged: Instant,
}

impl Bar {
    /// Moves to `position`; `message` is asked for only when it is shown.
    pub(crate) fn update(&mut self, position: usize, message: impl Fn() -> String) {
        self.bar.set_position(position as u64);
        if self.log && self.logged.elapsed() >= LOG_EVERY {
            self.logged = Instant::now();
            let (label, total, left) = (self.label, self.total, self.left(position));
            tell(&format!("{label} {position}/{total} {}{left}", message()));
        } else if !self.bar.is_hidden() && position.is_multiple_of(8) {
            self.bar.set_message(message() + &self.left(position));
        }
    }

    /// Says that `units` are left out of the work: they count as done, and say nothing of its rate.
    pub(crate) fn skip(&mut self, units: usize) {
        self.done += units;
    }

    /// How long the rest takes at the rate so far, where there is one.
    fn left(&self, position: usize) -> String {
        let seconds = self.total.saturating_sub(position) as f64 / self.rate(position);
        match seconds {
            s if !s.is_finite() || self.started.elapsed() < SOON => String::new(),
            s if s < 120.0 => format!(" about {s:.0} s left"),
            s if s < 7200.0 => format!(" about {:.0} min left", s / 60.0),
            s => format!(" about {:.1} h left", s / 3600.0),
        }
    }

    /// Says beside the bar what is going on, and moves to `position`.
    pub(crate) fn note(&mut self, position: usize, message: &str) {
        self.update(position, || message.to_owned());
        self.bar.set_message(message.to_owned());
    }

    /// One line of news above the bar.
    pub(crate) fn line(&self, text: &str) {
        if self.log {
            tell(text);
        } else {
            self.bar.println(text);
        }
    }

    /// Units a second since this process began.
    pub(super) fn rate(&self, position: usize) -> f64 {
        position.saturating_sub(self.done) as f64 / self.started.elapsed().as_secs_f64().max(1e-9)
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Progress of a set of simulations, for a shared callback.
pub(super) struct Counter(RefCell<(Bar, bool)>);

impl Counter {
    /// `done` simulations, of which `failed` are left out. The first call says what was there.
    pub(crate) fn update(&self, done: u64, failed: usize) {
        let (bar, begun) = &mut *self.0.borrow_mut();
        if !*begun {
            (bar.done, *begun) = (done as usize, true);
            bar.bar.set_position(done);
        }
        bar.update(done as usize, || match failed {
            0 => String::new(),
            failed => format!("{failed} failed"),
        });
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        self.0.borrow().0.finish();
    }
}
