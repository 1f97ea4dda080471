//! A small task that a small net learns in a second, the same natively and in a browser.

use cnn_lab::data::dataset::{Dataset, Split};
use cnn_lab::model::spec::ModelSpec;
use serde_json::json;

/// Pictures of bright bars, lying (0), standing (1) or aslant (2), at places that a simple
/// generator draws, over a noisy ground.
pub fn bars(count: usize, side: usize) -> Dataset {
    let classes = ["lying", "standing", "aslant"].map(String::from).to_vec();
    let mut dataset = Dataset::new("bars".into(), classes, [side, side, 1]).unwrap();
    let mut state = 12_345u32;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % bound
    };
    for split in [Split::Train, Split::Test] {
        let mut labels = Vec::new();
        let mut pixels = Vec::new();
        for _ in 0..count {
            let (label, place) = (draw(3), draw(side));
            labels.push(label as u16);
            for row in 0..side {
                for column in 0..side {
                    let on = match label {
                        0 => row == place,
                        1 => column == place,
                        _ => (row + column) % side == place,
                    };
                    pixels.push((draw(60) + if on { 190 } else { 0 }) as u8);
                }
            }
        }
        dataset.push(split, &labels, &pixels).unwrap();
    }
    dataset
}

pub fn convnet(side: usize) -> ModelSpec {
    let spec = json!({
        "input_shape": [side, side, 1],
        "layers": [
            {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "activation": "relu"},
            {"layer": "MaxPooling2D"},
            {"layer": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same", "activation": "relu"},
            {"layer": "Dropout", "rate": 0.1},
            {"layer": "Flatten"},
            {"layer": "Dense", "units": 3, "activation": "softmax"}],
        "compile": {"optimizer": {"name": "adam", "learning_rate": 0.003}}
    });
    ModelSpec::from_value(spec).unwrap()
}
