//! Statements, one after the other: what is assigned, defined, imported and called.
//!
//! A statement that cannot be read is passed over, unless it touches a model: then it is an
//! error with its line. Loops and functions are gone through, because lessons build nets with
//! them, within limits that no lesson meets.

mod functions;

use std::rc::Rc;

use super::graph::Graph;
use super::lexer::{Lexeme, Token};
use super::limits;
use super::syntax::{Expr, ExprKind, Statement, StatementKind};
use super::value::unknown;
use super::value::{ModelKind, Scope, Store, Value, canonical};
use super::{classes, value};
use crate::error::{Error, Result};

/// How a block ended.
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Value),
}

/// How many models, nodes and layers there were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled {
    pub models: usize,
    pub nodes: usize,
    pub layers: usize,
}

/// Reads statements; what they built is in `graph` and `store`.
pub(super) struct Interpreter<'a> {
    pub tokens: &'a [Lexeme],
    pub graph: Graph,
    pub store: Store,
    pub notes: Vec<String>,
    /// Steps taken of [`limits::STEPS`].
    pub used: u32,
    pub depth: u32,
    /// The present scope.
    pub scope: usize,
    /// What there was before a loop that is run once because nobody knows how often; it must stay
    /// as it is.
    pub settled: Option<Settled>,
    /// Layers that stand in lines of their own, outside of all functions, and their lines.
    pub alone: Vec<(usize, u32)>,
    /// The line of the first name that is another library's.
    pub foreign: Option<(String, u32)>,
    /// Whether layers are being applied with `training=False`.
    pub quiet: bool,
    /// A class of the text's own that is a model, and its line.
    pub subclass: Option<(Rc<str>, u32)>,
}

impl<'a> Interpreter<'a> {
    /// An interpreter that has read nothing yet.
    pub fn new(tokens: &'a [Lexeme]) -> Self {
        Self {
            tokens,
            graph: Graph::default(),
            store: Store { scopes: vec![Scope::default()], ..Store::default() },
            notes: Vec::new(),
            used: 0,
            depth: 0,
            scope: 0,
            settled: None,
            alone: Vec::new(),
            foreign: None,
            subclass: None,
            quiet: false,
        }
    }

    // Limits.

    pub fn step(&mut self, line: u32) -> Result<()> {
        self.steps(1, line)
    }

    pub fn steps(&mut self, count: u32, line: u32) -> Result<()> {
        self.used = self.used.saturating_add(count);
        if self.used > limits::STEPS { Err(self.too_much(line)) } else { Ok(()) }
    }

    pub fn enter(&mut self, line: u32) -> Result<()> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            return Err(Error::model_text("calls and blocks nest deeper here than in any model.")
                .line(line));
        }
        Ok(())
    }

    pub fn too_much(&self, line: u32) -> Error {
        Error::model_text(
            "this takes more steps than any model needs. Is there a loop without an end?",
        )
        .line(line)
    }

    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if self.notes.len() < limits::NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    // Names.

    /// What a name stands for, from the inside out.
    pub fn look_up(&self, name: &str) -> Option<Value> {
        let mut scope = Some(self.scope);
        while let Some(at) = scope {
            let Scope { names, around } = &self.store.scopes[at];
            if let Some(value) = names.get(name) {
                return Some(value.clone());
            }
            scope = *around;
        }
        None
    }

    pub fn define(&mut self, name: &Rc<str>, value: Value) {
        self.store.scopes[self.scope].names.insert(name.clone(), value);
    }

    /// Assigns to a name, or to several in a tuple.
    pub fn assign(&mut self, target: &Expr, value: Value, line: u32) -> Result<()> {
        self.step(line)?;
        match &target.kind {
            ExprKind::Name(name) => self.define(name, value),
            ExprKind::Tuple(targets) | ExprKind::List(targets) => {
                let starred = targets.iter().any(|one| matches!(one.kind, ExprKind::Starred(_)));
                let items =
                    self.items(&value).filter(|items| items.len() == targets.len() && !starred);
                for (at, target) in targets.iter().enumerate() {
                    let one = match (&items, &value) {
                        (Some(items), _) => items[at].clone(),
                        (None, Value::Unknown(what)) => unknown(what),
                        (None, Value::Flow(_) | Value::Inside | Value::Batch) => value.clone(),
                        _ => unknown("a part of something that is not known"),
                    };
                    self.assign(target, one, line)?;
                }
            }
            ExprKind::Starred(inner) => self.assign(inner, unknown("a list"), line)?,
            ExprKind::Attribute(of, name) => {
                let of = self.eval(of)?;
                self.assign_attribute(&of, name, &value, line)?;
            }
            ExprKind::Index(of, index) => {
                let of = self.eval(of)?;
                let at = self.eval(index)?;
                self.assign_item(of, at, value, line)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn assign_attribute(&mut self, of: &Value, name: &str, value: &Value, line: u32) -> Result<()> {
        match (of, name, value) {
            (_, "trainable", _) => self.set_trainable(of, value, line),
            (Value::Model(_) | Value::Layer(_) | Value::Tensor(_), "_name" | "name", _) => Ok(()),
            (Value::Model(_) | Value::Layer(_) | Value::Tensor(_), _, _) => {
                Err(Error::model_text(format!("{name} of a model or a layer cannot be set here."))
                    .line(line))
            }
            _ => Ok(()),
        }
    }

    fn assign_item(&mut self, of: Value, at: Value, value: Value, line: u32) -> Result<()> {
        match (of, at) {
            (Value::List(list), Value::Int(at)) => {
                let items = &mut self.store.lists[list];
                let place = if at < 0 { at + items.len() as i64 } else { at };
                if let Some(item) = usize::try_from(place).ok().and_then(|at| items.get_mut(at)) {
                    *item = value;
                }
            }
            (Value::Dict(dict), key) => {
                let pairs = &mut self.store.dicts[dict];
                let length = pairs.len();
                match pairs.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, known)) => *known = value,
                    None => pairs.push((key, value)),
                }
                self.steps(length as u32 / 16, line)?;
            }
            (Value::List(list), _) => {
                // A place that is not known: any item may have changed.
                self.store.lists[list].fill(unknown("an item of a list that was changed"));
            }
            _ => {}
        }
        Ok(())
    }

    // Statements.

    /// Runs statements in the present scope.
    pub fn block(&mut self, statements: &[Statement]) -> Result<Flow> {
        for statement in statements {
            self.step(statement.line)?;
            self.enter(statement.line)?;
            let flow = self.statement(statement)?;
            self.depth -= 1;
            if !matches!(flow, Flow::Next) {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Statement) -> Result<Flow> {
        let line = statement.line;
        match &statement.kind {
            StatementKind::Expr(expr) => {
                let value = self.eval(expr)?;
                if let (Value::Layer(layer), 0) = (value, self.scope) {
                    self.alone.push((layer, line));
                }
            }
            StatementKind::Assign { targets, value } => {
                let value = self.eval(value)?;
                for target in targets {
                    self.assign(target, value.clone(), line)?;
                }
            }
            StatementKind::AddAssign { target, operator, value } => {
                let old = self.eval(target)?;
                let value = self.eval(value)?;
                if let (Value::List(list), "+") = (&old, *operator) {
                    // In place, as every other name of the list sees it.
                    let more = self.items(&value).unwrap_or_else(|| vec![unknown("a list")]);
                    self.extend(*list, more, line)?;
                } else {
                    let new = self.binary(operator, old, value, line)?;
                    self.assign(target, new, line)?;
                }
            }
            StatementKind::For { target, over, body, otherwise } => {
                return self.run_for(statement, target, over, body, otherwise);
            }
            StatementKind::While { body } => self.run_once(statement, body)?,
            StatementKind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    let value = self.eval(condition)?;
                    match self.truth(&value) {
                        Some(true) => return self.block(body),
                        Some(false) => {}
                        None => {
                            self.pass_over(
                                statement,
                                "depends on a condition that the text does not tell",
                            )?;
                            return Ok(Flow::Next);
                        }
                    }
                }
                return self.block(otherwise);
            }
            StatementKind::Def(def) => self.define_function(def)?,
            StatementKind::Class { name } => {
                let model = self.tokens[statement.tokens.clone()].iter().take(12).any(|lexeme| {
                    matches!(&lexeme.token, Token::Name(base) if ["Model", "Sequential", "Layer", "Module"].contains(&&**base))
                });
                if model {
                    self.subclass.get_or_insert((name.clone(), line));
                }
                self.define(name, unknown(format!("the class {name}")));
            }
            StatementKind::Return(value) => {
                return Ok(Flow::Return(match value {
                    Some(value) => self.eval(value)?,
                    None => Value::None,
                }));
            }
            StatementKind::Import(imports) => {
                for (path, name) in imports {
                    self.import(path, line);
                    match name {
                        Some(name) => self.define(name, Value::Path(canonical(path).into())),
                        None => {
                            let root = path.split('.').next().unwrap_or(path);
                            self.define(&root.into(), Value::Path(root.into()));
                        }
                    }
                }
            }
            StatementKind::From(module, names) => {
                self.import(module, line);
                for (name, given) in names {
                    let path = canonical(&format!("{module}.{name}"));
                    self.define(given, Value::Path(path.into()));
                }
            }
            StatementKind::With { items, body } => {
                for (context, name) in items {
                    let value = self.eval(context)?;
                    if let Some(name) = name {
                        let value = match value {
                            Value::Unknown(_) | Value::Path(_) => {
                                unknown("what a with block gives")
                            }
                            other => other,
                        };
                        self.assign(name, value, line)?;
                    }
                }
                return self.block(body);
            }
            StatementKind::Try { body, handlers, finally } => {
                let flow = self.block(body)?;
                self.forget(handlers)?;
                if !matches!(flow, Flow::Next) {
                    return Ok(flow);
                }
                return self.block(finally);
            }
            StatementKind::Break => return Ok(Flow::Break),
            StatementKind::Continue => return Ok(Flow::Continue),
            StatementKind::Nothing => {}
            StatementKind::Other { body } => {
                self.pass_over(statement, "is not understood")?;
                self.forget(body)?;
            }
        }
        Ok(Flow::Next)
    }

    fn import(&mut self, module: &str, line: u32) {
        let root = module.split('.').next().unwrap_or(module);
        if ["torch", "torchvision", "jax", "flax", "mxnet", "paddle"].contains(&root) {
            self.foreign.get_or_insert((root.to_owned(), line));
        }
    }

    fn run_for(
        &mut self,
        statement: &Statement,
        target: &Expr,
        over: &Expr,
        body: &[Statement],
        otherwise: &[Statement],
    ) -> Result<Flow> {
        let line = statement.line;
        let over = self.eval(over)?;
        if let Value::Inside = over {
            // The weights of a finished model: looked at.
            self.assign(target, over, line)?;
            self.block(body)?;
            return Ok(Flow::Next);
        }
        let Some(items) = self.items(&over) else {
            self.assign(target, unknown("what a loop goes through"), line)?;
            self.run_once(statement, body)?;
            return Ok(Flow::Next);
        };
        if items.len() * body.len() > 200 && self.touched(&statement.tokens, line)?.is_none() {
            // Long and none of the model's business.
            self.forget(std::slice::from_ref(statement))?;
            return Ok(Flow::Next);
        }
        for item in items {
            self.assign(target, item, line)?;
            match self.block(body)? {
                Flow::Next | Flow::Continue => {}
                Flow::Break => return Ok(Flow::Next),
                returned @ Flow::Return(_) => return Ok(returned),
            }
        }
        self.block(otherwise)
    }

    /// Runs the body of a loop once that runs who knows how often: it may build models of its
    /// own, as cross-validation does, but not change those there were.
    fn run_once(&mut self, statement: &Statement, body: &[Statement]) -> Result<()> {
        let start = body.first().map_or(statement.tokens.end, |first| first.tokens.start);
        if self.touched(&(start..statement.tokens.end), statement.line)?.is_none() {
            return self.forget(std::slice::from_ref(statement));
        }
        let before = self.settled;
        let now = Settled {
            models: self.store.models.len(),
            nodes: self.graph.nodes.len(),
            layers: self.graph.layers.len(),
        };
        self.settled = Some(before.unwrap_or(now));
        self.block(body)?;
        self.settled = before;
        self.note(format!(
            "The loop on line {} is read once: how often it runs cannot be told from the text.",
            statement.line
        ));
        self.forget(body)
    }

    /// Passes over a statement that is not understood.
    fn pass_over(&mut self, statement: &Statement, why: &str) -> Result<()> {
        if let Some(name) = self.touched(&statement.tokens, statement.line)? {
            return Err(Error::model_text(format!(
                "this {why}, and it concerns the model ({name}). Write it in a simpler way, or \
                 take it out if the model does not need it."
            ))
            .line(statement.line));
        }
        self.forget(std::slice::from_ref(statement))
    }

    /// Pays for looking at tokens: a statement is looked at again each time that it is run.
    fn scan(&mut self, tokens: usize, line: u32) -> Result<()> {
        self.steps((tokens / 8) as u32, line)
    }

    /// The first name among the tokens that stands for a model, a layer or a function that
    /// makes one, used as code and not as a word of prose.
    fn touched(&mut self, tokens: &std::ops::Range<usize>, line: u32) -> Result<Option<String>> {
        let tokens = self.tokens.get(tokens.clone()).unwrap_or_default();
        self.scan(tokens.len(), line)?;
        let op = |at: Option<usize>, of: &[&str]| {
            let lexeme = at.and_then(|at| tokens.get(at));
            matches!(lexeme, Some(Lexeme { token: Token::Op(op), .. }) if of.contains(op))
        };
        for (at, lexeme) in tokens.iter().enumerate() {
            let Token::Name(name) = &lexeme.token else { continue };
            let called = op(Some(at + 1), &["("]);
            let attribute = op(at.checked_sub(1), &["."]);
            let code = called
                || op(Some(at + 1), &[".", "=", "[", ",", ")", "+="])
                || op(at.checked_sub(1), &["(", ",", "=", "["]);
            let touches = match self.look_up(name) {
                _ if attribute => called && classes::find(name).is_some(),
                Some(Value::Model(_)) if harmless(tokens.get(at + 1..at + 3)) => false,
                Some(Value::Layer(_)) if looked_at(tokens.get(at + 1..at + 4)) => false,
                Some(Value::Model(_) | Value::Tensor(_) | Value::Layer(_)) => code,
                // A function of the text counts where its body makes layers.
                Some(Value::Function(function)) => {
                    called && self.store.functions[function].makes_layers
                }
                Some(Value::Path(path)) => {
                    let last = path.rsplit('.').next().unwrap_or_default();
                    called && path.starts_with("keras") && is_building(last)
                }
                Some(_) => false,
                None => called && (classes::find(name).is_some() || is_building(name)),
            };
            if touches {
                return Ok(Some(name.to_string()));
            }
        }
        Ok(None)
    }

    /// Whether tokens name a class of layers, or call what a model is changed with.
    fn makes_layers(&mut self, tokens: &std::ops::Range<usize>, line: u32) -> Result<bool> {
        let tokens = self.tokens.get(tokens.clone()).unwrap_or_default();
        self.scan(tokens.len(), line)?;
        Ok(tokens.windows(2).any(|pair| match (&pair[0].token, &pair[1].token) {
            (Token::Name(name), Token::Op("(")) => {
                classes::find(name).is_some()
                    || is_building(name)
                    || ["add", "pop", "compile", "fit", "fit_generator"].contains(&&**name)
            }
            _ => false,
        }))
    }

    /// Names that statements assign to are not known from here on, nor are the lists they name.
    fn forget(&mut self, statements: &[Statement]) -> Result<()> {
        for statement in statements {
            let mut names: Vec<Rc<str>> = Vec::new();
            let tokens = self.tokens.get(statement.tokens.clone()).unwrap_or_default();
            self.scan(tokens.len(), statement.line)?;
            for (at, lexeme) in tokens.iter().enumerate() {
                let Token::Name(name) = &lexeme.token else { continue };
                let stored = matches!(
                    tokens.get(at + 1).map(|next| &next.token),
                    Some(Token::Op("=" | "+=" | "-=" | "*=" | "/=" | "," | "//=" | "**=" | "%="))
                ) || matches!(
                    tokens.get(at + 1).map(|next| &next.token),
                    Some(Token::Name(word)) if &**word == "in"
                ) || at.checked_sub(1).is_some_and(|before| {
                    matches!(&tokens[before].token, Token::Name(word) if &**word == "as")
                        || matches!(tokens[before].token, Token::Op(","))
                });
                let mutable = matches!(self.look_up(name), Some(Value::List(_) | Value::Dict(_)));
                if (stored || mutable) && !names.contains(name) && names.len() < 100 {
                    names.push(name.clone());
                }
            }
            for name in names {
                match self.look_up(&name) {
                    Some(
                        Value::Model(_)
                        | Value::Layer(_)
                        | Value::Path(_)
                        | Value::Function(_)
                        | Value::Generator(_)
                        | Value::Flow(_),
                    )
                    | None => {}
                    Some(_) => self.define(
                        &name,
                        unknown(format!("{name}, changed on line {}", statement.line)),
                    ),
                }
            }
        }
        Ok(())
    }
}

/// Whether the tokens after a model's name are a method that leaves it as it is.
fn harmless(after: Option<&[Lexeme]>) -> bool {
    match after.unwrap_or_default() {
        [dot, method] => match (&dot.token, &method.token) {
            (Token::Op("."), Token::Name(method)) => super::library::LOOKS.contains(&&**method),
            _ => false,
        },
        _ => false,
    }
}

/// Whether the tokens after a layer's name read what it has, and do not set it.
fn looked_at(after: Option<&[Lexeme]>) -> bool {
    match after.unwrap_or_default() {
        [dot, Lexeme { token: Token::Name(name), .. }, next] => {
            let set = next.token == Token::Op("=") || &**name == "adapt";
            dot.token == Token::Op(".") && !set
        }
        _ => false,
    }
}

fn is_building(name: &str) -> bool {
    ["Sequential", "Model", "concatenate", "Functional"].contains(&name)
}

/// Whether a Sequential has no layers.
pub(super) fn empty(kind: &ModelKind) -> bool {
    matches!(kind, ModelKind::Sequential { items, .. } if items.iter().all(|(item, _)| matches!(item, value::Item::Input(_))))
}
