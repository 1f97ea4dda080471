//! Stratified k-fold cross-validation: the pictures of training and validation together are
//! dealt into folds, class by class, and a fresh network is trained for each fold on the
//! others and measured on it. The test pictures are not touched.
//!
//! Sources: Kohavi 1995 (stratified folds); the numbers of each class in each fold are those
//! of scikit-learn's `StratifiedKFold(shuffle=True)`, the draw is our own.

use serde::{Deserialize, Serialize};

use crate::data::dataset::{PerSplit, Split};
use crate::error::{Error, Result};
use crate::evaluate::Evaluator;
use crate::model::network::Network;
use crate::random::{Purpose, Stream};
use crate::train::history::{EpochRecord, Event, Reason};
use crate::train::options::{RunInfo, TrainOptions, seed_or, whole};
use crate::train::session::Session;
use crate::train::trial::Trial;

/// How the pictures are dealt.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FoldOptions {
    /// Folds, 2 or more; 5.
    pub folds: Option<f64>,
    /// Another seed than the session's.
    pub seed: Option<f64>,
}

/// What is known when a cross-validation begins.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossValidationInfo {
    /// Folds.
    pub folds: usize,
    /// Pictures in all of them.
    pub pictures: usize,
    /// What a person should know of the folds, in sentences.
    pub warnings: Vec<String>,
}

/// How the network of a fold did on the pictures that it was not trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scores {
    /// The fold that was held out, counted from 1.
    pub fold: usize,
    /// Pictures that its network was trained on.
    pub train: usize,
    /// Pictures that it was measured on.
    pub held_out: usize,
    /// Mean loss of these.
    pub loss: f64,
    /// Share of them classified rightly, 0 to 1.
    pub accuracy: f64,
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// Why its run ended.
    pub reason: Reason,
    /// The epoch whose weights were measured, where it is not the last.
    pub restored_epoch: Option<u32>,
}

/// Mean and standard deviation over folds, each fold counting once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The population's standard deviation: the root of the squares' sum divided by the number
    /// of folds, as NumPy's `std` has it, and so the lessons.
    pub std: f64,
}

/// What all folds gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CrossValidated {
    /// Each fold's figures, in their order.
    pub folds: Vec<Scores>,
    /// Over their losses.
    pub loss: Spread,
    /// Over their accuracies.
    pub accuracy: Spread,
    /// Which deviation `std` is: always `"population"`.
    pub deviation: &'static str,
    /// Pictures by true class (row) and predicted class (column), each once, when held out.
    pub confusion: Vec<Vec<u32>>,
}

/// What a cross-validation tells while it goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum FoldEvent {
    /// A fold's network begins to train.
    Fold {
        /// The fold that is held out, counted from 1.
        fold: usize,
        /// Folds in all.
        folds: usize,
        /// Pictures to train on.
        train: usize,
        /// Pictures held out.
        held_out: usize,
        /// Its run.
        run: RunInfo,
    },
    /// Something happened in a fold's run.
    Training {
        /// The fold.
        fold: usize,
        /// What.
        event: Event,
    },
    /// A fold's network was measured.
    Scores(Scores),
    /// All folds are; no event follows.
    Done(CrossValidated),
}

enum Stage {
    Training,
    Measuring(Box<Evaluator>),
    Over,
}

/// A cross-validation at work. The session that it was made for keeps its weights, history and
/// division; to cancel, drop it.
pub struct CrossValidation {
    trial: Trial,
    /// The session's, as it was at the beginning.
    network: Network,
    options: TrainOptions,
    seed: u64,
    /// Pictures held out in each fold.
    folds: Vec<Vec<u32>>,
    test: Vec<u32>,
    stage: Stage,
    /// Events of the call before, to be told with the next.
    news: Vec<FoldEvent>,
    /// Why the present fold's run ended, and the epoch that it went back to.
    ended: (Reason, Option<u32>),
    scores: Vec<Scores>,
    confusion: Vec<Vec<u32>>,
    warnings: Vec<String>,
}

impl CrossValidation {
    /// Begins, with the session's model and data. Every fold's network has fresh weights, but for
    /// those of frozen layers, which are the session's, and is trained as `options` say; its epochs
    /// are measured on the pictures held out where `validate` is asked for, or something watches
    /// them.
    ///
    /// # Errors
    /// `option` naming a wrong option, and as [`Session::start_training`] gives them.
    pub fn new(session: &mut Session, folds: &FoldOptions, options: &TrainOptions) -> Result<Self> {
        session.refuse_while_training("cross-validate")?;
        let dataset = session.dataset()?;
        let count = whole("folds", folds.folds.unwrap_or(5.0))?;
        let seed = seed_or(folds.seed, session.seed)?;
        let mut numbers: Vec<u32> = [Split::Train, Split::Validation]
            .into_iter()
            .flat_map(|split| dataset.numbers(split).iter().copied())
            .collect();
        numbers.sort_unstable();
        let labels: Vec<u16> =
            numbers.iter().map(|number| dataset.label_of_number(*number)).collect();
        let mut sizes = vec![0usize; dataset.classes().len()];
        labels.iter().for_each(|label| sizes[usize::from(*label)] += 1);
        let largest = sizes.iter().copied().max().unwrap_or(0);
        if count < 2 || count > largest as u64 {
            return Err(Error::option(format!(
                "folds is a whole number from 2 to {largest}, the pictures of the largest class; \
                 it is {count}."
            ))
            .field("folds"));
        }
        if options.resume {
            return Err(Error::option(
                "Every fold trains fresh weights, so there is nothing to resume; leave resume out.",
            )
            .field("resume"));
        }
        let folds = count as usize;
        let few = sizes.iter().zip(dataset.classes());
        let few = few.filter(|(size, _)| (1..folds).contains(*size));
        let warnings = few
            .map(|(size, class)| {
                format!(
                    "Class {class} has {size} of the pictures, fewer than there are folds: some \
                     folds hold none of it out."
                )
            })
            .collect();
        let mut held_out = vec![Vec::new(); folds];
        for (number, fold) in numbers.iter().zip(deal(&labels, sizes.len(), folds, seed)) {
            held_out[fold].push(*number);
        }
        let watches = [
            options.early_stopping()?.map(|stopping| stopping.monitor),
            options.reduce_on_plateau()?.map(|plateau| plateau.monitor),
        ];
        let validate = options.validate == Some(true)
            || watches.iter().flatten().any(|monitor| monitor.of_validation());
        let mut begun = Self {
            trial: Trial::new(session, seed)?,
            network: session.network()?.clone(),
            options: TrainOptions { validate: Some(validate), ..options.clone() },
            seed,
            test: dataset.numbers(Split::Test).to_vec(),
            stage: Stage::Training,
            news: Vec::new(),
            ended: (Reason::Finished, None),
            scores: Vec::with_capacity(folds),
            confusion: vec![vec![0; sizes.len()]; sizes.len()],
            folds: held_out,
            warnings,
        };
        begun.begin_fold(session)?;
        Ok(begun)
    }

    /// What is known at the beginning.
    pub fn info(&self) -> CrossValidationInfo {
        CrossValidationInfo {
            folds: self.folds.len(),
            pictures: self.folds.iter().map(Vec::len).sum(),
            warnings: self.warnings.clone(),
        }
    }

    /// The numbers of the pictures held out in each fold, in the order in which they were
    /// added to the data set.
    pub fn held_out(&self) -> &[Vec<u32>] {
        &self.folds
    }

    /// Goes on by at most `n` training steps or batches of measuring, and tells what they gave.
    /// Empty when it is over.
    ///
    /// # Errors
    /// `state` where the session's data was changed meanwhile, `device-lost` where the device
    /// fails.
    pub async fn advance(&mut self, session: &mut Session, n: usize) -> Result<Vec<FoldEvent>> {
        let mut events = std::mem::take(&mut self.news);
        let fold = self.scores.len() + 1;
        match &mut self.stage {
            Stage::Over => {}
            Stage::Training => {
                let lent = self.trial.lend(session)?;
                for event in lent.session.advance(n).await? {
                    if let Event::Done { reason, restored_epoch } = event {
                        self.ended = (reason, restored_epoch);
                    }
                    events.push(FoldEvent::Training { fold, event });
                }
                if !lent.session.is_training() {
                    let network = lent.session.network()?;
                    let dataset = lent.session.dataset()?;
                    let evaluator = Evaluator::new(network, dataset, Split::Validation)?;
                    self.stage = Stage::Measuring(Box::new(evaluator));
                }
            }
            Stage::Measuring(evaluator) => {
                let lent = self.trial.lend(session)?;
                let found = evaluator.advance(lent.session.dataset()?, n.max(1)).await?;
                let Some(measured) = found else { return Ok(events) };
                let found = measured.evaluation;
                let (reason, restored_epoch) = self.ended;
                let scores = Scores {
                    fold,
                    train: lent.session.dataset()?.len(Split::Train),
                    held_out: found.count,
                    loss: found.loss,
                    accuracy: found.accuracy,
                    epochs: lent.session.history().epochs.clone(),
                    reason,
                    restored_epoch,
                };
                drop(lent);
                for (sum, row) in self.confusion.iter_mut().zip(&found.confusion) {
                    sum.iter_mut().zip(row).for_each(|(sum, count)| *sum += count);
                }
                self.scores.push(scores.clone());
                events.push(FoldEvent::Scores(scores));
                if self.scores.len() < self.folds.len() {
                    self.begin_fold(session)?;
                } else {
                    self.stage = Stage::Over;
                    events.push(FoldEvent::Done(self.finish()));
                }
                events.append(&mut self.news);
            }
        }
        Ok(events)
    }

    /// A fresh network for the next fold.
    fn begin_fold(&mut self, session: &mut Session) -> Result<()> {
        let fold = self.scores.len();
        let mut train: Vec<u32> = Vec::new();
        for (other, numbers) in self.folds.iter().enumerate() {
            if other != fold {
                train.extend(numbers);
            }
        }
        train.sort_unstable();
        let mut stream = Stream::new(self.seed, Purpose::Folds, 1, fold as u64);
        // As many bits as a seed of the public contract has.
        let seed = (u64::from(stream.word()) << 20) | u64::from(stream.word() >> 12);
        self.trial.session = session.alike(seed);
        self.trial.session.set_model(self.network.spec().clone())?;
        // They learn in no fold: with fresh weights they would be noise.
        self.trial.session.keep_frozen(&self.network);
        let validation = self.folds[fold].clone();
        let (pictures, held_out) = (train.len(), validation.len());
        self.trial.splits = PerSplit { train, validation, test: self.test.clone() };
        let run = self.trial.lend(session)?.session.start_training(&self.options)?;
        self.news.push(FoldEvent::Fold {
            fold: fold + 1,
            folds: self.folds.len(),
            train: pictures,
            held_out,
            run,
        });
        self.stage = Stage::Training;
        Ok(())
    }

    fn finish(&self) -> CrossValidated {
        CrossValidated {
            loss: Spread::of(self.scores.iter().map(|scores| scores.loss)),
            accuracy: Spread::of(self.scores.iter().map(|scores| scores.accuracy)),
            folds: self.scores.clone(),
            deviation: "population",
            confusion: self.confusion.clone(),
        }
    }
}

impl Spread {
    /// Of some figures, one or more.
    pub fn of(figures: impl Iterator<Item = f64> + Clone) -> Self {
        let count = figures.clone().count() as f64;
        let mean = figures.clone().sum::<f64>() / count;
        let variance = figures.map(|figure| (figure - mean).powi(2)).sum::<f64>() / count;
        Self { mean, std: variance.sqrt() }
    }
}

/// The fold of each picture. Of every class each fold gets as many as of a deck that holds the
/// classes one after another and is dealt round; which, the seed draws.
fn deal(labels: &[u16], classes: usize, folds: usize, seed: u64) -> Vec<usize> {
    let mut by_class = vec![Vec::new(); classes];
    for (place, label) in labels.iter().enumerate() {
        by_class[usize::from(*label)].push(place);
    }
    // The classes in the order in which they turn up, as scikit-learn has it.
    let mut order: Vec<usize> = (0..classes).filter(|class| !by_class[*class].is_empty()).collect();
    order.sort_by_key(|class| by_class[*class][0]);
    let mut dealt = vec![0; labels.len()];
    let mut card = 0;
    for class in order {
        let pictures = &by_class[class];
        let mut to: Vec<usize> = (card..card + pictures.len()).map(|card| card % folds).collect();
        card += pictures.len();
        Stream::new(seed, Purpose::Folds, 0, class as u64).shuffle(&mut to);
        for (place, fold) in pictures.iter().zip(to) {
            dealt[*place] = fold;
        }
    }
    dealt
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of each class each fold holds out, by scikit-learn 1.7's
    /// `StratifiedKFold(shuffle=True)`.
    #[test]
    fn every_fold_has_its_part_of_every_class() {
        let many = "13030121102102010100201432100310121301101210211202\
                    12020022210012200123012110132210202020001000010";
        for (labels, folds, expected) in [
            ("01020110210", 3, vec![vec![2, 2, 1], vec![1, 1, 2], vec![1, 1, 0]]),
            (
                many,
                7,
                vec![
                    vec![5, 6, 5, 5, 5, 5, 5],
                    vec![5, 4, 4, 4, 4, 4, 4],
                    vec![3, 3, 4, 4, 4, 3, 3],
                    vec![1; 7],
                    vec![0, 0, 0, 0, 0, 1, 0],
                ],
            ),
        ] {
            let labels: Vec<u16> = labels.bytes().map(|digit| u16::from(digit - b'0')).collect();
            let dealt = deal(&labels, expected.len() + 1, folds, 7);
            let mut counts = vec![vec![0; folds]; expected.len()];
            for (label, fold) in labels.iter().zip(&dealt) {
                counts[usize::from(*label)][*fold] += 1;
            }
            assert_eq!(counts, expected);
            assert_eq!(dealt, deal(&labels, expected.len(), folds, 7));
            assert_ne!(dealt, deal(&labels, expected.len(), folds, 8));
        }
    }

    #[test]
    fn the_deviation_is_the_populations() {
        let spread = Spread::of([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter());
        assert_eq!(spread, Spread { mean: 5.0, std: 2.0 });
    }
}
