//! A spec as Keras's Python.

use std::collections::HashSet;
use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::{Ending, Layer, Net, float, folded, quoted, text};
use crate::error::Result;
use crate::model::keras::Experiment;

/// Names that a layer's variable must not hide.
const RESERVED: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "keras",
    "layers", "model", "inputs", "x_train", "y_train", "datagen", "print", "range", "len",
];

/// Writes an experiment as Python with Keras: a Sequential where the net is straight, else the
/// functional form; then `compile` and `fit` as far as they are given.
///
/// # Errors
/// `spec` where the experiment's spec is none.
pub fn keras(experiment: &Experiment) -> Result<String> {
    let net = Net::of(experiment)?;
    let mut out = String::from("import keras\nfrom keras import layers\n");
    if experiment.augmentation.is_some() {
        out.push_str("from tensorflow.keras.preprocessing.image import ImageDataGenerator\n");
    }
    let scopes = scopes(&net);
    let still = Still::of(&net);
    // Beside names that are given, Keras would give the same again to others of the class.
    let told: HashSet<&str> = net
        .layers
        .iter()
        .filter(|layer| still.names(layer))
        .map(|layer| layer.class.name)
        .collect();
    let shape = net.input.map(|size| size.to_string()).join(", ");
    if net.is_straight() {
        out.push_str("\nmodel = keras.Sequential([\n");
        let _ = writeln!(out, "    keras.Input(shape=({shape})),");
        for (layer, name) in net.layers.iter().zip(&scopes) {
            let _ = writeln!(out, "    {},", call(layer, name, told.contains(layer.class.name)));
        }
        out.push_str("])\n");
    } else {
        let names = net.identifiers(RESERVED);
        let name = |layer: &Option<usize>| layer.map_or("inputs", |layer| names[layer].as_str());
        let _ = writeln!(out, "\ninputs = keras.Input(shape=({shape}))");
        for ((layer, variable), scope) in net.layers.iter().zip(&names).zip(&scopes) {
            let inputs: Vec<_> = layer.inputs.iter().map(name).collect();
            let inputs = match inputs.as_slice() {
                [one] => (*one).to_owned(),
                several => format!("[{}]", several.join(", ")),
            };
            let call = call(layer, scope, told.contains(layer.class.name));
            let _ = writeln!(out, "{variable} = {call}({inputs})");
        }
        let last = names.last().map_or("inputs", String::as_str);
        let _ = writeln!(out, "model = keras.Model(inputs=inputs, outputs={last})");
    }
    freeze(&net, &scopes, still, &mut out);
    base_weights(&net, &mut out);
    compile(&net, &mut out);
    fit(experiment, &mut out);
    Ok(out)
}

/// Every layer's name as TensorFlow allows it: letters, digits, points, dashes and underscores.
fn scopes(net: &Net) -> Vec<String> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
    let clean = |name: &str| {
        let name: String = name.chars().map(|c| if fits(c) { c } else { '_' }).collect();
        if name.starts_with(['_', '-']) { format!("layer{name}") } else { name }
    };
    let mut taken: HashSet<String> = net
        .layers
        .iter()
        .map(|layer| layer.name.clone())
        .filter(|name| clean(name) == *name)
        .collect();
    let mut names = Vec::new();
    for layer in &net.layers {
        let mut name = clean(&layer.name);
        if name != layer.name {
            while !taken.insert(name.clone()) {
                name.push('_');
            }
        }
        names.push(name);
    }
    names
}

/// Which layers are told apart by name, to say which are frozen.
#[derive(Clone, Copy, PartialEq)]
enum Still {
    None,
    /// The frozen ones are named.
    Named,
    /// The others are named, being fewer.
    AllBut,
}

impl Still {
    fn of(net: &Net) -> Self {
        match net.layers.iter().filter(|layer| !layer.trainable).count() {
            0 => Self::None,
            frozen if 2 * frozen > net.layers.len() => Self::AllBut,
            _ => Self::Named,
        }
    }

    /// Whether this layer is named.
    fn names(self, layer: &Layer) -> bool {
        match self {
            Self::None => false,
            Self::Named => !layer.trainable,
            Self::AllBut => layer.trainable,
        }
    }
}

/// Freezes layers, which Keras asks for before `compile`.
fn freeze(net: &Net, scopes: &[String], still: Still, out: &mut String) {
    let named = net.layers.iter().zip(scopes).filter(|(layer, _)| still.names(layer));
    let names: Vec<String> = named.map(|(_, name)| quoted(name)).collect();
    let names = folded(&names);
    let _ = match still {
        Still::None => Ok(()),
        Still::Named => writeln!(
            out,
            "\n# Training leaves these layers as they are.\nfor name in {names}:\n    \
             model.get_layer(name).trainable = False"
        ),
        Still::AllBut => writeln!(
            out,
            "\n# Training leaves all layers but these as they are.\ntrained = {names}\nfor layer \
             in model.layers:\n    layer.trainable = layer.name in trained"
        ),
    };
}

/// Says where a base's weights come from. Reading the text knows the base by the file's name.
fn base_weights(net: &Net, out: &mut String) {
    let Some(base) = net.base() else { return };
    let (class, file) = (base.class(), format!("{}.weights.h5", base.name()));
    let others = match base.is_of_keras() {
        true => "trained in PyTorch: keras.applications has others, made for\n# other borders.",
        false => "and keras.applications has none\n# of it.",
    };
    let _ = writeln!(
        out,
        "\n# {class}'s weights are the lab's, {others} Export this network as Keras weights in the lab, and put the file here \
         under\n# this name.\nmodel.load_weights({})",
        quoted(&file)
    );
}

/// `layers.Conv2D(32, 3, activation="relu")`, with its name where Keras would give another or
/// where it is `told` apart by it.
fn call(layer: &Layer, name: &str, told: bool) -> String {
    let mut arguments = Vec::new();
    let class = layer.class;
    // These read better without their names.
    let bare: &[&str] = match class.name {
        "Conv2D" | "SeparableConv2D" => &["filters", "kernel_size"],
        "DepthwiseConv2D" => &["kernel_size"],
        "Dense" => &["units"],
        "Dropout" | "SpatialDropout2D" => &["rate"],
        "Activation" => &["activation"],
        "MaxPooling2D" | "AveragePooling2D" => &["pool_size"],
        "UpSampling2D" => &["size"],
        "ZeroPadding2D" => &["padding"],
        "Rescaling" => &["scale"],
        _ => &[],
    };
    for option in class.options() {
        let value = &layer.options[option];
        let default = match layer.options.get("pool_size") {
            Some(pool_size) if option == "strides" => value == pool_size,
            _ => *value == class.default_of(option),
        };
        let written = if class.name == "Normalization" {
            figures(value, layer)
        } else if class.is_regularizer(option) {
            regularizer(value)
        } else if option.ends_with("initializer") {
            initializer(value)
        } else if class.name == "ZeroPadding2D" {
            borders(value)
        } else {
            python(value)
        };
        if bare.contains(&option) {
            arguments.push(written);
        } else if !default {
            arguments.push(format!("{option}={written}"));
        }
    }
    if told || !layer.automatic {
        arguments.push(format!("name={}", quoted(name)));
    }
    format!("layers.{}({})", class.name, arguments.join(", "))
}

/// A value in Python; a pair of equal sizes as one number.
fn python(value: &Json) -> String {
    match value {
        Json::Null => "None".into(),
        Json::Bool(true) => "True".into(),
        Json::Bool(false) => "False".into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.to_string(),
            None => float(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => quoted(text),
        Json::Array(items) => match items.as_slice() {
            [one, two] if one == two && one.is_i64() => python(one),
            [one, two] if one.is_i64() && two.is_i64() => format!("({one}, {two})"),
            _ => format!("[{}]", items.iter().map(python).collect::<Vec<_>>().join(", ")),
        },
        Json::Object(map) => {
            let pairs =
                map.iter().map(|(key, value)| format!("{}: {}", quoted(key), python(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Mean or variance: Keras wants both as lists where one is.
fn figures(value: &Json, layer: &Layer) -> String {
    let lists = ["mean", "variance"].iter().filter_map(|field| layer.options[*field].as_array());
    match (value, lists.map(Vec::len).max()) {
        (Json::Number(_), Some(length)) => {
            format!("[{}]", vec![python(value); length].join(", "))
        }
        _ => python(value),
    }
}

fn borders(value: &Json) -> String {
    let sides: Vec<_> = [0, 1, 2, 3].map(|at| value[at / 2][at % 2].to_string()).into();
    match sides.as_slice() {
        [a, b, c, d] if a == b && b == c && c == d => a.clone(),
        [a, b, c, d] => format!("(({a}, {b}), ({c}, {d}))"),
        _ => "0".into(),
    }
}

fn regularizer(value: &Json) -> String {
    let part = |name: &str| value[name].as_f64().unwrap_or(0.0);
    match (part("l1"), part("l2")) {
        (0.0, 0.0) => match value {
            Json::String(name) => quoted(name),
            _ => "None".into(),
        },
        (l1, 0.0) => format!("keras.regularizers.L1({})", float(l1)),
        (0.0, l2) => format!("keras.regularizers.L2({})", float(l2)),
        (l1, l2) => format!("keras.regularizers.L1L2(l1={}, l2={})", float(l1), float(l2)),
    }
}

/// `truncated_normal` as `TruncatedNormal`.
fn class_of(name: &str) -> String {
    let words = name.split('_').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect()
}

fn initializer(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let name = class_of(text(map, "name"));
            format!("keras.initializers.{name}({})", keywords(map))
        }
        other => python(other),
    }
}

/// `a=1, b=2` of all but the name.
fn keywords(map: &Map<String, Json>) -> String {
    let options = map.iter().filter(|(name, value)| *name != "name" && !value.is_null());
    let options = options.map(|(name, value)| match value {
        Json::Object(schedule) if name == "learning_rate" => {
            let class = text(schedule, "name");
            format!("{name}=keras.optimizers.schedules.{class}({})", keywords(schedule))
        }
        // Boundaries and values of a schedule are lists, however many.
        Json::Array(items) => {
            let items: Vec<_> = items.iter().map(python).collect();
            format!("{name}=[{}]", items.join(", "))
        }
        other => format!("{name}={}", python(other)),
    });
    options.collect::<Vec<_>>().join(", ")
}

fn compile(net: &Net, out: &mut String) {
    let Json::Object(compile) = &net.compile else { return };
    let mut arguments = Vec::new();
    match compile.get("optimizer") {
        Some(Json::String(name)) => arguments.push(format!("optimizer={}", quoted(name))),
        Some(Json::Object(map)) => {
            let name = text(map, "name").to_lowercase();
            let class = match name.as_str() {
                "sgd" => "SGD".into(),
                "rmsprop" => "RMSprop".into(),
                "adamw" => "AdamW".into(),
                other => class_of(other),
            };
            arguments.push(format!("optimizer=keras.optimizers.{class}({})", keywords(map)));
        }
        _ => {}
    }
    let mut one_hot = false;
    if let Some((name, smoothing)) = net.loss() {
        let mut options = Vec::new();
        if net.ends_with() == Ending::Logits {
            options.push("from_logits=True".to_owned());
        }
        if smoothing > 0.0 {
            options.push(format!("label_smoothing={}", float(smoothing)));
        }
        let smooth_sparse = smoothing > 0.0 && name == "sparse_categorical_crossentropy";
        one_hot = smooth_sparse || name == "categorical_crossentropy";
        arguments.push(if options.is_empty() {
            format!("loss={}", quoted(name))
        } else {
            // Keras smooths labels only where they are one-hot.
            let name = if smooth_sparse { "categorical_crossentropy" } else { name };
            format!("loss=keras.losses.{}({})", class_of(name), options.join(", "))
        });
    }
    arguments.push("metrics=[\"accuracy\"]".into());
    if one_hot {
        out.push_str("\n# The labels are one-hot: keras.utils.to_categorical(y).\n");
    } else {
        out.push('\n');
    }
    let _ = writeln!(out, "model.compile(\n    {},\n)", arguments.join(",\n    "));
}

fn fit(experiment: &Experiment, out: &mut String) {
    let Experiment { epochs, batch_size, validation_split, augmentation, train, .. } = experiment;
    let mut arguments = Vec::new();
    let mut data = "x_train, y_train".to_owned();
    let batch = batch_size.map(|size| format!("batch_size={size}"));
    if let Some(Json::Object(map)) = augmentation {
        const OURS: &[&str] = &["random_crop", "cutout", "mixup", "color_jitter"];
        for (name, value) in map.iter().filter(|(name, _)| OURS.contains(&name.as_str())) {
            let _ = writeln!(out, "\n# Not in Keras: {name}={}.", python(value));
        }
        let keras: Map<String, Json> = map
            .iter()
            .filter(|(name, _)| !OURS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut options = keywords(&keras);
        if let Some(part) = validation_split {
            let comma = if options.is_empty() { "" } else { ", " };
            let _ = write!(options, "{comma}validation_split={}", float(*part));
        }
        let _ = writeln!(out, "\ndatagen = ImageDataGenerator({options})");
        let batch = batch.as_ref().map_or(String::new(), |batch| format!(", {batch}"));
        let subset = if validation_split.is_some() { ", subset=\"training\"" } else { "" };
        data = format!("datagen.flow({data}{batch}{subset})");
        if validation_split.is_some() {
            arguments.push(format!(
                "validation_data=datagen.flow(x_train, y_train{batch}, subset=\"validation\")"
            ));
        }
    } else {
        arguments.extend(batch);
        arguments.extend(validation_split.map(|part| format!("validation_split={}", float(part))));
    }
    arguments.extend(epochs.map(|epochs| format!("epochs={epochs}")));
    let mut callbacks = Vec::new();
    let renamed = |map: &Json, names: &[(&str, &str)]| {
        let of = |(ours, keras): &(&str, &str)| {
            let value = map.get(*ours).filter(|value| !value.is_null())?;
            Some(format!("{keras}={}", python(value)))
        };
        names.iter().filter_map(of).collect::<Vec<_>>().join(", ")
    };
    if let Some(stop) = train.get("earlyStopping") {
        let options = renamed(
            stop,
            &[
                ("monitor", "monitor"),
                ("minDelta", "min_delta"),
                ("patience", "patience"),
                ("restoreBestWeights", "restore_best_weights"),
                ("startFromEpoch", "start_from_epoch"),
            ],
        );
        callbacks.push(format!("keras.callbacks.EarlyStopping({options})"));
    }
    if let Some(plateau) = train.get("reduceOnPlateau") {
        let options = renamed(
            plateau,
            &[
                ("monitor", "monitor"),
                ("factor", "factor"),
                ("patience", "patience"),
                ("minDelta", "min_delta"),
                ("cooldown", "cooldown"),
                ("minLearningRate", "min_lr"),
            ],
        );
        callbacks.push(format!("keras.callbacks.ReduceLROnPlateau({options})"));
    }
    if !callbacks.is_empty() {
        arguments.push(format!("callbacks=[{}]", callbacks.join(", ")));
    }
    match train.get("classWeight") {
        Some(Json::Array(weights)) => {
            let pairs =
                weights.iter().enumerate().map(|(at, weight)| format!("{at}: {}", python(weight)));
            let pairs: Vec<_> = pairs.collect();
            arguments.push(format!("class_weight={{{}}}", pairs.join(", ")));
        }
        Some(_) => out.push_str(
            "\n# class_weight: balanced; see sklearn.utils.class_weight.compute_class_weight.\n",
        ),
        None => {}
    }
    if train.get("shuffle") == Some(&Json::Bool(false)) {
        arguments.push("shuffle=False".into());
    }
    if arguments.is_empty() && augmentation.is_none() {
        return;
    }
    let _ = writeln!(out, "\nmodel.fit({})", [vec![data], arguments].concat().join(", "));
}
