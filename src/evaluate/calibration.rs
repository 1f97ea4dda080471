//! How far a network's confidence can be trusted: of the pictures that it is 80 % sure of, are
//! 80 % classified rightly?
//!
//! Source: Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks":
//! the confidence is the probability of the class that a picture is taken for.

use serde::Serialize;

/// Bins of equal width over the confidences, 0 excluded and 1 included.
pub const BINS: usize = 15;

/// Confidence against accuracy.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// [`BINS`] bins, the lowest confidences first.
    pub bins: Vec<Bin>,
    /// Expected calibration error: the mean distance of confidence and accuracy, each bin
    /// counting as often as it has pictures. `None` where no bin has any.
    pub expected_error: Option<f64>,
    /// Maximum calibration error: the largest of these distances.
    pub maximum_error: Option<f64>,
}

/// The pictures whose confidence is above `low` and at most `high`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Where it begins, itself excluded; 0 to 1.
    pub low: f64,
    /// Where it ends, itself included.
    pub high: f64,
    /// Pictures in it.
    pub count: u32,
    /// Their mean confidence; `None` where there are none.
    pub confidence: Option<f64>,
    /// The share of them classified rightly.
    pub accuracy: Option<f64>,
}

/// What is summed up as pictures come in.
#[derive(Clone, Debug, Default)]
pub(super) struct Reliability {
    counts: [u32; BINS],
    right: [u32; BINS],
    confidences: [f64; BINS],
}

/// The upper end of a bin.
fn end(bin: usize) -> f64 {
    (bin + 1) as f64 / BINS as f64
}

impl Reliability {
    /// Counts a picture. A confidence that is not a number is in no bin.
    pub(super) fn add(&mut self, confidence: f64, right: bool) {
        if let Some(bin) = (0..BINS).find(|bin| confidence <= end(*bin)) {
            self.counts[bin] += 1;
            self.right[bin] += u32::from(right);
            self.confidences[bin] += confidence;
        }
    }

    pub(super) fn finish(&self) -> Calibration {
        let bins: Vec<Bin> = (0..BINS)
            .map(|bin| {
                let count = self.counts[bin];
                let mean = |sum: f64| (count > 0).then(|| sum / f64::from(count));
                Bin {
                    low: bin as f64 / BINS as f64,
                    high: end(bin),
                    count,
                    confidence: mean(self.confidences[bin]),
                    accuracy: mean(f64::from(self.right[bin])),
                }
            })
            .collect();
        let total: u32 = self.counts.iter().sum();
        let gaps: Vec<(f64, f64)> = bins
            .iter()
            .filter_map(|bin| {
                let gap = (bin.accuracy? - bin.confidence?).abs();
                Some((gap, f64::from(bin.count) / f64::from(total)))
            })
            .collect();
        Calibration {
            bins,
            expected_error: (total > 0).then(|| gaps.iter().map(|(gap, share)| gap * share).sum()),
            maximum_error: gaps.iter().map(|(gap, _)| *gap).reduce(f64::max),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_their_upper_end_and_errors_are_weighted() {
        let mut seen = Reliability::default();
        for (confidence, right) in
            [(1.0, true), (1.0, false), (0.2, true), (0.200_001, false), (f64::NAN, true)]
        {
            seen.add(confidence, right);
        }
        let found = seen.finish();
        let filled: Vec<usize> = (0..BINS).filter(|bin| found.bins[*bin].count > 0).collect();
        assert_eq!(filled, [2, 3, 14]);
        assert_eq!(found.bins[14].accuracy, Some(0.5));
        assert_eq!(found.bins[0].confidence, None);
        // 0.8 and 0.2 in bins of one, 0.5 in one of two.
        assert!(
            (found.expected_error.unwrap() - (0.8 + 0.200_001 + 2.0 * 0.5) / 4.0).abs() < 1e-12
        );
        assert!((found.maximum_error.unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(Reliability::default().finish().expected_error, None);
        assert_eq!(Reliability::default().finish().maximum_error, None);
    }
}
