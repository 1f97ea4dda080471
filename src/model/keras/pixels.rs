//! What values pictures have on their way to the first layers: the data's, and what the net makes
//! of them.
//!
//! Pictures come as values from 0 to 1, or as `rescale` of the augmentation has it: as 0 to 255
//! where the net makes them small itself. A pretrained base takes values from -1 to 1.

use std::collections::HashMap;

use serde_json::{Map, Value as Json, json};

use crate::model::base::Base;

/// What was done to a picture's values: multiplied, then added to.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scaled {
    scale: f64,
    offset: f64,
}

/// What every layer gives, where only scaling and what keeps values as they are comes before;
/// and what it takes.
struct Values {
    given: Vec<Option<Scaled>>,
    taken: Vec<Option<Scaled>>,
}

impl Values {
    fn of(layers: &[Json]) -> Self {
        let untouched = Some(Scaled { scale: 1.0, offset: 0.0 });
        let mut named: HashMap<&str, Option<Scaled>> = HashMap::from([("input", untouched)]);
        let mut values = Self { given: Vec::new(), taken: Vec::new() };
        for layer in layers {
            let before = values.given.last().copied().unwrap_or(untouched);
            let from = match layer["inputs"].as_array().map(Vec::as_slice) {
                None => before,
                Some(names) => alike(names, &named),
            };
            let given = from.and_then(|from| through(layer, from));
            values.taken.push(from);
            values.given.push(given);
            if let Some(name) = layer["name"].as_str() {
                named.insert(name, given);
            }
        }
        values
    }
}

/// What several inputs have in common.
fn alike(names: &[Json], named: &HashMap<&str, Option<Scaled>>) -> Option<Scaled> {
    let mut all = names.iter().map(|name| named.get(name.as_str()?).copied().flatten());
    let first = all.next()??;
    all.all(|other| other == Some(first)).then_some(first)
}

/// The values behind a layer that scales them, or leaves them as they are.
fn through(layer: &Json, from: Scaled) -> Option<Scaled> {
    match layer["layer"].as_str()? {
        "Rescaling" => {
            let scale = layer["scale"].as_f64()?;
            let offset = layer["offset"].as_f64().unwrap_or(0.0);
            Some(Scaled { scale: from.scale * scale, offset: from.offset * scale + offset })
        }
        // A grey picture three times over, or made larger.
        "Concatenate" | "UpSampling2D" => Some(from),
        _ => None,
    }
}

/// Sees to it that pictures come with the values that the net is made for.
pub(super) fn settle(
    layers: &mut Vec<Json>,
    lines: &mut Vec<(String, u32)>,
    augmentation: &mut Map<String, Json>,
    notes: &mut Vec<String>,
) {
    let values = Values::of(layers);
    let small = |(layer, given): (&Json, &Option<Scaled>)| {
        layer["layer"] == "Rescaling" && given.is_some_and(|given| given.scale.abs() < 0.02)
    };
    // Pictures come scaled to 0 to 1 unless the net scales them itself.
    if layers.iter().zip(&values.given).any(small) && !augmentation.contains_key("rescale") {
        augmentation.insert("rescale".into(), json!(1.0));
        notes.push(
            "The net rescales pixels itself, so pictures go in with values from 0 to 255.".into(),
        );
    }
    let Some((at, base)) = entrance(layers) else { return };
    let whitened = ["featurewise", "samplewise", "zca_whitening"];
    if augmentation.keys().any(|name| whitened.iter().any(|start| name.starts_with(start))) {
        notes.push(format!(
            "{} was trained with values from -1 to 1; what standardising makes of the pictures \
             are others.",
            base.class()
        ));
        return;
    }
    let rescale = augmentation.get("rescale").and_then(Json::as_f64).unwrap_or(1.0 / 255.0);
    if let Some(taken) = values.taken[at]
        && let Some(missing) = missing(taken, 255.0 * rescale)
    {
        insert(layers, at, missing, lines);
        notes.push(format!(
            "{} takes values from -1 to 1, as it was trained: a Rescaling stands before it here, \
             because the text itself does not bring them there in the net.",
            base.class()
        ));
    }
}

/// The first layer of a base, and which.
fn entrance(layers: &[Json]) -> Option<(usize, Base)> {
    let base = |layer: &Json| layer["base"].as_str().and_then(Base::of);
    layers.iter().enumerate().find_map(|(at, layer)| Some((at, base(layer)?)))
}

/// What brings values from 0 to `most`, once they are scaled, to -1 to 1; nothing where they are
/// there, or all the same.
fn missing(Scaled { scale, offset }: Scaled, most: f64) -> Option<Scaled> {
    let (low, high) = (offset, scale * most + offset);
    let there = (low + 1.0).abs() < 0.02 && (high - 1.0).abs() < 0.02;
    let width = high - low;
    if there || width.abs() < 1e-9 {
        return None;
    }
    let scale = short(2.0 / width);
    Some(Scaled { scale, offset: short(-1.0 - low * scale) })
}

/// A number without what sums leave at its end.
fn short(number: f64) -> f64 {
    (number * 1e9).round() / 1e9
}

/// Puts a Rescaling in front of a layer.
fn insert(layers: &mut Vec<Json>, at: usize, scaled: Scaled, lines: &mut Vec<(String, u32)>) {
    let mut name = "rescaling_to_base".to_owned();
    while layers.iter().any(|layer| layer["name"] == name.as_str()) {
        name.push('_');
    }
    let line = lines.get(at).map_or(1, |(_, line)| *line);
    let mut layer = json!({
        "layer": "Rescaling", "name": name, "scale": scaled.scale, "offset": scaled.offset,
    });
    if let Some(inputs) = layers[at].as_object_mut().and_then(|map| map.remove("inputs")) {
        layer["inputs"] = inputs;
    }
    layers.insert(at, layer);
    lines.insert(at.min(lines.len()), (name, line));
}
