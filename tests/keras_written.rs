//! The Burn text that `model::keras::write::burn` gives compiles, runs, and has the parameters
//! that Keras counts. The files are kept up to date by a unit test beside the writer.
#![cfg(all(feature = "cpu", not(target_arch = "wasm32")))]

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde_json::Value;

#[rustfmt::skip] // as it is written
#[path = "fixtures/keras/write/everything.rs"]
mod everything;
#[rustfmt::skip] // as it is written
#[path = "fixtures/keras/write/frozen.rs"]
mod frozen;
#[rustfmt::skip] // as it is written
#[path = "fixtures/keras/write/mnist.rs"]
mod mnist;
#[rustfmt::skip] // as it is written
#[path = "fixtures/keras/write/photo.rs"]
mod photo;
#[rustfmt::skip] // as it is written
#[path = "fixtures/keras/write/residual.rs"]
mod residual;

/// Keras's count for a fixture.
fn params(text: &str) -> usize {
    let value: Value = serde_json::from_str(text).unwrap();
    value["params"].as_u64().unwrap() as usize
}

/// Pictures of some values between 0 and 1.
fn pictures(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let count = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..count).map(|at| (at * 37 % 101) as f32 / 101.0).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape)
}

fn values(output: Tensor<2>) -> Vec<f32> {
    output.into_data().try_to_vec().unwrap()
}

macro_rules! net {
    ($name:ident, $shape:expr, $outputs:expr, $sums_to_one:expr) => {
        #[test]
        fn $name() {
            let device = Device::flex();
            let model = $name::Model::init(&device);
            // Burn counts a batch normalisation's moving figures, as Keras does.
            let file = include_str!(concat!("fixtures/keras/write/", stringify!($name), ".json"));
            assert_eq!(model.num_params(), params(file));
            let output = model.forward(pictures($shape, &device));
            assert_eq!(output.dims(), [$shape[0], $outputs]);
            for row in values(output).chunks($outputs) {
                assert!(row.iter().all(|value| (0.0..=1.0).contains(value)), "{row:?}");
                let sum: f32 = row.iter().sum();
                assert!(!$sums_to_one || (sum - 1.0).abs() < 1e-5, "{row:?}");
            }
        }
    };
}

net!(mnist, [2, 1, 28, 28], 10, true);
net!(photo, [1, 3, 150, 150], 1, false);
net!(residual, [2, 3, 32, 32], 10, true);
net!(everything, [2, 3, 13, 11], 3, true);
net!(frozen, [2, 3, 16, 16], 4, true);
