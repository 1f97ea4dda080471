//! The learning-rate finder: a short run on a copy of the weights whose rate grows from step
//! to step, and where the loss falls fastest, there is a rate to begin with.
//!
//! Source: Smith 2017, "Cyclical Learning Rates for Training Neural Networks", section 3.3,
//! with an exponentially growing rate and a smoothed loss as the fastai library has it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::train::history::Event;
use crate::train::optimizer::{Optimizer, OptimizerSpec};
use crate::train::options::{TrainOptions, seed_or, whole};
use crate::train::schedule::{LearningRate, Schedule};
use crate::train::session::Session;
use crate::train::trial::Trial;

/// What the finder was asked for. Fields that are left out have the defaults given with them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FinderOptions {
    /// The rate of the first step; 1e-6.
    pub min_learning_rate: Option<f64>,
    /// The rate of the last step; 10.
    pub max_learning_rate: Option<f64>,
    /// Steps to take; 100. Fewer are taken where the loss leaves all bounds.
    pub steps: Option<f64>,
    /// Pictures a step; 32.
    pub batch_size: Option<f64>,
    /// How much of the smoothed loss is kept at each step, from 0 up to, but not including,
    /// 1; 0.9.
    pub smoothing: Option<f64>,
    /// Another optimizer than the session's; its own rate is not used.
    pub optimizer: Option<Value>,
    /// What happens to the pictures, as in [`TrainOptions::augmentation`].
    pub augmentation: Option<Value>,
    /// As in [`TrainOptions::class_weight`].
    pub class_weight: Option<Value>,
    /// Another seed than the session's.
    pub seed: Option<f64>,
}

/// One step of the finder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinderPoint {
    /// The step, counted from 1.
    pub step: usize,
    /// Its rate.
    pub learning_rate: f64,
    /// Mean loss of its batch, before its update.
    pub loss: f64,
    /// The mean of that and the losses before it, each counting `smoothing` times as much as
    /// the next.
    pub smoothed: f64,
}

/// What the finder found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Every step that was taken.
    pub points: Vec<FinderPoint>,
    /// The rate where the smoothed loss falls fastest; nothing where it does not fall.
    pub suggestion: Option<f64>,
    /// Whether the loss left all bounds before the last step, as it should.
    pub diverged: bool,
}

/// What the finder tells while it goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FinderEvent {
    /// A step is done.
    Point(FinderPoint),
    /// All are; no event follows.
    Done(Found),
}

/// The loss has left all bounds where its smoothed value is so many times the least.
const OUT_OF_BOUNDS: f64 = 4.0;

/// A finder at work. The session that it was made for stays as it is; to cancel, drop it.
pub struct Finder {
    trial: Trial,
    steps: usize,
    smoothing: f64,
    points: Vec<FinderPoint>,
    over: bool,
}

impl Finder {
    /// Begins, on a copy of the session's weights.
    ///
    /// # Errors
    /// `option` naming a wrong option, and as [`Session::start_training`] gives them.
    pub fn new(session: &mut Session, options: &FinderOptions) -> Result<Self> {
        session.refuse_while_training("look for a learning rate")?;
        let wrong = |field: &str, what: &str, value: f64| {
            Err(Error::option(format!("{field} is {what}; it is {value}.")).field(field))
        };
        let lowest = options.min_learning_rate.unwrap_or(1e-6);
        let highest = options.max_learning_rate.unwrap_or(10.0);
        let smoothing = options.smoothing.unwrap_or(0.9);
        let steps = whole("steps", options.steps.unwrap_or(100.0))?;
        if !(lowest > 0.0 && lowest.is_finite()) {
            return wrong("minLearningRate", "a number above 0", lowest);
        }
        if !(highest > lowest && highest.is_finite()) {
            return wrong("maxLearningRate", "a number above minLearningRate", highest);
        }
        if !(0.0..1.0).contains(&smoothing) {
            return wrong("smoothing", "a number from 0 up to, but not including, 1", smoothing);
        }
        if !(10..=10_000).contains(&steps) {
            return wrong("steps", "a whole number from 10 to 10,000", steps as f64);
        }
        let seed = seed_or(options.seed, session.seed)?;
        let network = session.network()?.clone();
        let mut spec = match (&options.optimizer, &session.optimizer) {
            (Some(value), _) => {
                OptimizerSpec::from_value(value.clone()).map_err(Error::of_option)?
            }
            (None, Some(present)) => present.spec.clone(),
            (None, None) => network.spec().compile.optimizer.clone(),
        };
        spec.learning_rate = LearningRate::Schedule(Schedule::ExponentialDecay {
            initial_learning_rate: lowest,
            decay_steps: (steps - 1) as f64,
            decay_rate: highest / lowest,
            staircase: false,
        });
        let mut trial = Trial::new(session, seed)?;
        trial.session.optimizer = Some(Optimizer::new(spec, &network.params));
        trial.session.network = Some(network);
        trial.lend(session)?.session.start_training(&TrainOptions {
            steps: Some(steps as f64),
            batch_size: options.batch_size,
            augmentation: options.augmentation.clone(),
            class_weight: options.class_weight.clone(),
            validate: Some(false),
            ..TrainOptions::default()
        })?;
        let steps = steps as usize;
        Ok(Self { trial, steps, smoothing, points: Vec::with_capacity(steps), over: false })
    }

    /// Steps that it will take at the most.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Goes on by at most `n` steps, and tells what they gave. Empty when it is over.
    ///
    /// # Errors
    /// `state` where the session's data was changed meanwhile, `device-lost` where the device
    /// fails.
    pub async fn advance(&mut self, session: &mut Session, n: usize) -> Result<Vec<FinderEvent>> {
        if self.over {
            return Ok(Vec::new());
        }
        let lent = self.trial.lend(session)?;
        let taken = lent.session.advance(n).await?;
        drop(lent);
        let mut events = Vec::with_capacity(n + 1);
        let mut diverged = None;
        for event in taken {
            match event {
                Event::Step { loss, learning_rate, .. } => {
                    let point = self.point(f64::from(loss), learning_rate);
                    self.points.push(point);
                    events.push(FinderEvent::Point(point));
                    if self.out_of_bounds() {
                        diverged = Some(true);
                        break;
                    }
                }
                Event::Warning { code, .. } if code == "diverged" => diverged = Some(true),
                Event::Done { .. } => diverged = diverged.or(Some(false)),
                _ => {}
            }
        }
        if let Some(diverged) = diverged {
            self.over = true;
            let points = std::mem::take(&mut self.points);
            let suggestion = suggest(&points);
            events.push(FinderEvent::Done(Found { points, suggestion, diverged }));
        }
        Ok(events)
    }

    /// The mean of all losses so far, the older the less.
    fn point(&self, loss: f64, learning_rate: f64) -> FinderPoint {
        let keep = self.smoothing;
        let taken = self.points.len() as i32;
        let before = self.points.last().map_or(0.0, |point| point.smoothed);
        // What a mean that begins at 0 lacks at first is made up for.
        let sum = before * (1.0 - keep.powi(taken)) * keep + loss * (1.0 - keep);
        let smoothed = sum / (1.0 - keep.powi(taken + 1));
        FinderPoint { step: self.points.len() + 1, learning_rate, loss, smoothed }
    }

    fn out_of_bounds(&self) -> bool {
        let least = self.points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
        self.points.last().is_some_and(|last| last.smoothed > OUT_OF_BOUNDS * least)
    }
}

/// The rate at which the smoothed loss falls fastest over the rate's logarithm, before its
/// least value. The slope is a least-squares line's over the steps around, a tenth of all, so
/// that one batch that happens to be easy does not decide.
fn suggest(points: &[FinderPoint]) -> Option<f64> {
    let losses: Vec<f64> = points.iter().map(|point| point.smoothed).collect();
    let least = (0..losses.len()).min_by(|a, b| losses[*a].total_cmp(&losses[*b]))?;
    let reach = (points.len() / 20).max(2);
    // Batches differ by more than this.
    if least < reach || losses[least] > 0.98 * losses[reach] {
        return None;
    }
    let slope = |place: usize| {
        let first = place.saturating_sub(reach);
        let around = &losses[first..losses.len().min(place + reach + 1)];
        let middle = (around.len() - 1) as f64 / 2.0;
        let mean = around.iter().sum::<f64>() / around.len() as f64;
        let (mut above, mut below) = (0.0, 0.0);
        for (step, loss) in around.iter().enumerate() {
            let step = step as f64 - middle;
            above += step * (loss - mean);
            below += step * step;
        }
        above / below
    };
    // The first steps' mean is of few losses.
    let candidates = (reach..least).map(|place| (place, slope(place)));
    let (place, steepest) = candidates.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (steepest < 0.0).then(|| points[place].learning_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(losses: impl Iterator<Item = f64>) -> Vec<FinderPoint> {
        let point = |(step, loss): (usize, f64)| FinderPoint {
            step: step + 1,
            learning_rate: 1e-5 * 10f64.powf(step as f64 / 20.0),
            loss,
            smoothed: loss,
        };
        losses.enumerate().map(point).collect()
    }

    #[test]
    fn the_steepest_fall_is_suggested() {
        // Flat, falling around step 50, rising from step 80 on.
        let curve = |step: usize| {
            let falling = -1.0 / (1.0 + (-(step as f64 - 50.0) / 4.0).exp());
            2.0 + falling + (step.saturating_sub(80) as f64).powi(2) / 50.0
        };
        let points = points((0..100).map(curve));
        let found = suggest(&points).unwrap();
        assert!((found / points[50].learning_rate).log10().abs() < 0.1, "{found}");
    }

    #[test]
    fn nothing_is_suggested_where_nothing_falls() {
        assert_eq!(suggest(&points((0..100).map(|step| 1.0 + step as f64))), None);
        assert_eq!(suggest(&points((0..100).map(|_| 1.0))), None);
        assert_eq!(suggest(&[]), None);
    }
}
