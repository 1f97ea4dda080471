//! Cross-entropy over classes, from logits.
//!
//! Softmax and logarithm are taken together (`log_softmax`), which stays finite where a
//! softmax followed by a logarithm overflows. Categorical and sparse categorical
//! cross-entropy differ in Keras only in how labels are written down; here labels are class
//! numbers, turned into one-hot rows on the host, so both are this one function.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::model::spec::name_of;

/// A loss, in Keras's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Keras's own names.
pub enum Loss {
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
}

impl Loss {
    const NAMES: [(&'static str, Self); 2] = [
        ("categorical_crossentropy", Self::CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", Self::SparseCategoricalCrossentropy),
    ];

    /// Reads a loss by its Keras name.
    ///
    /// # Errors
    /// `spec` naming the field.
    pub fn from_value(value: &Value) -> Result<Self> {
        let known = Self::NAMES.iter().find(|(name, _)| value.as_str() == Some(name));
        known.map(|(_, loss)| *loss).ok_or_else(|| {
            let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            Error::spec(format!("loss is one of {}; it is {value}.", names.join(", ")))
                .field("loss")
        })
    }

    /// The loss's name in Keras.
    pub fn name(self) -> &'static str {
        name_of(&Self::NAMES, &self)
    }
}

/// The sum over examples of `-log softmax(logits)[label]`, and the number of examples whose
/// largest logit is their label's; each of shape `[1]`, both still on the device.
///
/// `logits` is `[examples, classes]`; every label is below `classes`.
pub fn cross_entropy(logits: Tensor<2>, labels: &[u16], device: &Device) -> (Tensor<1>, Tensor<1>) {
    let [examples, classes] = logits.dims();
    let mut one_hot = vec![0f32; examples * classes];
    for (row, label) in one_hot.chunks_exact_mut(classes).zip(labels) {
        row[usize::from(*label)] = 1.0;
    }
    let one_hot = Tensor::<2>::from_data(TensorData::new(one_hot, [examples, classes]), device);
    let labels: Vec<i32> = labels.iter().map(|label| i32::from(*label)).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [examples]), device);

    let predicted = logits.clone().inner().argmax(1).reshape([examples]);
    let correct = predicted.equal(labels).float().sum();
    let loss = -(activation::log_softmax(logits, 1) * one_hot).sum();
    (loss, correct)
}
