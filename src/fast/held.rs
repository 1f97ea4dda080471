//! Tensors whose numbers are read and written in place.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use cnn_lab_kernels::graph::Weights;

use super::flex::{flat, values};

/// The numbers of tensors of the CPU, one tensor's after another's.
pub fn numbers(tensors: &[Tensor<1>]) -> Vec<f32> {
    let mut held = Held::default();
    held.take(&mut tensors.to_vec());
    held.0.iter().flat_map(values).copied().collect()
}

/// Flat tensors of the CPU, taken from where they are until they are [given back](Self::give_back):
/// nothing is copied and nothing allocated but where others hold the same numbers.
#[derive(Debug, Default)]
pub struct Held(Vec<FlexTensor>);

impl Held {
    /// Takes all of them.
    pub fn take(&mut self, tensors: &mut Vec<Tensor<1>>) {
        self.0.extend(tensors.drain(..).map(|tensor| {
            let flex = tensor.try_into_primitive::<Flex>();
            let flex = flex.expect("a plain tensor of a device that is covered");
            // A part of another's memory is not written to.
            let whole = flex.is_contiguous() && flex.storage::<f32>().len() == values(&flex).len();
            if whole { flex } else { flat(values(&flex.to_contiguous()).to_vec()) }
        }));
    }

    /// Puts them where they were.
    pub fn give_back(&mut self, tensors: &mut Vec<Tensor<1>>) {
        tensors.extend(self.0.drain(..).map(Tensor::from_primitive::<Flex>));
    }

    /// The numbers of one, to be written.
    pub fn of_mut(&mut self, number: usize) -> &mut [f32] {
        self.0[number].storage_mut()
    }
}

impl Weights for Held {
    fn of(&self, number: usize) -> &[f32] {
        self.0[number].storage()
    }
}
