//! The weights of a base, as its file has them.

use std::collections::HashMap;

use burn::tensor::Tensor;

use crate::error::{Error, Result};
use crate::model::weights::ParamInfo;

/// The weights of a base, by the names that a network has for them.
#[derive(Clone, Debug)]
pub struct BaseWeights {
    pub(crate) tensors: HashMap<String, (Vec<usize>, Tensor<1>)>,
    /// The classes that its head tells apart; empty where it has none.
    pub(crate) classes: Vec<String>,
}

impl BaseWeights {
    /// The weight of this name and shape.
    ///
    /// # Errors
    /// `checkpoint` where it is missing or has another shape.
    pub(crate) fn find(&self, info: &ParamInfo) -> Result<Tensor<1>> {
        let found = self.tensors.get(&info.name).filter(|(shape, _)| *shape == info.shape);
        found.map(|(_, tensor)| tensor.clone()).ok_or_else(|| {
            Error::checkpoint(format!(
                "The base's file lacks {} of shape {:?}. Load the page anew; if it stays so, the \
                 site's files do not belong together.",
                info.name, info.shape
            ))
            .field(&info.name)
        })
    }
}
