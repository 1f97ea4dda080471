//! The core end to end, natively: it learns, repeats itself and resumes to the last bit.

#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

mod common;

use burn::tensor::Device;
use cnn_lab::data::dataset::{Dataset, Split, SplitOptions};
use cnn_lab::data::prepare::Recipe;
use cnn_lab::data::preprocess::{Fitted, Preprocessing};
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::store::checkpoint;
use cnn_lab::train::history::{Event, Reason};
use cnn_lab::train::options::{TrainOptions, TrainUpdate};
use cnn_lab::train::session::Session;
use common::{bars, convnet};
use pollster::block_on;
use serde_json::json;

fn session(device: Device, seed: u64) -> Session {
    let mut session = Session::new(device, seed);
    session.set_dataset(bars(500, 12)).unwrap();
    session.set_model(convnet(12)).unwrap();
    session
}

fn options(value: serde_json::Value) -> TrainOptions {
    serde_json::from_value(value).unwrap()
}

/// Pulls a run to its end, `n` steps at a time.
fn run(session: &mut Session, n: usize) -> Vec<Event> {
    let mut events = Vec::new();
    while session.is_training() {
        events.extend(block_on(session.advance(n)).unwrap());
    }
    events
}

fn losses(session: &Session) -> Vec<u32> {
    session.history().steps.iter().map(|step| step.loss.to_bits()).collect()
}

#[test]
fn it_learns_and_measures() {
    let mut session = session(Device::flex(), 1);
    session.split(SplitOptions { validation: 0.2, ..SplitOptions::default() }).unwrap();
    assert_eq!(session.class_names(), ["lying", "standing", "aslant"]);
    let info = session.start_training(&options(json!({"epochs": 6, "batchSize": 32}))).unwrap();
    assert_eq!((info.steps_per_epoch, info.total_steps), (13, 78));
    let events = run(&mut session, 5);
    let epochs: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Epoch(record) => Some(*record),
            _ => None,
        })
        .collect();
    assert_eq!(epochs.len(), 6);
    assert!(epochs[5].loss < 0.5 * epochs[0].loss, "{epochs:?}");
    assert!(epochs[5].val_accuracy.unwrap() > 0.9, "{epochs:?}");
    assert_eq!(
        events.last(),
        Some(&Event::Done { reason: Reason::Finished, restored_epoch: None })
    );

    let mut evaluator = cnn_lab::evaluate::Evaluator::new(
        session.network().unwrap(),
        session.dataset().unwrap(),
        Split::Test,
    )
    .unwrap();
    let evaluation = loop {
        if let Some(done) = block_on(evaluator.advance(session.dataset().unwrap(), 1)).unwrap() {
            break done.evaluation;
        }
    };
    assert_eq!(evaluation.count, 500);
    assert!(evaluation.accuracy > 0.9, "{}", evaluation.accuracy);
    assert_eq!(evaluation.confusion.iter().flatten().sum::<u32>(), 500);
    // The worst prediction stands at the place in the split that it names.
    let worst = &evaluation.worst[0];
    assert_eq!(
        session.dataset().unwrap().picture(Split::Test, worst.index).unwrap().1,
        worst.label
    );
}

#[test]
fn the_same_seed_repeats_to_the_last_bit_however_it_is_pulled() {
    let train = |seed, n| {
        let mut session = session(Device::flex(), seed);
        session.start_training(&options(json!({"epochs": 2}))).unwrap();
        run(&mut session, n);
        losses(&session)
    };
    let first = train(7, 1);
    assert_eq!(first.len(), 32);
    assert_eq!(first, train(7, 100));
    assert_ne!(first, train(8, 1));
}

#[test]
fn a_checkpoint_goes_on_exactly_where_it_was() {
    for optimizer in ["sgd", "rmsprop", "adam"] {
        let start = options(json!({"epochs": 3, "optimizer": optimizer, "batchSize": 10}));
        let mut whole = session(Device::flex(), 3);
        whole.start_training(&start).unwrap();
        run(&mut whole, 7);
        assert_eq!(whole.history().steps.len(), 150);

        // Stopped in the middle of the second epoch, saved, loaded elsewhere, finished there.
        let mut first = session(Device::flex(), 3);
        first.start_training(&TrainOptions { steps: Some(77.0), ..start }).unwrap();
        run(&mut first, 10);
        let bytes = block_on(checkpoint::save(&first)).unwrap();
        let mut second = Session::new(Device::flex(), 99);
        let info = checkpoint::load(&mut second, &bytes).unwrap();
        let loaded = info.run.unwrap();
        assert_eq!((loaded.epoch, loaded.step, loaded.epochs, loaded.finished), (2, 27, 3, false));
        assert_eq!(info.classes, ["lying", "standing", "aslant"]);
        second.set_dataset(bars(500, 12)).unwrap();
        second.start_training(&options(json!({"resume": true}))).unwrap();
        run(&mut second, 3);
        assert_eq!(losses(&second), losses(&whole), "{optimizer}");
        assert!(second.history() == whole.history(), "{optimizer}: the histories differ");
        // And what it saves is what the uninterrupted run saves.
        let again = block_on(checkpoint::save(&second)).unwrap();
        assert!(again == block_on(checkpoint::save(&whole)).unwrap(), "{optimizer}");
    }
}

/// Everything that draws or is fitted.
fn augmented() -> serde_json::Value {
    json!({
        "rotation_range": 20, "width_shift_range": 0.1, "height_shift_range": 0.1, "zoom_range": 0.1,
        "horizontal_flip": true, "channel_shift_range": 9, "brightness_range": [0.8, 1.2],
        "random_crop": 1, "cutout": 2, "mixup": 0.3, "color_jitter": {"contrast": 0.1},
        "samplewise_center": true, "zca_whitening": true, "zca_epsilon": 0.1
    })
}

#[test]
fn an_augmented_run_goes_on_exactly_where_it_was() {
    let start = options(json!({
        "epochs": 2, "batchSize": 10, "augmentation": augmented(), "classWeight": [1, 2, 0.5]
    }));
    let mut whole = session(Device::flex(), 3);
    whole.start_training(&start).unwrap();
    run(&mut whole, 7);
    assert_eq!(whole.history().steps.len(), 100);

    let mut first = session(Device::flex(), 3);
    first.start_training(&TrainOptions { steps: Some(63.0), ..start }).unwrap();
    run(&mut first, 10);
    let bytes = block_on(checkpoint::save(&first)).unwrap();
    let mut second = Session::new(Device::flex(), 99);
    let info = checkpoint::load(&mut second, &bytes).unwrap().run.unwrap();
    assert_eq!(info.class_weight, [1.0, 2.0, 0.5]);
    assert_eq!(info.augmentation.unwrap().mixup, 0.3);
    assert!(block_on(checkpoint::save(&second)).unwrap() == bytes);
    // What the weights were trained behind is there before the data is.
    let picture: Vec<u8> = (0..144).collect();
    let predict = |session: &Session| {
        let names = session.class_names();
        block_on(cnn_lab::explain::predict(session.network().unwrap(), names, &picture)).unwrap()
    };
    assert_eq!(predict(&second), predict(&first));

    second.set_dataset(bars(500, 12)).unwrap();
    for (value, field) in [
        (json!({"resume": true, "augmentation": {}}), "augmentation"),
        (json!({"resume": true, "classWeight": "balanced"}), "classWeight"),
    ] {
        let error = second.start_training(&options(value)).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)));
    }
    second.start_training(&options(json!({"resume": true, "augmentation": augmented()}))).unwrap();
    run(&mut second, 3);
    assert_eq!(losses(&second), losses(&whole));
    assert!(
        block_on(checkpoint::save(&second)).unwrap() == block_on(checkpoint::save(&whole)).unwrap()
    );
}

/// A checkpoint from before there was preprocessing, as the first version wrote it.
#[test]
fn a_checkpoint_without_preprocessing_divides_by_255() {
    let mut session = session(Device::flex(), 3);
    session.start_training(&options(json!({"steps": 3}))).unwrap();
    run(&mut session, 3);
    let bytes = block_on(checkpoint::save(&session)).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    // Nothing that is new is written where nothing new is used.
    for (key, there) in [
        ("\\\"rescale\\\":0.00392156862745098", true),
        ("featurewise", false),
        ("samplewise", false),
        ("zca", false),
        ("augmentation", false),
        ("classWeight", false),
    ] {
        assert_eq!(text.contains(key), there, "{key}");
    }
    let mut loaded = Session::new(Device::flex(), 9);
    checkpoint::load(&mut loaded, &bytes).unwrap();
    assert_eq!(loaded.network().unwrap().preprocessing, Preprocessing::default());
}

#[test]
fn augmentation_that_does_nothing_changes_no_bit() {
    let train = |value| {
        let mut session = session(Device::flex(), 7);
        session.start_training(&options(value)).unwrap();
        run(&mut session, 3);
        losses(&session)
    };
    let plain = train(json!({}));
    assert_eq!(plain, train(json!({"augmentation": {}})));
    assert_eq!(
        plain,
        train(json!({"augmentation": {"rescale": 1.0 / 255.0, "fill_mode": "wrap"}}))
    );
    assert_eq!(plain, train(json!({"classWeight": [1, 1, 1]})));
    assert_ne!(plain, train(json!({"augmentation": {"horizontal_flip": true}})));
    assert_ne!(plain, train(json!({"augmentation": {"rescale": 0.004}})));
    assert_ne!(plain, train(json!({"classWeight": "balanced"})));
    // A picture's values are what they were before there was any preprocessing.
    let pixels: Vec<u8> = (0..=254).collect();
    let mut values = Vec::new();
    Preprocessing::default().append(&pixels, 3, &mut values);
    for channel in 0..3 {
        for place in 0..85 {
            let expected = f32::from(pixels[3 * place + channel]) / 255.0;
            assert_eq!(values[85 * channel + place].to_bits(), expected.to_bits());
        }
    }
}

/// Validation sees the pictures as they are, whatever training sees.
#[test]
fn only_training_pictures_are_augmented() {
    let train = |augmentation: serde_json::Value| {
        let mut session = session(Device::flex(), 7);
        session.split(SplitOptions { validation: 0.2, ..SplitOptions::default() }).unwrap();
        let rate = json!({"learningRate": 0, "augmentation": augmentation});
        session.start_training(&options(rate)).unwrap();
        run(&mut session, 3);
        session.history().epochs[0]
    };
    let (plain, augmented) = (train(json!({})), train(json!({"cutout": 12})));
    assert_eq!(plain.val_loss, augmented.val_loss);
    assert_ne!(plain.loss, augmented.loss);
}

/// Whitening is fitted a piece at a time, and until that is done nothing is changed.
#[test]
fn a_run_that_is_stopped_while_it_is_fitted_for_leaves_all_as_it_was() {
    let mut session = Session::new(Device::flex(), 3);
    session.set_dataset(bars(500, 28)).unwrap();
    session.set_model(convnet(28)).unwrap();
    session.start_training(&options(json!({"batchSize": 100, "steps": 2}))).unwrap();
    run(&mut session, 1);
    let before = block_on(checkpoint::save(&session)).unwrap();

    let whitened = options(json!({
        "batchSize": 100, "steps": 3, "optimizer": "sgd", "augmentation": {"zca_whitening": true}
    }));
    let info = session.start_training(&whitened).unwrap();
    assert!(info.fitting && session.is_training());
    let events = block_on(session.advance(100)).unwrap();
    let [Event::Fitting { what: Fitted::Whitening, pictures: 500, share }] = events[..] else {
        panic!("{events:?}")
    };
    assert!(0.0 < share && share < 0.5, "{share}");
    // What is saved meanwhile goes on as if there had been no such run.
    assert!(block_on(checkpoint::save(&session)).unwrap() == before);
    assert!(session.recipe().is_none() && session.upcoming(3).unwrap().is_empty());
    assert!(!session.supply(2, vec![]).unwrap());
    for refused in [
        session.start_training(&whitened).map(|_| ()),
        session.split(SplitOptions::default()).map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().code(), "state");
    }
    session
        .update_training(&TrainUpdate { learning_rate: Some(0.5), ..Default::default() })
        .unwrap();
    assert_eq!(
        session.stop_training(),
        [Event::Done { reason: Reason::Stopped, restored_epoch: None }]
    );
    assert!(!session.is_training() && session.stop_training().is_empty());
    assert!(block_on(checkpoint::save(&session)).unwrap() == before);

    // The run before can still be resumed; and the other one, begun again, is itself.
    let mut other = Session::new(Device::flex(), 99);
    checkpoint::load(&mut other, &before).unwrap();
    other.set_dataset(bars(500, 28)).unwrap();
    let mut finished = Vec::new();
    for session in [&mut session, &mut other] {
        session.start_training(&options(json!({"resume": true, "steps": 1}))).unwrap();
        run(session, 1);
        session.start_training(&whitened).unwrap();
        session
            .update_training(&TrainUpdate { learning_rate: Some(0.02), ..Default::default() })
            .unwrap();
        let events = run(session, 2);
        let shares = events.iter().map_while(|event| match event {
            Event::Fitting { share, .. } => Some(*share),
            _ => None,
        });
        let shares: Vec<f64> = shares.collect();
        assert!(shares.len() > 5 && shares.is_sorted_by(|a, b| a < b), "{shares:?}");
        assert_eq!(shares.last(), Some(&1.0));
        assert!(matches!(events[shares.len()], Event::Step { global_step: 4, .. }));
        assert_eq!(events.len(), shares.len() + 4);
        assert!(session.network().unwrap().preprocessing.zca_epsilon.is_some());
        finished.push(block_on(checkpoint::save(session)).unwrap());
    }
    assert!(finished[0] == finished[1]);
    // Fitted once, it is not fitted again.
    assert!(!session.start_training(&whitened).unwrap().fitting);
}

#[test]
fn batches_made_elsewhere_give_the_same_losses_to_the_last_bit() {
    for augmentation in [json!({}), augmented()] {
        let mut session = session(Device::flex(), 3);
        session.split(SplitOptions { validation: 0.1, ..SplitOptions::default() }).unwrap();
        let start =
            options(json!({"epochs": 2, "batchSize": 64, "augmentation": augmentation.clone()}));
        session.start_training(&start).unwrap();
        run(&mut session, 3);
        let inline = losses(&session);
        assert_eq!(inline.len(), 16);

        // The other worker has the pictures and the recipe's bytes, and nothing else.
        let mut elsewhere = bars(500, 12);
        elsewhere.split(SplitOptions { validation: 0.1, ..SplitOptions::default() }).unwrap();
        let count = elsewhere.len(Split::Train);
        session.set_model(convnet(12)).unwrap();
        session.start_training(&start).unwrap();
        let recipe = Recipe::from_bytes(&session.recipe().unwrap().to_bytes()).unwrap();
        assert_eq!(&recipe, session.recipe().unwrap());
        let (mut done, mut supplied) = (0, 0);
        while session.is_training() {
            // Two steps in every three are supplied, over the end of the epoch too.
            for plan in session.upcoming(5).unwrap() {
                if plan.step < done || plan.step % 3 == 2 {
                    continue;
                }
                done = plan.step + 1;
                let picture = |index| elsewhere.picture(Split::Train, index);
                let shape = elsewhere.shape();
                let made =
                    recipe.prepare(picture, shape, count, plan.epoch, &plan.numbers).unwrap();
                let error = session.supply(plan.step, vec![0.0; 3]).unwrap_err();
                assert_eq!((error.code(), error.field_name()), ("option", Some("values")));
                assert!(session.supply(plan.step, made.values).unwrap());
                supplied += 1;
            }
            block_on(session.advance(2)).unwrap();
        }
        assert_eq!(supplied, 11);
        assert_eq!(losses(&session), inline);
        // Afterwards nothing is taken any more.
        assert!(!session.supply(16, vec![]).unwrap());
        assert_eq!(session.upcoming(1).unwrap_err().code(), "state");
    }
    assert_eq!(Recipe::from_bytes(&[9, 0, 0, 0, 1]).unwrap_err().field_name(), Some("recipe"));
}

/// The values that were supplied are the values that are used.
#[test]
fn a_supplied_batch_is_used() {
    let mut session = session(Device::flex(), 3);
    session.start_training(&options(json!({"steps": 1}))).unwrap();
    run(&mut session, 1);
    let inline = losses(&session);
    session.set_model(convnet(12)).unwrap();
    session.start_training(&options(json!({"steps": 1}))).unwrap();
    assert!(!session.supply(99, vec![]).unwrap());
    assert!(session.supply(0, vec![0.5; 32 * 144]).unwrap());
    run(&mut session, 1);
    assert_ne!(losses(&session), inline);
}

#[test]
fn checkpoints_that_are_none_are_refused_and_change_nothing() {
    let mut session = session(Device::flex(), 3);
    session.start_training(&options(json!({"steps": 3}))).unwrap();
    run(&mut session, 3);
    let good = block_on(checkpoint::save(&session)).unwrap();
    let before = losses(&session);
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("text", b"not a checkpoint, but long enough to look into".to_vec()),
        ("cut", good[..good.len() / 2].to_vec()),
        ("huge header", [u64::MAX.to_le_bytes().to_vec(), good.clone()].concat()),
    ] {
        let error = checkpoint::load(&mut session, &bytes).unwrap_err();
        assert_eq!(error.code(), "checkpoint", "{name}: {error}");
    }
    let text = String::from_utf8_lossy(&good).into_owned();
    let place = text.find("\\\"version\\\":1").unwrap();
    let mut other_version = good.clone();
    other_version[place + 12] = b'7';
    let error = checkpoint::load(&mut session, &other_version).unwrap_err();
    assert_eq!(error.field_name(), Some("version"), "{error}");
    assert_eq!(losses(&session), before);
    checkpoint::load(&mut session, &good).unwrap();
    assert_eq!(losses(&session), before);
}

#[test]
fn stop_resume_and_single_steps() {
    let mut session = session(Device::flex(), 5);
    assert_eq!(
        session.start_training(&options(json!({"resume": true}))).unwrap_err().code(),
        "state"
    );
    session.start_training(&options(json!({"epochs": 1}))).unwrap();
    assert!(matches!(block_on(session.advance(1)).unwrap()[..], [Event::Step { step: 1, .. }]));
    assert_eq!(session.set_model(convnet(12)).unwrap_err().code(), "state");
    assert_eq!(session.split(SplitOptions::default()).unwrap_err().code(), "state");
    assert_eq!(
        session.stop_training(),
        [Event::Done { reason: Reason::Stopped, restored_epoch: None }]
    );
    assert!(session.stop_training().is_empty());
    assert!(block_on(session.advance(1)).unwrap().is_empty());
    let info = session.start_training(&options(json!({"resume": true, "steps": 4}))).unwrap();
    assert_eq!((info.step, info.total_steps), (1, 4));
    let update = |learning_rate| TrainUpdate {
        learning_rate: Some(learning_rate),
        ..TrainUpdate::default()
    };
    session.update_training(&update(0.01)).unwrap();
    assert_eq!(
        session.update_training(&update(-1.0)).unwrap_err().field_name(),
        Some("learningRate")
    );
    run(&mut session, 100);
    assert_eq!(session.history().steps.len(), 5);
    // Other data than the run began with is refused, and nothing is lost.
    session.set_dataset(bars(400, 12)).unwrap();
    assert_eq!(
        session.start_training(&options(json!({"resume": true}))).unwrap_err().code(),
        "state"
    );
    session.set_dataset(bars(500, 12)).unwrap();
    session.start_training(&options(json!({"resume": true}))).unwrap();
    assert_eq!(
        run(&mut session, 100).last(),
        Some(&Event::Done { reason: Reason::Finished, restored_epoch: None })
    );
    assert_eq!(session.history().steps.len(), 16);
    // A second fit goes on counting epochs.
    assert_eq!(session.start_training(&options(json!({"epochs": 2}))).unwrap().epoch, 2);
}

#[test]
fn wrong_options_are_named_and_change_nothing() {
    let mut session = session(Device::flex(), 5);
    for (value, field) in [
        (json!({"epochs": 0}), "epochs"),
        (json!({"epochs": 1.5}), "epochs"),
        (json!({"batchSize": -3}), "batchSize"),
        (json!({"steps": 0}), "steps"),
        (json!({"learningRate": -0.1}), "learningRate"),
        (json!({"optimizer": "adamax"}), "optimizer"),
        (json!({"augmentation": {"rotation_range": -3}}), "rotation_range"),
        (json!({"augmentation": {"rotate": 3}}), "rotate"),
        (json!({"augmentation": "much"}), "augmentation"),
        (json!({"classWeight": "fair"}), "classWeight"),
        (json!({"classWeight": [1, 2]}), "classWeight"),
        (json!({"classWeight": [1, 2, -1]}), "classWeight"),
        (json!({"classWeight": [0, 0, 0]}), "classWeight"),
        (json!({"classWeight": [1, 2, "3"]}), "classWeight"),
    ] {
        let error = session.start_training(&options(value.clone())).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)), "{value}: {error}");
    }
    let mut wrong = convnet(12).to_value();
    wrong["layers"][5]["units"] = json!(4);
    session.set_model(ModelSpec::from_value(wrong).unwrap()).unwrap();
    let error = session.start_training(&TrainOptions::default()).unwrap_err();
    assert_eq!(
        (error.code(), error.layer_name(), error.field_name()),
        ("class-count", Some("dense"), Some("units"))
    );
    session.set_model(convnet(14)).unwrap();
    let error = session.start_training(&TrainOptions::default()).unwrap_err();
    assert_eq!((error.code(), error.field_name()), ("input-shape", Some("input_shape")));
    assert!(!session.is_training());
}

#[test]
fn a_learning_rate_that_is_too_high_ends_the_run_with_a_sentence() {
    let mut session = session(Device::flex(), 5);
    session.start_training(&options(json!({"optimizer": "sgd", "learningRate": 1e30}))).unwrap();
    let events = run(&mut session, 1);
    assert_eq!(
        events.last(),
        Some(&Event::Done { reason: Reason::Diverged, restored_epoch: None })
    );
    assert!(matches!(&events[events.len() - 2], Event::Warning { code, .. } if code == "diverged"));
}

/// Moving statistics are learned, kept in a checkpoint, and used to predict.
#[test]
fn batch_normalisation_is_kept() {
    let spec = json!({
        "input_shape": [12, 12, 1],
        "layers": [
            {"layer": "Conv2D", "filters": 6, "kernel_size": 3, "strides": 2, "use_bias": false},
            {"layer": "BatchNormalization", "momentum": 0.9},
            {"layer": "ReLU"},
            {"layer": "GlobalMaxPooling2D"},
            {"layer": "Dense", "units": 3, "activation": "softmax"}],
        "compile": {"optimizer": {"name": "adam", "learning_rate": 0.01}}
    });
    let spec = ModelSpec::from_value(spec).unwrap();
    let start = options(json!({"epochs": 4}));
    let mut whole = session(Device::flex(), 3);
    let summary = whole.set_model(spec.clone()).unwrap();
    assert_eq!((summary.total_params, summary.trainable_params), (99, 87));
    whole.start_training(&start).unwrap();
    run(&mut whole, 5);
    assert!(whole.history().epochs[3].accuracy > 0.8, "{:?}", whole.history().epochs);
    let evaluate = |session: &Session| {
        let (network, dataset) = (session.network().unwrap(), session.dataset().unwrap());
        let mut evaluator =
            cnn_lab::evaluate::Evaluator::new(network, dataset, Split::Test).unwrap();
        block_on(evaluator.advance(dataset, 100)).unwrap().unwrap().evaluation
    };
    let evaluation = evaluate(&whole);
    assert!(evaluation.accuracy > 0.8, "{}", evaluation.accuracy);

    // Stopped, saved, loaded elsewhere and finished there, it is the same to the last bit.
    let mut first = session(Device::flex(), 3);
    first.set_model(spec).unwrap();
    first.start_training(&TrainOptions { steps: Some(21.0), ..start }).unwrap();
    run(&mut first, 5);
    let bytes = block_on(checkpoint::save(&first)).unwrap();
    let mut second = Session::new(Device::flex(), 99);
    checkpoint::load(&mut second, &bytes).unwrap();
    second.set_dataset(bars(500, 12)).unwrap();
    second.start_training(&options(json!({"resume": true}))).unwrap();
    run(&mut second, 9);
    assert_eq!(losses(&second), losses(&whole));
    assert_eq!(evaluate(&second), evaluation);
    assert_eq!(
        block_on(checkpoint::save(&second)).unwrap(),
        block_on(checkpoint::save(&whole)).unwrap()
    );
}

/// Two classes told apart by one unit: probabilities for both, the accuracy at one half, the
/// loss as the steps report it.
#[test]
fn one_unit_for_two_classes() {
    let mut dataset =
        Dataset::new("two".into(), vec!["dark".into(), "bright".into()], [4, 4, 1]).unwrap();
    for split in [Split::Train, Split::Test] {
        let labels: Vec<u16> = (0..64).map(|index| index % 2).collect();
        let pixels: Vec<u8> =
            (0..64 * 16).map(|i| (90 + 70 * (i / 16 % 2) + i * 31 % 90) as u8).collect();
        dataset.push(split, &labels, &pixels).unwrap();
    }
    let mut session = Session::new(Device::flex(), 5);
    session.set_dataset(dataset).unwrap();
    let spec = |head: serde_json::Value| {
        ModelSpec::from_value(json!({
            "input_shape": [4, 4, 1], "layers": [{"layer": "Flatten"}, head],
            "compile": {"optimizer": {"name": "sgd", "learning_rate": 0.5}, "loss": "binary_crossentropy"}
        }))
        .unwrap()
    };
    let head =
        json!({"layer": "Dense", "units": 1, "activation": "sigmoid", "kernel_regularizer": "l2"});
    let summary = session.set_model(spec(head)).unwrap();
    assert_eq!(summary.total_params, 17);
    session.start_training(&options(json!({"epochs": 20}))).unwrap();
    run(&mut session, 9);
    // A step that changes nothing measures what an evaluation measures; both splits are alike.
    session.start_training(&options(json!({"batchSize": 64, "learningRate": 0}))).unwrap();
    run(&mut session, 1);
    let network = session.network().unwrap();
    assert_eq!(network.classes(), 2);
    let dataset = session.dataset().unwrap();
    let mut evaluator = cnn_lab::evaluate::Evaluator::new(network, dataset, Split::Test).unwrap();
    let evaluation = block_on(evaluator.advance(dataset, 9)).unwrap().unwrap().evaluation;
    let last = session.history().epochs[20];
    assert!(evaluation.accuracy > 0.8, "{}", evaluation.accuracy);
    assert!((last.accuracy - evaluation.accuracy).abs() < 1e-9);
    assert!((last.loss - evaluation.loss).abs() < 1e-5, "{} {}", last.loss, evaluation.loss);
    // Its penalty included.
    let kernel: Vec<f32> = network.params[0].to_data().try_to_vec().unwrap();
    let penalty: f64 = kernel.iter().map(|w| 0.01 * f64::from(w * w)).sum();
    let worst: f64 = evaluation.worst.iter().map(|one| one.loss).sum();
    assert!(penalty > 0.01 && evaluation.loss > penalty + worst / 64.0, "{penalty}");
    let names = session.class_names();
    let predicted = block_on(cnn_lab::explain::predict(network, names, &[30; 16])).unwrap();
    assert_eq!(predicted.len(), 2);
    assert_eq!(predicted[0].label, "dark");
    assert!((predicted[0].probability + predicted[1].probability - 1.0).abs() < 1e-9);

    session.set_dataset(bars(100, 4)).unwrap();
    let error = session.start_training(&TrainOptions::default()).unwrap_err();
    let place = (error.code(), error.layer_name(), error.field_name());
    assert_eq!(place, ("class-count", Some("dense"), Some("units")), "{error}");
}

/// The net of the lessons on horses and humans: small batches are taken, large ones refused
/// with the memory that they would need.
#[test]
fn a_net_that_nearly_fills_a_tab() {
    let shape = [300, 300, 3];
    let presets = cnn_lab::model::preset::presets(shape, 2);
    let preset = presets.into_iter().find(|one| one.name == "photo-convnet-short").unwrap();
    let mut session = Session::new(Device::flex(), 5);
    let mut dataset = Dataset::new("two".into(), vec!["a".into(), "b".into()], shape).unwrap();
    let labels: Vec<u16> = (0..256).map(|index| index % 2).collect();
    dataset.push(Split::Train, &labels, &vec![9; 256 * 270_000]).unwrap();
    session.set_dataset(dataset).unwrap();
    let summary = session.set_model(ModelSpec::from_json(&preset.spec).unwrap()).unwrap();
    assert_eq!(summary.total_params, 87_316_449);
    let error = session.start_training(&options(json!({"batchSize": 256}))).unwrap_err();
    assert_eq!((error.code(), error.field_name()), ("option", Some("batchSize")));
    assert!(error.to_string().contains(" MB"), "{error}");
    session.start_training(&options(json!({"batchSize": preset.batch_size}))).unwrap();
}
