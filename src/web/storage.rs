//! Files of the browser: what was dropped, and the private file system that big sets are
//! paged from. Both are read synchronously, which a browser allows in workers only.

use std::io;

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;
#[cfg(feature = "tensors")]
use web_sys::{FileSystemReadWriteOptions, FileSystemSyncAccessHandle};

#[cfg(feature = "tensors")]
use crate::data::pixels::PixelFile;

/// A file in the origin's private file system; closed, and so unlocked, when dropped.
#[cfg(feature = "tensors")]
#[derive(Debug)]
pub(super) struct StoredFile(pub FileSystemSyncAccessHandle);

#[cfg(feature = "tensors")]
impl PixelFile for StoredFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let read = self.0.read_with_u8_array_and_options(into, &at(offset)).map_err(to_io)?;
        if read as usize == into.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let written = self.0.write_with_u8_array_and_options(bytes, &at(offset)).map_err(to_io)?;
        // A browser that is out of room may also write a part.
        if written as usize == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
}

#[cfg(feature = "tensors")]
impl Drop for StoredFile {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(feature = "tensors")]
fn at(offset: u64) -> FileSystemReadWriteOptions {
    let options = FileSystemReadWriteOptions::new();
    options.set_at(offset as f64);
    options
}

/// What a browser throws, as an I/O error with its name.
pub(super) fn to_io(thrown: JsValue) -> io::Error {
    let text = |key: &str| Reflect::get(&thrown, &key.into()).ok().and_then(|v| v.as_string());
    let name = thrown.dyn_ref::<DomException>().map(DomException::name).or_else(|| text("name"));
    let kind = match name.as_deref() {
        Some("QuotaExceededError") => io::ErrorKind::QuotaExceeded,
        Some("NotFoundError") => io::ErrorKind::NotFound,
        Some("NotReadableError" | "NotAllowedError") => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    let message = text("message").filter(|message| !message.is_empty());
    io::Error::new(kind, message.or(name).unwrap_or_else(|| "the browser does not say why".into()))
}
