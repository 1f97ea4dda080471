//! From what a run was asked for to its optimizer, its schedule and what watches it.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::train::optimizer::{Optimizer, OptimizerSpec};
use crate::train::options::{Progress, TrainOptions, learning_rate};
use crate::train::schedule::{LearningRate, Schedule};

use super::Session;

impl Session {
    /// The optimizer that the options ask for. The present one goes on with what it
    /// remembers unless another rule is asked for.
    ///
    /// The model's own schedule counts all steps that the optimizer took, as Keras does from
    /// `compile` on; one that is asked for with a run begins with that run.
    pub(super) fn choose_optimizer(&self, options: &TrainOptions) -> Result<Optimizer> {
        let network = self.network()?;
        let asked = options.optimizer.clone().map(OptimizerSpec::from_value).transpose();
        let asked = asked.map_err(Error::of_option)?;
        let rate = options.learning_rate.map(learning_rate).transpose()?;
        let asks_schedule =
            asked.as_ref().is_some_and(|spec| rate.is_none() && spec.learning_rate.is_schedule());
        let present = self.optimizer.clone();
        let before = present.as_ref().map(|present| present.spec.learning_rate.clone());
        let mut optimizer = match (asked, present) {
            (Some(spec), Some(mut present)) if present.spec.rule == spec.rule => {
                present.spec = spec;
                present
            }
            (Some(spec), _) => Optimizer::new(spec, &network.params),
            (None, Some(present)) => present,
            (None, None) => {
                Optimizer::new(network.spec().compile.optimizer.clone(), &network.params)
            }
        };
        if let Some(rate) = rate {
            optimizer.spec.learning_rate = LearningRate::Constant(rate);
        }
        if let Some(value) = &options.schedule {
            let schedule = schedule(value, rate, &optimizer.spec.learning_rate)?;
            optimizer.spec.learning_rate = LearningRate::Schedule(schedule);
        }
        let changed = before.as_ref() != Some(&optimizer.spec.learning_rate);
        if (asks_schedule || options.schedule.is_some()) && (changed || !options.resume) {
            optimizer.schedule_start = optimizer.iterations as i64;
        }
        Ok(optimizer)
    }
}

/// The schedule asked for; where it leaves out at which rate it begins, at `rate`, or at what
/// the optimizer has.
fn schedule(value: &Value, rate: Option<f64>, present: &LearningRate) -> Result<Schedule> {
    let own = match present {
        LearningRate::Constant(own) => Some(*own),
        LearningRate::Schedule(_) => None,
    };
    let schedule = Schedule::from_value(value.clone(), "schedule", rate.or(own));
    let schedule = schedule.map_err(Error::of_option)?;
    let begins_by_itself = Schedule::from_value(value.clone(), "schedule", None).is_ok();
    if rate.is_some() && begins_by_itself {
        return Err(Error::option(
            "The schedule says itself at which rate it begins; leave out learningRate, or \
             initial_learning_rate.",
        )
        .field("learningRate"));
    }
    Ok(schedule)
}

/// Refuses what watches a figure that there will not be, and a reduction of a rate that a
/// schedule sets.
pub(super) fn check_watchers(
    progress: &Progress,
    optimizer: &Optimizer,
    validated: bool,
) -> Result<()> {
    let watched = [
        ("earlyStopping", progress.early_stopping.as_ref().map(|stopping| stopping.monitor)),
        ("reduceOnPlateau", progress.reduce_on_plateau.as_ref().map(|plateau| plateau.monitor)),
    ];
    for (option, monitor) in watched {
        if let Some(monitor) = monitor.filter(|monitor| monitor.of_validation() && !validated) {
            let instead = if monitor.name() == "val_loss" { "loss" } else { "accuracy" };
            return Err(Error::option(format!(
                "{option} watches {}, but nothing is validated: divide off validation pictures \
                 (and leave validate on), or monitor {instead}.",
                monitor.name()
            ))
            .field(format!("{option}.monitor")));
        }
    }
    if progress.reduce_on_plateau.is_some() && optimizer.spec.learning_rate.is_schedule() {
        return Err(Error::option(
            "A schedule sets the learning rate already, so it cannot be reduced on a plateau; \
             leave out one of the two.",
        )
        .field("reduceOnPlateau"));
    }
    Ok(())
}
