//! The code blocks of the lessons, as they are pasted: their layers and parameters.

use serde_json::json;

use super::super::{Options, read_with};
use super::{count, params, read};

macro_rules! lesson {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/keras/lessons/", $name, ".py"))
    };
}

#[test]
fn mnist_convnet() {
    let experiment = read(lesson!("mnist_convnet"));
    assert_eq!(params(&experiment), 93_322);
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(5), Some(64)));
    assert_eq!(
        experiment.spec["compile"],
        json!({"optimizer": {"name": "rmsprop"}, "loss": "categorical_crossentropy", "metrics": ["accuracy"]})
    );
    assert_eq!(experiment.spec["layers"][0]["activation"], "relu");
    assert_eq!(experiment.notes, Vec::<String>::new());
}

#[test]
fn cats_and_dogs() {
    let experiment = read(lesson!("cats_and_dogs"));
    assert_eq!(params(&experiment), 3_453_121);
    assert_eq!(experiment.spec["input_shape"], json!([150, 150, 3]));
    assert_eq!(experiment.spec["compile"]["loss"], "binary_crossentropy");
    assert_eq!(
        experiment.spec["compile"]["optimizer"],
        json!({"name": "rmsprop", "learning_rate": 1e-4})
    );
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(100), Some(32)));
    assert_eq!(
        experiment.augmentation,
        Some(json!({
            "rescale": 1.0 / 255.0, "rotation_range": 40, "width_shift_range": 0.2,
            "height_shift_range": 0.2, "shear_range": 0.2, "zoom_range": 0.2,
            "horizontal_flip": true,
        }))
    );
    assert_eq!(experiment.notes.len(), 1, "{:?}", experiment.notes);
    assert!(experiment.notes[0].contains("steps_per_epoch"));
}

#[test]
fn one_convolution() {
    let experiment = read(lesson!("one_convolution"));
    assert_eq!(count(&experiment.spec), [("Conv2D".to_owned(), vec![100, 100, 16], 80)]);
    // Even without a model around it.
    let text = "Conv2D(16, 2, strides=2, padding='valid', input_shape=(200,200,1))";
    let experiment = read(text);
    assert_eq!(count(&experiment.spec), [("Conv2D".to_owned(), vec![100, 100, 16], 80)]);
}

#[test]
fn cifar10() {
    let experiment = read(lesson!("cifar10"));
    assert_eq!(params(&experiment), 528_054);
    assert_eq!(experiment.spec["layers"][0]["padding"], "same");
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(100), Some(32)));
    assert_eq!(experiment.notes, ["The callback ModelCheckpoint is left out."]);
}

#[test]
fn horses_or_humans() {
    let experiment = read(lesson!("horses_or_humans"));
    assert_eq!(params(&experiment), 87_316_449);
    assert_eq!(experiment.epochs, Some(15));
}

#[test]
fn fashion_mnist_functional() {
    let text = lesson!("fashion_mnist");
    let options = Options { input_shape: Some([28, 28, 1]), classes: Some(10) };
    let experiment = read_with(text, &options).unwrap();
    assert_eq!(params(&experiment), 360_458);
    assert_eq!(experiment.spec["input_shape"], json!([28, 28, 1]));
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(15), Some(128)));
    assert_eq!(experiment.notes.len(), 2, "{:?}", experiment.notes);
    // The set that the text loads says as much.
    assert_eq!(read(text).spec, experiment.spec);
    // Other data does not: the text does not say enough, and the line is named.
    let text = &text
        .replace("tf.keras.datasets.fashion_mnist", "our.data")
        .replace("fashion_mnist", "ours");
    let error = super::super::read(text).unwrap_err();
    assert_eq!(
        (error.line_number(), error.field_name()),
        (Some(27), Some("input_shape")),
        "{error}"
    );
    let shaped = text.replace("x_train[0].shape", "(28, 28, 1)");
    let error = super::super::read(&shaped).unwrap_err();
    assert_eq!((error.line_number(), error.field_name()), (Some(35), Some("units")), "{error}");
    assert!(
        error.to_string().contains("len(builtins.set(...))") || error.to_string().contains("len("),
        "{error}"
    );
    let known = shaped.replace("len(set(y_train))", "10");
    assert_eq!(params(&read(&known)), 360_458);
}

#[test]
fn cifar10_functional() {
    let experiment = read(lesson!("cifar10_functional"));
    assert_eq!(params(&experiment), 1_284_170);
    assert_eq!(experiment.spec["compile"]["optimizer"], json!({"name": "adam"}));
    assert_eq!((experiment.epochs, experiment.batch_size), (Some(15), Some(128)));
}

#[test]
fn batch_normalisation_stack() {
    let experiment = read(lesson!("batch_norm_stack"));
    // 3*3*3*32 + 4*32 + 3*3*32*64 + 4*64 + 64*10 + 10
    assert_eq!(params(&experiment), 864 + 128 + 18_432 + 256 + 650);
    let classes: Vec<_> = count(&experiment.spec).into_iter().map(|(class, ..)| class).collect();
    let block = ["Conv2D", "BatchNormalization", "Activation", "MaxPooling2D"];
    assert_eq!(classes, [&block[..], &block, &["GlobalAveragePooling2D", "Dense"]].concat());
    assert_eq!(experiment.spec["layers"][0]["use_bias"], false);
}
