//! Loss, accuracy, confusion matrix, per-class scores and their means, calibration and the
//! worst predictions, counted on the host from logits, in `f64`.
//!
//! Means over classes are those of scikit-learn's `precision_recall_fscore_support` with
//! `zero_division=nan`: a class whose score is not defined is left out.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::evaluate::calibration::{Calibration, Reliability};

/// What an evaluation found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Mean loss: cross-entropy with the model's label smoothing, and what its regularisers
    /// add, as Keras's `evaluate` has it.
    pub loss: f64,
    /// Share classified rightly, 0 to 1.
    pub accuracy: f64,
    /// Pictures measured.
    pub count: usize,
    /// The share of pictures whose true class is among the k likeliest, for k from 1 to
    /// [`TOP`] or the number of classes. Of equally likely classes the first stands first, but
    /// what the picture is taken for always does: the first value is the accuracy.
    pub top_k: Vec<f64>,
    /// Mean scores, each class counting once.
    pub macro_average: Averages,
    /// Mean scores, each class counting as often as it has pictures.
    pub weighted_average: Averages,
    /// Mean recall of the classes that the split has.
    pub balanced_accuracy: Option<f64>,
    /// Confidence against accuracy.
    pub calibration: Calibration,
    /// Pictures by true class (row) and predicted class (column).
    pub confusion: Vec<Vec<u32>>,
    /// Scores of every class.
    pub per_class: Vec<ClassScores>,
    /// The predictions with the highest loss, highest first; [`WORST`] at the most.
    pub worst: Vec<Prediction>,
}

/// How well one class is told from the others. `None` where a score is not defined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// The class's name.
    pub label: String,
    /// Of the pictures taken for this class, the share that is of it.
    pub precision: Option<f64>,
    /// Of the pictures of this class, the share taken for it.
    pub recall: Option<f64>,
    /// The harmonic mean of the two.
    pub f1: Option<f64>,
    /// Pictures of this class.
    pub support: u32,
}

/// Scores averaged over the classes where they are defined; `None` where none is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Averages {
    /// Of the classes' precisions.
    pub precision: Option<f64>,
    /// Of their recalls.
    pub recall: Option<f64>,
    /// Of their F1 scores.
    pub f1: Option<f64>,
}

/// One picture's prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// The picture's place in its split.
    pub index: usize,
    /// Its true class.
    pub label: u16,
    /// The class it was taken for.
    pub predicted: usize,
    /// Its cross-entropy.
    pub loss: f64,
    /// The probability of every class.
    pub probabilities: Vec<f32>,
}

/// What was predicted for every picture of a split, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Predictions {
    /// True classes.
    pub labels: Vec<u16>,
    /// The classes that the pictures were taken for.
    pub predicted: Vec<u16>,
    /// Each picture's cross-entropy, without label smoothing.
    pub losses: Vec<f32>,
    /// The probability of every class, picture by picture: `[pictures][classes]`. Empty where
    /// that were more than [`MOST_PROBABILITIES`] values.
    pub probabilities: Vec<f32>,
}

/// What [`Tally::finish`] gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The scores.
    pub evaluation: Evaluation,
    /// What was predicted for every picture, where that was to be kept.
    pub predictions: Option<Predictions>,
}

/// How many of the worst predictions are kept.
pub const WORST: usize = 24;

/// The largest k of [`Evaluation::top_k`].
pub const TOP: usize = 5;

/// How many probabilities are kept at the most: 64 MiB.
pub const MOST_PROBABILITIES: usize = 1 << 24;

/// `softmax`, in `f64` and safe from overflow.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - top).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The place of the largest value, the first of equals, as Keras and NumPy have it.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}

/// How many classes stand before the true one, `label`, where `predicted` stands first; see
/// [`Evaluation::top_k`]. A logit that is not a number stands behind all that are.
fn rank(logits: &[f32], label: usize, predicted: usize) -> usize {
    if label == predicted {
        return 0;
    }
    let own = logits[label];
    let before = |(class, logit): &(usize, &f32)| {
        **logit > own
            || (**logit == own && *class < label)
            || (own.is_nan() && (!logit.is_nan() || *class < label))
    };
    logits.iter().enumerate().filter(before).count().max(1)
}

/// The mean of the scores that are defined, each times its weight. Where all of these weigh
/// nothing, each counts once, as scikit-learn has it.
fn average(scores: impl Iterator<Item = (Option<f64>, f64)> + Clone) -> Option<f64> {
    let defined = scores.filter_map(|(score, weight)| Some((score?, weight)));
    let count = defined.clone().count();
    let weights: f64 = defined.clone().map(|(_, weight)| weight).sum();
    if count == 0 {
        None
    } else if weights == 0.0 {
        Some(defined.map(|(score, _)| score).sum::<f64>() / count as f64)
    } else {
        Some(defined.map(|(score, weight)| score * weight).sum::<f64>() / weights)
    }
}

impl Averages {
    fn of(classes: &[ClassScores], weight: impl Fn(&ClassScores) -> f64) -> Self {
        let over = |score: fn(&ClassScores) -> Option<f64>| {
            average(classes.iter().map(|class| (score(class), weight(class))))
        };
        Self {
            precision: over(|class| class.precision),
            recall: over(|class| class.recall),
            f1: over(|class| class.f1),
        }
    }
}

/// Counts as batches come in.
#[derive(Clone, Debug)]
pub struct Tally {
    classes: usize,
    smoothing: f64,
    loss: f64,
    count: usize,
    confusion: Vec<Vec<u32>>,
    /// Pictures by the rank of their true class, as far as [`TOP`].
    ranks: [usize; TOP],
    reliability: Reliability,
    worst: Vec<Prediction>,
    predictions: Option<Predictions>,
}

impl Tally {
    /// Nothing counted yet, of so many classes; `smoothing` is the label smoothing of the
    /// loss, from 0 to 1.
    pub fn new(classes: usize, smoothing: f64) -> Self {
        Self {
            classes,
            smoothing,
            loss: 0.0,
            count: 0,
            confusion: vec![vec![0; classes]; classes],
            ranks: [0; TOP],
            reliability: Reliability::default(),
            worst: Vec::new(),
            predictions: None,
        }
    }

    /// The same, keeping what is predicted for every picture that is added from now on; of use
    /// before the first.
    #[must_use]
    pub fn keeping_predictions(mut self) -> Self {
        self.predictions = Some(Predictions::default());
        self
    }

    /// Adds a batch: its logits, `[labels][classes]` row by row, and its labels.
    ///
    /// # Errors
    /// `option` where there are not as many logits as labels times classes, or a label is no
    /// class; nothing is added then.
    pub fn add(&mut self, logits: &[f32], labels: &[u16]) -> Result<()> {
        if labels.len().checked_mul(self.classes) != Some(logits.len()) {
            return Err(Error::option(format!(
                "{} logits do not go with {} labels of {} classes.",
                logits.len(),
                labels.len(),
                self.classes
            ))
            .field("logits"));
        }
        if let Some(label) = labels.iter().find(|label| usize::from(**label) >= self.classes) {
            return Err(Error::option(format!(
                "There is no class {label}; there are {} classes, counted from 0.",
                self.classes
            ))
            .field("labels"));
        }
        if !labels.is_empty() {
            let rows = logits.chunks_exact(self.classes).zip(labels);
            rows.for_each(|(row, label)| self.add_one(row, *label));
        }
        Ok(())
    }

    fn add_one(&mut self, row: &[f32], label: u16) {
        let class = usize::from(label);
        let predicted = argmax(row);
        // log(softmax) from the logits, so that a hopeless prediction has a finite loss.
        let top = row[predicted];
        let sum: f64 = row.iter().map(|&logit| f64::from(logit - top).exp()).sum();
        let of = |class: usize| sum.ln() - f64::from(row[class] - top);
        let loss = of(class);
        self.confusion[class][predicted] += 1;
        if let Some(count) = self.ranks.get_mut(rank(row, class, predicted)) {
            *count += 1;
        }
        // The likeliest class's power is exp(0).
        self.reliability.add(1.0 / sum, predicted == class);
        self.loss += (1.0 - self.smoothing) * loss;
        if self.smoothing > 0.0 {
            let all: f64 = (0..self.classes).map(of).sum();
            self.loss += self.smoothing / self.classes as f64 * all;
        }
        // A loss that is not a number is as bad as one without end.
        let badness = |loss: f64| if loss.is_nan() { f64::INFINITY } else { loss };
        let place = self.worst.partition_point(|other| badness(other.loss) >= badness(loss));
        if place < WORST {
            let probabilities = softmax(row).into_iter().map(|p| p as f32).collect();
            let index = self.count;
            self.worst.insert(place, Prediction { index, label, predicted, loss, probabilities });
            self.worst.truncate(WORST);
        }
        if let Some(kept) = &mut self.predictions {
            kept.labels.push(label);
            // Labels are u16, so the classes that can be told apart are too.
            kept.predicted.push(u16::try_from(predicted).unwrap_or(u16::MAX));
            kept.losses.push(loss as f32);
            if kept.labels.len() * self.classes <= MOST_PROBABILITIES {
                let share = |logit: &f32| (f64::from(logit - top).exp() / sum) as f32;
                kept.probabilities.extend(row.iter().map(share));
            } else {
                kept.probabilities = Vec::new();
            }
        }
        self.count += 1;
    }

    /// The scores of all that was added; `names` are those of the classes, and `penalty` is
    /// what the regularisers add to the mean loss. The predictions are handed out once.
    ///
    /// # Errors
    /// `data-missing` where nothing was added: no score is defined then.
    pub fn finish(&mut self, names: &[String], penalty: f64) -> Result<Measured> {
        if self.count == 0 {
            return Err(Error::data_missing("There are no pictures to measure."));
        }
        let count = self.count as f64;
        let right: u32 = (0..self.classes).map(|class| self.confusion[class][class]).sum();
        let ratio = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
        let mut taken = vec![0; self.classes];
        for row in &self.confusion {
            taken.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
        }
        let per_class: Vec<ClassScores> = (0..self.classes)
            .map(|class| {
                let hits = self.confusion[class][class];
                let support = self.confusion[class].iter().sum();
                ClassScores {
                    label: names.get(class).cloned().unwrap_or_default(),
                    precision: ratio(hits, taken[class]),
                    recall: ratio(hits, support),
                    f1: ratio(2 * hits, taken[class] + support),
                    support,
                }
            })
            .collect();
        let mut among = 0;
        let top_k = self.ranks.iter().take(self.classes).map(|ranked| {
            among += ranked;
            among as f64 / count
        });
        let evaluation = Evaluation {
            loss: self.loss / count + penalty,
            accuracy: f64::from(right) / count,
            count: self.count,
            top_k: top_k.collect(),
            macro_average: Averages::of(&per_class, |_| 1.0),
            weighted_average: Averages::of(&per_class, |class| f64::from(class.support)),
            balanced_accuracy: average(per_class.iter().map(|class| (class.recall, 1.0))),
            calibration: self.reliability.finish(),
            confusion: self.confusion.clone(),
            per_class,
            worst: self.worst.clone(),
        };
        Ok(Measured { evaluation, predictions: self.predictions.take() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut tally = Tally::new(3, 0.0);
        tally.add(&[2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 5.0, 0.0], &[0, 1, 0]).unwrap();
        let names = ["a", "b", "c"].map(String::from);
        let result = tally.finish(&names, 0.0).unwrap().evaluation;
        assert_eq!(result.confusion, [[1, 1, 0], [0, 1, 0], [0, 0, 0]]);
        assert!((result.accuracy - 2.0 / 3.0).abs() < 1e-12);
        assert_eq!(result.per_class[0].precision, Some(1.0));
        assert_eq!(result.per_class[0].recall, Some(0.5));
        assert_eq!(result.per_class[1].precision, Some(0.5));
        assert_eq!(result.per_class[2].recall, None);
        assert_eq!(result.per_class[2].f1, None);
        let losses = [2f64, 3.0].map(|x| (1.0 + 2.0 * (-x).exp()).ln());
        let worst = (2.0 + 5f64.exp()).ln();
        assert!((result.loss - (losses[0] + losses[1] + worst) / 3.0).abs() < 1e-6);
        assert_eq!(result.worst.iter().map(|p| p.index).collect::<Vec<_>>(), [2, 0, 1]);
    }

    #[test]
    fn a_hopeless_prediction_has_a_finite_loss() {
        let mut tally = Tally::new(2, 0.0);
        tally.add(&[1000.0, -1000.0], &[1]).unwrap();
        assert_eq!(tally.finish(&[], 0.0).unwrap().evaluation.loss, 2000.0);
    }

    #[test]
    fn means_leave_out_what_is_not_defined() {
        let mut tally = Tally::new(3, 0.0);
        // Class 1 is missing and class 2 never predicted.
        tally.add(&[9.0, 0.0, 0.0, 9.0, 0.0, 0.0, 9.0, 0.0, 0.0], &[0, 0, 2]).unwrap();
        let found = tally.finish(&[], 0.0).unwrap().evaluation;
        assert_eq!(found.balanced_accuracy, Some(0.5));
        assert_eq!(found.macro_average.precision, Some(2.0 / 3.0));
        assert_eq!(found.macro_average.f1, Some(0.4));
        assert_eq!(found.weighted_average.recall, Some(2.0 / 3.0));
        assert_eq!(found.weighted_average.precision, Some(2.0 / 3.0));
        // Where all that is defined weighs nothing, it counts all the same.
        let mut wrong = Tally::new(2, 0.0);
        wrong.add(&[0.0, 1.0], &[0]).unwrap();
        let found = wrong.finish(&[], 0.0).unwrap().evaluation;
        assert_eq!(found.weighted_average.precision, Some(0.0));
        assert_eq!(average([(None, 1.0)].into_iter()), None);
    }

    #[test]
    fn the_first_of_the_top_is_the_accuracy_whatever_the_logits() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, 0.0, 1.0];
        let mut stream = crate::random::Stream::new(1, crate::random::Purpose::Embedding, 0, 0);
        for classes in [1, 2, 4, 7] {
            let mut tally = Tally::new(classes, 0.1).keeping_predictions();
            for _ in 0..300 {
                let row: Vec<f32> = (0..classes).map(|_| odd[stream.below(6) as usize]).collect();
                tally.add(&row, &[stream.below(classes as u32) as u16]).unwrap();
            }
            let Measured { evaluation: found, predictions } = tally.finish(&[], 0.0).unwrap();
            assert_eq!(found.top_k.len(), classes.min(TOP));
            assert_eq!(found.top_k[0], found.accuracy);
            assert!(found.top_k.is_sorted());
            assert!(classes > TOP || *found.top_k.last().unwrap() == 1.0);
            assert!(!found.worst[0].loss.is_finite());
            assert_eq!(predictions.unwrap().probabilities.len(), 300 * classes);
        }
    }

    #[test]
    fn predictions_are_kept_where_they_are_asked_for_and_probabilities_as_far_as_they_fit() {
        let mut tally = Tally::new(2, 0.0);
        tally.add(&[0.0, 0.0], &[1]).unwrap();
        assert_eq!(tally.finish(&[], 0.0).unwrap().predictions, None);
        let mut tally = Tally::new(2, 0.0).keeping_predictions();
        tally.add(&[0.0, 0.0], &[1]).unwrap();
        let kept = tally.finish(&[], 0.0).unwrap().predictions.unwrap();
        assert_eq!((&kept.labels[..], &kept.predicted[..]), (&[1][..], &[0][..]));
        assert_eq!((&kept.losses[..], &kept.probabilities[..]), (&[2f32.ln()][..], &[0.5; 2][..]));
        // A thousand classes and more pictures than fit.
        let mut tally = Tally::new(1000, 0.0).keeping_predictions();
        let (logits, labels) = (vec![0.0; 512_000], vec![7; 512]);
        for batch in 1..=33 {
            tally.add(&logits, &labels).unwrap();
            let kept = tally.predictions.as_ref().map(|kept| kept.probabilities.len());
            assert_eq!(kept, Some(if batch < 33 { batch * 512_000 } else { 0 }));
        }
        let found = tally.finish(&[], 0.0).unwrap();
        assert_eq!(found.predictions.unwrap().labels.len(), 33 * 512);
        assert_eq!(found.evaluation.top_k, [0.0; TOP]);
    }

    #[test]
    fn what_does_not_fit_is_an_error_and_so_is_nothing() {
        let mut tally = Tally::new(3, 0.0);
        let error = |tally: &mut Tally, logits: &[f32], labels: &[u16]| {
            let error = tally.add(logits, labels).unwrap_err();
            (error.code(), error.field_name().map(String::from))
        };
        assert_eq!(error(&mut tally, &[0.0; 4], &[0]), ("option", Some("logits".into())));
        assert_eq!(error(&mut tally, &[0.0; 3], &[3]), ("option", Some("labels".into())));
        tally.add(&[], &[]).unwrap();
        assert_eq!(tally.finish(&[], 0.0).unwrap_err().code(), "data-missing");
        assert!(Tally::new(0, 0.0).add(&[], &[]).is_ok());
        assert!(Tally::new(0, 0.0).add(&[], &[0]).is_err());
    }
}
