//! Cross-entropy over classes, from logits.
//!
//! Softmax and logarithm are taken together (`log_softmax`), which stays finite where a
//! softmax followed by a logarithm overflows. Categorical and sparse categorical
//! cross-entropy differ in Keras only in how labels are written down; here labels are class
//! numbers, turned into rows of weights on the host, so both are this one function: one-hot
//! rows, smoothed, times the weight of the class, or two of them blended by mixup. Binary
//! cross-entropy is the same function once more: a sigmoid of `z` is the second of the two
//! softmax probabilities of `[0, z]`, and its gradient by `z` is the second's.

use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use serde_json::{Map, Value, json};

use crate::data::prepare::Target;
use crate::error::{Error, Result};
#[cfg(feature = "kernels")]
use crate::fast;
use crate::model::spec::Activation;
use crate::model::{Fields, activate_all, name_of};

/// A loss with its option, in Keras's names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Which.
    pub kind: LossKind,
    /// How much of the target is spread evenly over all classes, from 0 to 1; 0 unless given.
    pub label_smoothing: f64,
}

/// Which loss, in Keras's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Keras's own names.
pub enum LossKind {
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    BinaryCrossentropy,
}

impl Loss {
    /// Sparse categorical cross-entropy.
    pub const SPARSE: Self =
        Self { kind: LossKind::SparseCategoricalCrossentropy, label_smoothing: 0.0 };
    /// Binary cross-entropy.
    pub const BINARY: Self = Self { kind: LossKind::BinaryCrossentropy, label_smoothing: 0.0 };

    const NAMES: [(&'static str, LossKind); 3] = [
        ("categorical_crossentropy", LossKind::CategoricalCrossentropy),
        ("sparse_categorical_crossentropy", LossKind::SparseCategoricalCrossentropy),
        ("binary_crossentropy", LossKind::BinaryCrossentropy),
    ];

    /// Reads a loss by its Keras name, or an object with `name` and `label_smoothing`.
    ///
    /// # Errors
    /// `spec` naming the field.
    pub fn from_value(value: &Value) -> Result<Self> {
        let map = match value {
            Value::Object(map) => map.clone(),
            name => Map::from_iter([("name".to_owned(), name.clone())]),
        };
        let mut fields = Fields::new(map);
        let name = fields.take("name").unwrap_or_default();
        let known = Self::NAMES.iter().find(|(known, _)| name.as_str() == Some(known));
        let Some((_, kind)) = known else {
            let names: Vec<_> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            let names = names.join(", ");
            return Err(Error::spec(format!("loss is one of {names}; it is {name}.")).field("loss"));
        };
        let label_smoothing = fields.between("label_smoothing", Some(0.0), 0.0, 1.0)?;
        fields.done()?;
        if label_smoothing > 0.0 && *kind == LossKind::SparseCategoricalCrossentropy {
            return Err(Error::spec(
                "Keras's sparse_categorical_crossentropy has no label_smoothing; use \
                 categorical_crossentropy, which is the same otherwise.",
            )
            .field("label_smoothing"));
        }
        Ok(Self { kind: *kind, label_smoothing })
    }

    /// The loss's name in Keras.
    pub fn name(self) -> &'static str {
        name_of(&Self::NAMES, &self.kind)
    }

    /// As JSON: the name, or an object where there is an option.
    pub fn to_value(self) -> Value {
        match self.label_smoothing {
            0.0 => self.name().into(),
            smoothing => json!({ "name": self.name(), "label_smoothing": smoothing }),
        }
    }

    /// Whether it takes a single unit for two classes.
    pub fn is_binary(self) -> bool {
        self.kind == LossKind::BinaryCrossentropy
    }
}

/// What Keras keeps probabilities away from 0 and 1 by.
const EPSILON: f64 = 1e-7;

/// The logits `[examples, classes]` of what a network's last layer gives before its
/// `activation`; a single unit's are `[0, z]`.
///
/// Softmax and sigmoid are left to the loss, as Keras 3 does it (a sigmoid of several units
/// counts as a softmax there too); linear outputs, and those of layers without a named
/// activation, are taken as logits. Anything else is taken for probabilities that need not sum
/// to 1, as Keras takes it: divided by their sum, which is the softmax of their logarithms.
/// (Values of 0 and below differ: Keras keeps them from 0 after dividing, this before it.)
pub fn head_logits(output: Tensor<2>, activation: Option<Activation>, loss: Loss) -> Tensor<2> {
    let [examples, units] = output.dims();
    let function = activation.unwrap_or(Activation::Linear);
    if units == 1 {
        let logit = match function {
            Activation::Linear | Activation::Sigmoid => output,
            function => {
                let share = activate_all(output, function).clamp(EPSILON, 1.0 - EPSILON);
                share.clone().log() - (-share + 1.0).log()
            }
        };
        let zeros = Tensor::zeros([examples, 1], &logit.device());
        return Tensor::cat(vec![zeros, logit], 1);
    }
    match function {
        Activation::Linear | Activation::Softmax | Activation::Sigmoid => output,
        function => {
            let shares = activate_all(output, function);
            // Only the sparse loss keeps them below 1 before it divides.
            match loss.kind {
                LossKind::SparseCategoricalCrossentropy => shares.clamp(EPSILON, 1.0 - EPSILON),
                _ => shares.clamp_min(EPSILON),
            }
            .log()
        }
    }
}

/// How much each class counts in the loss of each example, a row for each, in place of what `weights`
/// held: the targets, smoothed, times the weights of their classes.
pub(crate) fn weights_of(
    targets: &[Target],
    classes: usize,
    class_weights: &[f32],
    smoothing: f64,
    weights: &mut Vec<f32>,
) {
    let (kept, spread) = ((1.0 - smoothing) as f32, (smoothing / classes as f64) as f32);
    weights.clear();
    weights.resize(targets.len() * classes, 0.0);
    for (row, target) in weights.chunks_exact_mut(classes).zip(targets) {
        for (label, share) in [(target.label, target.share), (target.other, 1.0 - target.share)] {
            let label = usize::from(label);
            let share = share * class_weights.get(label).unwrap_or(&1.0);
            row[label] += share * kept;
            if spread > 0.0 {
                row.iter_mut().for_each(|weight| *weight += share * spread);
            }
        }
    }
}

/// The sum over examples of `-log softmax(logits)[label]`, each times the weight of its class,
/// and the number of examples whose largest logit is their label's; each of shape `[1]`, both
/// still on the device. Of a blended example each part counts by its share and its own
/// class's weight, and right is the class with the larger share. `smoothing` takes that much
/// from the label and spreads it evenly over all classes (Szegedy and others 2016).
///
/// `logits` is `[examples, classes]`; every label is below `classes`. `class_weights` has one
/// weight a class, or is empty where all count alike. Where it is `fast`, our own kernel computes it
/// on devices that have one.
pub fn cross_entropy(
    logits: Tensor<2>,
    targets: &[Target],
    class_weights: &[f32],
    smoothing: f64,
    device: &Device,
    fast: bool,
) -> (Tensor<1>, Tensor<1>) {
    let [examples, classes] = logits.dims();
    let mut weights = Vec::new();
    weights_of(targets, classes, class_weights, smoothing, &mut weights);
    #[cfg(feature = "kernels")]
    if fast {
        let labels: Vec<u16> = targets.iter().map(Target::leading).collect();
        if let Some(found) = fast::cross_entropy(&logits, &weights, &labels) {
            return found;
        }
    }
    #[cfg(not(feature = "kernels"))]
    let _ = fast;
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [examples, classes]), device);
    let labels: Vec<i32> = targets.iter().map(|target| i32::from(target.leading())).collect();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [examples]), device);

    let predicted = logits.clone().inner().argmax(1).reshape([examples]);
    let correct = predicted.equal(labels).float().sum();
    let loss = -(activation::log_softmax(logits, 1) * weights).sum();
    (loss, correct)
}
