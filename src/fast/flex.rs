//! Our kernels on the CPU: over the slices of burn-flex's tensors.

use std::cell::RefCell;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Tensor, TensorData};
use cnn_lab_kernels::conv::{self, Block, Gradients, Places, Scratch};
use cnn_lab_kernels::{softmax, update};

use super::shelf::Borrowed;
use super::{Kernels, Parts, Saved, plain};

impl Kernels for Flex {
    fn conv_block(
        pictures: FlexTensor,
        kernel: FlexTensor,
        bias: FlexTensor,
        block: Block,
    ) -> FlexTensor {
        plain::<Self>(pictures, kernel, bias, &block)
    }
}

impl Parts for Flex {
    fn forward(
        pictures: &FlexTensor,
        kernel: &FlexTensor,
        bias: &FlexTensor,
        block: &Block,
    ) -> (FlexTensor, Option<FlexTensor>) {
        let numbers = values(pictures);
        let batch = numbers.len() / block.input.iter().product::<usize>();
        let [height, width, channels] = block.output();
        let mut output = vec![0.0; batch * height * width * channels];
        let mut chosen = vec![0.0; if block.pool.is_some() { output.len() } else { 0 }];
        let panels = Borrowed::new(kernel, block, false);
        SCRATCH.with_borrow_mut(|scratch| {
            let bias = Some(values(bias));
            let places = Places::new(block, batch);
            conv::forward(
                block,
                &places,
                numbers,
                &panels,
                bias,
                &mut output,
                &mut chosen,
                scratch,
            );
        });
        let output = tensor(output, [batch, height, width, channels]);
        (output, block.pool.map(|_| flat(chosen)))
    }

    fn backward(
        saved: &Saved<Self>,
        by_output: FlexTensor,
        [by_pictures, by_bias]: [bool; 2],
    ) -> (Option<FlexTensor>, FlexTensor, Option<FlexTensor>) {
        let Saved { block, pictures, kernel, output, chosen } = saved;
        let numbers = values(pictures);
        let mut by_pictures = by_pictures.then(|| vec![0.0; numbers.len()]);
        let mut by_kernel = vec![0.0; values(kernel).len()];
        let mut by_bias = by_bias.then(|| vec![0.0; block.filters]);
        let panels = by_pictures.is_some().then(|| Borrowed::new(kernel, block, true));
        let batch = numbers.len() / block.input.iter().product::<usize>();
        SCRATCH.with_borrow_mut(|scratch| {
            conv::backward(
                block,
                &Places::new(block, batch),
                numbers,
                panels.as_deref(),
                values(output),
                chosen.as_ref().map_or(&[], values),
                values(&by_output),
                Gradients {
                    input: by_pictures.as_deref_mut(),
                    kernel: &mut by_kernel,
                    bias: by_bias.as_deref_mut(),
                },
                scratch,
            );
        });
        let by_pictures = by_pictures.map(|numbers| tensor(numbers, sides(pictures)));
        (by_pictures, flat(by_kernel), by_bias.map(flat))
    }

    fn contiguous(tensor: FlexTensor) -> FlexTensor {
        if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
    }
}

/// See [`update`](super::update()): the weights and what is remembered, as they are after it.
pub(super) fn update(
    rule: update::Rule,
    [rate, decay]: [f32; 2],
    gradient: Tensor<1>,
    tensors: Vec<Tensor<1>>,
) -> Vec<Tensor<1>> {
    let flex = |tensor: Tensor<1>| {
        let flex = tensor.try_into_primitive::<Flex>();
        Flex::contiguous(flex.expect("a plain tensor of a device that is covered"))
    };
    let gradient = flex(gradient);
    let mut tensors: Vec<FlexTensor> = tensors.into_iter().map(flex).collect();
    let mut numbers = tensors.iter_mut().map(|tensor| tensor.storage_mut::<f32>());
    if let Some(weights) = numbers.next() {
        let mut slots: Vec<_> = numbers.collect();
        update::update(rule, rate, decay, weights, values(&gradient), &mut slots);
    }
    tensors.into_iter().map(Tensor::from_primitive::<Flex>).collect()
}

/// See [`cross_entropy`](super::cross_entropy): loss, correct ones and slopes.
pub(super) fn cross_entropy(
    logits: Tensor<2>,
    weights: &[f32],
    labels: &[u16],
) -> (Tensor<1>, Tensor<1>, Tensor<1>) {
    let logits = logits.try_into_primitive::<Flex>();
    let logits = Flex::contiguous(logits.expect("a plain tensor of a device that is covered"));
    let mut slopes = vec![0.0; weights.len()];
    let found = softmax::cross_entropy(values(&logits), weights, labels, &mut slopes);
    let tensor = |numbers: Vec<f32>| Tensor::from_primitive::<Flex>(flat(numbers));
    (tensor(vec![found.loss]), tensor(vec![found.correct as f32]), tensor(slopes))
}

thread_local! {
    /// A thread computes one thing at a time.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Batch, height, width and channels of pictures with their channels last.
pub(super) fn sides(pictures: &FlexTensor) -> [usize; 4] {
    let shape = pictures.layout().shape();
    std::array::from_fn(|axis| shape[axis])
}

pub(super) fn tensor<const D: usize>(numbers: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(numbers, shape))
}

pub(super) fn flat(numbers: Vec<f32>) -> FlexTensor {
    let length = numbers.len();
    tensor(numbers, [length])
}

/// The numbers of a tensor that lies side by side in memory.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    tensor.as_slice().expect("a tensor of f32, side by side in memory")
}
