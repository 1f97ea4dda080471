//! Curves over the threshold from which on a picture is taken for a class.
//!
//! The points are those of scikit-learn's `roc_curve` and `precision_recall_curve`, equal
//! scores being one threshold; the areas those of `roc_auc_score` and
//! `average_precision_score`. A score that is not a number stands below all others.

use std::cmp::Ordering;

use crate::error::{Error, Result};

/// The receiver operating characteristic.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Roc {
    /// Thresholds, falling; the first is infinite, where nothing is taken for the class.
    pub thresholds: Vec<f32>,
    /// Of the pictures of other classes, the share with at least this score. No point where
    /// there are no such pictures, or none of the class.
    pub false_positive_rate: Vec<f64>,
    /// Of the pictures of the class, the share with at least this score.
    pub true_positive_rate: Vec<f64>,
    /// The area below the curve, by trapezoids; `None` where there is no curve.
    pub area: Option<f64>,
}

/// Precision against recall.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PrecisionRecall {
    /// Thresholds, rising: one fewer than points, for the last belongs to none.
    pub thresholds: Vec<f32>,
    /// Of the pictures with at least this score, the share that is of the class; the last is 1.
    /// No point where no picture is of the class.
    pub precision: Vec<f64>,
    /// Of the pictures of the class, the share with at least this score; the last is 0.
    pub recall: Vec<f64>,
    /// Average precision: the sum of the precisions, each times the recall that its threshold
    /// adds. `None` where there is no curve.
    pub average: Option<f64>,
}

/// How many of each kind have at least a score.
struct Count {
    score: f32,
    /// Of the class.
    hits: usize,
    /// Of others.
    misses: usize,
}

/// One count a score, the highest score first.
fn counts(positive: &[bool], scores: &[f32]) -> Result<Vec<Count>> {
    if positive.len() != scores.len() {
        return Err(Error::option(format!(
            "{} scores do not go with {} pictures.",
            scores.len(),
            positive.len()
        ))
        .field("scores"));
    }
    // Minus zero is zero.
    let number = |score: f32| if score.is_nan() { f32::NEG_INFINITY } else { score + 0.0 };
    let pairs = scores.iter().map(|score| number(*score)).zip(positive);
    let mut pairs: Vec<(f32, bool)> = pairs.map(|(score, positive)| (score, *positive)).collect();
    pairs.sort_unstable_by(|(a, _), (b, _)| b.total_cmp(a));
    let (mut hits, mut misses) = (0, 0);
    let counts = pairs.chunk_by(|(a, _), (b, _)| a.total_cmp(b) == Ordering::Equal).map(|equals| {
        let of_class = equals.iter().filter(|(_, positive)| *positive).count();
        hits += of_class;
        misses += equals.len() - of_class;
        Count { score: equals[0].0, hits, misses }
    });
    Ok(counts.collect())
}

/// The ROC curve of so many pictures: whether they are of the class, and their scores for it.
/// Points between two others on a straight line are left out where they are as far apart.
///
/// # Errors
/// `option` where there are not as many scores as pictures.
pub fn roc(positive: &[bool], scores: &[f32]) -> Result<Roc> {
    let counts = counts(positive, scores)?;
    let Some(&Count { hits, misses, .. }) = counts.last() else { return Ok(Roc::default()) };
    if hits == 0 || misses == 0 {
        return Ok(Roc::default());
    }
    let straight = |place: usize| {
        let [before, at, after] = &counts[place - 1..=place + 1] else { return false };
        at.hits - before.hits == after.hits - at.hits
            && at.misses - before.misses == after.misses - at.misses
    };
    let last = counts.len() - 1;
    let kept = (0..=last).filter(|place| *place == 0 || *place == last || !straight(*place));
    let mut roc = Roc {
        thresholds: vec![f32::INFINITY],
        false_positive_rate: vec![0.0],
        true_positive_rate: vec![0.0],
        area: None,
    };
    for place in kept {
        roc.thresholds.push(counts[place].score);
        roc.false_positive_rate.push(counts[place].misses as f64 / misses as f64);
        roc.true_positive_rate.push(counts[place].hits as f64 / hits as f64);
    }
    let (x, y) = (roc.false_positive_rate.windows(2), roc.true_positive_rate.windows(2));
    roc.area = Some(x.zip(y).map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum());
    Ok(roc)
}

/// The curve of precision against recall, as [`roc`] takes them.
///
/// # Errors
/// `option` where there are not as many scores as pictures.
pub fn precision_recall(positive: &[bool], scores: &[f32]) -> Result<PrecisionRecall> {
    let counts = counts(positive, scores)?;
    let all = counts.last().map_or(0, |count| count.hits);
    if all == 0 {
        return Ok(PrecisionRecall::default());
    }
    let precision = |count: &Count| count.hits as f64 / (count.hits + count.misses) as f64;
    let recall = |count: &Count| count.hits as f64 / all as f64;
    let mut before = 0.0;
    let area = counts.iter().map(|count| {
        let gained = recall(count) - before;
        before = recall(count);
        gained * precision(count)
    });
    Ok(PrecisionRecall {
        average: Some(area.sum()),
        thresholds: counts.iter().rev().map(|count| count.score).collect(),
        precision: counts.iter().rev().map(precision).chain([1.0]).collect(),
        recall: counts.iter().rev().map(recall).chain([0.0]).collect(),
    })
}

/// Both curves of one class against all others, from `probabilities` `[labels][classes]`, as
/// [`Predictions`](crate::evaluate::metrics::Predictions) keeps them.
///
/// # Errors
/// `option` where there is no such class, or there are not as many probabilities as labels
/// times classes, as where they were too many to be kept.
pub fn one_vs_rest(
    labels: &[u16],
    probabilities: &[f32],
    classes: usize,
    class: usize,
) -> Result<(Roc, PrecisionRecall)> {
    if class >= classes {
        return Err(Error::option(format!(
            "There is no class {class}; there are {classes} classes, counted from 0."
        ))
        .field("class"));
    }
    if labels.len().checked_mul(classes) != Some(probabilities.len()) {
        return Err(Error::option(format!(
            "{} probabilities do not go with {} labels of {classes} classes.",
            probabilities.len(),
            labels.len()
        ))
        .field("probabilities"));
    }
    let positive: Vec<bool> = labels.iter().map(|label| usize::from(*label) == class).collect();
    let scores: Vec<f32> = probabilities.iter().skip(class).step_by(classes).copied().collect();
    Ok((roc(&positive, &scores)?, precision_recall(&positive, &scores)?))
}

/// Which points of a curve to draw, about `most` at the most: the first, the last, and others
/// so that two that follow each other are at most about 2 / `most` of the curve's length apart.
pub fn thin(x: &[f64], y: &[f64], most: usize) -> Vec<usize> {
    let count = x.len().min(y.len());
    if count <= most || most < 2 {
        return (0..count).collect();
    }
    let step = |place: usize| (x[place] - x[place - 1]).abs() + (y[place] - y[place - 1]).abs();
    let length: f64 = (1..count).map(step).sum();
    let (mut travelled, mut kept) = (0.0, vec![0]);
    for place in 1..count {
        travelled += step(place);
        if place == count - 1 || travelled * (most - 1) as f64 >= length * kept.len() as f64 {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let positive = [false, false, true, true];
        let found = roc(&positive, &[0.1, 0.4, 0.35, 0.8]).unwrap();
        assert_eq!(found.thresholds, [f32::INFINITY, 0.8, 0.4, 0.35, 0.1]);
        assert_eq!(found.false_positive_rate, [0.0, 0.0, 0.5, 0.5, 1.0]);
        assert_eq!(found.true_positive_rate, [0.0, 0.5, 0.5, 1.0, 1.0]);
        assert_eq!(found.area, Some(0.75));
        let found = precision_recall(&positive, &[0.1, 0.4, 0.35, 0.8]).unwrap();
        assert_eq!(found.thresholds, [0.1, 0.35, 0.4, 0.8]);
        assert_eq!(found.precision, [0.5, 2.0 / 3.0, 0.5, 1.0, 1.0]);
        assert_eq!(found.recall, [1.0, 1.0, 0.5, 0.5, 0.0]);
        assert!((found.average.unwrap() - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_missing_gives_no_curve() {
        for positive in [&[][..], &[true], &[false], &[true; 3], &[false; 3]] {
            let scores = vec![0.5; positive.len()];
            assert_eq!(roc(positive, &scores).unwrap(), Roc::default());
            let found = precision_recall(positive, &scores).unwrap();
            assert_eq!(found.average, positive.contains(&true).then_some(1.0));
        }
        assert_eq!(roc(&[true], &[]).unwrap_err().field_name(), Some("scores"));
        assert_eq!(one_vs_rest(&[0], &[1.0], 1, 1).unwrap_err().field_name(), Some("class"));
        let error = one_vs_rest(&[0, 1], &[], 2, 1).unwrap_err();
        assert_eq!(error.field_name(), Some("probabilities"));
    }

    #[test]
    fn what_is_no_number_stands_below_all_others() {
        let scores = [f32::NAN, 0.3, f32::NEG_INFINITY, -f32::NAN, -0.0, 0.0];
        let found = roc(&[false, true, false, true, true, false], &scores).unwrap();
        assert_eq!(found.thresholds, [f32::INFINITY, 0.3, 0.0, f32::NEG_INFINITY]);
        // Over a third by a step to 2/3 from 1/3, and over the rest by one to 1.
        assert!((found.area.unwrap() - (0.5 + 2.0 * 5.0 / 6.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn thinning_keeps_ends_and_steps() {
        let x: Vec<f64> = (0..10_001).map(|place| f64::from(place) / 1e4).collect();
        let y: Vec<f64> = x.iter().map(|x| if *x < 0.3 { 0.0 } else { 1.0 }).collect();
        let kept = thin(&x, &y, 1000);
        assert!(kept.len() <= 1001 && kept.len() > 400, "{}", kept.len());
        assert!(kept.is_sorted() && kept[0] == 0 && *kept.last().unwrap() == 10_000);
        let far = kept.windows(2).filter(|pair| pair[1] - pair[0] > 40).count();
        assert_eq!(far, 0);
        assert!(kept.contains(&3000));
        assert_eq!(thin(&x[..5], &y[..5], 1000), [0, 1, 2, 3, 4]);
        assert_eq!(thin(&[], &[], 0), [0; 0]);
    }
}
