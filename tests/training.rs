//! What steers a run, natively: schedules, early stopping, plateaus, live changes, a loss that
//! is no longer a number; and what trains beside it, the finder and cross-validation.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

mod common;

use burn::tensor::Device;
use cnn_lab::data::dataset::{Dataset, Split, SplitOptions};
use cnn_lab::evaluate::Evaluator;
use cnn_lab::evaluate::cross_validation::{
    CrossValidated, CrossValidation, FoldEvent, FoldOptions,
};
use cnn_lab::evaluate::metrics::Evaluation;
use cnn_lab::store::checkpoint;
use cnn_lab::train::finder::{Finder, FinderEvent, FinderOptions, Found};
use cnn_lab::train::history::{Event, Reason};
use cnn_lab::train::options::{TrainOptions, TrainUpdate};
use cnn_lab::train::session::Session;
use common::{bars, convnet};
use pollster::block_on;
use serde_json::{Value, json};

const FIFTH: SplitOptions = SplitOptions { validation: 0.2, test: 0.0, seed: 0 };

fn data() -> Dataset {
    let mut dataset = bars(300, 12);
    dataset.split(FIFTH).unwrap();
    dataset
}

fn session(seed: u64) -> Session {
    let mut session = Session::new(Device::flex(), seed);
    session.set_dataset(data()).unwrap();
    session.set_model(convnet(12)).unwrap();
    session
}

fn options(value: Value) -> TrainOptions {
    serde_json::from_value(value).unwrap()
}

fn update(value: Value) -> TrainUpdate {
    serde_json::from_value(value).unwrap()
}

fn run(session: &mut Session, n: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while session.is_training() {
        events.extend(block_on(session.advance(n)).unwrap());
    }
    events
}

fn save(session: &Session) -> Vec<u8> {
    block_on(checkpoint::save(session)).unwrap()
}

fn measure(session: &Session, split: Split) -> Evaluation {
    let dataset = session.dataset().unwrap();
    let mut evaluator = Evaluator::new(session.network().unwrap(), dataset, split).unwrap();
    loop {
        if let Some(found) = block_on(evaluator.advance(dataset, 9)).unwrap() {
            return found.evaluation;
        }
    }
}

fn warnings(events: &[Event]) -> Vec<(&str, &str)> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Warning { code, message } => Some((code.as_str(), message.as_str())),
            _ => None,
        })
        .collect()
}

#[test]
fn early_stopping_ends_with_the_weights_of_the_best_epoch() {
    let mut session = session(1);
    let start = json!({
        "epochs": 40, "learningRate": 0.02,
        "earlyStopping": {"monitor": "val_loss", "patience": 2, "restoreBestWeights": true}
    });
    session.start_training(&options(start.clone())).unwrap();
    let events = run(&mut session, 7);
    let epochs = &session.history().epochs;
    let best = epochs.iter().min_by(|a, b| a.val_loss.partial_cmp(&b.val_loss).unwrap()).unwrap();
    assert!(epochs.len() < 40, "it stopped before the end");
    assert_eq!(epochs.len(), best.epoch as usize + 2);
    let done = Event::Done { reason: Reason::EarlyStopping, restored_epoch: Some(best.epoch) };
    assert_eq!(events.last(), Some(&done));
    let done = serde_json::to_value(done).unwrap();
    assert_eq!(
        done,
        json!({"type": "done", "reason": "early-stopping", "restoredEpoch": best.epoch})
    );
    // The weights are those of that epoch: they give the loss that it had.
    let found = measure(&session, Split::Validation);
    assert_eq!(Some(found.loss), best.val_loss);
    // Made longer, it goes on with what it keeps; so it does from a checkpoint.
    let longer = update(json!({"epochs": 40}));
    let mut extended = Session::new(Device::flex(), 9);
    checkpoint::load(&mut extended, &save(&session)).unwrap();
    extended.update_training(&longer).unwrap();
    let bytes = save(&extended);
    assert!(String::from_utf8_lossy(&bytes).contains("best/dense/kernel"));
    checkpoint::load(&mut extended, &bytes).unwrap();
    extended.set_dataset(data()).unwrap();
    extended.start_training(&options(json!({"resume": true}))).unwrap();
    let events = run(&mut extended, 50);
    let Some(Event::Done { reason: Reason::EarlyStopping, restored_epoch }) = events.last() else {
        panic!("{:?}", events.last());
    };
    assert!(restored_epoch.unwrap() >= best.epoch);
    // The run is over; another one goes on from there.
    let resumed = session.start_training(&options(json!({"resume": true})));
    assert_eq!(resumed.unwrap_err().code(), "state");
    assert!(!String::from_utf8_lossy(&save(&session)).contains("best/"));
    let next = session.history().epochs.len() as u32 + 1;
    assert_eq!(session.start_training(&options(json!({}))).unwrap().epoch, next);
    session.stop_training();

    // Keras 3 puts the best weights back at the end of every run that keeps them.
    let mut session = self::session(1);
    session
        .start_training(&options(json!({
            "epochs": 2, "learningRate": 0,
            "earlyStopping": {"monitor": "val_accuracy", "patience": 5, "restoreBestWeights": true}
        })))
        .unwrap();
    let done = Event::Done { reason: Reason::Finished, restored_epoch: Some(1) };
    assert_eq!(run(&mut session, 100).last(), Some(&done));
}

#[test]
fn a_rate_that_does_not_help_is_reduced_and_told() {
    let mut session = session(1);
    session
        .start_training(&options(json!({
            "epochs": 5, "learningRate": 0, "optimizer": "sgd",
            "reduceOnPlateau": {"monitor": "accuracy", "patience": 1}
        })))
        .unwrap();
    // At 0 there is nothing to reduce.
    assert_eq!(warnings(&run(&mut session, 100)), []);
    session
        .start_training(&options(json!({
            "epochs": 4, "learningRate": 1e-12, "optimizer": "sgd",
            "reduceOnPlateau": {"patience": 1, "factor": 0.5, "minLearningRate": 3e-13}
        })))
        .unwrap();
    let events = run(&mut session, 100);
    let told = warnings(&events);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].0, "learning-rate-reduced");
    assert!(told[1].1.contains("3e-13"), "{told:?}");
    let rates: Vec<_> =
        session.history().epochs[5..].iter().map(|epoch| epoch.learning_rate.unwrap()).collect();
    assert_eq!(rates, [1e-12, 1e-12, 5e-13, 3e-13]);
}

#[test]
fn a_steered_run_goes_on_exactly_where_it_was() {
    let plateau = json!({"patience": 1, "factor": 0.5, "minDelta": 0.02});
    let stopping = json!({"patience": 2, "restoreBestWeights": true, "minDelta": 0.01});
    let cosine = json!({
        "name": "CosineDecay", "decay_steps": 60, "warmup_target": 0.02, "warmup_steps": 10,
        "initial_learning_rate": 0.001
    });
    for (optimizer, more) in [
        (json!({"name": "nadam", "clipnorm": 1}), json!({"reduceOnPlateau": plateau})),
        (
            json!({"name": "rmsprop", "momentum": 0.5, "centered": true}),
            json!({"schedule": cosine}),
        ),
        (
            json!({"name": "adam", "amsgrad": true, "weight_decay": 0.01}),
            json!({"reduceOnPlateau": plateau}),
        ),
        (json!({"name": "adamw", "learning_rate": cosine, "global_clipnorm": 1}), json!({})),
        (json!({"name": "adagrad", "learning_rate": 0.05}), json!({"reduceOnPlateau": plateau})),
        (json!({"name": "adadelta", "learning_rate": 1}), json!({"reduceOnPlateau": plateau})),
        (json!({"name": "sgd", "momentum": 0.9, "clipvalue": 0.1}), json!({"schedule": cosine})),
    ] {
        let mut start = more;
        start["optimizer"] = optimizer.clone();
        start["epochs"] = json!(6);
        start["batchSize"] = json!(20);
        start["earlyStopping"] = stopping.clone();
        let start = options(start);
        let mut whole = session(3);
        whole.start_training(&start).unwrap();
        run(&mut whole, 5);
        let finished = save(&whole);

        // Saved and loaded elsewhere again and again: within an epoch, at its end, at its start.
        let mut session = session(3);
        session.start_training(&TrainOptions { steps: Some(7.0), ..start }).unwrap();
        run(&mut session, 5);
        for steps in [5, 12, 1, 17, 1000] {
            if session.progress().unwrap().finished() {
                break;
            }
            let bytes = save(&session);
            session = Session::new(Device::flex(), 99);
            checkpoint::load(&mut session, &bytes).unwrap();
            assert!(save(&session) == bytes, "{optimizer}: saved again, it is another");
            session.set_dataset(data()).unwrap();
            session.start_training(&options(json!({"resume": true, "steps": steps}))).unwrap();
            run(&mut session, 3);
        }
        assert!(session.history() == whole.history(), "{optimizer}: the histories differ");
        assert!(save(&session) == finished, "{optimizer}: the checkpoints differ");
    }
}

#[test]
fn a_run_is_resumed_as_it_was_asked_for() {
    let mut session = session(3);
    let stopping = json!({"patience": 3, "monitor": "loss"});
    session
        .start_training(&options(json!({"epochs": 3, "steps": 9, "earlyStopping": stopping})))
        .unwrap();
    run(&mut session, 9);
    for (value, field) in [
        (json!({"earlyStopping": {"patience": 4, "monitor": "loss"}}), "earlyStopping"),
        (json!({"reduceOnPlateau": true}), "reduceOnPlateau"),
    ] {
        let mut value = value;
        value["resume"] = json!(true);
        let error = session.start_training(&options(value)).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)));
    }
    let same = json!({"resume": true, "steps": 1, "earlyStopping": stopping});
    session.start_training(&options(same)).unwrap();
}

#[test]
fn a_schedule_counts_the_optimizers_steps() {
    let rates = |session: &mut Session, start: Value| -> Vec<f64> {
        session.start_training(&options(start)).unwrap();
        let rate = |event: &Event| match event {
            Event::Step { learning_rate, .. } => Some(*learning_rate),
            _ => None,
        };
        run(session, 2).iter().filter_map(rate).collect()
    };
    let mut session = session(3);
    let steps =
        json!({"name": "PiecewiseConstantDecay", "boundaries": [1, 2], "values": [0.3, 0.2, 0.1]});
    let sgd = json!({"name": "sgd", "learning_rate": 0.4});
    assert_eq!(rates(&mut session, json!({"steps": 2, "optimizer": sgd})), [0.4, 0.4]);
    // One that a run asks for begins with it,
    assert_eq!(rates(&mut session, json!({"steps": 4, "schedule": steps})), [0.3, 0.3, 0.2, 0.1]);
    // and goes on with the run, also when it is named again, and with the next one.
    assert_eq!(rates(&mut session, json!({"steps": 1, "resume": true, "schedule": steps})), [0.1]);
    assert_eq!(rates(&mut session, json!({"steps": 2})), [0.1, 0.1]);
    assert_eq!(rates(&mut session, json!({"steps": 2, "schedule": steps})), [0.3, 0.3]);
    // A rate that is set by hand ends it.
    session.update_training(&update(json!({"learningRate": 0.05}))).unwrap();
    assert_eq!(rates(&mut session, json!({"steps": 2, "resume": true})), [0.05, 0.05]);
    // It begins at the rate that is asked for beside it.
    let cosine = json!({"name": "CosineDecay", "decay_steps": 2});
    let halved = rates(&mut session, json!({"steps": 3, "schedule": cosine, "learningRate": 0.5}));
    assert!(halved.iter().zip([0.5, 0.25, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{halved:?}");
}

#[test]
fn wrong_options_name_the_field_and_change_nothing() {
    let mut session = session(3);
    let before = save(&session);
    for (value, field) in [
        (json!({"schedule": "cosine"}), "schedule"),
        (json!({"schedule": {"name": "CosineDecay"}}), "decay_steps"),
        (
            json!({"schedule": {"name": "CosineDecay", "decay_steps": 5, "initial_learning_rate": 1}, "learningRate": 1}),
            "learningRate",
        ),
        (
            json!({"schedule": {"name": "CosineDecay", "decay_steps": 5}, "reduceOnPlateau": {}}),
            "reduceOnPlateau",
        ),
        (json!({"earlyStopping": {"monitor": "auc"}}), "earlyStopping.monitor"),
        (json!({"earlyStopping": true, "validate": false}), "earlyStopping.monitor"),
        (json!({"reduceOnPlateau": {"factor": 2}}), "reduceOnPlateau.factor"),
        (json!({"optimizer": {"name": "sgd", "clipnorm": -1}}), "clipnorm"),
    ] {
        let error = session.start_training(&options(value.clone())).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{value}: {error}");
    }
    session.split(SplitOptions::default()).unwrap();
    let error = session.start_training(&options(json!({"reduceOnPlateau": true}))).unwrap_err();
    assert_eq!(error.field_name(), Some("reduceOnPlateau.monitor"));
    assert!(save(&session) == before);
}

#[test]
fn a_run_that_diverges_goes_back_to_the_last_good_weights() {
    let mut session = session(5);
    session.start_training(&options(json!({"epochs": 6}))).unwrap();
    while session.history().epochs.len() < 2 {
        block_on(session.advance(3)).unwrap();
    }
    let (good, history) = (measure(&session, Split::Test), session.history().clone());
    block_on(session.advance(3)).unwrap();
    session.update_training(&update(json!({"learningRate": 1e30, "epochs": 9}))).unwrap();
    let events = run(&mut session, 2);
    let told = warnings(&events);
    assert_eq!(told[0].0, "diverged");
    assert!(told[0].1.contains("1e30") && told[0].1.contains("1e29"), "{told:?}");
    assert!(told[0].1.contains("clipnorm") && told[0].1.contains("after epoch 2"), "{told:?}");
    let done = Event::Done { reason: Reason::Diverged, restored_epoch: None };
    assert_eq!(events.last(), Some(&done));
    assert_eq!(measure(&session, Split::Test), good);
    assert_eq!(session.history(), &history);
    let progress = session.progress().unwrap();
    assert_eq!((progress.epoch, progress.step, progress.epochs), (3, 0, 9));
    // From there it goes on, with a rate that is not too high and an optimizer without a past.
    session.start_training(&options(json!({"resume": true, "learningRate": 0.003}))).unwrap();
    let done = Event::Done { reason: Reason::Finished, restored_epoch: None };
    assert_eq!(run(&mut session, 9).last(), Some(&done));
    assert_eq!(session.history().epochs.len(), 9);
    assert!(session.history().epochs[8].loss < 0.8 * history.epochs[1].loss);
}

#[test]
fn weights_that_blow_up_in_an_epochs_last_step_are_not_good() {
    // One step an epoch: no loss of the epoch tells of them, so another one must.
    for (batch, validate) in [(300, true), (300, false), (150, false)] {
        let mut session = session(5);
        let fresh = measure(&session, Split::Test);
        session
            .start_training(&options(json!({
                "epochs": 3, "batchSize": batch, "validate": validate,
                "optimizer": {"name": "sgd", "learning_rate": 1e30}
            })))
            .unwrap();
        let events = run(&mut session, 5);
        let done = Event::Done { reason: Reason::Diverged, restored_epoch: None };
        assert_eq!(events.last(), Some(&done));
        assert!(warnings(&events)[0].1.contains("when the run began"), "{events:?}");
        assert_eq!(measure(&session, Split::Test), fresh);
        assert_eq!(session.history().steps.len(), 0);
    }
}

#[test]
fn a_loss_that_is_no_number_from_the_start_blames_the_weights() {
    let mut session = session(5);
    let start = json!({"steps": 4, "augmentation": {"rescale": 1e38}});
    session.start_training(&options(start)).unwrap();
    let events = run(&mut session, 5);
    let told = warnings(&events);
    assert!(told[0].1.contains("rescale") && !told[0].1.contains("learning rate"), "{told:?}");
}

#[test]
fn the_batch_size_changes_with_the_next_epoch() {
    let start = json!({"epochs": 3, "batchSize": 24});
    let mut session = session(5);
    session.start_training(&options(start.clone())).unwrap();
    assert_eq!(
        session
            .update_training(&update(json!({"batchSize": 0, "learningRate": 1})))
            .unwrap_err()
            .field_name(),
        Some("batchSize")
    );
    block_on(session.advance(4)).unwrap();
    // 240 pictures: ten steps of 24, then eight of 32. What was planned before is not used.
    let planned = session.upcoming(9).unwrap();
    assert_eq!(planned.len(), 9);
    session.update_training(&update(json!({"batchSize": 32}))).unwrap();
    assert_eq!(session.upcoming(9).unwrap().len(), 6);
    let values = vec![0.5; 24 * 144];
    assert!(!session.supply(planned[7].step, values.clone()).unwrap());
    let bytes = save(&session);
    block_on(session.advance(99)).unwrap();
    while session.history().steps.len() == 10 && session.history().epochs.is_empty() {
        block_on(session.advance(99)).unwrap();
    }
    assert_eq!(session.progress().unwrap().batch_size, 32);
    assert!(!session.supply(planned[7].step, values).unwrap());
    assert_eq!(session.upcoming(1).unwrap()[0].numbers.len(), 32);
    let events = run(&mut session, 99);
    assert!(
        matches!(events[0], Event::Step { epoch: 2, steps: 8, images: 32, .. }),
        "{:?}",
        events[0]
    );
    assert_eq!(session.history().steps.len(), 26);

    // Saved with the change to come, it goes on to the same end.
    let mut loaded = Session::new(Device::flex(), 99);
    checkpoint::load(&mut loaded, &bytes).unwrap();
    loaded.set_dataset(data()).unwrap();
    loaded.start_training(&options(json!({"resume": true}))).unwrap();
    run(&mut loaded, 3);
    assert!(save(&loaded) == save(&session));
}

fn find(session: &mut Session, value: Value, n: usize) -> Found {
    let options: FinderOptions = serde_json::from_value(value).unwrap();
    let mut finder = Finder::new(session, &options).unwrap();
    let mut points = Vec::new();
    loop {
        for event in block_on(finder.advance(session, n)).unwrap() {
            match event {
                FinderEvent::Point(point) => points.push(point),
                FinderEvent::Done(found) => {
                    assert_eq!(found.points, points);
                    assert!(block_on(finder.advance(session, n)).unwrap().is_empty());
                    return found;
                }
            }
        }
    }
}

#[test]
fn the_finder_suggests_a_rate_and_touches_nothing() {
    let mut session = session(5);
    session.start_training(&options(json!({"steps": 5}))).unwrap();
    run(&mut session, 5);
    let before = (save(&session), session.dataset().unwrap().info());
    // So high that it is certain to diverge: at 10 this small task may by chance still be learned.
    let wide = json!({"maxLearningRate": 1e4});
    let found = find(&mut session, wide.clone(), 7);
    assert!(found.diverged && found.points.len() < 100, "{}", found.points.len());
    assert_eq!(found.points[0].learning_rate, 1e-6);
    let growth = (1e4f64 / 1e-6).powf(1.0 / 99.0);
    let ratio = found.points[9].learning_rate / found.points[8].learning_rate;
    assert!((ratio / growth - 1.0).abs() < 1e-12);
    let suggestion = found.suggestion.unwrap();
    assert!((1e-4..0.1).contains(&suggestion), "{suggestion}");
    // However it is pulled; and of another seed, another.
    assert_eq!(find(&mut session, wide, 100), found);
    assert_ne!(
        find(&mut session, json!({"maxLearningRate": 1e4, "seed": 9}), 100).points,
        found.points
    );
    let short =
        find(&mut session, json!({"steps": 12, "maxLearningRate": 1e-5, "optimizer": "sgd"}), 5);
    assert_eq!((short.points.len(), short.diverged), (12, false));
    assert!((short.points[11].learning_rate - 1e-5).abs() < 1e-12);

    // Given up halfway, it leaves no trace either.
    let mut finder = Finder::new(&mut session, &FinderOptions::default()).unwrap();
    block_on(finder.advance(&mut session, 3)).unwrap();
    drop(finder);
    assert!((save(&session), session.dataset().unwrap().info()) == before);

    for (value, field) in [
        (json!({"steps": 5}), "steps"),
        (json!({"minLearningRate": 0}), "minLearningRate"),
        (json!({"maxLearningRate": 1e-7}), "maxLearningRate"),
        (json!({"smoothing": 1}), "smoothing"),
        (json!({"optimizer": "fast"}), "optimizer"),
        (json!({"batchSize": 0.5}), "batchSize"),
        (json!({"seed": -1}), "seed"),
    ] {
        let options: FinderOptions = serde_json::from_value(value).unwrap();
        let error = Finder::new(&mut session, &options).err().unwrap();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{error}");
    }
    assert!((save(&session), session.dataset().unwrap().info()) == before);
}

fn cross_validate(session: &mut Session, folds: Value, train: Value, n: usize) -> CrossValidated {
    let folds: FoldOptions = serde_json::from_value(folds).unwrap();
    let mut begun = CrossValidation::new(session, &folds, &options(train)).unwrap();
    let (mut fold_of_event, mut steps) = (0, 0);
    loop {
        for event in block_on(begun.advance(session, n)).unwrap() {
            match event {
                FoldEvent::Fold { fold, run, .. } => {
                    assert_eq!(fold, fold_of_event + 1);
                    (fold_of_event, steps) = (fold, run.total_steps);
                }
                FoldEvent::Training { fold, event } => {
                    assert_eq!(fold, fold_of_event);
                    steps -= u64::from(matches!(event, Event::Step { .. }));
                }
                FoldEvent::Scores(scores) => {
                    assert_eq!(scores.fold, fold_of_event);
                    assert_eq!(steps > 0, scores.reason == Reason::EarlyStopping);
                }
                FoldEvent::Done(found) => {
                    assert!(block_on(begun.advance(session, n)).unwrap().is_empty());
                    return found;
                }
            }
        }
    }
}

#[test]
fn cross_validation_measures_every_picture_once_and_touches_nothing() {
    let mut session = session(5);
    session.start_training(&options(json!({"steps": 3}))).unwrap();
    run(&mut session, 3);
    let before = (save(&session), session.dataset().unwrap().header());
    let train = json!({"epochs": 3, "batchSize": 20, "augmentation": {"featurewise_center": true}});
    let found = cross_validate(&mut session, json!({"folds": 3}), train.clone(), 7);
    assert_eq!(found.folds.len(), 3);
    let held_out: Vec<usize> = found.folds.iter().map(|fold| fold.held_out).collect();
    assert_eq!(held_out, [100, 100, 100]);
    assert!(found.folds.iter().all(|fold| fold.train == 200 && fold.epochs.len() == 3));
    // Training and validation pictures alike, each once.
    let counts = session.dataset().unwrap().info().counts;
    for (class, row) in found.confusion.iter().enumerate() {
        let count = counts.train[class] + counts.validation[class];
        assert_eq!(row.iter().sum::<u32>() as usize, count);
    }
    let right: u32 = (0..3).map(|class| found.confusion[class][class]).sum();
    assert!((found.accuracy.mean - f64::from(right) / 300.0).abs() < 1e-12);
    assert!(found.accuracy.mean > 0.6, "{found:?}");
    let squares = found.folds.iter().map(|fold| (fold.loss - found.loss.mean).powi(2));
    assert!((found.loss.std - (squares.sum::<f64>() / 3.0).sqrt()).abs() < 1e-12);
    assert_eq!(found.deviation, "population");
    // Without validation its epochs have no figures of it.
    assert_eq!(found.folds[0].epochs[0].val_loss, None);

    // However it is pulled; and of another seed, another.
    assert_eq!(cross_validate(&mut session, json!({"folds": 3}), train.clone(), 100), found);
    let other = cross_validate(&mut session, json!({"folds": 3, "seed": 1}), train.clone(), 100);
    assert_ne!(other.folds, found.folds);

    // What watches the pictures held out gets to see them.
    let watched = json!({
        "epochs": 60, "learningRate": 0.03, "earlyStopping": {"restoreBestWeights": true}
    });
    let stopped = cross_validate(&mut session, json!({"folds": 2}), watched, 100);
    for fold in &stopped.folds {
        assert_eq!(fold.reason, Reason::EarlyStopping);
        let best = &fold.epochs[fold.restored_epoch.unwrap() as usize - 1];
        assert_eq!(best.val_loss, Some(fold.loss));
    }

    // Given up in the middle of a fold, it leaves no trace.
    let folds = FoldOptions { folds: Some(4.0), seed: None };
    let mut begun = CrossValidation::new(&mut session, &folds, &options(train.clone())).unwrap();
    for _ in 0..20 {
        block_on(begun.advance(&mut session, 1)).unwrap();
    }
    drop(begun);
    assert_eq!(session.dataset().unwrap().header(), before.1);
    assert!(save(&session) == before.0);
    // Data that was changed meanwhile is noticed, and stays.
    let mut begun = CrossValidation::new(&mut session, &folds, &options(train)).unwrap();
    session.edit(|dataset| dataset.exclude(Split::Train, 0)).unwrap();
    let header = session.dataset().unwrap().header();
    assert_eq!(block_on(begun.advance(&mut session, 1)).unwrap_err().code(), "state");
    assert_eq!(session.dataset().unwrap().header(), header);
}

#[test]
fn folds_that_cannot_be_are_refused() {
    let mut session = session(5);
    let before = (save(&session), session.dataset().unwrap().header());
    for (folds, train, field) in [
        (json!({"folds": 1}), json!({}), "folds"),
        (json!({"folds": 2.5}), json!({}), "folds"),
        (json!({"folds": 1000}), json!({}), "folds"),
        (json!({"seed": -1}), json!({}), "seed"),
        (json!({}), json!({"resume": true}), "resume"),
        (json!({}), json!({"epochs": -1}), "epochs"),
        (json!({}), json!({"earlyStopping": {"patience": "x"}}), "earlyStopping.patience"),
        (json!({}), json!({"optimizer": "fast"}), "optimizer"),
    ] {
        let folds: FoldOptions = serde_json::from_value(folds).unwrap();
        let error = CrossValidation::new(&mut session, &folds, &options(train)).err().unwrap();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{error}");
    }
    assert!((save(&session), session.dataset().unwrap().header()) == before);
    // A class with fewer pictures than folds is told of.
    session
        .edit(|dataset| {
            while dataset.info().counts.train[2] + dataset.info().counts.validation[2] > 3 {
                let split = if dataset.info().counts.train[2] > 2 {
                    Split::Train
                } else {
                    Split::Validation
                };
                let place = dataset.indices(split, Some(2)).next().unwrap();
                dataset.exclude(split, place)?;
            }
            Ok(())
        })
        .unwrap();
    let begun =
        CrossValidation::new(&mut session, &FoldOptions::default(), &options(json!({}))).unwrap();
    assert_eq!(begun.info().warnings.len(), 1);
    assert!(begun.info().warnings[0].contains("aslant has 3"), "{:?}", begun.info());
}
