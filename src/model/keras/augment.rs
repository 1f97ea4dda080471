//! Keras's random layers and `ImageDataGenerator` -> the lab's augmentation.

use serde_json::{Map, Value as Json, json};

use super::argument::{Arg, Given};
use super::graph::Finished;
use super::shapes::Shape;
use crate::error::{Error, Result};

/// Turns a random layer into augmentation; says whether the ZeroPadding2D of so many pixels
/// before it belongs to it. `shape` is what goes into the layer.
pub(super) fn layer(
    class: &str,
    options: &Map<String, Json>,
    border: Option<u64>,
    shape: Option<Shape>,
    finished: &mut Finished,
) -> Result<bool> {
    let wrong = |field: &str, what: &str| {
        Error::model_text(format!("{field} is {what}; it is {}.", options[field])).field(field)
    };
    // A number for both directions, or a pair of bounds.
    let bounds = |field: &str| -> Result<Option<[f64; 2]>> {
        Ok(match &options[field] {
            Json::Null => None,
            Json::Number(number) => number.as_f64().map(|number| [-number, number]),
            Json::Array(pair) => match (pair.first(), pair.get(1), pair.len()) {
                (Some(low), Some(high), 2) if low.is_number() && high.is_number() => {
                    Some([low.as_f64().unwrap_or(0.0), high.as_f64().unwrap_or(0.0)])
                }
                _ => return Err(wrong(field, "a number or a pair of numbers")),
            },
            _ => return Err(wrong(field, "a number or a pair of numbers")),
        })
    };
    let given = |field: &str| {
        let missing = || Error::model_text(format!("{field} is needed.")).field(field);
        bounds(field)?.ok_or_else(missing)
    };
    let mut notes: Vec<String> = Vec::new();
    let mut set: Vec<(&str, Json)> = Vec::new();
    // The lab knows ranges that are the same either way.
    let either_way = |field: &str, [low, high]: [f64; 2], notes: &mut Vec<String>| {
        let range = low.abs().max(high.abs());
        if low != -high {
            notes.push(format!("{class}'s {field} is read as up to {range} either way."));
        }
        range
    };
    match class {
        "RandomFlip" => match options["mode"].as_str() {
            Some("horizontal") => set.push(("horizontal_flip", json!(true))),
            Some("vertical") => set.push(("vertical_flip", json!(true))),
            Some("horizontal_and_vertical") => {
                set.push(("horizontal_flip", json!(true)));
                set.push(("vertical_flip", json!(true)));
            }
            _ => return Err(wrong("mode", "horizontal, vertical or horizontal_and_vertical")),
        },
        "RandomRotation" => {
            // A share of the full circle.
            let range = either_way("factor", given("factor")?, &mut notes);
            set.push(("rotation_range", json!((range * 360.0).min(360.0))));
        }
        "RandomZoom" => {
            let [low, high] = given("height_factor")?;
            let [low, high] = [1.0 + low, 1.0 + high];
            if low <= 0.0 {
                return Err(wrong("height_factor", "above -1"));
            }
            if bounds("width_factor")?.is_none() {
                notes.push("RandomZoom keeps the sides' ratio in Keras; here both sides zoom on their own.".into());
            }
            set.push(("zoom_range", json!([low, high])));
        }
        "RandomTranslation" => {
            for (field, ours) in
                [("height_factor", "height_shift_range"), ("width_factor", "width_shift_range")]
            {
                let range = either_way(field, given(field)?, &mut notes);
                if range >= 1.0 {
                    return Err(wrong(field, "below 1"));
                }
                set.push((ours, json!(range)));
            }
        }
        "RandomContrast" => {
            let range = either_way("factor", given("factor")?, &mut notes);
            notes.push("RandomContrast is the color_jitter of contrast here, about the mean grey of all channels.".into());
            set.push(("color_jitter", json!({"contrast": range.min(1.0)})));
        }
        "RandomBrightness" => {
            let range = either_way("factor", given("factor")?, &mut notes);
            notes.push("RandomBrightness is channel_shift_range here, clipped to the picture's own darkest and lightest value.".into());
            set.push(("channel_shift_range", json!((range * 255.0).min(255.0))));
        }
        _ => {
            let size = [&options["height"], &options["width"]].map(|size| size.as_u64());
            let Some(Shape::Image([height, width, _])) = shape else {
                return Err(Error::model_text(
                    "RandomCrop needs a known input shape to be read; use random_crop in the \
                     augmentation instead.",
                ));
            };
            match border {
                Some(border) if size == [Some(height - 2 * border), Some(width - 2 * border)] => {
                    set.push(("random_crop", json!(border)));
                    put(set, finished);
                    return Ok(true);
                }
                None if size == [Some(height), Some(width)] => {}
                _ => {
                    return Err(Error::model_text(
                        "RandomCrop to another size than the pictures' is not known here, but \
                         for the crop that follows a ZeroPadding2D and restores the size.",
                    ));
                }
            }
        }
    }
    if ["RandomRotation", "RandomZoom", "RandomTranslation"].contains(&class) {
        let mode = options["fill_mode"].as_str().unwrap_or_default();
        if !["reflect", "wrap", "constant", "nearest"].contains(&mode) {
            return Err(wrong("fill_mode", "reflect, wrap, constant or nearest"));
        }
        if let Some(before) = finished.augmentation.get("fill_mode")
            && before != mode
        {
            notes.push(format!("One fill_mode holds for all: {mode}."));
        }
        set.push(("fill_mode", json!(mode)));
        if mode == "constant" {
            set.push(("cval", options["fill_value"].clone()));
        }
        let once = "Turning, zooming and shifting are one step here and several in Keras, so \
                    borders may look otherwise.";
        if !finished.notes.iter().any(|note| note == once) {
            notes.push(once.into());
        }
    }
    put(set, finished);
    finished.notes.extend(notes);
    let what = "Random layers are the augmentation here: they act in training only.";
    if !finished.notes.iter().any(|note| note == what) {
        finished.notes.push(what.into());
    }
    Ok(false)
}

fn put(set: Vec<(&str, Json)>, finished: &mut Finished) {
    for (name, value) in set {
        finished.augmentation.insert(name.into(), value);
    }
}

/// The arguments of `ImageDataGenerator`, in Keras's order.
const GENERATOR: &[&str] = &[
    "featurewise_center",
    "samplewise_center",
    "featurewise_std_normalization",
    "samplewise_std_normalization",
    "zca_whitening",
    "zca_epsilon",
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "brightness_range",
    "shear_range",
    "zoom_range",
    "channel_shift_range",
    "fill_mode",
    "cval",
    "horizontal_flip",
    "vertical_flip",
    "rescale",
    "preprocessing_function",
    "data_format",
    "validation_split",
    "interpolation_order",
    "dtype",
];

/// What an `ImageDataGenerator` asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Generator {
    pub augmentation: Map<String, Json>,
    pub validation_split: Option<f64>,
    pub notes: Vec<String>,
    /// Whether it draws anything: the one for training does.
    pub random: bool,
}

/// Whether a function is one that brings values to -1 to 1, which is done in front of a base.
fn symmetric(arg: &Arg) -> bool {
    matches!(arg, Arg::Path(path) if super::pretrained::is_symmetric(path))
}

/// Reads the arguments of `ImageDataGenerator`, whose names are the lab's own.
///
/// # Errors
/// `model-text` naming the argument that is not known or has no known value.
pub(super) fn generator(given: Given) -> Result<Generator> {
    let mut read = Generator::default();
    for (name, arg) in given.by_name(GENERATOR)? {
        match name.as_str() {
            "preprocessing_function" if symmetric(&arg) => {}
            "preprocessing_function" if arg != Arg::None => read.notes.push(
                "preprocessing_function of ImageDataGenerator is left out: no code is run.".into(),
            ),
            "validation_split" => read.validation_split = arg.number().filter(|part| *part > 0.0),
            "preprocessing_function" | "data_format" | "interpolation_order" | "dtype" => {}
            known if GENERATOR.contains(&known) => {
                let mut value = arg.json(known)?;
                if value.is_null() {
                    continue;
                }
                // Booleans are also written as 0 and 1.
                let flag = known.ends_with("_flip")
                    || known.ends_with("_center")
                    || known.ends_with("_normalization")
                    || known == "zca_whitening";
                if let (true, Some(number)) = (flag, value.as_f64()) {
                    value = json!(number != 0.0);
                }
                let nothing = value == json!(false) || value.as_f64() == Some(0.0);
                let draws = ["_range", "_flip"].iter().any(|end| known.ends_with(end));
                if nothing && (draws || flag) {
                    continue;
                }
                read.random |= draws;
                read.augmentation.insert(name, value);
            }
            _ => {
                return Err(
                    Error::model_text(format!("ImageDataGenerator has no {name}.")).field(name)
                );
            }
        }
    }
    Ok(read)
}
