//! Augmentation: new pictures from old, so that a network cannot learn them by heart.
//!
//! All of Keras's `ImageDataGenerator` by its names, and four later inventions: random crop
//! with padding, cutout, mixup and colour jitter. What is drawn ([`Drawn`]) and what is done
//! with it ([`Augmentation::apply`]) are pure functions; the generator is the caller's. A
//! picture goes through one affine map with bilinear interpolation, then through its colours,
//! as Keras has it.
//!
//! A draw takes the same words of its stream whatever is switched on, so moving one setting
//! leaves the other draws as they were.
//!
//! Sources: Keras 3 `legacy/preprocessing/image.py` (draws, matrix, colours), SciPy
//! `ndimage/src/ni_interpolation.c` (edges), Pillow `ImageEnhance` (brightness, contrast,
//! saturation); DeVries and Taylor 2017 (cutout); Zhang and others 2018 (mixup); Marsaglia
//! and Tsang 2000 (gamma variates for mixup).

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::random::{Purpose, Stream};

/// The lessons' `Rescaling(1/255)`.
pub const RESCALE: f64 = 1.0 / 255.0;

/// What may happen to a training picture, in Keras's names. The default does nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augmentation {
    /// Turns by up to so many degrees either way.
    pub rotation_range: f64,
    /// Shifts sideways: a share of the width below 1, else pixels.
    pub width_shift_range: Shift,
    /// Shifts up and down: a share of the height below 1, else pixels.
    pub height_shift_range: Shift,
    /// Shears by up to so many degrees either way.
    pub shear_range: f64,
    /// Zooms by 1 - zoom to 1 + zoom, or from one factor to another; above 1 shrinks.
    pub zoom_range: Zoom,
    /// Mirrors half of the pictures, left and right.
    pub horizontal_flip: bool,
    /// Mirrors half of the pictures, top and bottom.
    pub vertical_flip: bool,
    /// Multiplies by a factor between these, as Pillow's `ImageEnhance.Brightness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brightness_range: Option<[f64; 2]>,
    /// Adds up to so much to every value, in steps of a pixel's 0 to 255, clipped to the
    /// picture's own darkest and lightest value.
    pub channel_shift_range: f64,
    /// What lies beyond a picture's edge.
    pub fill_mode: FillMode,
    /// The value that [`FillMode::Constant`] and cutout fill with, 0 to 255.
    pub cval: f64,
    /// Every value of every picture, of training or not, is multiplied by this.
    pub rescale: f64,
    /// Subtracts each picture's own mean.
    pub samplewise_center: bool,
    /// Divides by each picture's own standard deviation, and centres.
    pub samplewise_std_normalization: bool,
    /// Subtracts the training pictures' mean, channel by channel.
    pub featurewise_center: bool,
    /// Divides by the training pictures' standard deviation, and centres.
    pub featurewise_std_normalization: bool,
    /// Makes pixels uncorrelated, as the training pictures have them; centres featurewise and
    /// leaves the featurewise deviation out, as in Keras.
    pub zca_whitening: bool,
    /// Added to the singular values that whitening divides by.
    pub zca_epsilon: f64,
    /// Pads by so many pixels on each side and cuts a picture of the old size out of that.
    pub random_crop: usize,
    /// Fills a square of so many pixels a side with `cval`.
    pub cutout: usize,
    /// Blends pictures and labels in pairs, by shares drawn from Beta(mixup, mixup).
    pub mixup: f64,
    /// Changes colours.
    pub color_jitter: ColorJitter,
}

/// How far a picture is shifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shift {
    /// Below 1 up to this share of the side; a whole number of at least 1 by whole pixels
    /// below it; another number by up to so many pixels.
    Number(f64),
    /// By one of these, either way; a share of the side where all are below 1.
    Among(Vec<f64>),
}

/// Zoom factors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Zoom {
    /// From 1 minus this to 1 plus this.
    Number(f64),
    /// From the first to the second.
    Pair([f64; 2]),
}

/// What lies beyond a picture's edge; SciPy's modes by Keras's names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FillMode {
    /// The edge pixel goes on: `aaaa|abcd|dddd`.
    #[default]
    Nearest,
    /// One value: `kkkk|abcd|kkkk`.
    Constant,
    /// The picture mirrored at its edge: `dcba|abcd|dcba`.
    Reflect,
    /// The picture again, its first pixel on its last: `bcd(a)|abcd|(a)bcd`, where the two
    /// overlap as SciPy has it.
    Wrap,
}

/// How far colours may change. All 0: not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColorJitter {
    /// Multiplies by 1 minus to 1 plus this.
    pub brightness: f64,
    /// Moves values away from the picture's mean grey, or towards it, by 1 minus to 1 plus this.
    pub contrast: f64,
    /// Moves colours away from their grey, or towards it, by 1 minus to 1 plus this.
    pub saturation: f64,
    /// Turns the hue by up to this share of the circle either way, at most 0.5.
    pub hue: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            rotation_range: 0.0,
            width_shift_range: Shift::Number(0.0),
            height_shift_range: Shift::Number(0.0),
            shear_range: 0.0,
            zoom_range: Zoom::Number(0.0),
            horizontal_flip: false,
            vertical_flip: false,
            brightness_range: None,
            channel_shift_range: 0.0,
            fill_mode: FillMode::Nearest,
            cval: 0.0,
            rescale: RESCALE,
            samplewise_center: false,
            samplewise_std_normalization: false,
            featurewise_center: false,
            featurewise_std_normalization: false,
            zca_whitening: false,
            zca_epsilon: 1e-6,
            random_crop: 0,
            cutout: 0,
            mixup: 0.0,
            color_jitter: ColorJitter::default(),
        }
    }
}

/// Every field and what it may be, for the sentence that refuses something else.
const FIELDS: [(&str, &str); 22] = [
    ("rotation_range", "a number of degrees from 0 to 360"),
    ("width_shift_range", "a share of the width below 1, or pixels up to the width"),
    ("height_shift_range", "a share of the height below 1, or pixels up to the height"),
    ("shear_range", "a number of degrees from 0 to 90"),
    (
        "zoom_range",
        "a number from 0 to below 1, or a pair [smallest, largest] of factors above 0 and up to 100",
    ),
    ("horizontal_flip", "true or false"),
    ("vertical_flip", "true or false"),
    ("brightness_range", "a pair [darkest, lightest] of factors from 0 to 100"),
    ("channel_shift_range", "a number from 0 to 255"),
    ("fill_mode", "\"nearest\", \"constant\", \"reflect\" or \"wrap\""),
    ("cval", "a pixel's value from 0 to 255"),
    ("rescale", "a number other than 0, such as 0.00392 for 1/255"),
    ("samplewise_center", "true or false"),
    ("samplewise_std_normalization", "true or false"),
    ("featurewise_center", "true or false"),
    ("featurewise_std_normalization", "true or false"),
    ("zca_whitening", "true or false"),
    ("zca_epsilon", "a number above 0"),
    ("random_crop", "a whole number of pixels of padding, up to the shorter side"),
    ("cutout", "a whole number of pixels a side, up to the longer side"),
    ("mixup", "a number from 0 to 100, such as 0.2"),
    (
        "color_jitter",
        "an object with brightness, contrast and saturation from 0 to 1 and hue from 0 to 0.5",
    ),
];

fn wrong(field: &str, value: &Value) -> Error {
    let expected = FIELDS.iter().find(|(name, _)| *name == field).map_or("", |(_, what)| what);
    Error::option(format!("{field} is {expected}; it is {value}.")).field(field)
}

impl Augmentation {
    /// Reads it from JSON as a caller wrote it.
    ///
    /// # Errors
    /// `option` naming the field that is not known or has a value of a wrong kind.
    pub fn from_value(value: &Value) -> Result<Self> {
        let Value::Object(given) = value else {
            return Err(Error::option(format!(
                "augmentation is an object with Keras's names, such as {{\"rotation_range\": 40}}; \
                 it is {value}."
            ))
            .field("augmentation"));
        };
        for (field, value) in given {
            if !FIELDS.iter().any(|(name, _)| name == field) {
                let names: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
                return Err(Error::option(format!(
                    "There is no augmentation {field}; there are {}.",
                    names.join(", ")
                ))
                .field(field));
            }
            let alone = Value::Object(Map::from_iter([(field.clone(), value.clone())]));
            serde_json::from_value::<Self>(alone).map_err(|_| wrong(field, value))?;
        }
        serde_json::from_value(value.clone())
            .map_err(|error| Error::option(format!("augmentation: {error}.")).field("augmentation"))
    }

    /// Whether every value is one that makes sense for pictures of `shape` (height, width,
    /// channels).
    ///
    /// # Errors
    /// `option` naming the first field that does not.
    pub fn check(&self, shape: [usize; 3]) -> Result<()> {
        let [height, width, _] = shape;
        let unit = 0.0..=1.0;
        let ColorJitter { brightness, contrast, saturation, hue } = self.color_jitter;
        let good = [
            ("rotation_range", (0.0..=360.0).contains(&self.rotation_range)),
            ("width_shift_range", self.width_shift_range.fits(width)),
            ("height_shift_range", self.height_shift_range.fits(height)),
            ("shear_range", (0.0..=90.0).contains(&self.shear_range)),
            (
                "zoom_range",
                match self.zoom_range {
                    Zoom::Number(zoom) => (0.0..1.0).contains(&zoom),
                    Zoom::Pair(pair) => pair.iter().all(|zoom| *zoom > 0.0 && *zoom <= 100.0),
                },
            ),
            (
                "brightness_range",
                self.brightness_range.is_none_or(|pair| {
                    pair.iter().all(|factor| (0.0..=100.0).contains(factor)) && pair[0] <= pair[1]
                }),
            ),
            ("channel_shift_range", (0.0..=255.0).contains(&self.channel_shift_range)),
            ("cval", (0.0..=255.0).contains(&self.cval)),
            ("rescale", self.rescale.is_finite() && self.rescale as f32 != 0.0),
            ("zca_epsilon", self.zca_epsilon.is_finite() && self.zca_epsilon > 0.0),
            ("random_crop", self.random_crop <= height.min(width)),
            ("cutout", self.cutout <= height.max(width)),
            ("mixup", (0.0..=100.0).contains(&self.mixup)),
            (
                "color_jitter",
                [brightness, contrast, saturation].iter().all(|range| unit.contains(range))
                    && (0.0..=0.5).contains(&hue),
            ),
        ];
        match good.iter().find(|(_, good)| !good) {
            None => Ok(()),
            Some((field, _)) => Err(wrong(field, &json!(self)[field])),
        }
    }

    /// Draws what happens to one picture of `shape`. See [`stream`] for the picture's stream.
    pub fn draw(&self, stream: &mut Stream, shape: [usize; 3]) -> Drawn {
        let [height, width, _] = shape;
        let mut unit = || f64::from(stream.unit());
        let between = |low: f64, high: f64, unit: f64| low + (high - low) * unit;
        let either = |range: f64, unit: f64| between(-range, range, unit);
        let theta = either(self.rotation_range, unit());
        let ty = self.height_shift_range.draw(height, [unit(), unit()]);
        let tx = self.width_shift_range.draw(width, [unit(), unit()]);
        let shear = either(self.shear_range, unit());
        let [low, high] = match self.zoom_range {
            Zoom::Number(zoom) => [1.0 - zoom, 1.0 + zoom],
            Zoom::Pair(pair) => pair,
        };
        let (zx, zy) = (between(low, high, unit()), between(low, high, unit()));
        let flip_horizontal = (unit() < 0.5) & self.horizontal_flip;
        let flip_vertical = (unit() < 0.5) & self.vertical_flip;
        let channel_shift = either(self.channel_shift_range, unit());
        let brightness = unit();
        let mut whole = |count: usize| (unit() * count as f64) as usize;
        let crop = [(); 2].map(|()| whole(2 * self.random_crop + 1) as i32);
        let centre = [whole(height), whole(width)];
        let jitter = self.color_jitter;
        let factors = [jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue]
            .map(|range| either(range, unit()));
        Drawn {
            theta,
            tx,
            ty,
            shear,
            zx,
            zy,
            flip_horizontal,
            flip_vertical,
            channel_shift_intensity: (self.channel_shift_range > 0.0).then_some(channel_shift),
            brightness: self.brightness_range.map(|[low, high]| between(low, high, brightness)),
            crop: crop.map(|from| from - self.random_crop as i32),
            cutout: (self.cutout > 0).then_some(centre),
            jitter: (jitter != ColorJitter::default()).then_some(factors),
        }
    }

    /// Does to a picture (`height * width * channels` bytes, row by row) what was drawn, and
    /// puts the values, 0 to 255 in the same order, in place of what `into` holds.
    pub fn apply(&self, drawn: &Drawn, pixels: &[u8], shape: [usize; 3], into: &mut Vec<f32>) {
        into.clear();
        let matrix = drawn.matrix(shape);
        let moved = matrix != [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        match shape[2] {
            _ if !moved => into.extend(pixels.iter().map(|&pixel| f32::from(pixel))),
            1 => warp::<1>(pixels, shape, &matrix, self.fill_mode, self.cval as f32, into),
            _ => warp::<3>(pixels, shape, &matrix, self.fill_mode, self.cval as f32, into),
        }
        if let Some(intensity) = drawn.channel_shift_intensity {
            shift_channels(into, intensity as f32);
        }
        if let Some(factor) = drawn.brightness {
            brighten(into, factor as f32);
        }
        if let Some(jitter) = drawn.jitter {
            jitter_colors(into, shape[2], jitter.map(|factor| factor as f32));
        }
        if let Some(centre) = drawn.cutout {
            cut_out(into, shape, centre, self.cutout, self.cval as f32);
        }
    }

    /// Draws which picture of `count` a picture is blended with and the share that is its
    /// own; nothing without mixup.
    pub fn draw_mix(&self, stream: &mut Stream, count: usize) -> Option<(usize, f32)> {
        if self.mixup <= 0.0 || count == 0 {
            return None;
        }
        let partner = stream.below(count as u32) as usize;
        let (own, other) = (gamma(stream, self.mixup), gamma(stream, self.mixup));
        // Very small shapes underflow: all the weight lies on one picture then.
        let share = if own + other > 0.0 { own / (own + other) } else { 1.0 };
        Some((partner, share as f32))
    }

    /// Whether training pictures go to the network as they are.
    pub fn does_nothing(&self) -> bool {
        let plain = Self {
            rescale: self.rescale,
            samplewise_center: self.samplewise_center,
            samplewise_std_normalization: self.samplewise_std_normalization,
            featurewise_center: self.featurewise_center,
            featurewise_std_normalization: self.featurewise_std_normalization,
            zca_whitening: self.zca_whitening,
            zca_epsilon: self.zca_epsilon,
            fill_mode: self.fill_mode,
            cval: self.cval,
            ..Self::default()
        };
        *self == plain
    }
}

impl Shift {
    fn fits(&self, side: usize) -> bool {
        let range = 0.0..=side as f64;
        match self {
            Self::Number(most) => range.contains(most),
            Self::Among(shifts) => {
                shifts.iter().all(|shift| range.contains(&shift.abs())) && !shifts.is_empty()
            }
        }
    }

    /// Pixels, as Keras's `get_random_transform` draws them, from two words.
    fn draw(&self, side: usize, [unit, sign]: [f64; 2]) -> f64 {
        let sign = if sign < 0.5 { -1.0 } else { 1.0 };
        match self {
            Self::Number(most) if *most < 1.0 => most * (2.0 * unit - 1.0) * side as f64,
            Self::Number(most) if most.fract() == 0.0 => sign * (unit * most).floor(),
            Self::Number(most) => most * (2.0 * unit - 1.0),
            Self::Among(shifts) => {
                let shift = shifts.get((unit * shifts.len() as f64) as usize).unwrap_or(&0.0);
                let share = shifts.iter().all(|shift| *shift < 1.0);
                sign * shift * if share { side as f64 } else { 1.0 }
            }
        }
    }
}

/// The stream that a picture's draw comes from: it depends on the run's seed, the epoch and
/// the picture's place in the training split, and on nothing else, so a batch may be prepared
/// anywhere and a resumed run draws what it would have drawn. `lane` 0 is for [`Augmentation::draw`],
/// 1 for [`Augmentation::draw_mix`].
pub fn stream(seed: u64, lane: usize, epoch: u32, index: usize) -> Stream {
    let counter = u64::from(epoch & 0xffff) << 24 | (index as u64 & 0xff_ffff);
    Stream::new(seed, Purpose::Augment, lane, counter)
}

/// What was drawn for one picture: Keras's `get_random_transform` by its names, and ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drawn {
    /// Degrees.
    pub theta: f64,
    /// Pixels sideways. (Keras 3 draws `tx` from `height_shift_range` and then applies it
    /// sideways; here each range goes the way that its name says.)
    pub tx: f64,
    /// Pixels up and down.
    pub ty: f64,
    /// Degrees.
    pub shear: f64,
    /// Factor sideways.
    pub zx: f64,
    /// Factor up and down.
    pub zy: f64,
    /// Mirrored left and right.
    pub flip_horizontal: bool,
    /// Mirrored top and bottom.
    pub flip_vertical: bool,
    /// Added to every value.
    pub channel_shift_intensity: Option<f64>,
    /// The factor of brightness.
    pub brightness: Option<f64>,
    /// Rows and columns that the random crop moves by.
    pub crop: [i32; 2],
    /// Row and column of cutout's centre.
    pub cutout: Option<[usize; 2]>,
    /// Brightness, contrast and saturation as distances from a factor of 1; hue as a share
    /// of the circle.
    pub jitter: Option<[f64; 4]>,
}

impl Default for Drawn {
    /// Nothing happens.
    fn default() -> Self {
        Self {
            theta: 0.0,
            tx: 0.0,
            ty: 0.0,
            shear: 0.0,
            zx: 1.0,
            zy: 1.0,
            flip_horizontal: false,
            flip_vertical: false,
            channel_shift_intensity: None,
            brightness: None,
            crop: [0, 0],
            cutout: None,
            jitter: None,
        }
    }
}

type Matrix = [[f64; 3]; 3];

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    [0, 1, 2].map(|row| [0, 1, 2].map(|column| (0..3).map(|k| a[row][k] * b[k][column]).sum()))
}

impl Drawn {
    /// The affine map from a place (row, column) in the new picture to the place in the old
    /// one whose value it takes: `[[a, b, c], [d, e, f]]` gives row `a r + b c + c`.
    ///
    /// Composed as Keras's `apply_affine_transform` does it, rotation, shift, shear, zoom,
    /// about its centre: (width / 2 - 0.5, height / 2 - 0.5) as row and column, which is the
    /// middle where the picture is square. Flips and the crop, which Keras does afterwards or
    /// not at all, come on top.
    pub fn matrix(&self, shape: [usize; 3]) -> [[f64; 3]; 2] {
        let [height, width] = [shape[0] as f64, shape[1] as f64];
        let (sin, cos) = self.theta.to_radians().sin_cos();
        let (shear_sin, shear_cos) = self.shear.to_radians().sin_cos();
        let steps = [
            (self.theta != 0.0, [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]),
            (
                self.tx != 0.0 || self.ty != 0.0,
                [[1.0, 0.0, self.tx], [0.0, 1.0, self.ty], [0.0, 0.0, 1.0]],
            ),
            (self.shear != 0.0, [[1.0, -shear_sin, 0.0], [0.0, shear_cos, 0.0], [0.0, 0.0, 1.0]]),
            (
                self.zx != 1.0 || self.zy != 1.0,
                [[self.zx, 0.0, 0.0], [0.0, self.zy, 0.0], [0.0, 0.0, 1.0]],
            ),
        ];
        let mut matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let mut moved = false;
        for (_, step) in steps.iter().filter(|(wanted, _)| *wanted) {
            matrix = if moved { product(&matrix, step) } else { *step };
            moved = true;
        }
        if moved {
            let [x, y] = [height / 2.0 - 0.5, width / 2.0 - 0.5];
            let there = [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]];
            let back = [[1.0, 0.0, -x], [0.0, 1.0, -y], [0.0, 0.0, 1.0]];
            matrix = product(&product(&there, &matrix), &back);
        }
        // Keras composes in (x, y); pictures are (row, column).
        let [[a, b, c], [d, e, f], _] = matrix;
        let [[a, b, c], [d, e, f]] = [[e, d, f], [b, a, c]];
        // What comes after, from its end: a place of the new picture is mirrored, moved by
        // the crop, and then goes through the map.
        let [down, across] = self.crop.map(f64::from);
        let (row_sign, row_from) =
            if self.flip_vertical { (-1.0, height - 1.0 + down) } else { (1.0, down) };
        let (column_sign, column_from) =
            if self.flip_horizontal { (-1.0, width - 1.0 + across) } else { (1.0, across) };
        [
            [a * row_sign, b * column_sign, c + a * row_from + b * column_from],
            [d * row_sign, e * column_sign, f + d * row_from + e * column_from],
        ]
    }
}

/// Coordinates are fixed-point numbers with 32 binary places: steps along a row add up
/// without error, and their whole part is a shift away.
const PLACES: u32 = 32;

fn fixed(value: f64) -> i64 {
    (value * (1i64 << PLACES) as f64).round() as i64
}

/// The part after the point, to 24 places.
fn fraction(at: i64) -> f32 {
    ((at as u32) >> 8) as f32 / (1 << 24) as f32
}

/// Takes every pixel of the new picture from its place in the old one, between four pixels.
fn warp<const C: usize>(
    pixels: &[u8],
    [height, width, _]: [usize; 3],
    matrix: &[[f64; 3]; 2],
    mode: FillMode,
    cval: f32,
    into: &mut Vec<f32>,
) {
    // Four values a pixel, of which `C` count: each is used some four times, and four go
    // through one vector instruction.
    let lane = |pixel: &[u8; C], at: usize| pixel.get(at).map_or(0.0, |&value| f32::from(value));
    let (pixels, _) = pixels.as_chunks::<C>();
    let pixels: Vec<Pixel> = pixels.iter().map(|p| std::array::from_fn(|at| lane(p, at))).collect();
    into.resize(height * width * C, cval);
    let (values, _) = into.as_chunks_mut::<C>();
    let [[a, b, c], [d, e, f]] = *matrix;
    let (down, across) = (fixed(b), fixed(e));
    for (row, values) in values.chunks_exact_mut(width).enumerate() {
        let mut y = fixed(a * row as f64 + c);
        let mut x = fixed(d * row as f64 + f);
        for value in values {
            // Negative places become numbers far above any side.
            let (top, left) = ((y >> PLACES) as usize, (x >> PLACES) as usize);
            let blended = if top < height - 1 && left < width - 1 {
                let at = top * width + left;
                let four = [at, at + 1, at + width, at + width + 1].map(|at| &pixels[at]);
                blend(four, fraction(y), fraction(x))
            } else if let (Some((top, bottom, down)), Some((left, right, across))) =
                (neighbours(y, height, mode), neighbours(x, width, mode))
            {
                let at = |row: usize, column: usize| &pixels[row * width + column];
                let four = [at(top, left), at(top, right), at(bottom, left), at(bottom, right)];
                blend(four, down, across)
            } else {
                [cval; 4]
            };
            value.copy_from_slice(&blended[..C]);
            y += down;
            x += across;
        }
    }
}

type Pixel = [f32; 4];

/// Bilinear interpolation: exact where all four are equal or both weights are 0.
fn blend([p, q, r, s]: [&Pixel; 4], down: f32, across: f32) -> Pixel {
    std::array::from_fn(|lane| {
        let top = p[lane] + (q[lane] - p[lane]) * across;
        let bottom = r[lane] + (s[lane] - r[lane]) * across;
        top + (bottom - top) * down
    })
}

/// The two pixels that a coordinate lies between, and how far it is from the first; `None`
/// beyond the edge where that has a value of its own. As SciPy's `map_coordinate`.
fn neighbours(at: i64, side: usize, mode: FillMode) -> Option<(usize, usize, f32)> {
    let last = ((side - 1) as i64) << PLACES;
    let at = match mode {
        _ if (0..=last).contains(&at) => at,
        FillMode::Constant => return None,
        FillMode::Nearest => at.clamp(0, last),
        FillMode::Wrap if last == 0 => 0,
        // The first and the last pixel share a place; which of them it shows depends on the
        // side that it is reached from.
        FillMode::Wrap if at < 0 => last - -at % last,
        FillMode::Wrap => at % last,
        FillMode::Reflect => {
            let mirror = |index: i64| {
                let index = index.rem_euclid(2 * side as i64) as usize;
                if index < side { index } else { 2 * side - 1 - index }
            };
            let first = at >> PLACES;
            return Some((mirror(first), mirror(first + 1), fraction(at)));
        }
    };
    let first = (at >> PLACES) as usize;
    Some((first, (first + 1).min(side - 1), fraction(at)))
}

/// Keras's `apply_channel_shift`.
fn shift_channels(values: &mut [f32], intensity: f32) {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in values {
        *value = (*value + intensity).max(low).min(high);
    }
}

/// Keras's `apply_brightness_shift`: the values become bytes, and Pillow multiplies and cuts
/// what is behind the point off.
fn brighten(values: &mut [f32], factor: f32) {
    for value in values {
        *value = f32::from((f32::from(*value as u8) * factor) as u8);
    }
}

/// ITU-R BT.601 luma, as Pillow's mode L before rounding.
fn luma(pixel: &[f32]) -> f32 {
    match pixel {
        [red, green, blue] => 0.299 * red + 0.587 * green + 0.114 * blue,
        _ => pixel[0],
    }
}

/// Brightness, contrast, saturation and hue in this order, each clipped to 0 to 255; Pillow's
/// formulas without its rounding.
fn jitter_colors(
    values: &mut [f32],
    channels: usize,
    [brightness, contrast, saturation, hue]: [f32; 4],
) {
    let away_from =
        |grey: f32, by: f32, value: f32| (grey + (1.0 + by) * (value - grey)).clamp(0.0, 255.0);
    if brightness != 0.0 {
        values.iter_mut().for_each(|value| *value = away_from(0.0, brightness, *value));
    }
    if contrast != 0.0 {
        // In single precision the sum over a large picture would lose its last places.
        let sum: f64 = values.chunks_exact(channels).map(|pixel| f64::from(luma(pixel))).sum();
        let mean = (sum / (values.len() / channels) as f64) as f32;
        values.iter_mut().for_each(|value| *value = away_from(mean, contrast, *value));
    }
    if channels != 3 || (saturation == 0.0 && hue == 0.0) {
        return;
    }
    for pixel in values.as_chunks_mut::<3>().0 {
        if saturation != 0.0 {
            let grey = luma(pixel);
            *pixel = pixel.map(|value| away_from(grey, saturation, value));
        }
        if hue != 0.0 {
            *pixel = turn_hue(*pixel, hue);
        }
    }
}

/// Turns a colour's hue by a share of the circle; its largest and smallest value stay.
fn turn_hue([red, green, blue]: [f32; 3], by: f32) -> [f32; 3] {
    let (most, least) = (red.max(green).max(blue), red.min(green).min(blue));
    let range = most - least;
    if range == 0.0 {
        return [red, green, blue];
    }
    // The hue in sixths of the circle, red at 0, green at 2, blue at 4.
    let hue = if most == red {
        (green - blue) / range
    } else if most == green {
        2.0 + (blue - red) / range
    } else {
        4.0 + (red - green) / range
    };
    let hue = (hue + 6.0 * by).rem_euclid(6.0);
    // A channel is largest within a sixth of its own hue and falls off beyond.
    [0.0, 2.0, 4.0].map(|own: f32| {
        let distance = (hue - own).abs();
        let distance = distance.min(6.0 - distance);
        least + range * (2.0 - distance).clamp(0.0, 1.0)
    })
}

/// The rows, or columns, of a square of this side about its centre, of so many that there are.
pub(crate) fn cut(centre: usize, side: usize, most: usize) -> Range<usize> {
    centre.saturating_sub(side / 2)..(centre + side).saturating_sub(side / 2).min(most)
}

/// Fills a square about a centre, cut off at the picture's edges.
fn cut_out(
    values: &mut [f32],
    [height, width, channels]: [usize; 3],
    [row, column]: [usize; 2],
    side: usize,
    cval: f32,
) {
    let columns = cut(column, side, width);
    for row in cut(row, side, height) {
        let row = row * width;
        values[(row + columns.start) * channels..(row + columns.end) * channels].fill(cval);
    }
}

/// A standard normal variate (Box and Muller 1958).
fn normal(stream: &mut Stream) -> f64 {
    let radius = (-2.0 * (1.0 - f64::from(stream.unit())).ln()).sqrt();
    radius * (std::f64::consts::TAU * f64::from(stream.unit())).cos()
}

/// A gamma variate of scale 1 (Marsaglia and Tsang 2000).
fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - f64::from(stream.unit())).powf(1.0 / shape);
        return boost * gamma(stream, shape + 1.0);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = normal(stream);
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 {
            let unit = 1.0 - f64::from(stream.unit());
            if unit.ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }
}
