//! Batches that another worker makes while this one trains: which, and what becomes of them.

use crate::data::prepare::{Recipe, StepPlan};
use crate::data::preprocess::Preprocessing;
use crate::error::{Error, Result};
#[cfg(feature = "cpu")]
use crate::fast;
use crate::model::network::Network;
use crate::train::options::Progress;
use crate::train::team::pieces;

use super::{Brief, MOST_AHEAD, Run, Session, Split};

/// The weights of frozen layers, one after another; nothing where they are not here to be read at once.
fn frozen(network: &Network) -> Option<Vec<f32>> {
    if network.state.is_empty() {
        return Some(Vec::new());
    }
    #[cfg(feature = "cpu")]
    if fast::on_cpu(network.device()) {
        return Some(fast::numbers(&network.state));
    }
    None
}

impl Session {
    /// How the present run's batches are made: with it and the training pictures, another
    /// worker can make the next ones and [`supply`](Self::supply) them. Not known while
    /// something is being fitted, nor where batches are made of what frozen layers made of the
    /// pictures before, or on a graphics processor.
    pub fn recipe(&self) -> Option<&Recipe> {
        let here = self.start.is_some() || self.gathers();
        let run = self.run.as_ref().filter(|run| !here && !run.by_features);
        run.map(|run| &run.recipe)
    }

    /// What the replicas of a team are told of the present run. Nothing while something is being
    /// fitted, where its batches are not cut, and where frozen weights are not at hand.
    pub fn brief(&self) -> Option<Brief> {
        let (recipe, dataset) = (self.recipe()?, self.dataset.as_ref()?);
        let network = self.network.as_ref()?;
        let batch = self.progress()?.batch_size;
        if self.workers == 1 || pieces(network, batch, self.cut).len() == 1 {
            return None;
        }
        Some(Brief {
            spec: network.spec().clone(),
            recipe: recipe.clone(),
            shape: dataset.shape(),
            pictures: dataset.len(Split::Train),
            class_weights: self.progress()?.class_weight.clone(),
            fast: network.fast,
            frozen: frozen(network)?,
        })
    }

    /// The next `n` training steps of the run under way, fewer where it ends before or would
    /// be far ahead, and none while something is being fitted.
    ///
    /// # Errors
    /// `state` where no run is under way.
    pub fn upcoming(&self, n: usize) -> Result<Vec<StepPlan>> {
        if self.start.is_some() || self.run.as_ref().is_some_and(|run| run.by_features) {
            return Ok(Vec::new());
        }
        let (Some(run), true) = (&self.run, self.is_training()) else {
            return Err(Error::state("No run is under way."));
        };
        let now = self.history.steps.len() as u64;
        let n = run.steps_left.min(MOST_AHEAD).min(n as u64);
        let mut order = (run.progress.epoch, run.order.clone());
        let mut plans = Vec::with_capacity(n as usize);
        for step in now..now + n {
            let Some((epoch, places)) = self.places(run, step)? else { break };
            if order.0 != epoch {
                order = (epoch, self.order(&Progress { epoch, ..run.progress.clone() })?);
            }
            plans.push(StepPlan { step, epoch, numbers: order.1[places].to_vec() });
        }
        Ok(plans)
    }

    /// Takes the values of the batch of a `step` over the life of the weights, made elsewhere
    /// from this run's [`recipe`](Self::recipe). False where it is of no use: the step is
    /// done, far ahead, not one of this run, or its batch has another size by now.
    ///
    /// # Errors
    /// `option` where it has not as many values as the step's pictures.
    pub fn supply(&mut self, step: u64, values: Vec<f32>) -> Result<bool> {
        let now = self.history.steps.len() as u64;
        let places = match &self.run {
            Some(run)
                if self.is_stepping()
                    && (now..now + MOST_AHEAD).contains(&step)
                    && step >= run.made_here =>
            {
                self.places(run, step)?
            }
            _ => None,
        };
        let Some((_, places)) = places else { return Ok(false) };
        let wanted = places.len() * self.dataset()?.picture_bytes();
        if values.len() != wanted {
            return Err(Error::option(format!(
                "The batch of step {step} has {wanted} values; {} were given.",
                values.len()
            ))
            .field("values"));
        }
        if let Some(run) = &mut self.run {
            run.supplied.insert(step, values);
        }
        Ok(true)
    }

    /// The epoch of a coming step over the life of the weights, and its places in that
    /// epoch's order; nothing past the run's end, nor past the epoch's where batches have
    /// another size from then on.
    fn places(&self, run: &Run, step: u64) -> Result<Option<(u32, std::ops::Range<usize>)>> {
        let pictures = self.dataset()?.len(Split::Train);
        let Progress { epoch, epochs, step: done, batch_size, next_batch_size, .. } = run.progress;
        let steps_per_epoch = pictures.div_ceil(batch_size).max(1) as u64;
        let step = step.saturating_sub(self.history.steps.len() as u64) + done as u64;
        let ahead = step / steps_per_epoch;
        let epoch = u64::from(epoch) + ahead;
        if epoch > u64::from(epochs) || (ahead > 0 && next_batch_size.is_some()) {
            return Ok(None);
        }
        let first = (step % steps_per_epoch) as usize * batch_size;
        Ok(Some((epoch as u32, first..pictures.min(first + batch_size))))
    }

    pub(super) fn recipe_of(&self, progress: &Progress, preprocessing: &Preprocessing) -> Recipe {
        Recipe {
            seed: self.seed,
            augmentation: progress.augmentation.clone().unwrap_or_default(),
            preprocessing: preprocessing.clone(),
        }
    }
}
