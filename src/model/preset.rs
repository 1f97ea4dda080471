//! The nets of the lessons, for any picture shape and number of classes.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::shape::{check_trainable, infer};
use crate::model::spec::ModelSpec;

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

/// The presets for pictures of `shape` (height, width, channels) in so many `classes`, those
/// that such pictures are large enough for. The first is the convnet of the MNIST lessons or,
/// for pictures of at least 64 x 64, that of the lessons on cats and dogs, which tells two
/// classes apart by one sigmoid unit.
pub fn presets(shape: [usize; 3], classes: usize) -> Vec<Preset> {
    let mut presets = Vec::new();
    if shape[0].min(shape[1]) >= PHOTO {
        presets.extend(of_photos(shape, classes));
    }
    presets.extend(of_lessons(shape, classes));
    presets.extend(of_later_lessons(shape, classes));
    if shape[0].min(shape[1]) >= PHOTO {
        for about in PRETRAINED {
            presets.push(pretrained(about, shape, classes));
        }
    }
    presets.retain(|preset| {
        ModelSpec::from_json(&preset.spec)
            .and_then(|spec| check_trainable(&spec, &infer(&spec)?))
            .is_ok()
    });
    presets
}

fn conv(filters: usize) -> Value {
    json!({"layer": "Conv2D", "filters": filters, "kernel_size": 3, "activation": "relu"})
}

fn conv_same(filters: usize, kernel_size: usize) -> Value {
    json!({"layer": "Conv2D", "filters": filters, "kernel_size": kernel_size, "padding": "same", "activation": "relu"})
}

fn max_pool() -> Value {
    json!({"layer": "MaxPooling2D", "pool_size": 2})
}

fn flatten() -> Value {
    json!({"layer": "Flatten"})
}

fn dense(units: usize, activation: &str) -> Value {
    json!({"layer": "Dense", "units": units, "activation": activation})
}

fn dropout(rate: f64) -> Value {
    json!({"layer": "Dropout", "rate": rate})
}

fn rmsprop(rate: f64) -> Value {
    json!({"name": "rmsprop", "learning_rate": rate})
}

fn adam() -> Value {
    json!({"name": "adam", "learning_rate": 0.001})
}

fn spec(shape: [usize; 3], optimizer: Value, loss: &str, layers: Vec<Value>) -> String {
    json!({
        "input_shape": shape, "layers": layers,
        "compile": {"optimizer": optimizer, "loss": loss, "metrics": ["accuracy"]},
    })
    .to_string()
}

const SPARSE: &str = "sparse_categorical_crossentropy";

/// Nets of the lessons on photos.
fn of_photos(shape: [usize; 3], classes: usize) -> Vec<Preset> {
    let photo = |filters: &[usize], dropped: Option<Value>| {
        let pairs = filters.iter().flat_map(|&filters| [conv(filters), max_pool()]);
        let mut layers: Vec<_> = pairs.collect();
        layers.push(flatten());
        layers.extend(dropped);
        layers.push(dense(512, "relu"));
        let (head, loss) = photo_head(classes);
        layers.push(head);
        (layers, loss)
    };
    let plain = photo(&[32, 64, 128, 128], None);
    let dropped = photo(&[32, 64, 128, 128], Some(dropout(0.5)));
    let short = photo(&[16, 32], None);
    vec![
        Preset {
            name: "photo-convnet",
            title: "Photo convnet 32-64-128-128",
            description: "The convnet of the lessons on cats and dogs: four convolutions, each with a pooling.",
            spec: spec(shape, rmsprop(0.0001), plain.1, plain.0),
            epochs: 20,
            batch_size: 20,
        },
        Preset {
            name: "photo-convnet-dropout",
            title: "Photo convnet with dropout",
            description: "The same with half of the flattened values dropped: for training with augmentation.",
            spec: spec(shape, rmsprop(0.0001), dropped.1, dropped.0),
            epochs: 30,
            batch_size: 32,
        },
        Preset {
            name: "photo-convnet-short",
            title: "Photo convnet 16-32",
            description: "The convnet of the lessons on horses and humans: two convolutions, and nearly all its weights in the dense layer after them.",
            spec: spec(shape, rmsprop(0.001), short.1, short.0),
            epochs: 10,
            batch_size: 16,
        },
    ]
}

/// The end of a net for photos, and its loss.
fn photo_head(classes: usize) -> (Value, &'static str) {
    match classes {
        2 => (dense(1, "sigmoid"), "binary_crossentropy"),
        _ => (dense(classes, "softmax"), SPARSE),
    }
}

/// Bases, by the name of their file and of the preset, in a list of layers, and on the page; and
/// what each is good for.
const PRETRAINED: [[&str; 4]; 2] = [
    [
        "mobilenet-v2",
        "MobileNetV2",
        "MobileNetV2, pretrained",
        "What a net learned from a million photos, frozen, and a new head on it: for a few hundred pictures or more, best of 160 x 160.",
    ],
    [
        "efficientnet-lite0",
        "EfficientNetLite0",
        "EfficientNet-Lite0, pretrained",
        "A larger net than MobileNetV2, which learned from the same photos, frozen, and a new head on it: best of 224 x 224.",
    ],
];

/// A frozen base and a new head. The lab's pictures have values from 0 to 1, the base takes -1 to 1.
fn pretrained(about: [&'static str; 4], shape: [usize; 3], classes: usize) -> Preset {
    let [name, layer, title, description] = about;
    let (head, loss) = photo_head(classes);
    let layers = vec![
        json!({"layer": "Rescaling", "scale": 2, "offset": -1}),
        json!({"layer": layer, "pooling": "avg", "trainable": false}),
        dropout(0.2),
        head,
    ];
    Preset {
        name,
        title,
        description,
        spec: spec(shape, adam(), loss, layers),
        epochs: 5,
        batch_size: 32,
    }
}

/// Nets of the first lessons, the MNIST convnet first.
fn of_lessons(shape: [usize; 3], classes: usize) -> Vec<Preset> {
    let head = || dense(classes, "softmax");
    let sgd = || json!({"name": "sgd", "learning_rate": 0.01, "momentum": 0.9});
    let average_pool = || json!({"layer": "AveragePooling2D", "pool_size": 2});
    let spec = |optimizer: Value, layers: Vec<Value>| spec(shape, optimizer, SPARSE, layers);
    vec![
        Preset {
            name: "mnist-convnet",
            title: "Convnet 32-64-64",
            description: "The convnet of the MNIST lessons: three convolutions, two poolings, one hidden layer.",
            spec: spec(
                rmsprop(0.001),
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
                    conv_same(32, 3),
                    conv_same(32, 3),
                    max_pool(),
                    dropout(0.25),
                    conv_same(64, 3),
                    conv_same(64, 3),
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
            spec: spec(rmsprop(0.001), vec![flatten(), dense(128, "relu"), head()]),
            epochs: 5,
            batch_size: 64,
        },
    ]
}

/// Nets of the lessons on padding, strides, batch normalisation and branches.
fn of_later_lessons(shape: [usize; 3], classes: usize) -> Vec<Preset> {
    let head = || dense(classes, "softmax");
    let spec = |optimizer: Value, layers: Vec<Value>| spec(shape, optimizer, SPARSE, layers);
    // The lessons drop more, and keep more units, for colour than for grey.
    let (rate, units) = if shape[2] == 1 { (0.2, 512) } else { (0.5, 1024) };
    let strided = |filters: usize| json!({"layer": "Conv2D", "filters": filters, "kernel_size": 3, "strides": 2, "activation": "relu"});
    let normed = |filters: usize| {
        [
            json!({"layer": "Conv2D", "filters": filters, "kernel_size": 3, "padding": "same", "use_bias": false}),
            json!({"layer": "BatchNormalization"}),
            json!({"layer": "Activation", "activation": "relu"}),
            max_pool(),
        ]
    };
    let mut stacked: Vec<Value> = [32, 64, 128].into_iter().flat_map(normed).collect();
    stacked.extend([json!({"layer": "GlobalAveragePooling2D"}), dropout(0.2), head()]);
    vec![
        Preset {
            name: "padded-convnet",
            title: "Padded convnet 16-32-64",
            description: "The convnet of the CIFAR-10 lessons: padded windows of 2 x 2, each with a pooling, and dropout.",
            spec: spec(
                rmsprop(0.001),
                vec![
                    conv_same(16, 2),
                    max_pool(),
                    conv_same(32, 2),
                    max_pool(),
                    conv_same(64, 2),
                    max_pool(),
                    dropout(0.3),
                    flatten(),
                    dense(500, "relu"),
                    dropout(0.4),
                    head(),
                ],
            ),
            epochs: 10,
            batch_size: 32,
        },
        Preset {
            name: "strided-convnet",
            title: "Strided convnet 32-64-128",
            description: "Steps of two instead of pooling, with dropout: the functional net of the Fashion-MNIST and CIFAR-10 lessons.",
            spec: spec(
                adam(),
                vec![
                    strided(32),
                    strided(64),
                    strided(128),
                    flatten(),
                    dropout(rate),
                    dense(units, "relu"),
                    dropout(rate),
                    head(),
                ],
            ),
            epochs: 15,
            batch_size: 128,
        },
        Preset {
            name: "batch-norm-convnet",
            title: "Convnet with batch normalisation",
            description: "Convolutions without bias, each normalised over the batch, and an average instead of a dense layer.",
            spec: spec(adam(), stacked),
            epochs: 10,
            batch_size: 64,
        },
        Preset {
            name: "residual-net",
            title: "Small residual net 16-32-64",
            description: "Three blocks whose input is added to what they make of it, after He and others, 2015.",
            spec: spec(adam(), residual(&[16, 32, 64], head())),
            epochs: 15,
            batch_size: 64,
        },
    ]
}

/// A residual net (He and others 2015): a first convolution, and for each of `widths` a block
/// of two with a way around them, all but the first at half the size.
fn residual(widths: &[usize], head: Value) -> Vec<Value> {
    let mut layers = Vec::new();
    // A convolution without bias, normalised over the batch.
    let normed =
        |layers: &mut Vec<Value>, name: &str, input: &str, filters, kernel_size, strides| {
            let norm = format!("{name}_norm");
            layers.push(json!({
            "layer": "Conv2D", "name": name, "inputs": [input], "filters": filters,
            "kernel_size": kernel_size, "strides": strides, "padding": "same", "use_bias": false,
            "kernel_initializer": "he_normal",
        }));
            layers.push(json!({"layer": "BatchNormalization", "name": norm, "inputs": [name]}));
            norm
        };
    let relu = |layers: &mut Vec<Value>, name: &str, input: &str| {
        layers.push(json!({"layer": "ReLU", "name": name, "inputs": [input]}));
        name.to_owned()
    };
    let mut before = 0;
    let mut last = String::from("input");
    for (index, &width) in widths.iter().enumerate() {
        if index == 0 {
            let norm = normed(&mut layers, "first", &last, width, 3, 1);
            last = relu(&mut layers, "first_relu", &norm);
            before = width;
        }
        let name = |part: &str| format!("block{}_{part}", index + 1);
        let strides = if index == 0 { 1 } else { 2 };
        let norm = normed(&mut layers, &name("a"), &last, width, 3, strides);
        let middle = relu(&mut layers, &name("a_relu"), &norm);
        let inner = normed(&mut layers, &name("b"), &middle, width, 3, 1);
        let around = match (strides, before == width) {
            (1, true) => last.clone(),
            _ => normed(&mut layers, &name("around"), &last, width, 1, strides),
        };
        layers.push(json!({"layer": "Add", "name": name("sum"), "inputs": [inner, around]}));
        last = relu(&mut layers, &name("relu"), &name("sum"));
        before = width;
    }
    layers.push(json!({"layer": "GlobalAveragePooling2D"}));
    layers.push(head);
    layers
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

    fn count(shape: [usize; 3], classes: usize, name: &str) -> usize {
        let preset = presets(shape, classes).into_iter().find(|preset| preset.name == name);
        let spec = ModelSpec::from_json(&preset.unwrap().spec).unwrap();
        Summary::of(&spec).unwrap().total_params
    }

    #[test]
    fn the_first_for_photos_is_the_convnet_of_cats_and_dogs() {
        assert_eq!(presets([150, 150, 3], 2)[0].name, "photo-convnet");
        assert_eq!(presets([150, 150, 3], 5)[0].name, "photo-convnet");
    }

    /// The counts that Keras's summary gives in the lessons.
    #[test]
    fn parameters_are_those_of_the_lessons() {
        for (shape, classes, name, params) in [
            ([28, 28, 1], 10, "mnist-convnet", 93_322),
            ([150, 150, 3], 2, "photo-convnet", 3_453_121),
            ([150, 150, 3], 2, "photo-convnet-dropout", 3_453_121),
            ([300, 300, 3], 2, "photo-convnet-short", 87_316_449),
            ([160, 160, 3], 2, "mobilenet-v2", 2_257_984 + 1281),
            ([160, 160, 3], 2, "efficientnet-lite0", 3_413_024 + 1281),
            ([32, 32, 3], 10, "padded-convnet", 528_054),
            ([28, 28, 1], 10, "strided-convnet", 360_458),
            ([32, 32, 3], 10, "strided-convnet", 1_284_170),
        ] {
            assert_eq!(count(shape, classes, name), params, "{name}");
        }
    }

    #[test]
    fn every_preset_fits_every_bundled_set() {
        for (shape, count) in
            [([28, 28, 1], 9), ([32, 32, 3], 9), ([64, 64, 3], 14), ([150, 150, 1], 12)]
        {
            assert_eq!(presets(shape, 10).len(), count, "{shape:?}");
        }
        // Where pictures are small, those that fit are left.
        assert!(presets([8, 8, 1], 3).iter().any(|preset| preset.name == "residual-net"));
    }
}
