//! Fitting a [`Preprocessing`] to the training pictures, a piece at a time: for whitening it
//! takes up to minutes, and who trains wants to pause or stop meanwhile.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;

use super::Preprocessing;
use super::whitening::Whitening;
use crate::data::augment::Augmentation;
use crate::error::{Error, Result};

/// What is being fitted to the training pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fitted {
    /// Means and deviations of the channels.
    Statistics,
    /// The means and the whitening matrix.
    Whitening,
    /// Nothing: what a network's frozen layers make of each picture is computed.
    Features,
}

/// A [`Preprocessing`] that is being fitted. It holds no pictures: each call gets them.
pub struct Fitting {
    /// All that is known so far.
    fitted: Preprocessing,
    values: usize,
    /// Training pictures.
    count: usize,
    divide: bool,
    /// Pictures whose values were counted.
    counted: usize,
    /// How often each value occurs in each channel.
    counts: Vec<[u64; 256]>,
    whitening: Option<Whitening>,
    over: bool,
    /// The work that was done, and the share of the whole that this was at the most.
    done: f64,
    share: f64,
}

/// The work of one [`Fitting::advance`], as [`Eigen::advance`](super::eigen::Eigen::advance)
/// counts it: about 10 ms, and up to 50 ms for the largest matrix, whose pieces are larger.
const PIECE: f64 = 10e6;

/// What counting a value takes, in about nanoseconds.
const COUNTING: f64 = 1.0;

impl Fitting {
    /// Begins to fit what `settings` ask for to `count` pictures of `shape` that have this
    /// `fingerprint`. It is over at once where they ask for nothing that has to be fitted, and
    /// where `present` was fitted to these pictures with the same settings.
    ///
    /// # Errors
    /// `option` naming `zca_whitening` where pictures are too large for it.
    pub fn new(
        settings: &Augmentation,
        shape: [usize; 3],
        count: usize,
        fingerprint: u32,
        present: &Preprocessing,
    ) -> Result<Self> {
        let whitening = settings.zca_whitening;
        // What implies what is Keras's.
        let divide = settings.featurewise_std_normalization && !whitening;
        let center = settings.featurewise_center || divide || whitening;
        let values: usize = shape.iter().product();
        let mut fitting = Self {
            fitted: Preprocessing {
                rescale: settings.rescale,
                samplewise_center: settings.samplewise_center
                    || settings.samplewise_std_normalization,
                samplewise_std_normalization: settings.samplewise_std_normalization,
                zca_epsilon: whitening.then_some(settings.zca_epsilon),
                fitted_on: center.then_some(fingerprint),
                ..Preprocessing::default()
            },
            values,
            count,
            divide,
            counted: 0,
            counts: vec![[0; 256]; shape[2]],
            whitening: None,
            over: !center,
            done: 0.0,
            share: 0.0,
        };
        if whitening && values > Preprocessing::MOST_ZCA {
            return Err(Error::option(format!(
                "zca_whitening works for pictures of at most {} values, such as 32 x 32 x 3; these \
                 have {values}. Leave it out, or load the pictures smaller.",
                Preprocessing::MOST_ZCA
            ))
            .field("zca_whitening"));
        }
        let same =
            Preprocessing { mean: vec![], std: vec![], zca: Arc::new([]), ..present.clone() };
        if center && same == fitting.fitted && present.std.is_empty() != divide {
            fitting.fitted = present.clone();
            fitting.over = true;
        } else if whitening {
            let used = count.min(Preprocessing::MOST_ZCA_PICTURES);
            fitting.whitening = Some(Whitening::new(values, used, settings.zca_epsilon));
        }
        Ok(fitting)
    }

    /// Nothing is left to fit to `known`.
    pub fn over(known: Preprocessing) -> Self {
        let (counts, whitening) = (Vec::new(), None);
        let (values, count, counted, divide, over) = (0, 0, 0, false, true);
        let (done, share) = (0.0, 1.0);
        Self { fitted: known, values, count, divide, counted, counts, whitening, over, done, share }
    }

    /// What is being fitted.
    pub fn what(&self) -> Fitted {
        match self.fitted.zca_epsilon {
            Some(_) => Fitted::Whitening,
            None => Fitted::Statistics,
        }
    }

    /// The pictures that it is fitted to.
    pub fn pictures(&self) -> usize {
        match self.what() {
            Fitted::Whitening => self.count.min(Preprocessing::MOST_ZCA_PICTURES),
            Fitted::Statistics | Fitted::Features => self.count,
        }
    }

    /// Whether all is fitted.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The share of the work that is done, as far as one can know: it never falls, keeps about
    /// pace with the time, and is 1 where all is fitted and only there.
    pub fn share(&self) -> f64 {
        if self.over { 1.0 } else { self.share.min(0.999) }
    }

    /// Goes on by about 10 ms of work; `picture` gives the training pictures. True where all
    /// is fitted. However the calls fall, the numbers are the same to the last bit.
    ///
    /// # Errors
    /// What `picture` gives.
    pub fn advance<'a>(
        &mut self,
        picture: impl FnMut(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<bool> {
        self.advance_by(PIECE, picture)
    }

    fn advance_by<'a>(
        &mut self,
        work: f64,
        mut picture: impl FnMut(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<bool> {
        let end = self.done + work;
        while !self.over {
            self.done += self.step(&mut picture)?;
            if self.done >= end {
                break;
            }
        }
        let left = COUNTING * (self.values * (self.count - self.counted)) as f64
            + self.whitening.as_ref().map_or(0.0, Whitening::left);
        self.share = self.share.max(self.done / (self.done + left).max(1.0));
        Ok(self.over)
    }

    /// What was fitted; of use once it [is over](Self::is_over).
    pub fn into_fitted(self) -> Preprocessing {
        self.fitted
    }

    /// The next small piece, and how much work it was.
    fn step<'a>(
        &mut self,
        picture: &mut impl FnMut(usize) -> Result<Cow<'a, [u8]>>,
    ) -> Result<f64> {
        if self.counted < self.count {
            // Bytes are counted, so that means and deviations are exact however many there are.
            for pixel in picture(self.counted)?.chunks_exact(self.counts.len()) {
                for (counts, &value) in self.counts.iter_mut().zip(pixel) {
                    counts[usize::from(value)] += 1;
                }
            }
            self.counted += 1;
            return Ok(COUNTING * self.values as f64);
        }
        if self.fitted.mean.is_empty() {
            self.average();
        }
        let Self { whitening: Some(whitening), fitted, count, .. } = self else {
            self.over = true;
            return Ok(0.0);
        };
        let used = (*count).min(Preprocessing::MOST_ZCA_PICTURES);
        let centred = |index: usize| -> Result<Vec<f32>> {
            let place = index as u64 * *count as u64 / used as u64;
            let pixels = picture(place as usize)?;
            // Keras leaves samplewise steps out when it fits.
            let centre = |(value, mean): (&u8, &f32)| fitted.rescaled(f32::from(*value)) - mean;
            Ok(pixels.iter().zip(fitted.mean.iter().cycle()).map(centre).collect())
        };
        if let Some(work) = whitening.advance(centred)? {
            return Ok(work);
        }
        if let Some(whitening) = self.whitening.take() {
            self.fitted.zca = whitening.into_matrix().into();
        }
        self.over = true;
        Ok(0.0)
    }

    /// Means and deviations from the counts.
    fn average(&mut self) {
        let fitted = &mut self.fitted;
        let scaled: [f64; 256] =
            std::array::from_fn(|byte| f64::from(fitted.rescaled(byte as f32)));
        for counts in &self.counts {
            let total = counts.iter().sum::<u64>().max(1) as f64;
            let over = |term: &dyn Fn(f64) -> f64| -> f64 {
                let terms = counts.iter().zip(&scaled);
                terms.map(|(&n, &value)| n as f64 * term(value)).sum::<f64>() / total
            };
            let mean = over(&|value| value);
            fitted.mean.push(mean as f32);
            if self.divide {
                fitted.std.push(over(&|value| (value - mean) * (value - mean)).sqrt() as f32);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// However it is pulled, for more pictures than values, for fewer, and without whitening.
    #[test]
    fn pieces_give_what_all_at_once_gives_to_the_last_bit_and_their_share_grows_to_1() {
        let mut stream = Stream::new(1, Purpose::Weights, 0, 0);
        let shape = [6, 5, 3];
        let size = 90;
        let pixels: Vec<u8> = (0..200 * size).map(|_| stream.uniform(0.0, 256.0) as u8).collect();
        let picture = |index: usize| Ok(Cow::from(&pixels[index * size..][..size]));
        let whiten = Augmentation { zca_whitening: true, ..Augmentation::default() };
        let divide =
            Augmentation { featurewise_std_normalization: true, ..Augmentation::default() };
        for (settings, count) in [(&whiten, 200), (&whiten, 40), (&divide, 200)] {
            let present = Preprocessing::default();
            let whole = Preprocessing::fit(settings, shape, count, 1, &present, picture).unwrap();
            let mut fitting = Fitting::new(settings, shape, count, 1, &present).unwrap();
            let mut shares = vec![fitting.share()];
            while !fitting.advance_by(0.0, picture).unwrap() {
                assert!(!fitting.is_over());
                shares.push(fitting.share());
            }
            assert!(shares.len() >= count.min(200), "{}", shares.len());
            assert!(shares.is_sorted() && shares[0] == 0.0, "{shares:?}");
            assert!(shares.iter().all(|share| *share < 1.0), "{shares:?}");
            assert_eq!((fitting.is_over(), fitting.share()), (true, 1.0));
            assert_eq!(fitting.pictures(), count);
            let fitted = fitting.into_fitted();
            assert_eq!(fitted, whole);
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&fitted.zca), bits(&whole.zca));
            assert_eq!(bits(&fitted.std), bits(&whole.std));
        }
    }

    /// A piece is short even where the whole is not: what waits for its end waits tens of
    /// milliseconds.
    #[test]
    fn the_work_is_cut_into_pieces() {
        let size = 28 * 28;
        let pixels: Vec<u8> = (0..500 * size).map(|place| (place * 7919 % 251) as u8).collect();
        let picture = |index: usize| Ok(Cow::from(&pixels[index * size..][..size]));
        let settings = Augmentation { zca_whitening: true, ..Augmentation::default() };
        let present = Preprocessing::default();
        let mut fitting = Fitting::new(&settings, [28, 28, 1], 500, 1, &present).unwrap();
        let mut most = 0.0f64;
        while !fitting.is_over() {
            let before = fitting.done;
            fitting.advance(picture).unwrap();
            most = most.max(fitting.done - before);
        }
        assert!(most < 2.0 * PIECE && fitting.done > 10.0 * PIECE, "{most} of {}", fitting.done);
    }
}
