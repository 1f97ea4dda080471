//! The lesson on cats and dogs, natively: how far the plain run falls behind in validation,
//! and what augmentation does about it. An hour and more, so it runs only when asked:
//!
//! ```sh
//! cargo test --release --features reading --test cats_and_dogs -- --ignored --nocapture plain
//! cargo test --release --features reading --test cats_and_dogs -- --ignored --nocapture augmented
//! ```
//!
//! `CATS_AND_DOGS` names the zip, `../shared/datasets/cats_dogs_downsampled.zip` without it;
//! `SEED` (1), and `EPOCHS` for another number of them: no figure is judged then. Each epoch
//! prints one line of CSV. `CHECKPOINT` names a file that keeps the run after every epoch, and
//! that a later call goes on from, to the last bit. The network is the lesson's: one sigmoid unit, 3,453,121 parameters.

#![cfg(all(feature = "cpu", feature = "reading", not(target_arch = "wasm32")))]

use std::time::Instant;

use burn::tensor::Device;
use cnn_lab::data::dataset::{Dataset, Pictures, Split};
use cnn_lab::data::source::{Dropped, ReadOptions, Source};
use cnn_lab::model::preset::presets;
use cnn_lab::model::spec::ModelSpec;
use cnn_lab::store::checkpoint;
use cnn_lab::train::history::{EpochRecord, Event};
use cnn_lab::train::options::TrainOptions;
use cnn_lab::train::session::Session;
use pollster::block_on;
use serde_json::{Value, json};

/// What native Keras has for validation, and how far ours may stay behind: 420 pictures, so a
/// standard error is 0.021.
const KERAS_PLAIN: f64 = 0.738;
const KERAS_AUGMENTED: f64 = 0.733;
const MARGIN: f64 = 0.04;

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

fn photos() -> Dataset {
    let beside = "../shared/datasets/cats_dogs_downsampled.zip";
    let path = variable::<String>("CATS_AND_DOGS").unwrap_or_else(|| beside.into());
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut source = Source::new(vec![Dropped { path, bytes: Box::new(bytes) }]);
    let options = ReadOptions { size: Some([150, 150]), ..ReadOptions::default() };
    let plan = source.plan(&options).unwrap();
    let mut dataset = Dataset::new(plan.name.clone(), plan.classes.clone(), plan.shape).unwrap();
    for chunk in 0..plan.chunks.len() {
        let read = source.read(&plan, chunk).unwrap();
        dataset
            .push_pictures(Pictures {
                labels: read.labels.into(),
                splits: read.splits.into(),
                names: read.names,
                sizes: read.sizes.into(),
                pixels: read.pixels.into(),
            })
            .unwrap();
    }
    let counts = Split::ALL.map(|split| dataset.len(split));
    assert_eq!(counts, [2140, 420, 425]);
    dataset
}

/// Trains a preset and prints and returns every epoch.
fn lesson(preset: &str, epochs: usize, mut options: Value) -> Vec<EpochRecord> {
    let mut session = Session::new(Device::flex(), variable("SEED").unwrap_or(1));
    session.set_dataset(photos()).unwrap();
    let preset = presets([150, 150, 3], 2).into_iter().find(|one| one.name == preset).unwrap();
    session.set_model(ModelSpec::from_json(&preset.spec).unwrap()).unwrap();
    let kept = variable::<String>("CHECKPOINT");
    println!("epoch,loss,accuracy,val_loss,val_accuracy,seconds");
    match kept.as_ref().and_then(|path| std::fs::read(path).ok()) {
        Some(bytes) => {
            checkpoint::load(&mut session, &bytes).unwrap();
            options = json!({"resume": true});
        }
        None => options["epochs"] = json!(epochs),
    }
    let options: TrainOptions = serde_json::from_value(options).unwrap();
    session.start_training(&options).unwrap();
    let begin = Instant::now();
    let mut epochs = Vec::new();
    while session.is_training() {
        for event in block_on(session.advance(8)).unwrap() {
            if let Event::Epoch(record) = event {
                let EpochRecord { epoch, loss, accuracy, val_loss, val_accuracy, .. } = record;
                let (val_loss, val_accuracy) = (val_loss.unwrap(), val_accuracy.unwrap());
                let seconds = begin.elapsed().as_secs();
                println!(
                    "{epoch},{loss:.4},{accuracy:.4},{val_loss:.4},{val_accuracy:.4},{seconds}"
                );
                epochs.push(record);
                if let Some(path) = &kept {
                    std::fs::write(path, block_on(checkpoint::save(&session)).unwrap()).unwrap();
                }
            }
        }
    }
    epochs
}

#[test]
#[ignore = "takes an hour"]
fn plain_training_runs_ahead_of_validation() {
    let asked = variable("EPOCHS");
    let epochs = lesson("photo-convnet", asked.unwrap_or(20), json!({"batchSize": 20}));
    if asked.is_none() {
        let last = epochs[epochs.len() - 1];
        let validation = last.val_accuracy.unwrap();
        assert!(validation >= KERAS_PLAIN - MARGIN, "validation {validation}");
        assert!(last.accuracy - validation > 0.10, "{} and {validation}", last.accuracy);
    }
}

#[test]
#[ignore = "takes an hour"]
fn augmented_training_does_not() {
    let asked = variable("EPOCHS");
    let augmentation = json!({
        "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2,
        "shear_range": 0.2, "zoom_range": 0.2, "horizontal_flip": true
    });
    let options = json!({"batchSize": 32, "augmentation": augmentation});
    let epochs = lesson("photo-convnet-dropout", asked.unwrap_or(18), options);
    if asked.is_none() {
        let last = epochs[epochs.len() - 1];
        let validation = last.val_accuracy.unwrap();
        assert!(validation >= KERAS_AUGMENTED - MARGIN, "validation {validation}");
        assert!(last.accuracy - validation < 0.05, "{} and {validation}", last.accuracy);
    }
}
