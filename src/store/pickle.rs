//! PyTorch's `.pt` and `.pth`: a zip with a pickle that names tensors, and their numbers beside it.
//!
//! A pickle is a program for a stack. What is understood of it makes numbers, texts, containers
//! and tensors; every other thing that it asks for by name is refused, and nothing is run.
//!
//! Source: Python's `pickletools`, and PyTorch's `serialization.py` and `_utils.py`.

use std::io::{Cursor, Read};
use std::rc::Rc;

use zip::ZipArchive;

use crate::error::{Error, Result};

/// A tensor of 32-bit numbers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The longest pickle and the most numbers that are read; containers within containers at the most.
const MOST_PICKLE: u64 = 16 << 20;
const MOST_BYTES: u64 = 1 << 30;
const MOST_NESTED: u32 = 64;
/// Where training scripts put the weights within what they save.
const WITHIN: [&str; 4] = ["state_dict", "model_state_dict", "model", "net"];

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::checkpoint(format!("This PyTorch file cannot be read: {what}."))
}

/// Whether a zip is one of PyTorch's.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    ZipArchive::new(Cursor::new(bytes)).is_ok_and(|zip| pickle_in(&zip).is_some())
}

fn pickle_in(zip: &ZipArchive<Cursor<&[u8]>>) -> Option<String> {
    let mut names = zip.file_names().flatten();
    names.find(|name| name.ends_with("/data.pkl")).map(|name| name.into_owned())
}

/// The tensors of a state dict, in its order.
///
/// # Errors
/// `checkpoint` where the file is damaged, holds something else, or a whole pickled model.
pub(super) fn tensors(bytes: &[u8]) -> Result<Vec<Tensor>> {
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(wrong)?;
    let main = pickle_in(&zip).ok_or_else(|| wrong("there is no data.pkl in it"))?;
    let folder = main.trim_end_matches("data.pkl").to_owned();
    let pickle = member(&mut zip, &main, MOST_PICKLE)?;
    let top = Machine::new(&pickle).run()?;
    let mut found = &*top;
    let keyed = |value: &Value, name: &str| match value {
        Value::Dict(items) => items.iter().find(|(key, _)| key.text() == Some(name)).cloned(),
        _ => None,
    };
    let inner = WITHIN.iter().find_map(|name| keyed(found, name));
    if let Some((_, value)) = &inner {
        found = value;
    }
    let Value::Dict(items) = found else {
        return Err(wrong("it is no state dict; save with torch.save(model.state_dict(), file)"));
    };
    let mut tensors = Vec::new();
    let mut left = MOST_BYTES;
    for (key, value) in items {
        let (Some(name), Value::Tensor(place)) = (key.text(), &**value) else { continue };
        // A count of batches is of no use here.
        if name.ends_with("num_batches_tracked") {
            continue;
        }
        let values = place.read(&mut zip, &folder, left).map_err(|error| error.field(name))?;
        left -= 4 * values.len() as u64;
        let shape = place.shape.clone();
        tensors.push(Tensor { name: name.to_owned(), shape, values });
    }
    if tensors.is_empty() {
        return Err(wrong(
            "there are no weights in it; save with torch.save(model.state_dict(), file)",
        ));
    }
    Ok(tensors)
}

fn member(zip: &mut ZipArchive<Cursor<&[u8]>>, name: &str, most: u64) -> Result<Vec<u8>> {
    let member = zip.by_name(name).map_err(|_| wrong(format!("there is no {name} in it")))?;
    let mut bytes = Vec::new();
    member.take(most + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > most {
        return Err(wrong(format!("its {name} is larger than {} MB", most >> 20)));
    }
    Ok(bytes)
}

/// Where a tensor's numbers are.
#[derive(Debug)]
struct Place {
    /// The member of the zip.
    storage: String,
    kind: String,
    offset: usize,
    shape: Vec<usize>,
    strides: Vec<usize>,
}

impl Place {
    fn read(
        &self,
        zip: &mut ZipArchive<Cursor<&[u8]>>,
        folder: &str,
        most: u64,
    ) -> Result<Vec<f32>> {
        if self.kind != "FloatStorage" {
            return Err(wrong(format!(
                "it holds a {}, not 32-bit numbers; save model.float()",
                self.kind
            )));
        }
        let too_large = || wrong("a tensor in it is larger than its numbers");
        let bytes = member(zip, &format!("{folder}data/{}", self.storage), most)?;
        let count = self.shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
        let count = count.filter(|&count| count as u64 <= most / 4).ok_or_else(too_large)?;
        let (numbers, _) = bytes.as_chunks::<4>();
        let mut values = Vec::with_capacity(count.min(numbers.len()));
        for mut number in 0..count {
            let mut place = self.offset;
            for (&side, &stride) in self.shape.iter().zip(&self.strides).rev() {
                place = (number % side)
                    .checked_mul(stride)
                    .and_then(|step| place.checked_add(step))
                    .ok_or_else(too_large)?;
                number /= side;
            }
            values.push(f32::from_le_bytes(*numbers.get(place).ok_or_else(too_large)?));
        }
        Ok(values)
    }
}

/// What lies on the stack.
#[derive(Debug)]
enum Value {
    None,
    Flag,
    Int(i64),
    Text(String),
    List(Vec<Rc<Value>>),
    Dict(Vec<(Rc<Value>, Rc<Value>)>),
    /// A thing by its name: a module's.
    Named(String, String),
    Storage {
        kind: String,
        key: String,
    },
    Tensor(Place),
    Other,
}

impl Value {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn size(&self) -> Option<usize> {
        match self {
            Self::Int(size) => usize::try_from(*size).ok(),
            _ => None,
        }
    }

    fn list(&self) -> &[Rc<Self>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

/// A value with the depth of what it contains.
type Item = (Rc<Value>, u32);

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Item>,
    marks: Vec<usize>,
    memo: Vec<Option<Item>>,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: Vec::new() }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let end = self.at.checked_add(count);
        let found = end.and_then(|end| self.bytes.get(self.at..end));
        let found = found.ok_or_else(|| wrong("its pickle is cut off"))?;
        self.at += count;
        Ok(found)
    }

    /// A number of so many bytes, the lowest first.
    fn number(&mut self, bytes: usize) -> Result<u64> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }

    fn size(&mut self, bytes: usize) -> Result<usize> {
        usize::try_from(self.number(bytes)?).map_err(wrong)
    }

    fn text(&mut self, count: usize) -> Result<String> {
        String::from_utf8(self.take(count)?.to_vec()).map_err(wrong)
    }

    /// A text up to the end of its line.
    fn line(&mut self) -> Result<String> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let text = self.text(length.ok_or_else(|| wrong("its pickle is cut off"))?)?;
        self.at += 1;
        Ok(text)
    }

    fn push(&mut self, value: Value) {
        self.stack.push((Rc::new(value), 0));
    }

    /// Puts a container of these on the stack.
    fn push_of(&mut self, value: Value, parts: u32) -> Result<()> {
        if parts >= MOST_NESTED {
            return Err(wrong("containers in it lie too deep within each other"));
        }
        self.stack.push((Rc::new(value), parts + 1));
        Ok(())
    }

    fn pop(&mut self) -> Result<Item> {
        self.stack.pop().ok_or_else(|| wrong("its pickle takes what is not there"))
    }

    /// All since the last mark.
    fn marked(&mut self) -> Result<Vec<Item>> {
        let mark = self.marks.pop().filter(|&mark| mark <= self.stack.len());
        Ok(self.stack.split_off(mark.ok_or_else(|| wrong("its pickle lacks a mark"))?))
    }

    fn list_of(&mut self, items: Vec<Item>) -> Result<()> {
        let depth = items.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        self.push_of(Value::List(items.into_iter().map(|(value, _)| value).collect()), depth)
    }

    fn last(&mut self, count: usize) -> Result<Vec<Item>> {
        let from = self.stack.len().checked_sub(count);
        Ok(self.stack.split_off(from.ok_or_else(|| wrong("its pickle takes what is not there"))?))
    }

    /// Keeps what lies on top under a number.
    fn remember(&mut self, number: usize) -> Result<()> {
        // A pickle has no more things than bytes.
        if number > self.bytes.len() {
            return Err(wrong("its pickle counts wrongly"));
        }
        if self.memo.len() <= number {
            self.memo.resize(number + 1, None);
        }
        self.memo[number] = self.stack.last().cloned();
        Ok(())
    }

    fn recall(&mut self, number: usize) -> Result<()> {
        let found = self.memo.get(number).cloned().flatten();
        self.stack.push(found.ok_or_else(|| wrong("its pickle asks for what it has not named"))?);
        Ok(())
    }

    /// Adds to the container on top: keys and values in turn, or values alone.
    fn add(&mut self, items: Vec<Item>) -> Result<()> {
        let (container, depth) = self.pop()?;
        let deepest = items.iter().map(|(_, depth)| *depth).max().unwrap_or(0);
        let values: Vec<_> = items.into_iter().map(|(value, _)| value).collect();
        // A pickle numbers a container while it is empty; copying a full one again and again would
        // never end.
        let value = match Rc::try_unwrap(container) {
            Ok(value) => value,
            Err(shared) => match &*shared {
                Value::Dict(items) if items.is_empty() => Value::Dict(Vec::new()),
                Value::List(items) if items.is_empty() => Value::List(Vec::new()),
                Value::Dict(_) | Value::List(_) => {
                    return Err(wrong("its pickle adds to what it has put elsewhere already"));
                }
                _ => Value::Other,
            },
        };
        let value = match value {
            Value::Dict(mut items) => {
                let (pairs, _) = values.as_chunks::<2>();
                items.extend(pairs.iter().map(|[key, value]| (key.clone(), value.clone())));
                Value::Dict(items)
            }
            Value::List(mut items) => {
                items.extend(values);
                Value::List(items)
            }
            _ => Value::Other,
        };
        self.push_of(value, deepest.max(depth.saturating_sub(1)))
    }

    /// What a thing that is called makes of its arguments.
    fn call(&mut self) -> Result<()> {
        let (arguments, depth) = self.pop()?;
        let (called, _) = self.pop()?;
        let Value::Named(module, name) = &*called else {
            return Err(wrong("its pickle calls what has no name"));
        };
        let given = arguments.list();
        match (module.as_str(), name.as_str()) {
            ("collections", "OrderedDict") => self.push(Value::Dict(Vec::new())),
            ("torch._utils", "_rebuild_tensor_v2") => {
                let sizes = |value: Option<&Rc<Value>>| -> Option<Vec<usize>> {
                    value?.list().iter().map(|size| size.size()).collect()
                };
                let place = || {
                    let Value::Storage { kind, key } = &**given.first()? else { return None };
                    let (shape, strides) = (sizes(given.get(2))?, sizes(given.get(3))?);
                    let offset = given.get(1)?.size()?;
                    (shape.len() == strides.len() && shape.len() <= 8).then(|| Place {
                        storage: key.clone(),
                        kind: kind.clone(),
                        offset,
                        shape,
                        strides,
                    })
                };
                let place = place().ok_or_else(|| wrong("a tensor in it has no shape"))?;
                self.push(Value::Tensor(place));
            }
            ("torch._utils", "_rebuild_parameter") => {
                let data =
                    given.first().cloned().ok_or_else(|| wrong("a parameter in it is empty"))?;
                self.stack.push((data, depth));
            }
            _ => {
                return Err(wrong(format!(
                    "it asks for {module}.{name}, and nothing of a file is run here; save with \
                     torch.save(model.state_dict(), file)"
                )));
            }
        }
        Ok(())
    }

    fn run(mut self) -> Result<Rc<Value>> {
        loop {
            match self.take(1)?[0] {
                b'.' => return Ok(self.pop()?.0),
                0x80 => drop(self.take(1)?),
                0x95 => drop(self.take(8)?),
                b'(' => self.marks.push(self.stack.len()),
                b'}' => self.push(Value::Dict(Vec::new())),
                b']' | b')' => self.push(Value::List(Vec::new())),
                b'l' | b't' => {
                    let items = self.marked()?;
                    self.list_of(items)?;
                }
                b'd' => {
                    let items = self.marked()?;
                    self.push(Value::Dict(Vec::new()));
                    self.add(items)?;
                }
                count @ 0x85..=0x87 => {
                    let items = self.last(usize::from(count - 0x84))?;
                    self.list_of(items)?;
                }
                b's' => {
                    let items = self.last(2)?;
                    self.add(items)?;
                }
                b'a' => {
                    let items = self.last(1)?;
                    self.add(items)?;
                }
                b'u' | b'e' => {
                    let items = self.marked()?;
                    self.add(items)?;
                }
                b'N' => self.push(Value::None),
                0x88 | 0x89 => self.push(Value::Flag),
                b'J' => {
                    let number = self.number(4)? as u32 as i32;
                    self.push(Value::Int(number.into()));
                }
                b'K' => {
                    let number = self.number(1)? as i64;
                    self.push(Value::Int(number));
                }
                b'M' => {
                    let number = self.number(2)? as i64;
                    self.push(Value::Int(number));
                }
                0x8a => {
                    let length = self.size(1)?;
                    let bytes = self.take(length)?;
                    // Longer ones count nothing that could be here.
                    let mut whole =
                        [bytes.last().map_or(0, |&byte| if byte > 127 { 255 } else { 0 }); 8];
                    let fits = length <= 8;
                    if fits {
                        whole[..length].copy_from_slice(bytes);
                    }
                    self.push(if fits {
                        Value::Int(i64::from_le_bytes(whole))
                    } else {
                        Value::Other
                    });
                }
                b'G' => {
                    self.take(8)?;
                    self.push(Value::Other);
                }
                b'X' | 0x8c => {
                    let wide = self.bytes[self.at - 1] == b'X';
                    let length = self.size(if wide { 4 } else { 1 })?;
                    let text = self.text(length)?;
                    self.push(Value::Text(text));
                }
                b'B' | b'C' => {
                    let wide = self.bytes[self.at - 1] == b'B';
                    let length = self.size(if wide { 4 } else { 1 })?;
                    self.take(length)?;
                    self.push(Value::Other);
                }
                b'q' => {
                    let number = self.size(1)?;
                    self.remember(number)?;
                }
                b'r' => {
                    let number = self.size(4)?;
                    self.remember(number)?;
                }
                0x94 => self.remember(self.memo.len())?,
                b'h' => {
                    let number = self.size(1)?;
                    self.recall(number)?;
                }
                b'j' => {
                    let number = self.size(4)?;
                    self.recall(number)?;
                }
                b'c' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.push(Value::Named(module, name));
                }
                0x93 => {
                    let both = self.last(2)?;
                    let [module, name] = [0, 1].map(|at| both[at].0.text().map(str::to_owned));
                    let named = module.zip(name).ok_or_else(|| wrong("a name in it is none"))?;
                    self.push(Value::Named(named.0, named.1));
                }
                b'Q' => {
                    let (id, _) = self.pop()?;
                    let kind = match id.list().get(1).map(|kind| &**kind) {
                        Some(Value::Named(_, kind)) => kind.clone(),
                        _ => return Err(wrong("numbers in it are of no kind")),
                    };
                    let key = id.list().get(2).and_then(|key| key.text()).map(str::to_owned);
                    let key = key.ok_or_else(|| wrong("numbers in it have no place"))?;
                    self.push(Value::Storage { kind, key });
                }
                b'R' | 0x81 => self.call()?,
                // What more is said of an OrderedDict: its versions.
                b'b' => drop(self.pop()?),
                b'0' => drop(self.pop()?),
                other => {
                    return Err(wrong(format!(
                        "its pickle has the instruction {other:#04x}, which no state dict needs"
                    )));
                }
            }
        }
    }
}
