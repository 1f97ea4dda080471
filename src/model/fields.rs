//! Reads the fields of a JSON object one by one, with errors that name the field, and at
//! the end refuses what nobody asked for.

use std::ops::Range;

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// The name of `value` in a table of names.
pub(crate) fn name_of<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> &'static str {
    names.iter().find(|(_, known)| known == value).map_or("", |(name, _)| name)
}

/// No size in a spec may pass this; it keeps every product of sizes within 64 bits.
const LARGEST_SIZE: u64 = 1 << 20;

/// No number in a spec may be larger: its square is still a 32-bit float.
pub(crate) const LARGEST_NUMBER: f64 = 1e18;

/// The fields of one object that have not been read yet, and the names asked for so far.
pub(crate) struct Fields(Map<String, Value>, Vec<String>);

impl Fields {
    pub(crate) fn new(map: Map<String, Value>) -> Self {
        Self(map, Vec::new())
    }

    /// Takes a field out, whatever it is.
    pub(crate) fn take(&mut self, field: &str) -> Option<Value> {
        self.1.push(field.to_owned());
        self.0.remove(field)
    }

    /// Takes a field that is there and not null.
    fn given(&mut self, field: &str) -> Option<Value> {
        self.take(field).filter(|value| !value.is_null())
    }

    /// A whole number of at least 1, or `default`.
    pub(crate) fn count(&mut self, field: &str, default: Option<usize>) -> Result<usize> {
        match (self.given(field), default) {
            (Some(value), _) => size(&value, field),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(missing(field)),
        }
    }

    /// One whole number of at least 1 for both directions, or a pair, height first.
    pub(crate) fn pair(&mut self, field: &str, default: Option<[usize; 2]>) -> Result<[usize; 2]> {
        match (self.given(field), default) {
            (Some(Value::Array(values)), _) => match values.as_slice() {
                [height, width] => Ok([size(height, field)?, size(width, field)?]),
                _ => Err(Error::spec(format!(
                    "{field} is one number or a pair [height, width]; it has {} values.",
                    values.len()
                ))
                .field(field)),
            },
            (Some(value), _) => size(&value, field).map(|size| [size, size]),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(missing(field)),
        }
    }

    /// Zeros around a picture, `[[top, bottom], [left, right]]`: one number for all sides, a pair
    /// of numbers for above and below, left and right, or a pair of pairs. One all round unless
    /// given.
    pub(crate) fn border(&mut self, field: &str) -> Result<[[usize; 2]; 2]> {
        let Some(value) = self.given(field) else { return Ok([[1, 1], [1, 1]]) };
        let side = |value: &Value| match value {
            Value::Array(values) => match values.as_slice() {
                [before, after] => Some([whole(before)?, whole(after)?]),
                _ => None,
            },
            value => whole(value).map(|both| [both, both]),
        };
        let border = match &value {
            Value::Array(values) => match values.as_slice() {
                [rows, columns] => side(rows).zip(side(columns)).map(<[_; 2]>::from),
                _ => None,
            },
            value => side(value).map(|all| [all, all]),
        };
        border.ok_or_else(|| {
            Error::spec(format!(
                "{field} is a whole number from 0 to {LARGEST_SIZE}, a pair of them or \
                 [[top, bottom], [left, right]]; it is {value}."
            ))
            .field(field)
        })
    }

    /// Height, width and channels; the channels are 1 (greyscale) or 3 (colour).
    pub(crate) fn input_shape(&mut self, field: &str) -> Result<[usize; 3]> {
        let wrong = || {
            Error::spec("input_shape is [height, width, channels], such as [28, 28, 1].")
                .field(field)
        };
        let Some(Value::Array(values)) = self.given(field) else { return Err(wrong()) };
        let [height, width, channels] = values.as_slice() else { return Err(wrong()) };
        let shape = [size(height, field)?, size(width, field)?, size(channels, field)?];
        if !matches!(shape[2], 1 | 3) {
            return Err(Error::spec(format!(
                "Pictures have 1 channel (greyscale) or 3 (colour); {} is neither.",
                shape[2]
            ))
            .field(field));
        }
        Ok(shape)
    }

    /// A number within `range` (its end excluded), or `default`.
    pub(crate) fn number(
        &mut self,
        field: &str,
        default: Option<f64>,
        range: Range<f64>,
    ) -> Result<f64> {
        let value = match (self.given(field), default) {
            (Some(value), _) => value,
            (None, Some(default)) => return Ok(default),
            (None, None) => return Err(missing(field)),
        };
        match value.as_f64() {
            Some(number) if range.contains(&number) => Ok(number),
            _ if range.end.is_infinite() => Err(Error::spec(format!(
                "{field} is a number of at least {}; it is {value}.",
                range.start
            ))
            .field(field)),
            _ => Err(Error::spec(format!(
                "{field} is a number from {} up to, but not including, {}; it is {value}.",
                range.start, range.end
            ))
            .field(field)),
        }
    }

    /// A number from `low` to `high`, both included, or `default`.
    pub(crate) fn between(
        &mut self,
        field: &str,
        default: Option<f64>,
        low: f64,
        high: f64,
    ) -> Result<f64> {
        match (self.given(field), default) {
            (Some(value), _) => number_between(&value, field, low, high),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(missing(field)),
        }
    }

    /// A number from `low` to `high`, or none.
    pub(crate) fn optional(&mut self, field: &str, low: f64, high: f64) -> Result<Option<f64>> {
        self.given(field).map(|value| number_between(&value, field, low, high)).transpose()
    }

    /// One number from `low` to `high`, or a list of them.
    pub(crate) fn numbers(&mut self, field: &str, low: f64, high: f64) -> Result<Vec<f64>> {
        match self.given(field) {
            None => Err(missing(field)),
            Some(Value::Array(values)) if !values.is_empty() => {
                values.iter().map(|value| number_between(value, field, low, high)).collect()
            }
            Some(value) => Ok(vec![number_between(&value, field, low, high)?]),
        }
    }

    /// true or false, or `default`.
    pub(crate) fn flag(&mut self, field: &str, default: bool) -> Result<bool> {
        match self.given(field) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(value) => {
                Err(Error::spec(format!("{field} is true or false; it is {value}.")).field(field))
            }
        }
    }

    /// One of the names, or `default`.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        field: &str,
        names: &[(&'static str, T)],
        default: T,
    ) -> Result<T> {
        if matches!(self.0.get(field), None | Some(Value::Null)) {
            self.take(field);
            return Ok(default);
        }
        self.choice_required(field, names)
    }

    /// One of the names.
    pub(crate) fn choice_required<T: Copy>(
        &mut self,
        field: &str,
        names: &[(&'static str, T)],
    ) -> Result<T> {
        let value = self.given(field).ok_or_else(|| missing(field))?;
        let known = names.iter().find(|(name, _)| value.as_str() == Some(name));
        known.map(|(_, choice)| *choice).ok_or_else(|| {
            let list: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            Error::spec(format!("{field} is one of {}; it is {value}.", list.join(", ")))
                .field(field)
        })
    }

    /// Refuses any field that was not read, and lists those that were asked for.
    pub(crate) fn done(self) -> Result<()> {
        let asked = self.1.clone();
        self.finish(&asked.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Refuses any field that was not read; `known` is listed in the error.
    pub(crate) fn finish(self, known: &[&str]) -> Result<()> {
        let Some(field) = self.0.keys().next() else { return Ok(()) };
        let hint = if known.is_empty() {
            "It takes no options.".to_owned()
        } else {
            format!("Known here: {}.", known.join(", "))
        };
        Err(Error::spec(format!("There is no option {field}. {hint}")).field(field))
    }
}

fn missing(field: &str) -> Error {
    Error::spec(format!("{field} is missing; it has no default.")).field(field)
}

fn number_between(value: &Value, field: &str, low: f64, high: f64) -> Result<f64> {
    value.as_f64().filter(|number| (low..=high).contains(number)).ok_or_else(|| {
        let bounds = match (low, high) {
            (low, high) if low <= -LARGEST_NUMBER && high >= LARGEST_NUMBER => String::new(),
            (low, high) if high >= LARGEST_NUMBER => format!(" of at least {low}"),
            (low, high) => format!(" from {low} to {high}"),
        };
        Error::spec(format!("{field} is a number{bounds}; it is {value}.")).field(field)
    })
}

/// A whole number from 0 to the largest size.
fn whole(value: &Value) -> Option<usize> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0)?;
    (number <= LARGEST_SIZE as f64).then_some(number as usize)
}

fn size(value: &Value, field: &str) -> Result<usize> {
    // Whole numbers may be written as 3.0: JavaScript does not tell the two apart.
    let number = value.as_u64().or_else(|| {
        value.as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0).map(|n| n as u64)
    });
    match number {
        Some(0) => Err(Error::spec(format!("{field} must be at least 1; it is 0.")).field(field)),
        Some(number) if number <= LARGEST_SIZE => Ok(number as usize),
        Some(number) => Err(Error::spec(format!(
            "{field} is {number}, which is more than a browser can hold; the limit is {LARGEST_SIZE}."
        ))
        .field(field)),
        None => {
            Err(Error::spec(format!("{field} is a whole number of at least 1; it is {value}."))
                .field(field))
        }
    }
}
