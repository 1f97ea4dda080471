//! The hot path of training on a CPU: convolution with what follows it, forward and backward.
//!
//! Plain functions over slices, without tensors and without threads; `src/fast.rs` of the package
//! around this one puts them into Burn. A package of its own, because it is built for speed where
//! the rest is built for size.
//!
//! # Layout
//!
//! Pictures are NHWC: the channels of a pixel lie side by side. So the part of a picture that a
//! window's row covers is one run of `width * channels` numbers, wherever the window stands, and a
//! convolution needs no copy of its windows (im2col): `block.rs` says where they are, and `conv.rs`
//! reads them there. What a
//! layer writes is what the next one reads.
//!
//! # The inner loop
//!
//! All three products (forward, by the input, by the kernel) are sums of outer products of four
//! numbers with eight, held in eight registers of four (`product.rs`), which is what a WebAssembly
//! engine keeps in registers on x86. The numbers of one side are read one by one and spread over
//! a register, which needs no order of them in memory.
//!
//! The numbers of the other side are put into panels of eight first (`panels.rs`), which whoever
//! computes with the same kernel again keeps.
//!
//! A depthwise convolution (`depthwise.rs`) is no such product: it goes through the channels eight
//! by eight, a few pixels of a row together.
//!
//! Pooling by itself (`window.rs`), softmax with cross-entropy (`softmax.rs`), batch normalisation
//! (`norm.rs`) and what an optimizer does with the gradients (`update.rs`) are passes over numbers
//! side by side.
//!
//! `graph.rs` puts all of them together: a network's step over memory that is laid out once.
//!
//! # Order of sums
//!
//! Every sum has one order, which depends on the shapes alone: the same numbers give the same
//! bits, on every machine that rounds as IEEE 754 says.

mod block;
pub mod conv;
pub mod depthwise;
pub mod graph;
pub mod norm;
mod panels;
pub mod peak;
mod pool;
mod product;
mod simd;
pub mod softmax;
#[cfg(test)]
mod tests;
pub mod update;
pub mod window;
