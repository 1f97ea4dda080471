//! The one error of the crate.
//!
//! An [`Error`] says in a plain sentence what happened and what to do, and names the
//! layer, field, file or line where one is known. Its [`code`](Error::code) is stable:
//! the page, embedders and tests tell errors apart by it, never by their words.

use std::fmt;

/// Shorthand for a result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong. Private: callers see only the stable code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Spec,
    SpecJson,
    ModelText,
    InputShape,
    ClassCount,
    DataMissing,
    ShardTruncated,
    ShardCorrupt,
    Checkpoint,
    Image,
    Files,
    Quota,
    Storage,
    Option,
    State,
    WebGpuUnavailable,
    WebGpuFailed,
    DeviceLost,
    Unsupported,
}

/// An error with a stable code, a sentence for a person, and where it happened.
///
/// ```
/// use cnn_lab::Error;
/// let error = Error::spec("filters must be at least 1; it is 0.").layer("conv2d").field("filters");
/// assert_eq!(error.code(), "spec");
/// assert_eq!(error.to_string(), "Layer conv2d: filters must be at least 1; it is 0.");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub struct Error {
    kind: Kind,
    message: String,
    layer: Option<String>,
    field: Option<String>,
    file: Option<String>,
    line: Option<u32>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The sentence itself names the field where a person needs it.
        if let Some(layer) = &self.layer {
            write!(f, "Layer {layer}: ")?;
        }
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident => $kind:ident, $code:literal;)*) => {
        impl Error {
            /// The stable name of this kind of error.
            pub fn code(&self) -> &'static str {
                match self.kind { $(Kind::$kind => $code,)* }
            }
            $(
                $(#[$doc])*
                pub fn $name(message: impl Into<String>) -> Self {
                    Self::new(Kind::$kind, message.into())
                }
            )*
        }
    };
}

kinds! {
    /// The model spec asks for something that no network can be made of.
    spec => Spec, "spec";
    /// The model spec is not JSON, or not JSON of the form a spec has.
    spec_json => SpecJson, "spec-json";
    /// The pasted text of a model, Python or Keras's JSON, cannot be read.
    model_text => ModelText, "model-text";
    /// The network takes pictures of another shape than the data set has.
    input_shape => InputShape, "input-shape";
    /// The network's output does not fit the number of classes.
    class_count => ClassCount, "class-count";
    /// A split or a file that is needed holds nothing.
    data_missing => DataMissing, "data-missing";
    /// A shard is shorter or longer than its manifest says.
    shard_truncated => ShardTruncated, "shard-truncated";
    /// A shard has the right length and the wrong contents.
    shard_corrupt => ShardCorrupt, "shard-corrupt";
    /// The bytes are no checkpoint, or one that does not fit together.
    checkpoint => Checkpoint, "checkpoint";
    /// A picture cannot be decoded or has no pixels.
    image => Image, "image";
    /// What was dropped holds nothing that can be learned from.
    files => Files, "files";
    /// The browser gives no more room on disk.
    quota => Quota, "quota";
    /// What was kept on disk cannot be read.
    storage => Storage, "storage";
    /// An option has a value that it cannot have.
    option => Option, "option";
    /// The call makes no sense now: no data, no model, nothing to resume.
    state => State, "state";
    /// There is no WebGPU adapter, or this build has no WebGPU.
    webgpu_unavailable => WebGpuUnavailable, "webgpu-unavailable";
    /// WebGPU is there and its first training step failed.
    webgpu_failed => WebGpuFailed, "webgpu-failed";
    /// The device stopped working in the middle of a run.
    device_lost => DeviceLost, "device-lost";
    /// This build cannot do what was asked.
    unsupported => Unsupported, "unsupported";
}

impl Error {
    fn new(kind: Kind, message: String) -> Self {
        Self { kind, message, layer: None, field: None, file: None, line: None }
    }

    /// The same, as a wrong option of a call.
    #[must_use]
    #[cfg(feature = "tensors")]
    pub(crate) fn of_option(self) -> Self {
        Self { kind: Kind::Option, ..self }
    }

    /// Names the layer at fault.
    #[must_use]
    pub fn layer(mut self, name: impl Into<String>) -> Self {
        self.layer.get_or_insert(name.into());
        self
    }

    /// Names the field at fault, as it is written in the spec or the options.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.field.get_or_insert(name.into());
        self
    }

    /// Names the file at fault.
    #[must_use]
    pub fn file(mut self, name: impl Into<String>) -> Self {
        self.file.get_or_insert(name.into());
        self
    }

    /// Gives the line at fault, counted from 1.
    #[must_use]
    pub fn line(mut self, line: u32) -> Self {
        self.line.get_or_insert(line);
        self
    }

    /// The layer at fault, where one is known.
    pub fn layer_name(&self) -> Option<&str> {
        self.layer.as_deref()
    }

    /// The field at fault, where one is known.
    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }

    /// The file at fault, where one is known.
    pub fn file_name(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The line at fault, counted from 1, where one is known.
    pub fn line_number(&self) -> Option<u32> {
        self.line
    }
}
