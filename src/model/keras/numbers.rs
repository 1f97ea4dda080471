//! Python's arithmetic on numbers and texts, as far as it stays within 64 bits.
//!
//! What Python would refuse, or would take long for, gives a value that is not known.

use super::limits;
use super::value::Value;
use super::value::unknown;

/// How many numbers a range has.
pub(super) fn range_length(from: i64, to: i64, by: i64) -> i64 {
    let span = if by > 0 { to.saturating_sub(from) } else { from.saturating_sub(to) };
    let by = by.unsigned_abs().max(1);
    if span <= 0 { 0 } else { (span as u64).div_ceil(by).min(i64::MAX as u64) as i64 }
}

/// A text, unless it is too long to be meant.
pub(super) fn bounded(text: String) -> Value {
    if text.len() > limits::CHARACTERS { unknown("a long text") } else { Value::Text(text.into()) }
}

/// `str(value)`, for what models are named with.
pub(super) fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.1}")
        }
        Value::Float(number) => number.to_string(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::None => "None".into(),
        _ => return None,
    })
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Int(number) => Some(*number),
        _ => None,
    }
}

/// `-value`, `not value`, ...
pub(super) fn unary(operator: &str, value: &Value) -> Value {
    match (operator, value) {
        ("-", Value::Int(number)) => number.checked_neg().map(Value::Int),
        ("-", Value::Float(number)) => Some(Value::Float(-number)),
        ("+", Value::Int(_) | Value::Float(_)) => Some(value.clone()),
        ("~", Value::Int(number)) => Some(Value::Int(!number)),
        ("not", Value::Bool(flag)) => Some(Value::Bool(!flag)),
        ("not", Value::None) => Some(Value::Bool(true)),
        ("not", Value::Int(number)) => Some(Value::Bool(*number == 0)),
        ("not", Value::Text(text)) => Some(Value::Bool(text.is_empty())),
        _ => None,
    }
    .unwrap_or_else(|| unknown("a sum with something that is not known"))
}

/// An operator between numbers or texts.
pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Value {
    if let (Value::Text(one), Value::Text(two)) = (left, right) {
        return match operator {
            "+" => bounded(format!("{one}{two}")),
            "in" => Value::Bool(two.contains(&**one)),
            "not in" => Value::Bool(!two.contains(&**one)),
            _ => compare(operator, one.cmp(two)).unwrap_or_else(|| unknown("a text")),
        };
    }
    if let ("*", Value::Text(text), Value::Int(times))
    | ("*", Value::Int(times), Value::Text(text)) = (operator, left, right)
    {
        let times = usize::try_from(*times).unwrap_or(0);
        let long = text.len().saturating_mul(times) > limits::CHARACTERS;
        return if long { unknown("a long text") } else { Value::Text(text.repeat(times).into()) };
    }
    if let (Some(one), Some(two)) = (whole(left), whole(right))
        && let Some(value) = integers(operator, one, two)
    {
        return value;
    }
    if let (Some(one), Some(two)) = (number(left), number(right))
        && let Some(value) = floats(operator, one, two)
    {
        return value;
    }
    // Different kinds of known values are different.
    let known = |value: &Value| {
        matches!(
            value,
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_)
        )
    };
    if known(left) && known(right) {
        match operator {
            "==" => return Value::Bool(left == right),
            "!=" => return Value::Bool(left != right),
            _ => {}
        }
    }
    match (left, right) {
        (Value::Unknown(what), _) | (_, Value::Unknown(what)) => {
            unknown(format!("a sum with {what}"))
        }
        _ => unknown("a sum that cannot be worked out"),
    }
}

fn compare(operator: &str, order: std::cmp::Ordering) -> Option<Value> {
    Some(Value::Bool(match operator {
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        ">=" => order.is_ge(),
        _ => return None,
    }))
}

fn integers(operator: &str, one: i64, two: i64) -> Option<Value> {
    let power = || u32::try_from(two).ok().and_then(|two| one.checked_pow(two));
    let floor = |one: i64, two: i64| {
        let quotient = one.checked_div(two)?;
        Some(quotient - i64::from(one % two != 0 && (one < 0) != (two < 0)))
    };
    match operator {
        "+" => one.checked_add(two).map(Value::Int),
        "-" => one.checked_sub(two).map(Value::Int),
        "*" => one.checked_mul(two).map(Value::Int),
        "//" => floor(one, two).map(Value::Int),
        "%" => floor(one, two)
            .and_then(|quotient| one.checked_sub(quotient.checked_mul(two)?).map(Value::Int)),
        "**" if two >= 0 => {
            Some(power().map_or_else(|| unknown("a very large number"), Value::Int))
        }
        "<<" => u32::try_from(two)
            .ok()
            .filter(|two| *two < 32 && one.unsigned_abs() < 1 << 31)
            .map(|two| Value::Int(one << two)),
        ">>" => u32::try_from(two).ok().filter(|two| *two < 64).map(|two| Value::Int(one >> two)),
        "&" => Some(Value::Int(one & two)),
        "|" => Some(Value::Int(one | two)),
        "^" => Some(Value::Int(one ^ two)),
        _ => compare(operator, one.cmp(&two)),
    }
}

fn floats(operator: &str, one: f64, two: f64) -> Option<Value> {
    let value = match operator {
        "+" => one + two,
        "-" => one - two,
        "*" => one * two,
        "/" if two != 0.0 => one / two,
        "//" if two != 0.0 => (one / two).floor(),
        "%" if two != 0.0 => one - (one / two).floor() * two,
        "**" => one.powf(two),
        "==" | "!=" | "<" | "<=" | ">" | ">=" => {
            return one.partial_cmp(&two).and_then(|order| compare(operator, order));
        }
        _ => return None,
    };
    Some(Value::Float(value))
}

/// `"conv%d" % 3`.
pub(super) fn percent(text: &str, values: &[Value]) -> Value {
    fill(text, values, |rest| {
        ["%d", "%s", "%i"].iter().any(|mark| rest.starts_with(mark)).then_some(2)
    })
}

/// `"conv{}".format(3)`.
pub(super) fn format(text: &str, values: &[Value]) -> Value {
    fill(text, values, |rest| rest.starts_with("{}").then_some(2))
}

fn fill(text: &str, values: &[Value], mark: impl Fn(&str) -> Option<usize>) -> Value {
    let mut whole = String::new();
    let mut values = values.iter();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if let Some(length) = mark(rest) {
            let Some(value) = values.next().and_then(self::text) else {
                return unknown("a formatted text");
            };
            whole.push_str(&value);
            rest = &rest[length..];
        } else if matches!(letter, '%' | '{' | '}') {
            return unknown("a formatted text");
        } else {
            whole.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
        if whole.len() > limits::CHARACTERS {
            break;
        }
    }
    bounded(whole)
}

/// `items[from:to:by]`.
pub(super) fn slice(items: &[Value], [from, to, by]: [Option<i64>; 3]) -> Vec<Value> {
    let length = items.len() as i64;
    let by = by.unwrap_or(1);
    let place = |bound: i64| {
        let bound = if bound < 0 { bound.saturating_add(length) } else { bound };
        bound.clamp(if by < 0 { -1 } else { 0 }, if by < 0 { length - 1 } else { length })
    };
    let (first, last) = if by < 0 { (length - 1, -1) } else { (0, length) };
    let (from, to) = (from.map_or(first, place), to.map_or(last, place));
    let mut part = Vec::new();
    let mut at = from;
    while by > 0 && at < to || by < 0 && at > to {
        if let Some(item) = usize::try_from(at).ok().and_then(|at| items.get(at)) {
            part.push(item.clone());
        }
        at = at.saturating_add(by);
    }
    part
}
