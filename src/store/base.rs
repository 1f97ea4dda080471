//! The file of a pretrained base: safetensors with a network's own names and shapes and, in its
//! metadata, the names of the classes that its head tells apart.

use std::collections::HashMap;

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors};

use crate::error::{Error, Result};
use crate::model::base::BaseWeights;

/// Reads the weights of a base onto a device.
///
/// # Errors
/// `checkpoint` where the bytes are no such file.
pub fn read(bytes: &[u8], device: &Device) -> Result<BaseWeights> {
    let broken = |reason: String| {
        Error::checkpoint(format!(
            "The file of the pretrained base cannot be read ({reason}). Load the page anew."
        ))
    };
    let file = SafeTensors::deserialize(bytes).map_err(|error| broken(error.to_string()))?;
    let mut weights = HashMap::new();
    for (name, view) in file.iter() {
        if view.dtype() != Dtype::F32 {
            return Err(broken(format!("{name} is no list of 32-bit floats")));
        }
        let (values, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|four| f32::from_le_bytes(*four)).collect();
        let length = values.len();
        let tensor = Tensor::from_data(TensorData::new(values, [length]), device);
        weights.insert(name.to_owned(), (view.shape().to_vec(), tensor));
    }
    let header = SafeTensors::read_metadata(bytes).ok();
    let notes = header.as_ref().and_then(|(_, header)| header.metadata().as_ref());
    let classes = notes.and_then(|notes| notes.get("classes")).map_or("", |names| names);
    let classes = classes.lines().map(str::to_owned).collect();
    Ok(BaseWeights { tensors: weights, classes })
}
