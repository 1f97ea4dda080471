//! Seeded random streams. The core has no global generator (invariant 2).
//!
//! Every draw names what it is for and a counter, so a draw never depends on how many
//! came before it: a run that is loaded from a checkpoint, or split over workers, draws
//! exactly what the uninterrupted run draws. Only `u32` words are drawn, because ranges of
//! `usize` differ between 32-bit WebAssembly and 64-bit machines.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What a stream is for. The number is part of every checkpointed run: never renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Initial weights; the counter is the parameter's index.
    Weights = 1,
    /// The order of the training pictures; the counter is the epoch.
    Shuffle = 2,
    /// Dropout masks; the counter is the training step, `lane` the layer's index.
    Dropout = 3,
    /// Which pictures go to which split; the counter is the class.
    Split = 4,
    /// What happens to a training picture; the counter is the epoch and the picture.
    Augment = 5,
    /// Which pictures are held out in which fold, and each fold's own seed; `lane` 0 with the
    /// class, `lane` 1 with the fold.
    Folds = 6,
    /// Where the search for principal components and a map of all pictures begin.
    Embedding = 7,
    /// Noise that is added to a picture to explain a network; `lane` says for what.
    Explain = 8,
}

/// A stream of random words that depends only on its four arguments.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// Opens the stream of `seed` for `purpose`, with a `lane` (below 2^16) and a `counter`
    /// (below 2^40) to tell many streams of one purpose apart.
    pub fn new(seed: u64, purpose: Purpose, lane: usize, counter: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(
            (purpose as u64) << 56 | (lane as u64 & 0xffff) << 40 | (counter & 0xff_ffff_ffff),
        );
        Self(generator)
    }

    /// Jumps to the word at `position`, counted from the start of the stream.
    pub fn seek(&mut self, position: u64) {
        self.0.set_word_pos(u128::from(position));
    }

    /// The next word.
    pub fn word(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Uniform in [0, 1), with 24 bits: every value is exact in `f32`. Takes one word.
    pub fn unit(&mut self) -> f32 {
        (self.word() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high). Takes one word.
    pub fn uniform(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// Normal with mean 0 and deviation 1 (Box and Muller 1958). Takes two words.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - f64::from(self.unit())).ln()).sqrt();
        radius * (std::f64::consts::TAU * f64::from(self.unit())).cos()
    }

    /// Uniform in 0..bound without bias, by Lemire's multiplication method
    /// (D. Lemire, "Fast Random Integer Generation in an Interval", 2019).
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.word()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Shuffles in place (Fisher and Yates, in Durstenfeld's form).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_independent_of_each_other_and_repeatable() {
        let draw = |seed, purpose, lane, counter| {
            let mut stream = Stream::new(seed, purpose, lane, counter);
            (0..8).map(|_| stream.word()).collect::<Vec<_>>()
        };
        let first = draw(1, Purpose::Shuffle, 0, 0);
        assert_eq!(first, draw(1, Purpose::Shuffle, 0, 0));
        for other in [
            draw(2, Purpose::Shuffle, 0, 0),
            draw(1, Purpose::Weights, 0, 0),
            draw(1, Purpose::Shuffle, 1, 0),
            draw(1, Purpose::Shuffle, 0, 1),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn seeking_gives_the_words_that_reading_gives() {
        let mut read = Stream::new(7, Purpose::Dropout, 3, 9);
        let words: Vec<_> = (0..100).map(|_| read.word()).collect();
        let mut sought = Stream::new(7, Purpose::Dropout, 3, 9);
        sought.seek(63);
        assert_eq!(sought.word(), words[63]);
    }

    #[test]
    fn below_covers_its_range_evenly() {
        let mut stream = Stream::new(5, Purpose::Split, 0, 0);
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Standard deviation of each count is 93; six of them is far outside chance.
        assert!(counts.iter().all(|&count| count.abs_diff(10_000) < 560), "{counts:?}");
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<u32> = (0..1000).collect();
        Stream::new(1, Purpose::Shuffle, 0, 0).shuffle(&mut items);
        assert_ne!(items, (0..1000).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..1000).collect::<Vec<_>>());
    }
}
