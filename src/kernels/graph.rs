//! A whole network as one computation, forward and backward, over memory that is laid out once: a
//! step allocates nothing after the first.
//!
//! Values are numbered: 0 is the input, and a node's output has the number after the node's own.
//! A node's inputs come before it. Every value is kept for the way back. Slopes, the gradients by
//! values, are not: a value's memory for them goes to another as soon as its node has been gone
//! back through.

use std::ops::Range;

use crate::block::{Block, Places, Rectify};
use crate::conv::{self, Gradients, Panels, by_filters, by_inputs};
use crate::norm;
use crate::window::{self, Window};

/// What a node computes. Pictures have their channels last.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A convolution with its rectifier and its pooling, or a dense layer as one: a kernel and,
    /// where it has one, a bias.
    Conv(Block),
    /// A normalisation of each channel by the batch's own mean and variance: gamma and beta.
    Norm(Norm),
    /// The largest of each window.
    Largest(Window),
    /// The mean of each window.
    Mean(Window),
    /// The sum of all inputs, bounded.
    Add(Rectify),
    /// The inputs' channels, one input's after another's: how many each has.
    Concatenate(Vec<usize>),
    /// The same function of every number.
    Each(Function),
    /// Times factors that are drawn for every step, one for every number or one for each channel.
    Drop {
        /// Factors of an example.
        factors: usize,
    },
}

/// See [`Op::Norm`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    /// Of a pixel.
    pub channels: usize,
    /// Keeps the division from 0.
    pub epsilon: f32,
    /// Whether there is a gamma, and a beta.
    pub learned: [bool; 2],
    /// What becomes of values out of bounds.
    pub rectify: Rectify,
}

/// A function whose slope can be told from its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Function {
    /// Keeps to bounds.
    Rectify(Rectify),
    /// Below 0, so many times the number.
    Leaky(f32),
    /// `scale * x` above 0, `scale * alpha * (e^x - 1)` below.
    Elu {
        /// How far down it goes.
        alpha: f32,
        /// Times all.
        scale: f32,
    },
    /// 1 / (1 + e^-x).
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `x * factor + offset`.
    Line {
        /// The slope.
        factor: f32,
        /// The value at 0.
        offset: f32,
    },
}

/// A node: what it computes, of which values, with which weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What.
    pub op: Op,
    /// The numbers of the values that it takes.
    pub inputs: Vec<usize>,
    /// The numbers of its weights.
    pub weights: Vec<usize>,
    /// Numbers of an example's output.
    pub length: usize,
}

/// The weights of a step, by their numbers.
pub trait Weights {
    /// One of them.
    fn of(&self, number: usize) -> &[f32];
}

/// What a node keeps from the way forward to the way back, and from step to step.
#[derive(Debug, Default)]
struct Kept {
    places: Option<Places>,
    panels: [Panels; 2],
    /// Whether the panels are those of the present weights.
    packed: [bool; 2],
    /// Which number of a convolution's window was the largest.
    in_window: Vec<f32>,
    /// Which pixel was.
    pixels: Vec<u32>,
    /// Means and, after them, variances.
    moments: Vec<f32>,
    /// What a normalisation has in place of the gamma and the beta that it does not learn.
    fixed: [Vec<f32>; 2],
    /// Factors that were drawn.
    factors: Vec<f32>,
    /// For each input whether its slopes are added to others, which came before on the way back.
    adds: Vec<bool>,
}

impl Kept {
    fn new(node: &Node, most: usize) -> Self {
        let mut kept = Self::default();
        let length = node.length * most;
        match &node.op {
            Op::Conv(block) => {
                kept.places = Some(Places::new(block, most));
                kept.in_window = vec![0.0; if block.pool.is_some() { length } else { 0 }];
            }
            Op::Norm(Norm { channels, .. }) => {
                kept.moments = vec![0.0; 2 * channels];
                kept.fixed = [1.0, 0.0].map(|value| vec![value; *channels]);
            }
            Op::Largest(_) => kept.pixels = vec![0; length],
            Op::Drop { factors } => kept.factors = vec![0.0; factors * most],
            Op::Mean(_) | Op::Add(_) | Op::Concatenate(_) | Op::Each(_) => {}
        }
        kept
    }
}

/// Memory for the gradients by values.
#[derive(Debug, Default)]
struct Slopes {
    /// Which memory each value has on the way back, where it has any.
    slots: Vec<Option<usize>>,
    memory: Vec<Vec<f32>>,
    /// For those that are added to others afterwards, or that nobody wants.
    spare: Vec<f32>,
}

impl Slopes {
    /// Memory to write a value's slopes to, until it is given [`back`](Self::back).
    fn room(&mut self, value: usize, adds: bool) -> Vec<f32> {
        match self.slots[value] {
            Some(slot) if !adds => std::mem::take(&mut self.memory[slot]),
            _ => std::mem::take(&mut self.spare),
        }
    }

    fn back(&mut self, value: usize, adds: bool, room: Vec<f32>, length: usize) {
        match self.slots[value] {
            Some(slot) if adds => {
                let sums = self.memory[slot].iter_mut().zip(&room[..length]);
                sums.for_each(|(sum, slope)| *sum += slope);
                self.spare = room;
            }
            Some(slot) => self.memory[slot] = room,
            None => self.spare = room,
        }
    }
}

/// A network with the memory that it is computed in.
#[derive(Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    kept: Vec<Kept>,
    /// Numbers of an example of each value.
    lengths: Vec<usize>,
    values: Vec<Vec<f32>>,
    slopes: Slopes,
    /// Where each weight's gradient begins and ends.
    places: Vec<Range<usize>>,
    /// The most examples at once, those of the present piece, and those of the whole batch.
    most: usize,
    count: usize,
    batch: usize,
    /// Nodes that were gone through.
    at: usize,
    /// Whether the next one is a normalisation that waits for the `numbers` of the whole batch.
    waits: bool,
    numbers: Vec<f32>,
    scratch: conv::Scratch,
    norms: norm::Scratch,
}

impl Graph {
    /// Lays out the memory for at most so many examples of so many numbers, and for weights of these
    /// lengths.
    pub fn new(nodes: Vec<Node>, input: usize, weights: &[usize], most: usize) -> Self {
        let lengths: Vec<usize> =
            [input].into_iter().chain(nodes.iter().map(|node| node.length)).collect();
        let mut kept: Vec<Kept> = nodes.iter().map(|node| Kept::new(node, most)).collect();
        let slopes = lay_out(&nodes, &lengths, &mut kept, most);
        let mut end = 0;
        let places = weights.iter().map(|length| {
            end += length;
            end - length..end
        });
        Self {
            values: lengths.iter().map(|length| vec![0.0; length * most]).collect(),
            places: places.collect(),
            count: 0,
            batch: 0,
            at: 0,
            waits: false,
            numbers: Vec::new(),
            scratch: conv::Scratch::default(),
            norms: norm::Scratch::default(),
            nodes,
            kept,
            lengths,
            slopes,
            most,
        }
    }

    /// The same with memory of its own, for at most so many examples.
    pub fn another(&self, most: usize) -> Self {
        let weights: Vec<usize> = self.places.iter().map(Range::len).collect();
        Self::new(self.nodes.clone(), self.lengths[0], &weights, most)
    }

    /// Whether there are normalisations in it, so that a batch's pieces depend on each other.
    pub fn normalises(&self) -> bool {
        self.nodes.iter().any(|node| matches!(node.op, Op::Norm(_)))
    }

    /// The most examples at once.
    pub fn most(&self) -> usize {
        self.most
    }

    /// The weights have changed since the last way forward.
    pub fn change(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.packed = [false; 2]);
    }

    /// Gives back the memory that is as large as the weights, until the next way forward.
    pub fn slim(&mut self) {
        self.change();
        self.kept.iter_mut().for_each(|kept| kept.panels = Default::default());
    }

    /// Where the next so many examples go, a piece of a `batch` of so many: pictures with their
    /// channels last.
    ///
    /// # Panics
    /// Where they are more than there is memory for.
    pub fn input(&mut self, count: usize, batch: usize) -> &mut [f32] {
        assert!(count <= self.most, "{count} examples, where there is room for {}", self.most);
        (self.count, self.batch, self.at, self.waits) = (count, batch, 0, false);
        &mut self.values[0][..count * self.lengths[0]]
    }

    /// What the pieces of a batch have to agree about: after [`forward`](Self::forward) the moments
    /// of this piece, to be [joined](norm::join) with those of the others, after
    /// [`backward`](Self::backward) gradients, to be added to theirs.
    pub fn numbers(&mut self) -> &mut [f32] {
        &mut self.numbers
    }

    /// Computes the values of the input, and gives whether it came to the end. Where this is a piece
    /// of a batch, it goes as far as the next normalisation first, and on from there when it is called
    /// again, when [`numbers`](Self::numbers) are to be those of the whole batch. `draw` gives the
    /// factors of a node of this number.
    pub fn forward(
        &mut self,
        weights: &dyn Weights,
        draw: &mut dyn FnMut(usize, &mut [f32]),
    ) -> bool {
        let Self { nodes, kept, lengths, values, count, scratch, norms, .. } = self;
        let begin = self.at;
        for (number, (node, kept)) in nodes.iter().zip(kept).enumerate().skip(begin) {
            self.at = number;
            let (before, after) = values.split_at_mut(number + 1);
            let to = &mut after[0][..*count * node.length];
            let input = |at: usize| {
                let input = node.inputs[at];
                &before[input][..*count * lengths[input]]
            };
            match &node.op {
                Op::Conv(block) => {
                    let Kept { places, panels: [panels, _], packed, in_window, .. } = kept;
                    if !std::mem::replace(&mut packed[0], true) {
                        by_filters(block, weights.of(node.weights[0]), panels);
                    }
                    let bias = node.weights.get(1).map(|&bias| weights.of(bias));
                    let places = places.as_ref().expect("a convolution has its places");
                    conv::forward(block, places, input(0), panels, bias, to, in_window, scratch);
                }
                Op::Norm(norm) => {
                    let Kept { moments, fixed, .. } = kept;
                    if std::mem::take(&mut self.waits) {
                        moments.copy_from_slice(&self.numbers);
                    } else {
                        let (mean, variance) = moments.split_at_mut(norm.channels);
                        norm::moments(input(0), mean, variance, norms);
                        if *count < self.batch {
                            self.numbers.clear();
                            self.numbers.extend_from_slice(moments);
                            self.waits = true;
                            return false;
                        }
                    }
                    let (mean, variance) = moments.split_at(norm.channels);
                    let learned = norm.learned_of(node, weights, fixed);
                    let (moments, Norm { epsilon, rectify, .. }) = ([mean, variance], *norm);
                    norm::normalise(input(0), learned, moments, epsilon, rectify, to, norms);
                }
                Op::Largest(window) => window::largest(window, input(0), to, &mut kept.pixels),
                Op::Mean(window) => window::mean(window, input(0), to),
                Op::Add(rectify) => {
                    to.copy_from_slice(input(0));
                    for at in 1..node.inputs.len() {
                        to.iter_mut().zip(input(at)).for_each(|(sum, value)| *sum += value);
                    }
                    Function::Rectify(*rectify).apply(to);
                }
                Op::Concatenate(channels) => {
                    let (mut first, all) = (0, channels.iter().sum());
                    for (at, &own) in channels.iter().enumerate() {
                        let rows = to.chunks_exact_mut(all).zip(input(at).chunks_exact(own));
                        rows.for_each(|(to, from)| to[first..first + own].copy_from_slice(from));
                        first += own;
                    }
                }
                Op::Each(function) => {
                    to.copy_from_slice(input(0));
                    function.apply(to);
                }
                Op::Drop { factors } => {
                    let drawn = &mut kept.factors[..*count * factors];
                    draw(number, drawn);
                    to.copy_from_slice(input(0));
                    multiply(to, drawn, *factors, node.length);
                }
            }
        }
        self.at = self.nodes.len();
        true
    }

    /// The last node's output, and where its slopes go before [`backward`](Self::backward).
    pub fn output(&mut self) -> (&[f32], &mut [f32]) {
        let last = self.nodes.len();
        let length = self.count * self.lengths[last];
        let slot = self.slopes.slots[last].expect("the output has slopes");
        (&self.values[last][..length], &mut self.slopes.memory[slot][..length])
    }

    /// The means and, after them, the variances of the last way forward, normalisation by
    /// normalisation.
    pub fn moments(&self) -> impl Iterator<Item = &[f32]> {
        let norms = self.nodes.iter().zip(&self.kept);
        let norms = norms.filter(|(node, _)| matches!(node.op, Op::Norm(_)));
        norms.map(|(_, kept)| &kept.moments[..])
    }

    /// Writes the gradients by all weights, one after another, of the last way forward, and gives
    /// whether it came to the beginning. As [`forward`](Self::forward) it goes as far as the next
    /// normalisation first where this is a piece of a batch.
    pub fn backward(&mut self, weights: &dyn Weights, gradient: &mut [f32]) -> bool {
        while let Some(number) = self.at.checked_sub(1) {
            if let Some(slot) = self.slopes.slots[number + 1] {
                let mut by_output = std::mem::take(&mut self.slopes.memory[slot]);
                let own = &mut by_output[..self.count * self.nodes[number].length];
                if !std::mem::take(&mut self.waits) {
                    self.waits = self.begin_back(number, own, gradient);
                }
                if !self.waits {
                    self.go_back(number, weights, own, gradient);
                }
                self.slopes.memory[slot] = by_output;
                if self.waits {
                    return false;
                }
            }
            self.at = number;
        }
        true
    }

    /// The first half of the way back through one node: takes its bounds or its function from the
    /// slopes. Of a normalisation the gradients by its weights, too; gives whether these have to be
    /// the whole batch's before it can go on.
    fn begin_back(&mut self, number: usize, by_output: &mut [f32], gradient: &mut [f32]) -> bool {
        let Self { nodes, kept, lengths, values, places, count, norms, numbers, .. } = self;
        let (node, kept) = (&nodes[number], &kept[number]);
        let output = &values[number + 1][..by_output.len()];
        // A convolution looks after its rectifier itself.
        match &node.op {
            Op::Norm(Norm { rectify, .. }) | Op::Add(rectify) => {
                Function::Rectify(*rectify).go_back(output, by_output);
            }
            Op::Each(function) => function.go_back(output, by_output),
            Op::Drop { factors } => {
                let drawn = &kept.factors[..*count * factors];
                multiply(by_output, drawn, *factors, node.length);
            }
            _ => {}
        }
        let Op::Norm(norm) = &node.op else { return false };
        let input = node.inputs[0];
        let given = &values[input][..*count * lengths[input]];
        let (mean, variance) = kept.moments.split_at(norm.channels);
        numbers.clear();
        numbers.resize(2 * norm.channels, 0.0);
        let (by_gamma, by_beta) = numbers.split_at_mut(norm.channels);
        let into = [&mut *by_gamma, &mut *by_beta];
        norm::slopes(given, [mean, variance], norm.epsilon, by_output, into, norms);
        let learned = norm.learned.iter().zip([by_gamma, by_beta]).filter(|(learned, _)| **learned);
        for ((_, found), &weight) in learned.zip(&node.weights) {
            gradient[places[weight].clone()].copy_from_slice(found);
        }
        *count < self.batch
    }

    /// The second half of the way back through one node: the slopes of its inputs.
    fn go_back(
        &mut self,
        number: usize,
        weights: &dyn Weights,
        by_output: &mut [f32],
        gradient: &mut [f32],
    ) {
        let Self { nodes, kept, lengths, values, slopes, places, count, scratch, norms, .. } = self;
        let (node, kept) = (&nodes[number], &mut kept[number]);
        let output = &values[number + 1][..by_output.len()];
        for (at, &input) in node.inputs.iter().enumerate() {
            let (length, wanted) = (*count * lengths[input], slopes.slots[input].is_some());
            if !wanted && (node.weights.is_empty() || matches!(node.op, Op::Norm(_))) {
                continue;
            }
            let (given, adds) = (&values[input][..length], kept.adds[at]);
            let mut room = slopes.room(input, adds);
            match &node.op {
                Op::Conv(block) => {
                    let Kept { panels: [_, panels], packed, in_window, .. } = kept;
                    if wanted && !std::mem::replace(&mut packed[1], true) {
                        by_inputs(block, weights.of(node.weights[0]), panels);
                    }
                    // A bias stands right after its kernel.
                    let kernel = &places[node.weights[0]];
                    let (by_kernel, by_bias) = gradient[kernel.start..].split_at_mut(kernel.len());
                    let gradients = Gradients {
                        input: wanted.then(|| &mut room[..length]),
                        kernel: by_kernel,
                        bias: (node.weights.len() > 1).then_some(by_bias),
                    };
                    let places = kept.places.as_ref().expect("a convolution has its places");
                    let panels = wanted.then_some(&*panels);
                    #[rustfmt::skip]
                    conv::backward(
                        block, places, given, panels, output, in_window, by_output, gradients,
                        scratch,
                    );
                }
                Op::Norm(norm) => {
                    let Kept { moments, fixed, .. } = kept;
                    let [gamma, _] = norm.learned_of(node, weights, fixed);
                    let (mean, variance) = moments.split_at(norm.channels);
                    let sums = self.numbers.split_at(norm.channels);
                    let rows = self.batch * (lengths[input] / norm.channels);
                    let (moments, sums) = ([mean, variance], ([sums.0, sums.1], rows));
                    let into = &mut room[..length];
                    let given = [given, by_output];
                    norm::backward(given, gamma, moments, norm.epsilon, sums, into, norms);
                }
                Op::Largest(window) => {
                    let chosen = &kept.pixels[..by_output.len()];
                    window::largest_backward(window, chosen, by_output, &mut room[..length]);
                }
                Op::Mean(window) => window::mean_backward(window, by_output, &mut room[..length]),
                Op::Concatenate(channels) => {
                    let (all, own) = (channels.iter().sum(), channels[at]);
                    let first: usize = channels[..at].iter().sum();
                    let rows =
                        room[..length].chunks_exact_mut(own).zip(by_output.chunks_exact(all));
                    rows.for_each(|(to, from)| to.copy_from_slice(&from[first..first + own]));
                }
                Op::Add(_) | Op::Each(_) | Op::Drop { .. } => {
                    room[..length].copy_from_slice(by_output);
                }
            }
            slopes.back(input, adds, room, length);
        }
    }
}

/// Memory for the slopes of these nodes' values, as little as goes: a value's is free as soon as its
/// node has been gone back through. Tells the nodes which of their inputs' slopes they add to others.
fn lay_out(nodes: &[Node], lengths: &[usize], kept: &mut [Kept], most: usize) -> Slopes {
    // Slopes are wanted where weights are behind.
    let mut wanted = vec![false];
    for node in nodes {
        let behind = node.inputs.iter().any(|&input| wanted[input]);
        wanted.push(behind || !node.weights.is_empty());
    }
    let (mut sizes, mut free, mut spare): (Vec<usize>, Vec<usize>, usize) = Default::default();
    let mut slots = vec![None; lengths.len()];
    let mut take = |length: usize, free: &mut Vec<usize>| {
        // What is just large enough, or else the largest, which grows.
        let best = (0..free.len()).min_by_key(|&at| match sizes[free[at]] {
            size if size >= length => (0, size),
            size => (1, usize::MAX - size),
        });
        let slot = best.map_or(sizes.len(), |at| free.swap_remove(at));
        if slot == sizes.len() {
            sizes.push(0);
        }
        sizes[slot] = sizes[slot].max(length);
        slot
    };
    slots[nodes.len()] = Some(take(lengths[nodes.len()], &mut free));
    for (number, node) in nodes.iter().enumerate().rev() {
        let Some(own) = slots[number + 1] else { continue };
        for &input in &node.inputs {
            let adds = slots[input].is_some();
            if adds {
                spare = spare.max(lengths[input]);
            } else if wanted[input] {
                slots[input] = Some(take(lengths[input], &mut free));
            }
            kept[number].adds.push(adds);
        }
        free.push(own);
    }
    let memory = sizes.iter().map(|length| vec![0.0; length * most]).collect();
    Slopes { slots, memory, spare: vec![0.0; spare * most] }
}

impl Norm {
    /// Gamma and beta, or what is in their place.
    fn learned_of<'a>(
        &self,
        node: &Node,
        weights: &'a dyn Weights,
        [ones, zeros]: &'a [Vec<f32>; 2],
    ) -> [&'a [f32]; 2] {
        let mut own = node.weights.iter().map(|&weight| weights.of(weight));
        let mut next =
            |learned: bool, fixed| learned.then(|| own.next()).flatten().unwrap_or(fixed);
        [next(self.learned[0], &ones[..]), next(self.learned[1], &zeros[..])]
    }
}

/// Multiplies each example's numbers by its factors, over and over.
fn multiply(numbers: &mut [f32], drawn: &[f32], factors: usize, length: usize) {
    for (example, drawn) in numbers.chunks_exact_mut(length).zip(drawn.chunks_exact(factors)) {
        for pixel in example.chunks_exact_mut(factors) {
            pixel.iter_mut().zip(drawn).for_each(|(number, factor)| *number *= factor);
        }
    }
}

impl Function {
    /// In place of the numbers, what it makes of them.
    fn apply(self, numbers: &mut [f32]) {
        let each = numbers.iter_mut();
        match self {
            Self::Rectify(Rectify::No) => {}
            Self::Rectify(rectify) => {
                let [least, most] = rectify.bounds();
                // What is no number stays none.
                each.for_each(|x| *x = if *x < least { least } else { *x });
                if most < f32::INFINITY {
                    numbers.iter_mut().for_each(|x| *x = if *x > most { most } else { *x });
                }
            }
            Self::Leaky(slope) => each.for_each(|x| *x *= if *x > 0.0 { 1.0 } else { slope }),
            Self::Elu { alpha, scale } => each.for_each(|x| {
                *x = scale * if *x > 0.0 { *x } else { alpha * x.exp_m1() };
            }),
            Self::Sigmoid => each.for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
            Self::Tanh => each.for_each(|x| *x = x.tanh()),
            Self::Line { factor, offset } => each.for_each(|x| *x = *x * factor + offset),
        }
    }

    /// In place of the slopes by the values, those by the numbers that they were made of.
    fn go_back(self, values: &[f32], slopes: &mut [f32]) {
        let each = slopes.iter_mut().zip(values);
        match self {
            Self::Rectify(Rectify::No) => {}
            Self::Rectify(rectify) => {
                let [least, most] = rectify.bounds();
                each.for_each(|(slope, &y)| {
                    *slope = if (y <= least) | (y >= most) { 0.0 } else { *slope };
                });
            }
            Self::Leaky(below) => {
                each.for_each(|(slope, &y)| *slope *= if y > 0.0 { 1.0 } else { below });
            }
            Self::Elu { alpha, scale } => each.for_each(|(slope, &y)| {
                *slope *= if y > 0.0 { scale } else { y + scale * alpha };
            }),
            Self::Sigmoid => each.for_each(|(slope, &y)| *slope *= y * (1.0 - y)),
            Self::Tanh => each.for_each(|(slope, &y)| *slope *= 1.0 - y * y),
            Self::Line { factor, .. } => each.for_each(|(slope, _)| *slope *= factor),
        }
    }
}
