//! Cross-entropy over classes, from logits.
//!
//! Softmax and logarithm are taken together (`log_softmax`), which stays finite where a
//! softmax followed by a logarithm overflows. Categorical and sparse categorical
//! cross-entropy differ in Keras only in how labels are written down; here labels are class
//! numbers, turned into rows of weights on the host, so both are this one function: one-hot
//! rows, times the weight of the class, or two of them blended by mixup.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use serde_json::Value;

use crate::data::prepare::Target;
use crate::error::{Error, Result};
use crate::model::name_of;

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

/// The sum over examples of `-log softmax(logits)[label]`, each times the weight of its class,
/// and the number of examples whose largest logit is their label's; each of shape `[1]`, both
/// still on the device. Of a blended example each part counts by its share and its own
/// class's weight, and right is the class with the larger share.
///
/// `logits` is `[examples, classes]`; every label is below `classes`. `class_weights` has one
/// weight a class, or is empty where all count alike.
pub fn cross_entropy(
    logits: Tensor<2>,
    targets: &[Target],
    class_weights: &[f32],
    device: &Device,
) -> (Tensor<1>, Tensor<1>) {
    let [examples, classes] = logits.dims();
    let mut weights = vec![0f32; examples * classes];
    for (row, target) in weights.chunks_exact_mut(classes).zip(targets) {
        for (label, share) in [(target.label, target.share), (target.other, 1.0 - target.share)] {
            let label = usize::from(label);
            row[label] += share * class_weights.get(label).unwrap_or(&1.0);
        }
    }
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [examples, classes]), device);
    let labels: Vec<i32> = targets.iter().map(|target| i32::from(target.leading())).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [examples]), device);

    let predicted = logits.clone().inner().argmax(1).reshape([examples]);
    let correct = predicted.equal(labels).float().sum();
    let loss = -(activation::log_softmax(logits, 1) * weights).sum();
    (loss, correct)
}
