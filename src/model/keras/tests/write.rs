//! What is written reads back the same, and is what the committed files hold, which Keras,
//! PyTorch and Burn run (`tests/keras_parity/run_written.py`, `tests/keras_written.rs`).

use serde_json::{Value, json};

use super::super::Experiment;
use super::super::write::{self, Net};
use super::{params, read};
use crate::random::{Purpose, Stream};

/// Everything written out, names too.
fn whole(spec: &Value) -> Value {
    Net::read(spec).unwrap_or_else(|error| panic!("{error}\n{spec:#}")).to_value()
}

struct Draw(Stream);

impl Draw {
    fn below(&mut self, bound: usize) -> usize {
        self.0.word() as usize % bound
    }

    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let at = self.below(of.len());
        &of[at]
    }

    fn activation(&mut self) -> &'static str {
        const NAMES: [&str; 10] = [
            "linear",
            "relu",
            "sigmoid",
            "tanh",
            "softmax",
            "elu",
            "selu",
            "gelu",
            "silu",
            "leaky_relu",
        ];
        NAMES[self.below(NAMES.len())]
    }

    fn size(&mut self, most: usize) -> Value {
        let (one, two) = (1 + self.below(most), 1 + self.below(most));
        if self.chance(2) { json!(one) } else { json!([one, two]) }
    }

    fn regularizer(&mut self) -> Value {
        self.one(&[
            json!(null),
            json!(null),
            json!(0.01),
            json!({"l1": 0.001, "l2": 0.0}),
            json!({"l1": 0.001, "l2": 0.02}),
        ])
        .clone()
    }

    fn initializer(&mut self) -> Value {
        self.one(&[
            json!("glorot_uniform"),
            json!("he_normal"),
            json!("lecun_uniform"),
            json!("truncated_normal"),
            json!("ones"),
            json!({"name": "random_normal", "mean": 0.0, "stddev": 0.02}),
            json!({"name": "random_uniform", "minval": -0.1, "maxval": 0.1}),
            json!({"name": "constant", "value": 0.05}),
        ])
        .clone()
    }

    fn image_layer(&mut self, channels: u64) -> Value {
        let padding = *self.one(&["valid", "same"]);
        match self.below(17) {
            0..=2 => {
                let groups = if channels == 4 && self.chance(2) { 2 } else { 1 };
                let strides = if self.chance(2) { json!(1) } else { self.size(2) };
                let dilation = if strides == 1 && self.chance(3) { 2 } else { 1 };
                json!({"layer": "Conv2D", "filters": 4, "kernel_size": self.size(4), "strides": strides, "padding": padding,
                    "dilation_rate": dilation, "groups": groups, "activation": self.activation(), "use_bias": self.chance(2),
                    "kernel_initializer": self.initializer(), "kernel_regularizer": self.regularizer(), "bias_regularizer": null})
            }
            // Keras's depthwise layers take strides that are alike only.
            3 => {
                json!({"layer": "DepthwiseConv2D", "kernel_size": self.size(3), "strides": 1 + self.below(2), "padding": padding,
                "depth_multiplier": 1 + self.below(2), "activation": self.activation(), "use_bias": self.chance(2),
                "depthwise_initializer": self.initializer(), "depthwise_regularizer": self.regularizer()})
            }
            4 => {
                json!({"layer": "SeparableConv2D", "filters": 1 + self.below(6), "kernel_size": self.size(3), "padding": padding,
                "strides": 1 + self.below(2), "depth_multiplier": 1 + self.below(2), "activation": self.activation(),
                "depthwise_regularizer": self.regularizer(), "pointwise_regularizer": self.regularizer(), "pointwise_initializer": self.initializer()})
            }
            5 => json!({"layer": "MaxPooling2D", "pool_size": self.size(3), "padding": padding}),
            6 => {
                json!({"layer": "AveragePooling2D", "pool_size": self.size(3), "strides": self.size(2), "padding": padding})
            }
            7 => json!({"layer": "BatchNormalization", "momentum": 0.9, "epsilon": 0.002}),
            8 => json!({"layer": "SpatialDropout2D", "rate": 0.25}),
            9 => json!({"layer": "Activation", "activation": self.activation()}),
            10 => {
                json!({"layer": "ReLU", "max_value": *self.one(&[Some(6.0), None]), "negative_slope": 0.1, "threshold": *self.one(&[0.0, 0.37])})
            }
            11 => json!({"layer": "LeakyReLU", "negative_slope": 0.125}),
            12 => json!({"layer": "ELU", "alpha": 0.5}),
            13 => json!({"layer": "ZeroPadding2D", "padding": [[1, 0], [self.below(2), 1]]}),
            14 => {
                json!({"layer": "UpSampling2D", "size": self.size(2), "interpolation": *self.one(&["nearest", "bilinear"])})
            }
            15 => json!({"layer": "Rescaling", "scale": 0.5, "offset": -0.25}),
            _ => {
                json!({"layer": "Normalization", "mean": vec![0.5; channels as usize], "variance": vec![0.25; channels as usize]})
            }
        }
    }

    fn experiment(&mut self) -> Experiment {
        let channels = *self.one(&[1u64, 3]);
        let mut spec = json!({"input_shape": [8 + self.below(12), 8 + self.below(12), channels], "layers": []});
        let mut tail = |draw: &mut Self, layer: Value| {
            // Kept only where it fits behind what there is.
            let mut longer = spec.clone();
            let mut layer = layer;
            let count = longer["layers"].as_array().unwrap().len();
            if draw.chance(5) {
                layer["name"] = json!(format!(
                    "{}{count}",
                    draw.one(&["a", "My-layer.", "x", "class", "model", "conv2d"])
                ));
            }
            longer["layers"].as_array_mut().unwrap().push(layer);
            let fits = Net::read(&longer).is_ok();
            if fits {
                spec = longer;
            }
            Net::read(&spec).map_or(channels, |net| net.layers.last().unwrap().shape.channels())
        };
        let mut channels = channels;
        for _ in 0..self.below(7) {
            let layer = self.image_layer(channels);
            channels = tail(self, layer);
        }
        let end = self.one(&["Flatten", "GlobalMaxPooling2D", "GlobalAveragePooling2D"]).to_owned();
        tail(self, json!({"layer": end}));
        for _ in 0..self.below(3) {
            let layer = match self.below(4) {
                0 => json!({"layer": "Dropout", "rate": 0.5}),
                1 => json!({"layer": "BatchNormalization"}),
                2 => json!({"layer": "Softmax"}),
                _ => {
                    json!({"layer": "Dense", "units": 1 + self.below(9), "activation": self.activation(), "use_bias": self.chance(2),
                    "kernel_initializer": self.initializer(), "bias_regularizer": null, "kernel_regularizer": self.regularizer()})
                }
            };
            tail(self, layer);
        }
        let units = 1 + self.below(3);
        let activation = *self.one(&["linear", if units == 1 { "sigmoid" } else { "softmax" }]);
        tail(self, json!({"layer": "Dense", "units": units, "activation": activation}));
        self.join(&mut spec);
        self.freeze(&mut spec);
        if units == 1 || self.chance(2) {
            spec["compile"] = self.compile(units);
        }
        let mut experiment = Experiment::of(spec);
        if self.chance(2) {
            experiment.epochs = Some(1 + self.below(20) as u32);
            experiment.batch_size = Some(8);
            experiment.validation_split = *self.one(&[None, Some(0.25)]);
            if self.chance(2) {
                experiment.augmentation = Some(
                    json!({"rotation_range": 10, "zoom_range": [0.9, 1.1], "horizontal_flip": true, "rescale": 1.0}),
                );
            }
            if self.chance(2) {
                let train = json!({"earlyStopping": {"monitor": "val_loss", "patience": 2, "restoreBestWeights": true},
                    "reduceOnPlateau": {"monitor": "loss", "factor": 0.5}, "classWeight": [1.0, 2.0, 0.5], "shuffle": false});
                experiment.train = train.as_object().unwrap().clone();
            }
        }
        experiment
    }

    /// Freezes none, few or many of the layers.
    fn freeze(&mut self, spec: &mut Value) {
        let of = *self.one(&[0, 0, 2, 5]);
        for layer in spec["layers"].as_array_mut().unwrap() {
            if of > 0 && self.chance(of) {
                layer["trainable"] = json!(false);
            }
        }
    }

    /// Joins branches: some layers also take the output of an earlier one of the same size.
    fn join(&mut self, spec: &mut Value) {
        for _ in 0..self.below(3) {
            let net = Net::read(spec).unwrap();
            let at = self.below(net.layers.len() - 1);
            let before = self.below(at + 2);
            let earlier = before.checked_sub(1);
            let class =
                if net.shape_of(earlier) == net.layers[at].shape { "Add" } else { "Concatenate" };
            let mut all = whole(spec);
            let name = |layer: Option<usize>| {
                layer.map_or("input".to_owned(), |layer| net.layers[layer].name.clone())
            };
            // What came from this layer comes from the sum.
            let joined = format!("join_{at}_{before}");
            for later in all["layers"].as_array_mut().unwrap() {
                let names = later.get_mut("inputs").and_then(Value::as_array_mut);
                names
                    .into_iter()
                    .flatten()
                    .filter(|input| **input == json!(name(Some(at))))
                    .for_each(|input| *input = json!(joined));
            }
            let layers = all["layers"].as_array_mut().unwrap();
            layers.insert(
                at + 1,
                json!({"layer": class, "name": joined, "inputs": [name(Some(at)), name(earlier)]}),
            );
            let fits = Net::read(&all).is_ok_and(|net| {
                net.layers.iter().all(|layer| {
                    let from = net.shape_of(layer.inputs[0]);
                    let channels = layer
                        .options
                        .get("mean")
                        .and_then(Value::as_array)
                        .map_or(from.channels(), |mean| mean.len() as u64);
                    channels == from.channels()
                })
            });
            if fits {
                all.as_object_mut().unwrap().remove("compile");
                *spec = all;
            }
        }
    }

    fn compile(&mut self, units: usize) -> Value {
        let rate = self
            .one(&[
                json!(0.01),
                json!({"name": "ExponentialDecay", "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9, "staircase": true}),
                json!({"name": "PiecewiseConstantDecay", "boundaries": [2, 5], "values": [0.1, 0.01, 0.001]}),
                json!({"name": "CosineDecay", "initial_learning_rate": 0.01, "decay_steps": 20, "alpha": 0.1, "warmup_target": 0.1, "warmup_steps": 5}),
                json!({"name": "CosineDecay", "initial_learning_rate": 0.01, "decay_steps": 20}),
                json!({"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.001, "power": 2.0}),
                json!({"name": "PolynomialDecay", "initial_learning_rate": 0.1, "decay_steps": 10, "end_learning_rate": 0.001, "cycle": true}),
                json!({"name": "CosineDecayRestarts", "initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 2.0, "m_mul": 0.5, "alpha": 0.1}),
                json!({"name": "InverseTimeDecay", "initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
            ])
            .clone();
        let optimizer = match self.below(10) {
            0 => {
                json!({"name": "sgd", "learning_rate": rate, "momentum": 0.9, "nesterov": true, "clipnorm": 1.0})
            }
            1 => {
                json!({"name": "rmsprop", "learning_rate": rate, "rho": 0.8, "centered": true, "clipvalue": 0.5})
            }
            2 => json!({"name": "adam", "learning_rate": rate, "beta_1": 0.8, "amsgrad": true}),
            3 => {
                json!({"name": "adamw", "learning_rate": rate, "weight_decay": 0.01, "global_clipnorm": 1.0})
            }
            4 => {
                json!({"name": "adagrad", "learning_rate": rate, "initial_accumulator_value": 0.2})
            }
            5 => json!({"name": "adadelta", "learning_rate": rate, "rho": 0.9, "epsilon": 1e-6}),
            6 => json!({"name": "nadam", "beta_2": 0.99}),
            7 => json!({"name": "adam", "learning_rate": rate, "weight_decay": 0.02}),
            8 => {
                json!({"name": "rmsprop", "learning_rate": rate, "weight_decay": 0.02, "momentum": 0.5})
            }
            _ => json!({"name": "adam"}),
        };
        let loss = match (units, self.below(3)) {
            (1, 0) => json!({"name": "binary_crossentropy", "label_smoothing": 0.1}),
            (1, _) => json!("binary_crossentropy"),
            (_, 0) => json!({"name": "categorical_crossentropy", "label_smoothing": 0.1}),
            (_, 1) => json!("categorical_crossentropy"),
            _ => json!("sparse_categorical_crossentropy"),
        };
        json!({"optimizer": optimizer, "loss": loss, "metrics": ["accuracy"]})
    }
}

/// For trying many specs in Keras and PyTorch by hand: with `CNN_LAB_WRITTEN=folder` every net of
/// the round trip is left there for `run_written.py folder`.
fn leave(number: usize, experiment: &Experiment) {
    let Some(folder) = std::env::var_os("CNN_LAB_WRITTEN").map(std::path::PathBuf::from) else {
        return;
    };
    let save = |end: &str, text: String| {
        std::fs::write(folder.join(format!("net{number}{end}")), text).unwrap()
    };
    save(".json", json!({"spec": experiment.spec, "params": params(experiment)}).to_string());
    save(".keras.py", write::keras(experiment).unwrap());
    save(".torch.py", write::pytorch(experiment).unwrap());
}

#[test]
fn keras_text_reads_back_the_same() {
    let mut draw = Draw(Stream::new(5, Purpose::Shuffle, 1, 1));
    let mut classes = std::collections::BTreeSet::new();
    for number in 0..if cfg!(debug_assertions) { 150 } else { 1_000 } {
        let experiment = draw.experiment();
        let text = write::keras(&experiment).unwrap();
        let back = read(&text);
        assert_eq!(whole(&back.spec), whole(&experiment.spec), "{text}");
        let (mut back, mut was) = (back, experiment.clone());
        for one in [&mut back, &mut was] {
            one.spec = Value::Null;
            one.lines.clear();
            one.notes.clear();
        }
        assert_eq!(back, was, "{text}");
        let net = Net::read(&experiment.spec).unwrap();
        classes.extend(net.layers.iter().map(|layer| layer.class.name));
        write::pytorch(&experiment).unwrap();
        write::burn(&experiment).unwrap();
        if number < 150 {
            leave(number, &experiment);
        }
    }
    assert!(classes.len() >= 22, "{classes:?}");
}

/// Whether two long nets are the same, shown by their first layers that are not.
fn same(one: &Experiment, two: &Experiment) {
    let [one, two] = [one, two].map(|experiment| whole(&experiment.spec));
    for (one, two) in
        one["layers"].as_array().unwrap().iter().zip(two["layers"].as_array().unwrap())
    {
        assert_eq!(one, two);
    }
    assert!(one == two);
}

/// Keras has no such network, so its layers are written out, and known by the file all the same.
#[test]
fn a_base_with_its_head_reads_back_the_same() {
    let experiment = Experiment::of(json!({"input_shape": [96, 96, 3], "layers": [
        {"layer": "Rescaling", "scale": 2, "offset": -1},
        {"layer": "EfficientNetLite0", "include_top": true}]}));
    let text = write::keras(&experiment).unwrap();
    assert!(text.contains("model.load_weights(\"efficientnet-lite0.weights.h5\")"), "{text}");
    assert!(text.contains("keras.applications has none"), "{text}");
    let back = read(&text);
    same(&back, &experiment);
    let layers = back.spec["layers"].as_array().unwrap();
    assert_eq!(layers.last().unwrap()["base"], "efficientnet-lite0");
    for write in [write::pytorch, write::burn] {
        assert!(write(&experiment).unwrap().contains("EfficientNetLite0's weights are not"));
    }
}

/// A base comes back with its mark, which is known by the file of its weights.
#[test]
fn a_base_reads_back_the_same() {
    for (trainable, pooling) in [(false, "avg"), (true, "max")] {
        let mut experiment = Experiment::of(json!({"input_shape": [96, 96, 3], "layers": [
            {"layer": "Rescaling", "scale": 2, "offset": -1},
            {"layer": "MobileNetV2", "pooling": pooling, "trainable": trainable},
            {"layer": "Dropout", "rate": 0.2},
            {"layer": "Dense", "units": 3, "activation": "softmax"}],
            "compile": {"optimizer": {"name": "adam", "weight_decay": 0.01}, "loss": "categorical_crossentropy", "metrics": ["accuracy"]}}));
        let text = write::keras(&experiment).unwrap();
        assert!(text.contains("model.load_weights(\"mobilenet-v2.weights.h5\")"), "{text}");
        let frozen =
            "trained = [\"rescaling\", \"global_average_pooling2d\", \"dropout\", \"dense\"]";
        assert_eq!(text.contains(frozen), !trainable, "{text}");
        let back = read(&text);
        same(&back, &experiment);
        assert_eq!(back.notes, Vec::<String>::new());
        let torch = write::pytorch(&experiment).unwrap();
        for part in ["trained = [model.dense]", "    train_mode()\n", "if weight.requires_grad]"] {
            assert_eq!(torch.contains(part), !trainable, "{part}: {torch}");
        }
        assert!(torch.contains("safetensors"), "{torch}");
        let burn = write::burn(&experiment).unwrap();
        assert_eq!(burn.matches(".freeze(),").count(), if trainable { 0 } else { 104 }, "{burn}");
        // With the last of its layers set free.
        if let Value::Array(mut layers) = whole(&experiment.spec)["layers"].take() {
            for layer in &mut layers[20..] {
                layer["trainable"] = json!(true);
            }
            experiment.spec["layers"] = Value::Array(layers);
            let text = write::keras(&experiment).unwrap();
            same(&read(&text), &experiment);
            assert_eq!(text.contains("for name in ["), !trainable, "{text}");
        }
    }
}

#[test]
fn names_that_no_language_allows() {
    let spec = json!({"input_shape": [4, 4, 1], "layers": [
        {"layer": "Flatten", "name": "a b"}, {"layer": "ELU", "name": "a_b"}, {"layer": "ELU", "name": "\"); import os #"},
        {"layer": "ELU", "name": "_"}, {"layer": "Dense", "units": 2, "name": "π"}]});
    let text = write::keras(&Experiment::of(spec.clone())).unwrap();
    let names: Vec<_> = read(&text).lines.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a_b_", "a_b", "layer____import_os__", "layer_", "layer__"]);
    for text in [write::pytorch(&Experiment::of(spec.clone())), write::burn(&Experiment::of(spec))]
    {
        assert!(!text.unwrap().contains("import os"));
    }
}

/// The committed files; `CNN_LAB_WRITE=1 cargo test ...` writes them anew.
#[test]
fn written_files_are_up_to_date() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/keras/write");
    for name in ["mnist", "photo", "residual", "everything", "frozen"] {
        let file = |end: &str| format!("{folder}/{name}{end}");
        let given: Value =
            serde_json::from_str(&std::fs::read_to_string(file(".json")).unwrap()).unwrap();
        let mut experiment = read(&given["spec"].to_string());
        assert_eq!(params(&experiment), given["params"].as_u64().unwrap(), "{name}");
        experiment.epochs = Some(5);
        experiment.batch_size = Some(64);
        for (end, text) in [
            (".keras.py", write::keras(&experiment).unwrap()),
            (".torch.py", write::pytorch(&experiment).unwrap()),
            (".rs", write::burn(&experiment).unwrap()),
        ] {
            if std::env::var_os("CNN_LAB_WRITE").is_some() {
                std::fs::write(file(end), &text).unwrap();
            }
            let known = std::fs::read_to_string(file(end)).unwrap_or_default();
            assert_eq!(text, known, "{name}{end} is not what is written now: see this test");
        }
    }
}
