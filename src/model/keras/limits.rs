//! How much a text may ask for. A lesson stays far below; what goes beyond is an error, so
//! that no text, however it was made, takes more than a moment.

/// Bytes of text: of JSON, where a notebook may hold pictures too.
pub(super) const TEXT: usize = 1 << 20;
/// Bytes of Python.
pub(super) const PYTHON: usize = 1 << 18;
/// Brackets within brackets.
pub(super) const BRACKETS: usize = 40;
/// Blocks within blocks.
pub(super) const BLOCKS: usize = 20;
/// Levels of one expression.
pub(super) const EXPRESSION: u16 = 100;
/// Expressions evaluated, items of lists made, statements run.
pub(super) const STEPS: u32 = 100_000;
/// Expressions, blocks and calls within each other while the text is read.
pub(super) const DEPTH: u32 = 150;
/// Characters of a text that is put together.
pub(super) const CHARACTERS: usize = 1_000;
/// Items of a list that is put together.
pub(super) const ITEMS: usize = 2_000;
/// Layers of all models together, and models.
pub(super) const LAYERS: usize = 2_000;
/// Arguments of one call that have names.
pub(super) const ARGUMENTS: usize = 500;
/// Models within models.
pub(super) const NESTED: usize = 12;
/// Notes to the reader.
pub(super) const NOTES: usize = 30;
