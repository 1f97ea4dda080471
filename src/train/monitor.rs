//! What watches a figure from epoch to epoch: early stopping, and a learning rate that is
//! reduced when nothing improves. Keras 3's rules, as state that a checkpoint keeps.
//!
//! Source: Keras 3 `callbacks/early_stopping.py`, `reduce_lr_on_plateau.py` and
//! `monitor_callback.py`. A figure that is no number is never an improvement here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::model::Fields;
use crate::train::history::EpochRecord;

/// The figure that is watched, by Keras's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monitor {
    /// The mean loss of the validation pictures; lower is better.
    ValLoss,
    /// The share of them classified rightly; higher is better.
    ValAccuracy,
    /// The mean loss of the training pictures.
    Loss,
    /// The share of them classified rightly.
    Accuracy,
}

impl Monitor {
    const NAMES: [(&'static str, Self); 4] = [
        ("val_loss", Self::ValLoss),
        ("val_accuracy", Self::ValAccuracy),
        ("loss", Self::Loss),
        ("accuracy", Self::Accuracy),
    ];

    /// Its name in Keras.
    pub fn name(self) -> &'static str {
        crate::model::name_of(&Self::NAMES, &self)
    }

    /// Whether it needs validation pictures.
    pub fn of_validation(self) -> bool {
        matches!(self, Self::ValLoss | Self::ValAccuracy)
    }

    fn of(self, record: &EpochRecord) -> Option<f64> {
        match self {
            Self::ValLoss => record.val_loss,
            Self::ValAccuracy => record.val_accuracy,
            Self::Loss => Some(record.loss),
            Self::Accuracy => Some(record.accuracy),
        }
    }

    /// Whether `now` is better than `best` by more than `min_delta`.
    fn improves(self, now: f64, best: Option<f64>, min_delta: f64) -> bool {
        match (self, best) {
            _ if now.is_nan() => false,
            (_, None) => true,
            (Self::ValLoss | Self::Loss, Some(best)) => now + min_delta < best,
            (Self::ValAccuracy | Self::Accuracy, Some(best)) => now - min_delta > best,
        }
    }
}

/// Ends a run whose figure has stopped improving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlyStopping {
    /// What is watched.
    pub monitor: Monitor,
    /// Epochs without an improvement that are waited for.
    pub patience: u32,
    /// What a change must exceed to be an improvement.
    pub min_delta: f64,
    /// Whether the run ends with the weights of its best epoch.
    pub restore_best_weights: bool,
    /// Epochs of the run that pass before anything is watched.
    pub start_from_epoch: u32,
    /// Epochs of the run so far.
    #[serde(default)]
    pub epochs: u32,
    /// Epochs since the last improvement.
    #[serde(default)]
    pub wait: u32,
    /// The best figure so far.
    #[serde(default)]
    pub best: Option<f64>,
    /// Its epoch, counted from 1 over the life of the weights.
    #[serde(default)]
    pub best_epoch: Option<u32>,
}

/// What early stopping says of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the best so far.
    Improved,
    /// It is not, and the run goes on.
    Wait,
    /// It is not, and the run ends.
    Stop,
}

impl EarlyStopping {
    /// Reads the option `earlyStopping`: an object, or `true` for Keras's defaults. Off where
    /// it is null or false.
    ///
    /// # Errors
    /// `option` naming the field at fault.
    pub fn from_value(value: Value) -> Result<Option<Self>> {
        read("earlyStopping", value, |fields| {
            let read = Self {
                monitor: fields.choice("monitor", &Monitor::NAMES, Monitor::ValLoss)?,
                patience: epochs(fields, "patience", 0)?,
                min_delta: fields.number("minDelta", Some(0.0), 0.0..f64::INFINITY)?,
                restore_best_weights: fields.flag("restoreBestWeights", false)?,
                start_from_epoch: epochs(fields, "startFromEpoch", 0)?,
                epochs: 0,
                wait: 0,
                best: None,
                best_epoch: None,
            };
            let known: &[&str] =
                &["monitor", "patience", "minDelta", "restoreBestWeights", "startFromEpoch"];
            Ok((read, known))
        })
    }

    /// Takes the figures of an epoch.
    pub fn end_epoch(&mut self, record: &EpochRecord) -> Verdict {
        let number = self.epochs;
        self.epochs = number.saturating_add(1);
        let Some(now) = self.monitor.of(record).filter(|_| number >= self.start_from_epoch) else {
            return Verdict::Wait;
        };
        self.wait = self.wait.saturating_add(1);
        if self.monitor.improves(now, self.best, self.min_delta) {
            (self.best, self.best_epoch, self.wait) = (Some(now), Some(record.epoch), 0);
            return Verdict::Improved;
        }
        if self.wait >= self.patience && number > 0 { Verdict::Stop } else { Verdict::Wait }
    }

    /// Whether this is what the other is before its first epoch.
    pub fn same_settings(&self, other: &Self) -> bool {
        let fresh =
            |of: &Self| Self { epochs: 0, wait: 0, best: None, best_epoch: None, ..of.clone() };
        fresh(self) == fresh(other)
    }
}

/// Reduces the learning rate when a figure has stopped improving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReduceOnPlateau {
    /// What is watched.
    pub monitor: Monitor,
    /// What the rate is multiplied by.
    pub factor: f64,
    /// Epochs without an improvement that are waited for.
    pub patience: u32,
    /// What a change must exceed to be an improvement.
    pub min_delta: f64,
    /// Epochs that pass after a reduction before anything is watched again.
    pub cooldown: u32,
    /// The rate never falls below this.
    pub min_learning_rate: f64,
    /// Epochs since the last improvement or reduction.
    #[serde(default)]
    pub wait: u32,
    /// Epochs left of the cooldown.
    #[serde(default)]
    pub cooling: u32,
    /// The best figure so far.
    #[serde(default)]
    pub best: Option<f64>,
}

impl ReduceOnPlateau {
    /// Reads the option `reduceOnPlateau`: an object, or `true` for Keras's defaults. Off where
    /// it is null or false.
    ///
    /// # Errors
    /// `option` naming the field at fault.
    pub fn from_value(value: Value) -> Result<Option<Self>> {
        read("reduceOnPlateau", value, |fields| {
            let read = Self {
                monitor: fields.choice("monitor", &Monitor::NAMES, Monitor::ValLoss)?,
                factor: fields.number("factor", Some(0.1), 0.0..1.0)?,
                patience: epochs(fields, "patience", 10)?,
                min_delta: fields.number("minDelta", Some(1e-4), 0.0..f64::INFINITY)?,
                cooldown: epochs(fields, "cooldown", 0)?,
                min_learning_rate: fields.number(
                    "minLearningRate",
                    Some(0.0),
                    0.0..f64::INFINITY,
                )?,
                wait: 0,
                cooling: 0,
                best: None,
            };
            let known: &[&str] =
                &["monitor", "factor", "patience", "minDelta", "cooldown", "minLearningRate"];
            Ok((read, known))
        })
    }

    /// Takes the figures of an epoch and the present rate; gives a new rate where it is to be
    /// reduced.
    pub fn end_epoch(&mut self, record: &EpochRecord, rate: f64) -> Option<f64> {
        let now = self.monitor.of(record)?;
        if self.cooling > 0 {
            self.cooling -= 1;
            self.wait = 0;
        }
        if self.monitor.improves(now, self.best, self.min_delta) {
            (self.best, self.wait) = (Some(now), 0);
        } else if self.cooling == 0 {
            self.wait = self.wait.saturating_add(1);
            if self.wait >= self.patience && rate > self.min_learning_rate {
                (self.cooling, self.wait) = (self.cooldown, 0);
                return Some((rate * self.factor).max(self.min_learning_rate));
            }
        }
        None
    }

    /// Whether this is what the other is before its first epoch.
    pub fn same_settings(&self, other: &Self) -> bool {
        let fresh = |of: &Self| Self { wait: 0, cooling: 0, best: None, ..of.clone() };
        fresh(self) == fresh(other)
    }
}

/// Reads the object of an option by its fields; an error names both.
fn read<T>(
    option: &str,
    value: Value,
    by_fields: impl FnOnce(&mut Fields) -> Result<(T, &'static [&'static str])>,
) -> Result<Option<T>> {
    let map = match value {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::Bool(true) => Map::new(),
        Value::Object(map) => map,
        other => {
            return Err(Error::option(format!(
                "{option} is an object with the figure to monitor and its options, or true for \
                 Keras's defaults; it is {other}."
            ))
            .field(option));
        }
    };
    let mut fields = Fields::new(map);
    let read = by_fields(&mut fields).and_then(|(read, known)| fields.finish(known).map(|()| read));
    let inside = |error: Error| {
        let field = format!("{option}.{}", error.field_name().unwrap_or_default());
        Error::option(format!("{option}: {error}")).field(field)
    };
    read.map(Some).map_err(inside)
}

/// A whole number of epochs, 0 or more.
fn epochs(fields: &mut Fields, field: &str, default: u32) -> Result<u32> {
    let number = fields.number(field, Some(f64::from(default)), 0.0..4e9)?;
    if number.fract() == 0.0 {
        return Ok(number as u32);
    }
    Err(Error::spec(format!("{field} is a whole number of epochs; it is {number}.")).field(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(epoch: u32, val_loss: f64) -> EpochRecord {
        let val_loss = Some(val_loss);
        EpochRecord { epoch, val_loss, ..EpochRecord::default() }
    }

    fn stopping(value: Value, losses: &[f64]) -> (Vec<Verdict>, EarlyStopping) {
        let mut stopping = EarlyStopping::from_value(value).unwrap().unwrap();
        let epochs = (1..).zip(losses);
        let verdicts =
            epochs.map(|(epoch, loss)| stopping.end_epoch(&record(epoch, *loss))).collect();
        (verdicts, stopping)
    }

    #[test]
    fn early_stopping_waits_as_keras_does() {
        use Verdict::{Improved, Stop, Wait};
        // Keras's default: the first epoch that does not improve is the last.
        assert_eq!(stopping(json!(true), &[1.0, 0.5, 0.5]).0, [Improved, Improved, Stop]);
        let (verdicts, state) =
            stopping(json!({"patience": 2}), &[1.0, 1.1, 0.9, 1.0, f64::NAN, 0.1]);
        assert_eq!(verdicts, [Improved, Wait, Improved, Wait, Stop, Improved]);
        assert_eq!((state.best, state.best_epoch), (Some(0.1), Some(6)));
        let (verdicts, _) = stopping(json!({"minDelta": 0.2, "patience": 1}), &[1.0, 0.9, 0.5]);
        assert_eq!(verdicts, [Improved, Stop, Improved]);
        let (verdicts, state) = stopping(json!({"startFromEpoch": 2}), &[0.1, 0.2, 0.5, 0.6]);
        assert_eq!(verdicts, [Wait, Wait, Improved, Stop]);
        assert_eq!(state.best_epoch, Some(3));
    }

    #[test]
    fn what_is_to_grow_is_watched_the_other_way_round() {
        let mut stopping =
            EarlyStopping::from_value(json!({"monitor": "accuracy"})).unwrap().unwrap();
        let mut end = |epoch, accuracy| {
            stopping.end_epoch(&EpochRecord { epoch, accuracy, ..EpochRecord::default() })
        };
        assert_eq!(end(1, 0.5), Verdict::Improved);
        assert_eq!(end(2, 0.6), Verdict::Improved);
        assert_eq!(end(3, 0.6), Verdict::Stop);
    }

    #[test]
    fn the_rate_is_reduced_as_keras_does() {
        let value = json!({"factor": 0.5, "patience": 2, "cooldown": 2, "minLearningRate": 0.3});
        let mut plateau = ReduceOnPlateau::from_value(value).unwrap().unwrap();
        let mut rate = 1.0;
        let mut rates = Vec::new();
        for (epoch, loss) in (1..).zip([1.0; 9]) {
            rate = plateau.end_epoch(&record(epoch, loss), rate).unwrap_or(rate);
            rates.push(rate);
        }
        // Two epochs of waiting, two of cooling of which the second counts again, and so on.
        assert_eq!(rates, [1.0, 1.0, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3]);
    }

    #[test]
    fn wrong_options_name_option_and_field() {
        for (value, field) in [
            (json!(3), "earlyStopping"),
            (json!({"monitor": "f1"}), "earlyStopping.monitor"),
            (json!({"patience": -1}), "earlyStopping.patience"),
            (json!({"patience": 1.5}), "earlyStopping.patience"),
            (json!({"minDelta": "x"}), "earlyStopping.minDelta"),
            (json!({"restoreBestWeights": 1}), "earlyStopping.restoreBestWeights"),
            (json!({"min_delta": 1}), "earlyStopping.min_delta"),
        ] {
            let error = EarlyStopping::from_value(value.clone()).unwrap_err();
            assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{value}");
        }
        for (value, field) in [
            (json!({"factor": 1}), "reduceOnPlateau.factor"),
            (json!({"cooldown": -1}), "reduceOnPlateau.cooldown"),
            (json!({"minLearningRate": -1}), "reduceOnPlateau.minLearningRate"),
        ] {
            let error = ReduceOnPlateau::from_value(value.clone()).unwrap_err();
            assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{value}");
        }
        assert_eq!(EarlyStopping::from_value(json!(null)).unwrap(), None);
        assert_eq!(ReduceOnPlateau::from_value(json!(false)).unwrap(), None);
    }
}
