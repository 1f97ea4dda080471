//! Scores, curves and maps against scikit-learn: tests/fixtures/scores.py makes the numbers.

#![cfg(not(target_arch = "wasm32"))]

use std::collections::HashMap;

use cnn_lab::evaluate::curves::one_vs_rest;
use cnn_lab::evaluate::embedding::{Tsne, TsneOptions, pca};
use cnn_lab::evaluate::metrics::{Averages, Evaluation, Measured, Predictions, Tally};
use serde::Deserialize;

/// No number of ours is farther from scikit-learn's.
const BOUND: f64 = 1e-6;

#[derive(Deserialize)]
struct Golden {
    scores: Vec<Case>,
    pca: Vec<Components>,
    tsne: Blobs,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    classes: usize,
    logits: Vec<f32>,
    labels: Vec<u16>,
    loss: f64,
    confusion: Vec<Vec<u32>>,
    top_k: Vec<f64>,
    /// Precision, recall, F1 and support.
    per_class: [Vec<Option<f64>>; 4],
    #[serde(rename = "macro")]
    macro_average: [Option<f64>; 3],
    weighted: [Option<f64>; 3],
    balanced: f64,
    calibration: Calibration,
    curves: HashMap<usize, Curves>,
}

#[derive(Deserialize)]
struct Calibration {
    counts: Vec<u32>,
    confidence: Vec<Option<f64>>,
    accuracy: Vec<Option<f64>>,
    expected: f64,
    maximum: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Curves {
    roc: Option<Roc>,
    precision_recall: Option<PrecisionRecall>,
}

/// The first threshold is infinite.
#[derive(Deserialize)]
struct Roc {
    thresholds: Vec<serde_json::Value>,
    fpr: Vec<f64>,
    tpr: Vec<f64>,
    area: f64,
}

#[derive(Deserialize)]
struct PrecisionRecall {
    thresholds: Vec<f64>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    average: f64,
}

#[derive(Deserialize)]
struct Components {
    n: usize,
    d: usize,
    points: Vec<f32>,
    positions: Vec<f64>,
    explained: [f64; 2],
}

#[derive(Deserialize)]
struct Blobs {
    n: usize,
    d: usize,
    points: Vec<f32>,
    trustworthiness: f64,
    kl: f64,
    flat: f64,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("fixtures/scores.json")).unwrap()
}

/// Counts in two batches.
fn measure(case: &Case) -> (Evaluation, Predictions) {
    let mut tally = Tally::new(case.classes, 0.0).keeping_predictions();
    let half = case.labels.len() / 2;
    let (first, second) = case.logits.split_at(half * case.classes);
    tally.add(first, &case.labels[..half]).unwrap();
    tally.add(second, &case.labels[half..]).unwrap();
    let names: Vec<String> = (0..case.classes).map(|class| class.to_string()).collect();
    let Measured { evaluation, predictions } = tally.finish(&names, 0.0).unwrap();
    (evaluation, predictions.unwrap())
}

/// The largest difference that was seen.
#[derive(Default)]
struct Largest(f64);

impl Largest {
    fn same(&mut self, what: &str, ours: impl Into<Option<f64>>, theirs: impl Into<Option<f64>>) {
        match (ours.into(), theirs.into()) {
            (Some(ours), Some(theirs)) => {
                let difference = (ours - theirs).abs();
                assert!(difference < BOUND, "{what}: {ours}, scikit-learn has {theirs}");
                self.0 = self.0.max(difference);
            }
            (None, None) => {}
            pair => panic!("{what}: {pair:?}"),
        }
    }

    fn all_same(&mut self, what: &str, ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        ours.iter().zip(theirs).for_each(|(ours, theirs)| self.same(what, *ours, *theirs));
    }

    fn averages(&mut self, what: &str, ours: Averages, theirs: &[Option<f64>; 3]) {
        let ours = [ours.precision, ours.recall, ours.f1];
        ours.into_iter().zip(theirs).for_each(|(ours, theirs)| self.same(what, ours, *theirs));
    }
}

#[test]
fn scores_are_those_of_scikit_learn() {
    let mut largest = Largest::default();
    for case in golden().scores {
        let name = &case.name;
        let (found, _) = measure(&case);
        largest.same(name, found.loss, case.loss);
        assert_eq!(found.confusion, case.confusion, "{name}");
        largest.all_same(name, &found.top_k, &case.top_k);
        assert_eq!(found.top_k[0], found.accuracy);
        for (class, ours) in found.per_class.iter().enumerate() {
            let support = Some(f64::from(ours.support));
            let ours = [ours.precision, ours.recall, ours.f1, support];
            for (ours, theirs) in ours.into_iter().zip(&case.per_class) {
                largest.same(&format!("{name}, class {class}"), ours, theirs[class]);
            }
        }
        largest.averages(name, found.macro_average, &case.macro_average);
        largest.averages(name, found.weighted_average, &case.weighted);
        largest.same(name, found.balanced_accuracy, case.balanced);
        for (place, bin) in found.calibration.bins.iter().enumerate() {
            let what = format!("{name}, bin {place}");
            assert_eq!(bin.count, case.calibration.counts[place], "{what}");
            largest.same(&what, bin.confidence, case.calibration.confidence[place]);
            largest.same(&what, bin.accuracy, case.calibration.accuracy[place]);
        }
        largest.same(name, found.calibration.expected_error, case.calibration.expected);
        largest.same(name, found.calibration.maximum_error, case.calibration.maximum);
    }
    println!("largest difference of scores {:e}", largest.0);
}

#[test]
fn curves_are_those_of_scikit_learn() {
    let mut largest = Largest::default();
    for case in golden().scores {
        let (_, kept) = measure(&case);
        for (class, theirs) in &case.curves {
            let name = format!("{}, class {class}", case.name);
            let (roc, pr) =
                one_vs_rest(&kept.labels, &kept.probabilities, case.classes, *class).unwrap();
            largest.same(&name, roc.area, theirs.roc.as_ref().map(|roc| roc.area));
            if let Some(theirs) = &theirs.roc {
                largest.all_same(&name, &roc.false_positive_rate, &theirs.fpr);
                largest.all_same(&name, &roc.true_positive_rate, &theirs.tpr);
                assert_eq!(roc.thresholds[0], f32::INFINITY);
                for (ours, theirs) in roc.thresholds.iter().zip(&theirs.thresholds).skip(1) {
                    largest.same(&name, f64::from(*ours), theirs.as_f64());
                }
            }
            let average = theirs.precision_recall.as_ref().map(|curve| curve.average);
            largest.same(&name, pr.average, average);
            if let Some(theirs) = &theirs.precision_recall {
                largest.all_same(&name, &pr.precision, &theirs.precision);
                largest.all_same(&name, &pr.recall, &theirs.recall);
                let thresholds: Vec<f64> = pr.thresholds.iter().map(|t| f64::from(*t)).collect();
                largest.all_same(&name, &thresholds, &theirs.thresholds);
            }
        }
    }
    println!("largest difference of curves {:e}", largest.0);
}

#[test]
fn components_are_those_of_scikit_learn_up_to_their_sign() {
    for case in golden().pca {
        let (n, d) = (case.n, case.d);
        let found = pca(&case.points, n, d).unwrap();
        let explained = found.explained.unwrap();
        let top = case.positions.iter().fold(0f64, |top, at| top.max(at.abs()));
        let mut largest = 0f64;
        for axis in 0..2 {
            assert!((explained[axis] - case.explained[axis]).abs() < BOUND, "{n} {d}");
            let ours: Vec<f64> = found.positions.iter().map(|at| f64::from(at[axis])).collect();
            let theirs: Vec<f64> = case.positions.iter().skip(axis).step_by(2).copied().collect();
            let sign = ours.iter().zip(&theirs).map(|(a, b)| a * b).sum::<f64>().signum();
            let differences = ours.iter().zip(&theirs).map(|(a, b)| (a - sign * b).abs());
            largest = differences.fold(largest, f64::max);
        }
        println!("largest difference of {n} points of {d} dimensions: {:e}", largest / top);
        assert!(largest < BOUND * top, "{n} {d}: {largest} of {top}");
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
}

/// How much of what is near in the plane is near in `points` too, 0 to 1: Venna and Kaski 2001,
/// as scikit-learn's `trustworthiness`.
fn trustworthiness(points: &[f32], positions: &[[f32; 2]], neighbours: usize) -> f64 {
    let n = positions.len();
    let d = points.len() / n;
    let mut penalty = 0.0;
    for at in 0..n {
        let sorted = |distance: &dyn Fn(usize) -> f64| {
            let mut others: Vec<usize> = (0..n).filter(|other| *other != at).collect();
            others.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
            others
        };
        let point = |at: usize| &points[at * d..(at + 1) * d];
        let before = sorted(&|other| distance(point(at), point(other)));
        let after = sorted(&|other| distance(&positions[at], &positions[other]));
        for other in &after[..neighbours] {
            let rank = before.iter().position(|one| one == other).unwrap() + 1;
            penalty += rank.saturating_sub(neighbours) as f64;
        }
    }
    let (n, k) = (n as f64, neighbours as f64);
    1.0 - penalty * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0))
}

#[test]
fn a_map_can_be_trusted_as_much_as_that_of_scikit_learn() {
    let Blobs { n, d, points, trustworthiness: theirs, kl, flat } = golden().tsne;
    let two: Vec<[f32; 2]> = points.chunks(d).map(|point| [point[0], point[1]]).collect();
    assert!((trustworthiness(&points, &two, 5) - flat).abs() < BOUND);
    let mut tsne = Tsne::new(points.clone(), n, d, TsneOptions::default()).unwrap();
    while !tsne.advance(10.0) {}
    let ours = trustworthiness(&points, tsne.positions(), 5);
    println!("trustworthiness {ours}, scikit-learn {theirs}; KL {:?}, {kl}", tsne.kl());
    assert!(ours >= 0.95 * theirs, "{ours}, scikit-learn has {theirs}");
    assert!(tsne.kl().unwrap() < 1.2 * kl, "{:?}, scikit-learn has {kl}", tsne.kl());
}
