//! The nets of the lessons, for any picture shape and number of classes.

use serde::Serialize;
use serde_json::{Value, json};

/// A ready-made net with the options that its lesson trains it with.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Preset {
    /// A stable name.
    pub name: &'static str,
    /// What the page calls it.
    pub title: &'static str,
    /// One sentence on what it is good for.
    pub description: &'static str,
    /// The spec, as JSON text.
    pub spec: String,
    /// Epochs to train it for.
    pub epochs: usize,
    /// Pictures a step.
    pub batch_size: usize,
}

/// From this height and width on, pictures are photos to [`presets`].
const PHOTO: usize = 64;

/// The presets for pictures of `shape` (height, width, channels) in so many `classes`.
/// The first is the convnet of the MNIST lessons or, for pictures of at least 64 x 64, that of
/// the lessons on cats and dogs.
pub fn presets(shape: [usize; 3], classes: usize) -> Vec<Preset> {
    let conv = |filters: usize| json!({"layer": "Conv2D", "filters": filters, "kernel_size": 3, "activation": "relu"});
    let conv_same = |filters: usize| json!({"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu"});
    let max_pool = || json!({"layer": "MaxPooling2D", "pool_size": 2});
    let average_pool = || json!({"layer": "AveragePooling2D", "pool_size": 2});
    let flatten = || json!({"layer": "Flatten"});
    let dense = |units: usize, activation: &str| json!({"layer": "Dense", "units": units, "activation": activation});
    let dropout = |rate: f64| json!({"layer": "Dropout", "rate": rate});
    let head = || dense(classes, "softmax");
    let spec = |optimizer: Value, layers: Vec<Value>| {
        json!({
            "input_shape": shape, "layers": layers,
            "compile": {"optimizer": optimizer, "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        })
        .to_string()
    };
    let rmsprop = || json!({"name": "rmsprop", "learning_rate": 0.001});
    let adam = || json!({"name": "adam", "learning_rate": 0.001});
    let sgd = || json!({"name": "sgd", "learning_rate": 0.01, "momentum": 0.9});

    let mut presets = Vec::new();
    if shape[0].min(shape[1]) >= PHOTO {
        let photo = |dropped: Option<Value>| {
            let convolutions = [32, 64, 128, 128].into_iter();
            let mut layers: Vec<_> =
                convolutions.flat_map(|filters| [conv(filters), max_pool()]).collect();
            layers.push(flatten());
            layers.extend(dropped);
            layers.extend([dense(512, "relu"), head()]);
            spec(json!({"name": "rmsprop", "learning_rate": 0.0001}), layers)
        };
        presets.push(Preset {
            name: "photo-convnet",
            title: "Photo convnet 32-64-128-128",
            description: "The convnet of the lessons on cats and dogs: four convolutions, each with a pooling.",
            spec: photo(None),
            epochs: 20,
            batch_size: 20,
        });
        presets.push(Preset {
            name: "photo-convnet-dropout",
            title: "Photo convnet with dropout",
            description: "The same with half of the flattened values dropped: for training with augmentation.",
            spec: photo(Some(dropout(0.5))),
            epochs: 30,
            batch_size: 32,
        });
    }
    presets.extend([
        Preset {
            name: "mnist-convnet",
            title: "Convnet 32-64-64",
            description: "The convnet of the MNIST lessons: three convolutions, two poolings, one hidden layer.",
            spec: spec(
                rmsprop(),
                vec![
                    conv(32),
                    max_pool(),
                    conv(64),
                    max_pool(),
                    conv(64),
                    flatten(),
                    dense(64, "relu"),
                    head(),
                ],
            ),
            epochs: 5,
            batch_size: 64,
        },
        Preset {
            name: "small-convnet",
            title: "Small convnet 8-16",
            description: "Two small convolutions: trains in seconds, good for a first look.",
            spec: spec(adam(), vec![conv(8), max_pool(), conv(16), max_pool(), flatten(), head()]),
            epochs: 3,
            batch_size: 64,
        },
        Preset {
            name: "deep-convnet",
            title: "Padded convnet with dropout",
            description: "Pairs of padded convolutions with dropout against overfitting: for colour pictures.",
            spec: spec(
                adam(),
                vec![
                    conv_same(32),
                    conv_same(32),
                    max_pool(),
                    dropout(0.25),
                    conv_same(64),
                    conv_same(64),
                    max_pool(),
                    dropout(0.25),
                    flatten(),
                    dense(256, "relu"),
                    dropout(0.5),
                    head(),
                ],
            ),
            epochs: 10,
            batch_size: 64,
        },
        Preset {
            name: "lenet",
            title: "LeNet-5 style",
            description: "Average pooling and tanh, after LeCun and others, 1998.",
            spec: spec(
                sgd(),
                vec![
                    json!({"layer": "Conv2D", "filters": 6, "kernel_size": 5, "padding": "same", "activation": "tanh"}),
                    average_pool(),
                    json!({"layer": "Conv2D", "filters": 16, "kernel_size": 5, "activation": "tanh"}),
                    average_pool(),
                    flatten(),
                    dense(120, "tanh"),
                    dense(84, "tanh"),
                    head(),
                ],
            ),
            epochs: 5,
            batch_size: 64,
        },
        Preset {
            name: "dense-net",
            title: "No convolution: two dense layers",
            description: "A plain network to compare with: it looks at every pixel on its own.",
            spec: spec(rmsprop(), vec![flatten(), dense(128, "relu"), head()]),
            epochs: 5,
            batch_size: 64,
        },
    ]);
    presets
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::shape::Summary;
    use crate::model::spec::ModelSpec;

    #[test]
    fn the_first_is_the_mnist_convnet() {
        let first = &presets([28, 28, 1], 10)[0];
        let summary = Summary::of(&ModelSpec::from_json(&first.spec).unwrap()).unwrap();
        assert_eq!(summary.total_params, 93_322);
    }

    #[test]
    fn the_first_for_photos_is_the_convnet_of_cats_and_dogs() {
        let first = &presets([150, 150, 3], 2)[0];
        let summary = Summary::of(&ModelSpec::from_json(&first.spec).unwrap()).unwrap();
        // With one sigmoid unit instead of two of a softmax, the lesson counts 3,453,121.
        assert_eq!(summary.total_params, 3_453_121 + 513);
    }

    #[test]
    fn every_preset_fits_every_bundled_set() {
        for shape in [[28, 28, 1], [32, 32, 3], [64, 64, 3], [150, 150, 1]] {
            for preset in presets(shape, 10) {
                let spec = ModelSpec::from_json(&preset.spec);
                let summary = spec.and_then(|spec| Summary::of(&spec));
                assert!(summary.is_ok(), "{} {shape:?}: {summary:?}", preset.name);
            }
        }
    }
}
