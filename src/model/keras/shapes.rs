//! Output shapes and parameter counts from the JSON of a layer, by Keras's rules.
//!
//! Reading asks for `x.shape` in a lesson's own functions, and the writers of PyTorch and Burn
//! need what those do not work out themselves. It needs no tensors and no typed spec.

use serde_json::{Map, Value as Json};

use crate::error::{Error, Result};

/// The shape of one example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Height, width and channels.
    Image([u64; 3]),
    /// A vector of this length.
    Vector(u64),
}

impl Shape {
    /// Sizes, last axis last.
    pub fn sizes(&self) -> Vec<u64> {
        match self {
            Self::Image(sizes) => sizes.to_vec(),
            Self::Vector(length) => vec![*length],
        }
    }

    /// The last axis: channels, or the length.
    pub fn channels(&self) -> u64 {
        match self {
            Self::Image([_, _, channels]) => *channels,
            Self::Vector(length) => *length,
        }
    }
}

/// No size may pass this, so that products stay within 64 bits.
const LARGEST: u64 = 1 << 20;

/// A whole number of at least 1.
pub(crate) fn size(options: &Map<String, Json>, field: &str) -> Result<u64> {
    options.get(field).and_then(as_size).ok_or_else(|| {
        Error::spec(format!("{field} is a whole number of at least 1.")).field(field)
    })
}

fn as_size(value: &Json) -> Option<u64> {
    let number = value.as_f64()?;
    (number >= 1.0 && number.fract() == 0.0 && number <= LARGEST as f64).then_some(number as u64)
}

/// One number for both directions or a pair, height first.
pub(crate) fn pair(options: &Map<String, Json>, field: &str) -> Result<[u64; 2]> {
    let both = match options.get(field) {
        Some(Json::Array(items)) => match items.as_slice() {
            [one, two] => as_size(one).zip(as_size(two)),
            _ => None,
        },
        Some(value) => as_size(value).map(|size| (size, size)),
        None => None,
    };
    both.map(|(one, two)| [one, two]).ok_or_else(|| {
        Error::spec(format!("{field} is a whole number of at least 1, or a pair of them."))
            .field(field)
    })
}

/// Zeros above, below, left and right, of a normalised ZeroPadding2D.
pub(crate) fn borders(options: &Map<String, Json>) -> Result<[u64; 4]> {
    let read = || {
        let [rows, columns] = options.get("padding")?.as_array()?.as_slice() else { return None };
        let mut all = [0; 4];
        for (at, value) in
            [rows.get(0)?, rows.get(1)?, columns.get(0)?, columns.get(1)?].into_iter().enumerate()
        {
            let number = value.as_f64()?;
            if !(0.0..=1024.0).contains(&number) || number.fract() != 0.0 {
                return None;
            }
            all[at] = number as u64;
        }
        Some(all)
    };
    read().ok_or_else(|| {
        Error::spec("padding is a whole number, a pair, or [[top, bottom], [left, right]].")
            .field("padding")
    })
}

/// Zeros before and after, for `same` as TensorFlow has it: the odd one at the end.
pub(crate) fn same_padding(input: u64, window: u64, stride: u64) -> (u64, u64) {
    let outputs = input.div_ceil(stride);
    let total = ((outputs - 1) * stride + window).saturating_sub(input);
    (total / 2, total - total / 2)
}

/// Whether the padding is `same`.
pub(crate) fn is_same(options: &Map<String, Json>) -> Result<bool> {
    match options.get("padding").and_then(Json::as_str) {
        Some("same") => Ok(true),
        Some("valid") => Ok(false),
        _ => Err(Error::spec("padding is \"valid\" or \"same\".").field("padding")),
    }
}

fn flag(options: &Map<String, Json>, field: &str) -> bool {
    options.get(field).and_then(Json::as_bool).unwrap_or(false)
}

fn image(input: Shape) -> Result<[u64; 3]> {
    match input {
        Shape::Image(sizes) => Ok(sizes),
        Shape::Vector(length) => Err(Error::spec(format!(
            "this layer takes pictures, but its input is a vector of {length}."
        ))
        .field("layer")),
    }
}

fn window(
    [height, width, _]: [u64; 3],
    options: &Map<String, Json>,
    field: &str,
) -> Result<[u64; 2]> {
    let (kernel, strides) = (pair(options, field)?, pair(options, "strides")?);
    let dilation = if options.contains_key("dilation_rate") {
        pair(options, "dilation_rate")?
    } else {
        [1, 1]
    };
    let same = is_same(options)?;
    let mut sizes = [height, width];
    for axis in 0..2 {
        let reach = (kernel[axis] - 1) * dilation[axis] + 1;
        sizes[axis] = if same {
            sizes[axis].div_ceil(strides[axis])
        } else if reach <= sizes[axis] {
            (sizes[axis] - reach) / strides[axis] + 1
        } else {
            return Err(Error::spec(format!(
                "a window of {reach} does not fit into {}.",
                sizes[axis]
            ))
            .field(field));
        };
    }
    Ok(sizes)
}

/// The output shape of a layer with normalised options.
///
/// # Errors
/// `spec` naming the field at fault.
pub(crate) fn output(class: &str, options: &Map<String, Json>, inputs: &[Shape]) -> Result<Shape> {
    let first = *inputs.first().ok_or_else(|| Error::spec("the layer has no input."))?;
    let bounded = |sizes: [u64; 3]| {
        if sizes.iter().any(|size| *size > LARGEST) {
            return Err(Error::spec("the output is larger than a browser can hold."));
        }
        Ok(Shape::Image(sizes))
    };
    Ok(match class {
        "Conv2D" | "SeparableConv2D" => {
            let [height, width] = window(image(first)?, options, "kernel_size")?;
            Shape::Image([height, width, size(options, "filters")?])
        }
        "DepthwiseConv2D" => {
            let input = image(first)?;
            let [height, width] = window(input, options, "kernel_size")?;
            bounded([height, width, input[2] * size(options, "depth_multiplier")?])?
        }
        "MaxPooling2D" | "AveragePooling2D" => {
            let input = image(first)?;
            let [height, width] = window(input, options, "pool_size")?;
            Shape::Image([height, width, input[2]])
        }
        "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => {
            let [_, _, channels] = image(first)?;
            if flag(options, "keepdims") {
                Shape::Image([1, 1, channels])
            } else {
                Shape::Vector(channels)
            }
        }
        "Flatten" => {
            let length = first.sizes().into_iter().try_fold(1u64, u64::checked_mul);
            match length {
                Some(length) if length < u64::from(u32::MAX) => Shape::Vector(length),
                _ => return Err(Error::spec("the output is larger than a browser can hold.")),
            }
        }
        "Dense" => match first {
            Shape::Vector(_) => Shape::Vector(size(options, "units")?),
            Shape::Image([height, width, channels]) => {
                return Err(Error::spec(format!(
                    "Dense takes a vector, but its input is {height} x {width} x {channels}. Put \
                     a Flatten layer before it."
                ))
                .field("layer"));
            }
        },
        "ZeroPadding2D" => {
            let [height, width, channels] = image(first)?;
            let [top, bottom, left, right] = borders(options)?;
            bounded([height + top + bottom, width + left + right, channels])?
        }
        "UpSampling2D" => {
            let [height, width, channels] = image(first)?;
            let [rows, columns] = pair(options, "size")?;
            bounded([height * rows, width * columns, channels])?
        }
        "Add" | "Concatenate" => {
            let mut whole = first;
            for other in &inputs[1..] {
                whole = match (class, whole, *other) {
                    ("Add", one, two) if one == two => one,
                    ("Concatenate", Shape::Vector(one), Shape::Vector(two))
                        if one + two < u64::from(u32::MAX) =>
                    {
                        Shape::Vector(one + two)
                    }
                    ("Concatenate", Shape::Image(one), Shape::Image(two))
                        if one[..2] == two[..2] =>
                    {
                        bounded([one[0], one[1], one[2] + two[2]])?
                    }
                    (_, one, two) => {
                        return Err(Error::spec(format!(
                            "the inputs' shapes {:?} and {:?} do not fit together.",
                            one.sizes(),
                            two.sizes()
                        ))
                        .field("inputs"));
                    }
                };
            }
            whole
        }
        _ => first,
    })
}

/// Parameters of a layer with normalised options: trainable, and not.
///
/// # Errors
/// `spec` naming the field at fault.
pub(crate) fn params(class: &str, options: &Map<String, Json>, input: Shape) -> Result<[u64; 2]> {
    let channels = input.channels();
    let bias = |units: u64| if flag(options, "use_bias") { units } else { 0 };
    Ok(match class {
        "Conv2D" => {
            let [rows, columns] = pair(options, "kernel_size")?;
            let filters = size(options, "filters")?;
            let groups = size(options, "groups")?;
            if !channels.is_multiple_of(groups) || !filters.is_multiple_of(groups) {
                return Err(Error::spec(format!(
                    "groups must divide the {channels} channels and the {filters} filters."
                ))
                .field("groups"));
            }
            let kernel = (rows * columns).saturating_mul(channels / groups).saturating_mul(filters);
            [kernel.saturating_add(bias(filters)), 0]
        }
        "DepthwiseConv2D" => {
            let [rows, columns] = pair(options, "kernel_size")?;
            let filters = channels * size(options, "depth_multiplier")?;
            [(rows * columns).saturating_mul(filters).saturating_add(bias(filters)), 0]
        }
        "SeparableConv2D" => {
            let [rows, columns] = pair(options, "kernel_size")?;
            let between = channels * size(options, "depth_multiplier")?;
            let filters = size(options, "filters")?;
            let depthwise = (rows * columns).saturating_mul(between);
            let pointwise = between.saturating_mul(filters);
            [depthwise.saturating_add(pointwise).saturating_add(bias(filters)), 0]
        }
        "Dense" => {
            let units = size(options, "units")?;
            [channels.saturating_mul(units).saturating_add(bias(units)), 0]
        }
        "BatchNormalization" => {
            let count = u64::from(flag(options, "center")) + u64::from(flag(options, "scale"));
            [count * channels, 2 * channels]
        }
        _ => [0, 0],
    })
}
