//! Loss, accuracy, confusion matrix, per-class scores and the worst predictions, counted
//! on the host from logits, in `f64`.

use serde::Serialize;

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

/// How many of the worst predictions are kept.
pub const WORST: usize = 24;

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

/// Counts as batches come in.
pub(crate) struct Tally {
    classes: usize,
    smoothing: f64,
    loss: f64,
    count: usize,
    confusion: Vec<Vec<u32>>,
    worst: Vec<Prediction>,
}

impl Tally {
    pub(crate) fn new(classes: usize, smoothing: f64) -> Self {
        let confusion = vec![vec![0; classes]; classes];
        Self { classes, smoothing, loss: 0.0, count: 0, confusion, worst: Vec::new() }
    }

    /// Adds a batch: its logits, row by row, and its labels.
    pub(crate) fn add(&mut self, logits: &[f32], labels: &[u16]) {
        for (row, &label) in logits.chunks_exact(self.classes).zip(labels) {
            let probabilities = softmax(row);
            // log(softmax) from the logits, so that a hopeless prediction has a finite loss.
            let top = row[argmax(row)];
            let sum: f64 = row.iter().map(|&logit| f64::from(logit - top).exp()).sum();
            let of = |class: usize| sum.ln() - f64::from(row[class] - top);
            let loss = of(usize::from(label));
            let predicted = argmax(row);
            self.confusion[usize::from(label)][predicted] += 1;
            self.loss += (1.0 - self.smoothing) * loss;
            if self.smoothing > 0.0 {
                let all: f64 = (0..self.classes).map(of).sum();
                self.loss += self.smoothing / self.classes as f64 * all;
            }
            let place = self.worst.partition_point(|other| other.loss >= loss);
            if place < WORST {
                let probabilities = probabilities.iter().map(|&p| p as f32).collect();
                let index = self.count;
                self.worst
                    .insert(place, Prediction { index, label, predicted, loss, probabilities });
                self.worst.truncate(WORST);
            }
            self.count += 1;
        }
    }

    /// `penalty` is what the regularisers add to the mean loss.
    pub(crate) fn finish(&self, names: &[String], penalty: f64) -> Evaluation {
        let right: u32 = (0..self.classes).map(|class| self.confusion[class][class]).sum();
        let ratio = |part: u32, whole: u32| (whole > 0).then(|| f64::from(part) / f64::from(whole));
        let per_class = names
            .iter()
            .enumerate()
            .map(|(class, label)| {
                let hits = self.confusion[class][class];
                let support = self.confusion[class].iter().sum();
                let taken = self.confusion.iter().map(|row| row[class]).sum();
                ClassScores {
                    label: label.clone(),
                    precision: ratio(hits, taken),
                    recall: ratio(hits, support),
                    f1: ratio(2 * hits, taken + support),
                    support,
                }
            })
            .collect();
        Evaluation {
            loss: self.loss / self.count as f64 + penalty,
            accuracy: f64::from(right) / self.count as f64,
            count: self.count,
            confusion: self.confusion.clone(),
            per_class,
            worst: self.worst.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_hand() {
        let mut tally = Tally::new(3, 0.0);
        tally.add(&[2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 5.0, 0.0], &[0, 1, 0]);
        let names = ["a", "b", "c"].map(String::from);
        let result = tally.finish(&names, 0.0);
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
        tally.add(&[1000.0, -1000.0], &[1]);
        assert_eq!(tally.finish(&["a".into(), "b".into()], 0.0).loss, 2000.0);
    }
}
