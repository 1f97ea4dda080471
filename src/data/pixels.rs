//! Where the pixels of a data set are kept: in memory or, for a set past the budget, in a
//! file that pictures are read from as they are needed.

use std::borrow::Cow;
use std::io;

use crate::error::{Error, Result};

/// A file that pixels are written to once and read from in pieces. `web` implements it over
/// the browser's private file system, which the core must not name.
pub trait PixelFile: std::fmt::Debug {
    /// Fills `into` from `offset` on.
    ///
    /// # Errors
    /// What the file system says, `UnexpectedEof` where there are not so many bytes.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;

    /// Writes all of `bytes` from `offset` on.
    ///
    /// # Errors
    /// What the file system says, `StorageFull` or `QuotaExceeded` where there is no room.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
}

/// Pixels one after another.
#[derive(Debug)]
pub enum Pixels {
    /// In memory.
    Memory(Vec<u8>),
    /// In a file that holds so many bytes of them.
    File(Box<dyn PixelFile>, u64),
}

impl Pixels {
    /// Bytes kept.
    pub fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File(_, length) => *length,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds bytes at the end. Nothing is added where this fails.
    ///
    /// # Errors
    /// `quota` where the disk has no more room, `storage` for what else a file system says.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Memory(kept) => kept.extend_from_slice(bytes),
            Self::File(file, length) => {
                file.write_at(*length, bytes).map_err(|error| match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::quota(
                        "The browser gives the lab no more room on disk for so many pictures. \
                         Free some, forget sets that you do not need, or choose a smaller size.",
                    ),
                    _ => Error::storage(format!(
                        "The pictures could not be written to the browser's storage ({error})."
                    )),
                })?;
                *length += bytes.len() as u64;
            }
        }
        Ok(())
    }

    /// Some bytes.
    ///
    /// # Errors
    /// `storage` where the file cannot be read or there are not so many.
    pub fn read(&self, offset: u64, length: usize) -> Result<Cow<'_, [u8]>> {
        let lost = |error: &dyn std::fmt::Display| {
            Error::storage(format!(
                "Pictures kept in the browser's storage cannot be read ({error}). Load the set \
                 again."
            ))
        };
        match self {
            Self::Memory(bytes) => usize::try_from(offset)
                .ok()
                .and_then(|offset| bytes.get(offset..offset.checked_add(length)?))
                .map(Cow::Borrowed)
                .ok_or_else(|| lost(&"there are not so many")),
            Self::File(file, _) => {
                let mut bytes = vec![0; length];
                file.read_at(offset, &mut bytes).map_err(|error| lost(&error))?;
                Ok(Cow::Owned(bytes))
            }
        }
    }
}
