//! A session beside another: it trains on the other's data, perhaps divided otherwise, and
//! leaves the other as it was. The data is lent for each call, never copied.

use crate::data::dataset::{PerSplit, Split};
use crate::error::{Error, Result};
use crate::train::session::Session;

/// The session on trial, and how it sees the data.
pub(crate) struct Trial {
    pub(crate) session: Session,
    /// The division of the data that it sees.
    pub(crate) splits: PerSplit<Vec<u32>>,
    stamp: u32,
}

/// The data in the trial's hands, until this is dropped: when the call ends, and also when it
/// fails or is given up halfway.
pub(crate) struct Lent<'a> {
    owner: &'a mut Session,
    pub(crate) session: &'a mut Session,
    splits: &'a mut PerSplit<Vec<u32>>,
}

impl Trial {
    /// A trial with an empty session, on the owner's device, that sees the data as it is
    /// divided now.
    ///
    /// # Errors
    /// `state` without data.
    pub(crate) fn new(owner: &Session, seed: u64) -> Result<Self> {
        let dataset = owner.dataset()?;
        let splits = PerSplit::from_fn(|split: Split| dataset.numbers(split).to_vec());
        let session = owner.alike(seed);
        Ok(Self { session, splits, stamp: dataset.stamp() })
    }

    /// Lends the data.
    ///
    /// # Errors
    /// `state` where it is not what it was when the trial began.
    pub(crate) fn lend<'a>(&'a mut self, owner: &'a mut Session) -> Result<Lent<'a>> {
        if owner.dataset()?.stamp() != self.stamp {
            return Err(Error::state(
                "The data was changed in the meantime; begin again with what it is now.",
            ));
        }
        self.session.dataset = owner.dataset.take();
        if let Some(dataset) = &mut self.session.dataset {
            dataset.swap_splits(&mut self.splits);
        }
        Ok(Lent { owner, session: &mut self.session, splits: &mut self.splits })
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.owner.dataset = self.session.dataset.take();
        if let Some(dataset) = &mut self.owner.dataset {
            dataset.swap_splits(self.splits);
        }
    }
}
