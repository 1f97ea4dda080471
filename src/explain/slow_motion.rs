//! One training step on one picture, slowly: what goes forward, the loss, what comes back, and
//! how the weights would change. The network itself stays as it is.

use burn::tensor::Tensor;

use crate::data::prepare::Target;
use crate::device;
use crate::error::Result;
use crate::evaluate::metrics::softmax;
use crate::explain::{check_label, upload};
use crate::model::loss::cross_entropy;
use crate::model::network::{Goal, Mode, Value};
use crate::model::shape::Shape;
use crate::train::session::Session;

/// Leading values of a weight that are told at the most.
const MOST_VALUES: usize = 1 << 16;

/// What one layer gives, and the loss's gradient by it.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// The layer.
    pub layer: String,
    /// Maps, height and width; a vector has as many maps of one pixel.
    pub size: [usize; 3],
    /// Its output, its activation applied; of the last layer, before it.
    pub values: Vec<f32>,
    /// The gradient by it.
    pub gradients: Vec<f32>,
}

/// One weight before and after the step.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Layer and role, such as `dense/bias`.
    pub name: String,
    /// Its sizes. A kernel is `[filters, channels, height, width]`, a dense one `[inputs, units]`.
    pub shape: Vec<usize>,
    /// Its values, or the first 65,536 of them.
    pub before: Vec<f32>,
    /// The loss's gradient by these.
    pub gradients: Vec<f32>,
    /// What the optimizer makes of them.
    pub after: Vec<f32>,
}

/// A step.
#[derive(Clone, Debug, PartialEq)]
pub struct SlowMotion {
    /// The loss of the picture, without what regularisers add.
    pub loss: f64,
    /// The loss of the same picture after the step.
    pub loss_after: f64,
    /// The probability of every class.
    pub probabilities: Vec<f64>,
    /// The same after the step.
    pub probabilities_after: Vec<f64>,
    /// The optimizer's name.
    pub optimizer: String,
    /// What it steps with.
    pub learning_rate: f64,
    /// Every layer.
    pub stages: Vec<Stage>,
    /// Every weight.
    pub moves: Vec<Move>,
}

/// Takes a step on a picture of this class, given as pixels of the network's input shape, and
/// takes it back. Nothing is dropped out, and batches are normalised by the moving statistics.
///
/// # Errors
/// `state` without a model, `option` for a class that is not there, `device-lost` where the
/// device fails.
pub async fn slow_motion(session: &Session, pixels: &[u8], label: usize) -> Result<SlowMotion> {
    let network = session.network()?;
    let label = check_label(network, label)?;
    let targets = [Target::from(label as u16)];
    let smoothing = network.spec().compile.loss.label_smoothing;
    let picture = upload(network, pixels);
    let layers = &network.spec().layers;
    let places: Vec<usize> = (1..=layers.len()).collect();
    let probed = network.probe(picture.clone(), Goal::Logits, &places, |logits| {
        let logits = super::grad_cam::matrix(logits);
        cross_entropy(logits, &targets, &[], smoothing, network.device(), network.fast).0
    });
    let share = network.gradients(picture.clone(), &targets, &[], 1, Mode::Inference);
    let mut after = network.clone();
    let (mut optimizer, mut learning_rate) = (String::new(), 0.0);
    if let Some(mut trained) = session.optimizer.clone() {
        optimizer = trained.spec.name().into();
        learning_rate = trained.learning_rate();
        trained.update(&mut after.params, share.gradients.clone(), network.fast);
    }
    let logits = [network.logits(picture.clone()), after.logits(picture)];
    let losses = logits.clone().map(|logits| {
        cross_entropy(logits, &targets, &[], smoothing, network.device(), network.fast).0
    });
    let first = |values: &Tensor<1>| values.clone().narrow(0, 0, values.dims()[0].min(MOST_VALUES));
    let mut wanted: Vec<Tensor<1>> = Vec::new();
    wanted.extend(losses);
    wanted.extend(logits.map(|logits| logits.flatten(0, 1)));
    wanted.extend(probed.values.into_iter().map(Value::flatten));
    wanted.extend(probed.gradients.into_iter().map(Value::flatten));
    wanted.extend(
        [&network.params, &share.gradients, &after.params].into_iter().flatten().map(first),
    );
    let mut read = device::read(wanted).await?.into_iter();
    let mut next = || read.next().unwrap_or_default();
    let losses = [next(), next()].map(|loss| f64::from(loss[0]));
    let probabilities = [next(), next()].map(|logits| softmax(&logits));
    let mut take = |count: usize| -> Vec<Vec<f32>> { (0..count).map(|_| next()).collect() };
    let (values, gradients) = (take(layers.len()), take(layers.len()));
    let stages = layers.iter().zip(network.shapes()).zip(values.into_iter().zip(gradients)).map(
        |((layer, shape), (values, gradients))| {
            let size = match *shape {
                Shape::Image([height, width, channels]) => [channels, height, width],
                Shape::Vector(length) => [length, 1, 1],
            };
            Stage { layer: layer.name.clone(), size, values, gradients }
        },
    );
    let stages = stages.collect();
    let infos = network.param_infos();
    let (before, slopes, after) = (take(infos.len()), take(infos.len()), take(infos.len()));
    let moved = before.into_iter().zip(slopes).zip(after);
    let moves = infos.iter().zip(moved).map(|(info, ((before, gradients), after))| Move {
        name: info.name.clone(),
        shape: info.shape.clone(),
        before,
        gradients,
        after,
    });
    let moves = moves.collect();
    let [loss, loss_after] = losses;
    let [probabilities, probabilities_after] = probabilities;
    Ok(SlowMotion {
        loss,
        loss_after,
        probabilities,
        probabilities_after,
        optimizer,
        learning_rate,
        stages,
        moves,
    })
}
