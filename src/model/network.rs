//! The computation of a model over Burn tensors: weights, forward, gradients, taps.
//!
//! What each layer computes stands in `layer.rs`. Every weight is a flat tensor with its
//! shape beside it: the optimizer, the checkpoint and, later, the sum over workers treat all
//! alike. Those that training changes are [`Network::params`]; those that it leaves alone are
//! [`Network::state`]: a batch normalisation's moving statistics, which follow the data instead,
//! and all of a frozen layer.

use std::ops::Range;

use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::data::prepare::Target;
use crate::data::preprocess::Preprocessing;
use crate::error::Result;
use crate::model::base::{Base, BaseWeights};
use crate::model::initializer::Regularizer;
use crate::model::layer::{self, Context, gradient};
pub use crate::model::layer::{Mode, Value};
use crate::model::loss::{cross_entropy, head_logits};
use crate::model::shape::{Shape, check_trainable, infer, input_of};
use crate::model::spec::{BatchNorm, LayerKind, LayerSpec, ModelSpec};
#[cfg(feature = "kernels")]
use crate::model::spec::{Padding, Pool};
pub use crate::model::weights::ParamInfo;
use crate::model::weights::{Weight, trainable, untrainable};
use crate::random::{Purpose, Stream};

/// What one share of a batch gives. Summed over shares in their order, it is what the
/// whole batch gives; but a batch normalisation sees only its share.
#[derive(Debug)]
pub struct Share {
    /// `[sum of losses / whole batch, number of correct examples]`, on the device. The loss
    /// has the share's part of the weights' penalties in it, as Keras's has.
    pub metrics: Tensor<1>,
    /// The gradient of that loss, one flat tensor a parameter.
    pub gradients: Vec<Tensor<1>>,
    /// What the share says of the batch normalisations that are not frozen, in their order: means
    /// and biased variances.
    pub statistics: Vec<Tensor<1>>,
}

/// What [`Network::differentiate`] gives, all on the device.
#[derive(Debug)]
pub struct Differentiated {
    /// The objective, of shape `[1]`.
    pub objective: Tensor<1>,
    /// Its gradient by the pictures.
    pub pictures: Tensor<4>,
    /// Its gradient by every parameter, as flat tensors.
    pub params: Vec<Tensor<1>>,
    /// What the batch says of the batch normalisations, as in [`Share::statistics`], where the mode
    /// was training.
    pub statistics: Vec<Tensor<1>>,
}

/// What a score is made of, see [`Network::probe`].
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The classes' logits `[batch, classes]`, as [`Network::logits`] has them.
    Logits,
    /// The output of the layer of this number, its named activation not applied: where a
    /// rectifier is silent, it still says by how much.
    Layer(usize),
}

/// What [`Network::probe`] gives, all on the device.
#[derive(Debug)]
pub struct Probed {
    /// The score, of shape `[1]`.
    pub score: Tensor<1>,
    /// The value at each place that was asked for.
    pub values: Vec<Value>,
    /// The score's gradient by each of these values.
    pub gradients: Vec<Value>,
}

/// Where a layer's weights stand in the lists of all.
#[derive(Clone, Debug)]
struct Places {
    params: Range<usize>,
    state: Range<usize>,
    /// The last layer that takes this one's output.
    last_use: usize,
}

/// A model with its weights on a device.
#[derive(Clone, Debug)]
pub struct Network {
    spec: ModelSpec,
    shapes: Vec<Shape>,
    places: Vec<Places>,
    infos: Vec<ParamInfo>,
    state_infos: Vec<ParamInfo>,
    /// The weights that training changes, in the order of [`param_infos`](Self::param_infos).
    pub params: Vec<Tensor<1>>,
    /// The weights of frozen layers, and moving means and variances, in the order of
    /// [`state_infos`](Self::state_infos). They belong to the weights: whoever keeps a copy of one
    /// keeps the other.
    pub state: Vec<Tensor<1>>,
    /// What pictures go through before the first layer; the weights were trained behind it.
    pub preprocessing: Preprocessing,
    device: Device,
    /// Whether our own kernels compute what they cover; Burn's operations do all otherwise.
    pub fast: bool,
    /// The base that layers begin with, until its weights are there.
    pub(crate) lacking: Option<Base>,
}

impl Network {
    /// A network with fresh weights, drawn on the host from `seed` as the layers'
    /// initialisers say. Those that a pretrained base has are zeros until they are
    /// [taken](Self::take) from it.
    ///
    /// # Errors
    /// `spec` as [`infer`] gives it.
    pub fn new(spec: ModelSpec, seed: u64, device: &Device) -> Result<Self> {
        let shapes = infer(&spec)?;
        check_trainable(&spec, &shapes)?;
        let (mut params, mut state, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (index, layer) in spec.layers.iter().enumerate() {
            let input = input_of(&spec, &shapes, layer);
            let begin = (params.len(), state.len());
            params.extend(trainable(layer, input));
            state.extend(untrainable(layer, input));
            let mut uses = spec.layers.iter().enumerate().skip(index + 1).rev();
            let last_use = uses.find(|(_, later)| later.inputs.contains(&(index + 1)));
            places.push(Places {
                params: begin.0..params.len(),
                state: begin.1..state.len(),
                last_use: last_use.map_or(index, |(last, _)| last),
            });
        }
        let draw = |index: usize, weight: &Weight| {
            let length = weight.count() as usize;
            let layer = weight.info.name.split('/').next();
            if spec.layers.iter().any(|one| one.base.is_some() && layer == Some(&one.name)) {
                return Tensor::zeros([length], device);
            }
            let mut stream = Stream::new(seed, Purpose::Weights, index, 0);
            let values = weight.spec.initializer.draw(length, weight.fans, &mut stream);
            Tensor::from_data(TensorData::new(values, [length]), device)
        };
        // Numbered far apart, so that a frozen weight is none that is trained.
        let drawn = |weights: &[Weight], first: usize| {
            weights.iter().enumerate().map(|(index, weight)| draw(first + index, weight)).collect()
        };
        let infos = |weights: &[Weight]| weights.iter().map(|one| one.info.clone()).collect();
        let lacking = spec.layers.iter().find_map(|layer| layer.base);
        Ok(Self {
            lacking,
            infos: infos(&params),
            state_infos: infos(&state),
            params: drawn(&params, 0),
            state: drawn(&state, 1 << 20),
            spec,
            shapes,
            places,
            preprocessing: Preprocessing::default(),
            device: device.clone(),
            fast: true,
        })
    }

    /// Puts a base's weights, by their names, into the layers that begin with them.
    ///
    /// # Errors
    /// `checkpoint` naming a weight that the file lacks or has in another shape; nothing is changed
    /// then.
    pub fn take(&mut self, base: Base, weights: &BaseWeights) -> Result<()> {
        let (mut params, mut state) = (self.params.clone(), self.state.clone());
        for (layer, places) in self.spec.layers.iter().zip(&self.places) {
            if layer.base != Some(base) {
                continue;
            }
            let own =
                self.infos[places.params.clone()].iter().zip(&mut params[places.params.clone()]);
            let fixed = self.state_infos[places.state.clone()].iter();
            let fixed = fixed.zip(&mut state[places.state.clone()]);
            for (info, tensor) in own.chain(fixed) {
                *tensor = weights.find(info)?;
            }
        }
        (self.params, self.state) = (params, state);
        self.lacking = self.lacking.filter(|lacking| *lacking != base);
        Ok(())
    }

    /// The same weights, by their names, under another spec, in which the layers that there are in both
    /// may be trainable in one and frozen in the other; fresh ones, drawn from `seed`, for the others.
    ///
    /// # Errors
    /// `spec` where nothing would be left to train.
    pub fn with_spec(&self, spec: ModelSpec, seed: u64) -> Result<Self> {
        let mut network = Self::new(spec, seed, &self.device)?;
        let of = |infos: &[ParamInfo], fresh: &[Tensor<1>]| {
            let weights =
                infos.iter().zip(fresh).map(|(info, fresh)| match self.weight(&info.name) {
                    Some((_, tensor)) => tensor.clone(),
                    None => fresh.clone(),
                });
            weights.collect()
        };
        network.params = of(&network.infos, &network.params);
        network.state = of(&network.state_infos, &network.state);
        network.preprocessing = self.preprocessing.clone();
        (network.fast, network.lacking) = (self.fast, self.lacking);
        Ok(network)
    }

    /// Takes the weights of the layers that are frozen here, by their names, from another network that
    /// has them in the same shapes.
    pub fn keep_frozen(&mut self, of: &Self) {
        let mut lacking = of.lacking;
        for (layer, places) in self.spec.layers.iter().zip(&self.places) {
            let infos = &self.state_infos[places.state.clone()];
            let mut complete =
                !layer.trainable || (places.params.is_empty() && places.state.is_empty());
            if !layer.trainable {
                for (info, own) in infos.iter().zip(&mut self.state[places.state.clone()]) {
                    match of.weight(&info.name).filter(|(other, _)| *other == info) {
                        Some((_, kept)) => *own = kept.clone(),
                        None => complete = false,
                    }
                }
            }
            // Blocks that are set free begin as the base has them.
            if !complete {
                lacking = lacking.or(layer.base);
            }
        }
        self.lacking = self.lacking.and(lacking);
    }

    /// A weight by its name, with its shape, frozen or not.
    pub fn weight(&self, name: &str) -> Option<(&ParamInfo, &Tensor<1>)> {
        let trained = self.infos.iter().zip(&self.params);
        trained.chain(self.state_infos.iter().zip(&self.state)).find(|(info, _)| info.name == name)
    }

    /// The model's spec.
    pub fn spec(&self) -> &ModelSpec {
        &self.spec
    }

    /// The output shape of every layer.
    pub fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// Name and shape of every parameter that training changes.
    pub fn param_infos(&self) -> &[ParamInfo] {
        &self.infos
    }

    /// Name and shape of every weight that training leaves alone.
    pub fn state_infos(&self) -> &[ParamInfo] {
        &self.state_infos
    }

    /// Multiplications of one picture's way forward, those with weights: what it costs, nearly.
    pub fn multiplications(&self) -> u64 {
        let layers = self.places.iter().zip(&self.shapes);
        let counts = layers.map(|(places, shape)| {
            let infos = self.infos[places.params.clone()].iter();
            let infos = infos.chain(&self.state_infos[places.state.clone()]);
            let weights: usize = infos.map(|info| info.shape.iter().product::<usize>()).sum();
            match shape {
                // On wasm32 a product of these may be more than a usize holds.
                Shape::Image([height, width, _]) => *height as u64 * *width as u64 * weights as u64,
                Shape::Vector(_) => weights as u64,
            }
        });
        counts.sum()
    }

    /// How many numbers training changes.
    pub fn weights(&self) -> usize {
        self.infos.iter().map(|info| info.shape.iter().product::<usize>()).sum()
    }

    /// The device that the weights are on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Number of classes: the length of the output, or two for a single unit.
    pub fn classes(&self) -> usize {
        self.shapes.last().map_or(0, |shape| shape.len().max(2))
    }

    /// The logits `[batch, classes]` of preprocessed pictures `[batch, channels, height,
    /// width]`: their softmax are the classes' probabilities. Those of a network that ends in
    /// one sigmoid unit are 0 and the unit's own, which comes to the same.
    pub fn logits(&self, pictures: Tensor<4>) -> Tensor<2> {
        self.logits_after(0, Value::Image(pictures))
    }

    /// The same from the value at `place`, counted as in [`LayerSpec::inputs`], on: what
    /// [`value_at`](Self::value_at) gave.
    pub fn logits_after(&self, place: usize, value: Value) -> Tensor<2> {
        self.head(value, &mut Pass { from: place, ..Pass::new(&self.params, 0) })
    }

    /// The value at `place`, after so many layers, of preprocessed pictures.
    pub fn value_at(&self, place: usize, pictures: Tensor<4>) -> Value {
        let Some(until) = place.checked_sub(1) else { return Value::Image(pictures) };
        let mut pass = Pass { fuse: true, ..Pass::new(&self.params, until) };
        self.run(Value::Image(pictures), &mut pass, &mut |_, value| value)
    }

    /// The place of the last value that training does not change, though weights go into it: the
    /// layers before it are frozen, draw nothing, and are used after it in no other way. What it is
    /// of a picture has to be computed once. Nothing where no frozen weights stand first.
    pub fn frozen(&self) -> Option<usize> {
        let fixed = |(layer, places): &(&LayerSpec, &Places)| {
            let draws = matches!(
                layer.kind,
                LayerKind::Dropout { .. } | LayerKind::SpatialDropout2D { .. }
            );
            let follows = layer.trainable && !places.state.is_empty();
            places.params.is_empty() && !follows && !draws
        };
        let layers = || self.spec.layers.iter().zip(&self.places);
        let most = layers().take_while(fixed).count();
        let weights =
            |count: usize| layers().take(count).any(|(_, places)| !places.state.is_empty());
        let apart = |&place: &usize| {
            let mut later = self.spec.layers[place..].iter().flat_map(|layer| &layer.inputs);
            later.all(|&input| input >= place)
        };
        (1..=most.min(self.spec.layers.len() - 1)).rev().find(apart).filter(|&count| weights(count))
    }

    /// The outputs of these layers, their activations applied, in one pass.
    pub fn taps(&self, pictures: Tensor<4>, layers: &[usize]) -> Vec<Value> {
        let Some(&until) = layers.iter().max() else { return Vec::new() };
        let mut kept = vec![None; layers.len()];
        self.run(
            Value::Image(pictures),
            &mut Pass::new(&self.params, until),
            &mut |layer, value| {
                for (kept, _) in kept.iter_mut().zip(layers).filter(|(_, wanted)| **wanted == layer)
                {
                    *kept = Some(value.clone());
                }
                value
            },
        );
        kept.into_iter().flatten().collect()
    }

    /// A score, a tensor of shape `[1]` made of what `goal` names, and its gradient by the
    /// values at `places`: 0 is the pictures, and each layer's output has the number after the
    /// layer's own. The weights are left out of it. A place that the score does not depend on
    /// has a gradient of zeros; one behind the goal is left out.
    pub fn probe(
        &self,
        pictures: Tensor<4>,
        goal: Goal,
        places: &[usize],
        score: impl FnOnce(Value) -> Tensor<1>,
    ) -> Probed {
        let mut values = vec![None; places.len()];
        let mut leaves: Vec<Option<Value>> = vec![None; places.len()];
        // A zero is added, because only what a computation begins with has a gradient.
        let mut watch = |place: usize, value: Value| {
            let Some(at) = places.iter().position(|&wanted| wanted == place) else { return value };
            let zeros = value.zeros();
            (values[at], leaves[at]) = (Some(value.clone().off_graph()), Some(zeros.clone()));
            value.plus(zeros)
        };
        let pictures = watch(0, Value::Image(pictures));
        let until = match goal {
            Goal::Logits => self.spec.layers.len() - 1,
            Goal::Layer(layer) => layer,
        };
        let mut pass = Pass { activated: false, ..Pass::new(&self.params, until) };
        let output = self.run(pictures, &mut pass, &mut |layer, value| watch(layer + 1, value));
        let score = score(match goal {
            Goal::Logits => Value::Vector(self.logits_of(output)),
            Goal::Layer(_) => output,
        });
        let mut found = score.is_tracked().then(|| score.backward());
        let gradients = leaves.iter().flatten().map(|leaf| match &mut found {
            Some(found) => leaf.gradient(found),
            None => leaf.clone().off_graph(),
        });
        Probed {
            gradients: gradients.collect(),
            values: values.into_iter().flatten().collect(),
            score: score.inner(),
        }
    }

    /// Loss, accuracy and gradients of a share of a batch of `batch` examples in all, with a
    /// weight for each class, or none.
    pub fn gradients(
        &self,
        pictures: Tensor<4>,
        targets: &[Target],
        class_weights: &[f32],
        batch: usize,
        mode: Mode,
    ) -> Share {
        let pictures = Value::Image(pictures);
        self.gradients_after(0, pictures, targets, class_weights, batch, mode)
    }

    /// The same from the value at `place` on, see [`frozen`](Self::frozen).
    pub fn gradients_after(
        &self,
        place: usize,
        value: Value,
        targets: &[Target],
        class_weights: &[f32],
        batch: usize,
        mode: Mode,
    ) -> Share {
        // New leaves every step: the last step's graph went with its backward pass.
        let leaves = self.leaves();
        let mut pass = Pass { mode, from: place, ..Pass::new(&leaves, 0) };
        let logits = self.head(value, &mut pass);
        let statistics = off_graph(pass.statistics);
        let smoothing = self.spec.compile.loss.label_smoothing;
        let (loss, correct) =
            cross_entropy(logits, targets, class_weights, smoothing, &self.device, self.fast);
        let mut loss = loss / batch as f64;
        if let Some(penalty) = self.penalty_of(&leaves) {
            // Each share brings its part, so that their sum is the batch's.
            loss = loss + penalty * (targets.len() as f64 / batch as f64);
        }
        let mut gradients = loss.backward();
        let gradients = collect(&leaves, &mut gradients);
        let metrics = Tensor::cat(vec![loss.inner(), correct.inner()], 0);
        Share { metrics, gradients, statistics }
    }

    /// What the regularisers add to the loss, of shape `[1]`; nothing where there are none.
    pub fn penalty(&self) -> Option<Tensor<1>> {
        self.penalty_of(&self.params)
    }

    /// The gradient of an objective, a tensor of shape `[1]` made of the last layer's output
    /// with its activation applied, by the pictures and by every parameter.
    pub fn differentiate(
        &self,
        pictures: Tensor<4>,
        mode: Mode,
        objective: impl FnOnce(Value) -> Tensor<1>,
    ) -> Differentiated {
        let leaves = self.leaves();
        let pictures = pictures.autodiff().require_grad();
        let last = self.spec.layers.len() - 1;
        let mut pass = Pass { mode, ..Pass::new(&leaves, last) };
        let output = self.run(Value::Image(pictures.clone()), &mut pass, &mut |_, value| value);
        let statistics = off_graph(pass.statistics);
        let objective = objective(output);
        let mut gradients = objective.backward();
        Differentiated {
            objective: objective.inner(),
            pictures: gradient(&pictures, &mut gradients),
            params: collect(&leaves, &mut gradients),
            statistics,
        }
    }

    /// Moves the moving statistics towards a batch's, by Keras's rule: `moving * momentum +
    /// batch * (1 - momentum)`. `statistics` are those of a [`Share`].
    pub fn follow(&mut self, statistics: Vec<Tensor<1>>) {
        let layers = self.spec.layers.iter().zip(&self.places);
        let following = layers.flat_map(|(layer, places)| match layer.kind {
            LayerKind::BatchNormalization(BatchNorm { momentum, .. }) if layer.trainable => {
                places.state.clone().map(|place| (place, momentum)).collect()
            }
            _ => Vec::new(),
        });
        for ((place, momentum), batch) in following.zip(statistics) {
            let moving = &mut self.state[place];
            *moving = moving.clone() * momentum + batch * (1.0 - momentum);
        }
    }

    /// Whether it has moving statistics that follow the data.
    pub fn follows(&self) -> bool {
        let mut layers = self.spec.layers.iter();
        layers
            .any(|layer| matches!(layer.kind, LayerKind::BatchNormalization(_)) && layer.trainable)
    }

    fn leaves(&self) -> Vec<Tensor<1>> {
        self.params.iter().map(|param| param.clone().autodiff().require_grad()).collect()
    }

    fn penalty_of(&self, params: &[Tensor<1>]) -> Option<Tensor<1>> {
        let penalties = self.regularizers();
        let penalties = penalties.filter_map(|(place, one)| one.penalty(&params[place]));
        penalties.reduce(|sum, penalty| sum + penalty)
    }

    /// The parameters' places and what their size costs.
    pub(crate) fn regularizers(&self) -> impl Iterator<Item = (usize, Regularizer)> {
        let layers = self.spec.layers.iter();
        let weights =
            layers.flat_map(|layer| trainable(layer, input_of(&self.spec, &self.shapes, layer)));
        weights.map(|weight| weight.spec.regularizer).enumerate()
    }

    /// The logits, whatever the last activation is and wherever `pass` ends.
    fn head(&self, value: Value, pass: &mut Pass) -> Tensor<2> {
        (pass.until, pass.activated, pass.fuse) = (self.spec.layers.len() - 1, false, true);
        let output = self.run(value, pass, &mut |_, value| value);
        self.logits_of(output)
    }

    /// The logits from the last layer's output without its activation.
    fn logits_of(&self, output: Value) -> Tensor<2> {
        let output = match output {
            Value::Vector(output) => output,
            // `infer` refuses a network that ends with pictures.
            Value::Image(pictures) => pictures.flatten(1, 3),
        };
        let activation = self.spec.layers.last().and_then(|layer| layer.kind.activation());
        head_logits(output, activation, self.spec.compile.loss)
    }

    /// The pooling that a convolution's output goes into and nothing else, where kernels can do both
    /// at once.
    #[cfg(feature = "kernels")]
    pub(super) fn pool_after(&self, index: usize) -> Option<&Pool> {
        let convolves = matches!(self.spec.layers[index].kind, LayerKind::Conv2D(_));
        match &self.only_user(index)?.kind {
            LayerKind::MaxPooling2D(pool) if convolves && pool.padding == Padding::Valid => {
                Some(pool)
            }
            _ => None,
        }
    }

    /// Where a layer's weights stand in [`params`](Self::params) and in [`state`](Self::state).
    #[cfg(feature = "cpu")]
    pub(super) fn places_of(&self, index: usize) -> [Range<usize>; 2] {
        let Places { params, state, .. } = &self.places[index];
        [params.clone(), state.clone()]
    }

    /// The layer after this one, where that takes its output, and nothing else, and nobody else
    /// does.
    #[cfg(feature = "kernels")]
    pub(super) fn only_user(&self, index: usize) -> Option<&LayerSpec> {
        let next = self.spec.layers.get(index + 1)?;
        let alone = self.places[index].last_use == index + 1 && next.inputs == [index + 1];
        alone.then_some(next)
    }

    /// What a layer computes with in a pass: what training can change of it, then its moving
    /// statistics.
    pub(super) fn weights_of<'a>(
        &'a self,
        pass: &Pass<'a>,
        index: usize,
    ) -> (&'a [Tensor<1>], &'a [Tensor<1>]) {
        let (layer, places) = (&self.spec.layers[index], &self.places[index]);
        let state = &self.state[places.state.clone()];
        if layer.trainable {
            return (&pass.params[places.params.clone()], state);
        }
        let moving = match layer.kind {
            LayerKind::BatchNormalization(_) => 2,
            _ => 0,
        };
        state.split_at(state.len() - moving)
    }

    /// The output of layer `pass.until`, made of the `value` at `pass.from`. Every layer's output
    /// goes with its number through `watch`, and on as what that gives.
    fn run(
        &self,
        value: Value,
        pass: &mut Pass,
        watch: &mut dyn FnMut(usize, Value) -> Value,
    ) -> Value {
        let mut values: Vec<Option<Value>> = vec![None; pass.until + 2];
        values[pass.from] = Some(value);
        let mut index = pass.from;
        while index <= pass.until {
            let layer = &self.spec.layers[index];
            let inputs = layer
                .inputs
                .iter()
                .map(|&input| values[input].clone().expect("a value is kept until its last use"));
            let inputs: Vec<Value> = inputs.collect();
            for &input in &layer.inputs {
                // What nobody takes any more is let go, so that it can be computed in place.
                if input > 0 && self.places[input - 1].last_use <= index {
                    values[input] = None;
                }
            }
            #[cfg(feature = "cpu")]
            if self.fast
                && pass.fuse
                && let Some((last, output)) = self.folded(index, &inputs, pass)
            {
                values[last + 1] = Some(output);
                index = last + 1;
                continue;
            }
            let (params, state) = self.weights_of(pass, index);
            let norm = matches!(layer.kind, LayerKind::BatchNormalization(_));
            let mut context = Context {
                params,
                state,
                mode: if norm && !layer.trainable { Mode::Inference } else { pass.mode },
                index,
                activated: pass.activated || index < pass.until,
                statistics: &mut pass.statistics,
            };
            #[cfg(feature = "kernels")]
            if self.fast {
                let pool = self.pool_after(index).filter(|_| pass.fuse && index < pass.until);
                if let Some(output) = layer::forward_fast(&layer.kind, &inputs, pool, &mut context)
                {
                    index += 1 + usize::from(pool.is_some());
                    values[index] = Some(watch(index - 1, output));
                    continue;
                }
            }
            let output = layer::forward(&layer.kind, inputs, &mut context);
            index += 1;
            values[index] = Some(watch(index - 1, output));
        }
        values.pop().flatten().expect("the last layer has an output")
    }
}

/// One pass through the layers.
pub(super) struct Pass<'a> {
    params: &'a [Tensor<1>],
    pub(super) mode: Mode,
    /// The place of the value that it begins with.
    from: usize,
    /// The last layer of it.
    pub(super) until: usize,
    /// Whether that one's named activation is applied.
    pub(super) activated: bool,
    /// Whether layers that nobody watches may become one operation.
    fuse: bool,
    /// Takes what the batch says of the moving statistics, while training.
    statistics: Vec<Tensor<1>>,
}

impl<'a> Pass<'a> {
    fn new(params: &'a [Tensor<1>], until: usize) -> Self {
        let (mode, statistics) = (Mode::Inference, Vec::new());
        Self { params, mode, from: 0, until, activated: true, fuse: false, statistics }
    }
}

fn collect(leaves: &[Tensor<1>], gradients: &mut Gradients) -> Vec<Tensor<1>> {
    leaves.iter().map(|leaf| gradient(leaf, gradients)).collect()
}

fn off_graph(statistics: Vec<Tensor<1>>) -> Vec<Tensor<1>> {
    statistics.into_iter().map(Tensor::inner).collect()
}
