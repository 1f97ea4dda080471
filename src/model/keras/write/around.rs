//! Layers that an export puts around a net.

use serde_json::{Map, Value as Json};

use super::{Layer, Net};
use crate::model::keras::classes;
use crate::model::keras::shapes::Shape;

/// `Rescaling` of a net's pictures, by one number or one a channel.
pub(crate) fn rescaling(net: &Net, scale: Json, offset: Json) -> Layer {
    let options = Map::from_iter([("scale".to_owned(), scale), ("offset".to_owned(), offset)]);
    made(net, "Rescaling", "preprocessing", options, None, Shape::Image(net.input))
}

/// What makes probabilities of a net's output, which is one number or one a class.
pub(crate) fn softmax_layer(net: &Net, single: bool) -> Layer {
    let last = net.layers.len().checked_sub(1);
    let function = if single { "sigmoid" } else { "softmax" };
    let options = Map::from_iter([("activation".to_owned(), function.into())]);
    made(net, "Activation", "probabilities", options, last, net.shape_of(last))
}

fn made(
    net: &Net,
    class: &str,
    name: &str,
    options: Map<String, Json>,
    input: Option<usize>,
    shape: Shape,
) -> Layer {
    let mut name = name.to_owned();
    while net.layers.iter().any(|layer| layer.name == name) {
        name.push('_');
    }
    // Both are layers of the table.
    let class = classes::find(class).unwrap_or_else(|| unreachable!("{class}"));
    Layer {
        name,
        class,
        options,
        inputs: vec![input],
        shape,
        params: [0, 0],
        automatic: false,
        trainable: true,
        base: None,
    }
}

impl Net {
    /// Puts a layer between the pictures and all that takes them.
    pub(crate) fn begin_with(&mut self, first: Layer) {
        for layer in &mut self.layers {
            for input in &mut layer.inputs {
                *input = Some(input.map_or(0, |at| at + 1));
            }
        }
        self.layers.insert(0, first);
    }
}
