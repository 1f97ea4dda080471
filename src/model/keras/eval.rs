//! Expressions -> values, with what lessons compute by the way: sums, tuples, `range`.
//!
//! What is not known becomes [`Value::Unknown`] with words that say so; it is an error only
//! where a model needs it. Nothing here runs: there are numbers, texts and lists, and the
//! calls that `library.rs` knows.

use std::rc::Rc;

use super::argument::{Arg, Given, Made};
use super::interpreter::Interpreter;
use super::limits;
use super::shapes::Shape;
use super::syntax::{Argument, Expr, ExprKind};
use super::value::{Arguments, BUILTINS, MadeOf, REFUSED, Value, by_habit, unknown};
use super::{classes, numbers, pretrained};
use crate::error::{Error, Result};

impl Interpreter<'_> {
    /// The value of an expression.
    ///
    /// # Errors
    /// `model-text` with the line where it concerns a model and is not understood, or where a
    /// limit is passed.
    pub fn eval(&mut self, expr: &Expr) -> Result<Value> {
        self.step(expr.line)?;
        self.enter(expr.line)?;
        let value = self.eval_kind(expr);
        self.depth -= 1;
        value
    }

    fn eval_kind(&mut self, expr: &Expr) -> Result<Value> {
        let line = expr.line;
        Ok(match &expr.kind {
            ExprKind::None => Value::None,
            ExprKind::Bool(flag) => Value::Bool(*flag),
            ExprKind::Int(number) => Value::Int(*number),
            ExprKind::Float(number) => Value::Float(*number),
            ExprKind::Text(text) => Value::Text(text.clone()),
            ExprKind::Name(name) => self.name(name, line)?,
            ExprKind::Other(what) => unknown(what),
            ExprKind::Starred(inner) => self.eval(inner)?,
            ExprKind::Attribute(of, name) => {
                let of = self.eval(of)?;
                self.attribute(of, name, line)?
            }
            ExprKind::Call(function, arguments) => self.eval_call(function, arguments, line)?,
            ExprKind::Index(of, index) => self.eval_index(of, index)?,
            ExprKind::Slice(_) => unknown("a slice"),
            ExprKind::Tuple(items) => {
                let items = self.eval_items(items)?;
                self.tuple(items, line)?
            }
            ExprKind::List(items) => {
                let items = self.eval_items(items)?;
                self.list(items, line)?
            }
            ExprKind::Dict(pairs) => self.eval_dict(pairs)?,
            ExprKind::Formatted(pieces) => self.eval_formatted(pieces)?,
            ExprKind::Unary(operator, inner) => {
                let inner = self.eval(inner)?;
                numbers::unary(operator, &inner)
            }
            ExprKind::Binary(operator, left, right) => {
                self.eval_binary(operator, left, right, line)?
            }
            ExprKind::Choice(condition, then, otherwise) => {
                let condition = self.eval(condition)?;
                match self.truth(&condition) {
                    Some(true) => self.eval(then)?,
                    Some(false) => self.eval(otherwise)?,
                    None => unknown("one of two values, by a condition that is not known"),
                }
            }
            ExprKind::Comprehension { element, target, over, only } => {
                self.eval_comprehension(element, target, over, only.as_deref(), line)?
            }
        })
    }

    fn name(&mut self, name: &Rc<str>, line: u32) -> Result<Value> {
        if let Some(value) = self.look_up(name) {
            return Ok(value);
        }
        if REFUSED.contains(&&**name) || ["eval", "exec"].contains(&&**name) {
            return Err(Error::model_text(format!(
                "{name} has no place in a model. Nothing of the text is run; take the line out."
            ))
            .line(line));
        }
        if let Some(path) = by_habit(name) {
            return Ok(Value::Path(path.into()));
        }
        if classes::find(name).is_some() {
            return Ok(Value::Path(format!("keras.layers.{name}").into()));
        }
        if pretrained::is_application(name) {
            return Ok(Value::Path(format!("keras.applications.{name}").into()));
        }
        Ok(match &**name {
            "__name__" => Value::Text("__main__".into()),
            _ if BUILTINS.contains(&&**name) => Value::Path(format!("builtins.{name}").into()),
            _ => unknown(name),
        })
    }

    fn eval_items(&mut self, items: &[Expr]) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let value = self.eval(item)?;
            if matches!(item.kind, ExprKind::Starred(_)) {
                match self.items(&value) {
                    Some(items) => values.extend(items),
                    None => values.push(value),
                }
            } else {
                values.push(value);
            }
            if values.len() > limits::ITEMS {
                return Err(self.too_much(item.line));
            }
        }
        Ok(values)
    }

    fn eval_dict(&mut self, pairs: &[(Expr, Expr)]) -> Result<Value> {
        let mut values = Vec::with_capacity(pairs.len());
        for (key, value) in pairs {
            values.push((self.eval(key)?, self.eval(value)?));
        }
        self.store.dicts.push(values);
        Ok(Value::Dict(self.store.dicts.len() - 1))
    }

    fn eval_formatted(&mut self, pieces: &[Expr]) -> Result<Value> {
        let mut whole = String::new();
        for piece in pieces {
            let value = self.eval(piece)?;
            match numbers::text(&value) {
                Some(text) => whole.push_str(&text),
                None => return Ok(unknown("a formatted text")),
            }
        }
        Ok(numbers::bounded(whole))
    }

    fn eval_comprehension(
        &mut self,
        element: &Expr,
        target: &Expr,
        over: &Expr,
        only: Option<&Expr>,
        line: u32,
    ) -> Result<Value> {
        let over = self.eval(over)?;
        if let Value::Inside = over {
            return Ok(over);
        }
        let Some(items) = self.items(&over) else { return Ok(unknown("a list made from data")) };
        let mut values = Vec::new();
        for item in items {
            self.assign(target, item, line)?;
            if let Some(only) = only {
                let only = self.eval(only)?;
                match self.truth(&only) {
                    Some(true) => {}
                    Some(false) => continue,
                    None => return Ok(unknown("a list made from data")),
                }
            }
            values.push(self.eval(element)?);
        }
        self.list(values, line)
    }

    fn eval_binary(
        &mut self,
        operator: &'static str,
        left: &Expr,
        right: &Expr,
        line: u32,
    ) -> Result<Value> {
        let first = self.eval(left)?;
        if matches!(operator, "and" | "or") {
            return Ok(match (self.truth(&first), operator) {
                (Some(true), "or") | (Some(false), "and") => first,
                (Some(_), _) => self.eval(right)?,
                (None, _) => {
                    self.eval(right)?;
                    unknown("a condition that is not known")
                }
            });
        }
        let second = self.eval(right)?;
        self.binary(operator, first, second, line)
    }

    /// The value of an operator that takes both of its sides.
    pub fn binary(
        &mut self,
        operator: &str,
        left: Value,
        right: Value,
        line: u32,
    ) -> Result<Value> {
        if matches!(left, Value::Tensor(_)) || matches!(right, Value::Tensor(_)) {
            return self.tensor_operator(operator, left, right, line);
        }
        self.charge_for(&left);
        self.charge_for(&right);
        match (operator, &left, &right) {
            ("+", Value::List(one), Value::List(two)) => {
                let both = [&self.store.lists[*one][..], &self.store.lists[*two][..]].concat();
                return self.list(both, line);
            }
            ("+", Value::Tuple(one), Value::Tuple(two)) => {
                let both = [&self.store.lists[*one][..], &self.store.lists[*two][..]].concat();
                return self.tuple(both, line);
            }
            ("*", Value::List(at) | Value::Tuple(at), Value::Int(times))
            | ("*", Value::Int(times), Value::List(at) | Value::Tuple(at)) => {
                let items = &self.store.lists[*at];
                let times = usize::try_from(*times).unwrap_or(0);
                if items.len().saturating_mul(times) > limits::ITEMS {
                    return Err(self.too_much(line));
                }
                let items: Vec<_> = (0..times).flat_map(|_| items.clone()).collect();
                let tuple = matches!(left, Value::Tuple(_)) || matches!(right, Value::Tuple(_));
                return if tuple { self.tuple(items, line) } else { self.list(items, line) };
            }
            ("in" | "not in", _, Value::List(at) | Value::Tuple(at)) => {
                if let Value::Int(_) | Value::Text(_) = left {
                    let found = self.store.lists[*at].contains(&left);
                    return Ok(Value::Bool(found == (operator == "in")));
                }
            }
            ("in" | "not in", _, Value::Dict(at)) => {
                let found = self.store.dicts[*at].iter().any(|(key, _)| *key == left);
                return Ok(Value::Bool(found == (operator == "in")));
            }
            (
                "==" | "!=",
                Value::List(one) | Value::Tuple(one),
                Value::List(two) | Value::Tuple(two),
            ) => {
                let same = self.store.lists[*one] == self.store.lists[*two];
                return Ok(Value::Bool(same == (operator == "==")));
            }
            ("%", Value::Text(text), _) => {
                let values = self.items(&right).unwrap_or_else(|| vec![right.clone()]);
                return Ok(numbers::percent(text, &values));
            }
            _ => {}
        }
        Ok(numbers::binary(operator, &left, &right))
    }

    fn eval_index(&mut self, of: &Expr, index: &Expr) -> Result<Value> {
        let value = self.eval(of)?;
        self.charge_for(&value);
        let items = match &value {
            Value::List(at) | Value::Tuple(at) => Some(self.store.lists[*at].clone()),
            _ => None,
        };
        if let (Some(items), ExprKind::Slice(parts)) = (&items, &index.kind) {
            let mut bounds = [None; 3];
            for (bound, part) in bounds.iter_mut().zip(parts) {
                if let Some(part) = part {
                    match self.eval(part)? {
                        Value::Int(number) => *bound = Some(number),
                        Value::None => {}
                        _ => return Ok(unknown("a part of a list")),
                    }
                }
            }
            self.steps(items.len() as u32, index.line)?;
            let part = numbers::slice(items, bounds);
            let tuple = matches!(value, Value::Tuple(_));
            return if tuple { self.tuple(part, index.line) } else { self.list(part, index.line) };
        }
        let at = self.eval(index)?;
        Ok(match (&value, items, &at) {
            (_, Some(items), Value::Int(at)) => {
                let place = if *at < 0 { *at + items.len() as i64 } else { *at };
                let item = usize::try_from(place).ok().and_then(|place| items.get(place).cloned());
                item.unwrap_or_else(|| unknown("an item beyond the end of a list"))
            }
            (Value::Dict(dict), _, key) => {
                let pair = self.store.dicts[*dict].iter().find(|(known, _)| known == key);
                pair.map_or_else(|| unknown("a missing entry"), |(_, value)| value.clone())
            }
            (Value::Unknown(what), _, _) => {
                let index = match &index.kind {
                    ExprKind::Int(number) => number.to_string(),
                    ExprKind::Slice([Some(from), None, None]) => match from.kind {
                        ExprKind::Int(number) => format!("{number}:"),
                        _ => "...".into(),
                    },
                    _ => "...".into(),
                };
                unknown(format!("{what}[{index}]"))
            }
            (Value::Inside, _, _) => Value::Inside,
            (Value::Tensor(_), _, _) => {
                return Err(Error::model_text("a part of a layer's output is not read here.")
                    .line(index.line));
            }
            _ => unknown("a part of something that is not known"),
        })
    }

    fn eval_call(&mut self, function: &Expr, arguments: &[Argument], line: u32) -> Result<Value> {
        let function = self.eval(function)?;
        let mut given = Arguments::default();
        for argument in arguments {
            let value = self.eval(&argument.value)?;
            match (argument.stars, &argument.name) {
                (0, None) => given.positional.push(value),
                (0, Some(name)) => given.named.push((name.clone(), value)),
                (1, _) => match self.items(&value) {
                    Some(items) => given.positional.extend(items),
                    None => given.positional.push(unknown("values that are not known")),
                },
                _ => match &value {
                    Value::Dict(dict) => {
                        for (key, value) in &self.store.dicts[*dict] {
                            if let Value::Text(key) = key {
                                given.named.push((key.clone(), value.clone()));
                            }
                        }
                    }
                    _ => given.named.push(("**".into(), unknown("options that are not known"))),
                },
            }
            if given.positional.len() + given.named.len() > limits::ITEMS {
                return Err(self.too_much(line));
            }
        }
        self.call(function, given, line)
    }

    /// The items of what can be gone through, if they are known.
    pub fn items(&mut self, value: &Value) -> Option<Vec<Value>> {
        self.charge_for(value);
        match value {
            Value::List(at) | Value::Tuple(at) => Some(self.store.lists[*at].clone()),
            Value::Dict(at) => {
                Some(self.store.dicts[*at].iter().map(|(key, _)| key.clone()).collect())
            }
            Value::Range(from, to, by) => {
                let count = numbers::range_length(*from, *to, *by);
                let bounded = count <= limits::ITEMS as i64;
                bounded.then(|| (0..count).map(|at| Value::Int(from + at * by)).collect())
            }
            _ => None,
        }
    }

    /// Counts steps for going through a list, which the next step checks.
    fn charge_for(&mut self, value: &Value) {
        let length = match value {
            Value::List(at) | Value::Tuple(at) => self.store.lists[*at].len(),
            Value::Dict(at) => self.store.dicts[*at].len(),
            _ => 0,
        };
        self.used = self.used.saturating_add(length as u32 / 16);
    }

    /// Whether a value counts as true, if that is known.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        Some(match value {
            Value::None => false,
            Value::Bool(flag) => *flag,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::List(at) | Value::Tuple(at) => !self.store.lists[*at].is_empty(),
            Value::Dict(at) => !self.store.dicts[*at].is_empty(),
            Value::Range(from, to, by) => numbers::range_length(*from, *to, *by) > 0,
            Value::Unknown(_)
            | Value::Inside
            | Value::Batch
            | Value::Method(_)
            | Value::Path(_) => {
                return None;
            }
            _ => true,
        })
    }

    /// A new list.
    pub fn list(&mut self, items: Vec<Value>, line: u32) -> Result<Value> {
        self.keep(items, line).map(Value::List)
    }

    /// A new tuple.
    pub fn tuple(&mut self, items: Vec<Value>, line: u32) -> Result<Value> {
        self.keep(items, line).map(Value::Tuple)
    }

    fn keep(&mut self, items: Vec<Value>, line: u32) -> Result<usize> {
        if items.len() > limits::ITEMS {
            return Err(self.too_much(line));
        }
        self.steps(items.len() as u32, line)?;
        self.store.lists.push(items);
        Ok(self.store.lists.len() - 1)
    }

    /// A layer's output's shape as a tuple, the batch first.
    pub fn shape(&mut self, tensor: usize, line: u32) -> Result<Value> {
        let Some(shape) = self.graph.nodes[tensor].shape else {
            return Ok(unknown("the shape of a layer's output"));
        };
        let sizes = match shape {
            Shape::Image(sizes) => sizes.to_vec(),
            Shape::Vector(length) => vec![length],
        };
        let sizes = sizes.into_iter().map(|size| Value::Int(size as i64));
        let all = std::iter::once(Value::None).chain(sizes).collect();
        self.tuple(all, line)
    }

    /// A value as an argument of a layer, an optimizer, ...
    pub fn argument(&mut self, value: &Value, depth: usize, line: u32) -> Result<Arg> {
        self.step(line)?;
        if depth > 8 {
            return Ok(Arg::Unknown("a list of lists of lists".into()));
        }
        Ok(match value {
            Value::None => Arg::None,
            Value::Bool(flag) => Arg::Bool(*flag),
            Value::Int(number) => Arg::Int(*number),
            Value::Float(number) => Arg::Float(*number),
            Value::Text(text) => Arg::Text(text.to_string()),
            Value::List(_) | Value::Tuple(_) | Value::Range(..) => {
                let items = self.items(value).unwrap_or_default();
                let args = items.iter().map(|item| self.argument(item, depth + 1, line));
                Arg::List(args.collect::<Result<_>>()?)
            }
            Value::Dict(at) => {
                let pairs = self.store.dicts[*at].clone();
                let mut args = Vec::new();
                for (key, value) in &pairs {
                    let key = self.argument(key, depth + 1, line)?;
                    args.push((key, self.argument(value, depth + 1, line)?));
                }
                Arg::Dict(args)
            }
            Value::Path(path) => Arg::Path(path.to_string()),
            Value::Made(at) => {
                let MadeOf { path, arguments } = self.store.made[*at].clone();
                let given = self.given(&arguments, depth + 1, line)?;
                Arg::Made(Box::new(Made { path: path.to_string(), given }))
            }
            Value::Layer(layer) => Arg::Layer(*layer),
            Value::Unknown(what) => Arg::Unknown(what.to_string()),
            Value::Function(at) => {
                Arg::Unknown(format!("the function {}", self.store.functions[*at].def.name))
            }
            Value::Model(_) => Arg::Unknown("a model".into()),
            Value::Tensor(_) | Value::Inside => Arg::Unknown("a layer's output".into()),
            Value::Batch => Arg::Unknown("what a net makes of data".into()),
            Value::Generator(_) | Value::Flow(_) => Arg::Unknown("data".into()),
            Value::Method(_) => Arg::Unknown("a method".into()),
        })
    }

    /// The arguments of a call in the same way.
    pub fn given(&mut self, arguments: &Arguments, depth: usize, line: u32) -> Result<Given> {
        let mut given = Given::default();
        for value in &arguments.positional {
            given.positional.push(self.argument(value, depth, line)?);
        }
        for (name, value) in &arguments.named {
            given.named.push((name.to_string(), self.argument(value, depth, line)?));
        }
        Ok(given)
    }
}
