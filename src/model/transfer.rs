//! A network of one's own as the base of another: Keras's
//! `Model(model.input, model.get_layer(name).output)`, frozen, with a new last layer.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::model::shape::{Shape, Summary, find_layer, infer};
use crate::model::spec::{LayerKind, ModelSpec};

/// The layers of a model that lead to the one called `last`, and with it, all frozen; behind them
/// the mean of every map, where there are maps, and a new layer that tells so many classes apart.
/// Without a name it is what the model's own last layer with weights looks at.
///
/// # Errors
/// `option` where there is no such layer; `spec` where nothing has learned up to there, and as
/// [`infer`].
pub fn as_base(spec: &ModelSpec, last: Option<&str>, classes: usize) -> Result<ModelSpec> {
    let (shapes, counts) = (infer(spec)?, Summary::of(spec)?.layers);
    let layers = &spec.layers;
    let has_weights = |place: &usize| counts[*place].params > 0;
    // Counted as in `LayerSpec::inputs`: 0 is the picture.
    let end = match last {
        Some(name) => find_layer(layers, name)? + 1,
        None => {
            let head = (0..layers.len()).rev().find(has_weights);
            let before = |place: usize| layers[place].inputs.first().copied().unwrap_or(0);
            let mut end = head.map_or(0, before);
            while end > 0 && matches!(layers[end - 1].kind, LayerKind::Dropout { .. }) {
                end = before(end - 1);
            }
            end
        }
    };
    let mut kept = vec![false; layers.len()];
    let mut open = vec![end];
    while let Some(place) = open.pop().and_then(|end| end.checked_sub(1)) {
        if !std::mem::replace(&mut kept[place], true) {
            open.extend(&layers[place].inputs);
        }
    }
    let places: Vec<usize> = (0..layers.len()).filter(|&place| kept[place]).collect();
    if !places.iter().any(has_weights) {
        return Err(Error::spec(
            "No layer up to there has weights to keep. Choose a later layer, or another network.",
        )
        .field("layer"));
    }
    let moved = |input: &usize| match input.checked_sub(1) {
        None => 0,
        Some(place) => places.partition_point(|&kept| kept <= place),
    };
    let base = places.iter().map(|&place| {
        let mut layer = layers[place].clone();
        layer.trainable = false;
        layer.inputs = layer.inputs.iter().map(moved).collect();
        layer
    });
    let base = ModelSpec { layers: base.collect(), ..spec.clone() };
    let mut value = base.to_value();
    if let Some(Value::Array(list)) = value.get_mut("layers") {
        if matches!(shapes[end - 1], Shape::Image(_)) {
            list.push(json!({"layer": "GlobalAveragePooling2D"}));
        }
        // No weights of the old layers are to be found under its name.
        let taken = |name: &String| layers.iter().any(|layer| layer.name == *name);
        let names = (1..).map(|number| format!("head_{number}"));
        let name = std::iter::once("head".to_owned()).chain(names).find(|name| !taken(name));
        list.push(
            json!({"layer": "Dense", "name": name, "units": classes, "activation": "softmax"}),
        );
    }
    value["compile"] = json!({"optimizer": spec.compile.optimizer.to_value()});
    ModelSpec::from_value(value)
}
