//! Functions that a text defines: blocks of layers, whole models.

use std::rc::Rc;

use super::super::limits;
use super::super::syntax::{Def, ExprKind, Statement, StatementKind};
use super::super::value::unknown;
use super::super::value::{Arguments, Function, Scope, Value};
use super::{Flow, Interpreter, empty};
use crate::error::Result;

impl Interpreter<'_> {
    pub(super) fn define_function(&mut self, def: &Rc<Def>) -> Result<()> {
        let mut defaults = Vec::new();
        for parameter in &def.parameters {
            defaults.push(match &parameter.default {
                Some(default) => Some(self.eval(default)?),
                None => None,
            });
        }
        let makes_layers = self.makes_layers(&def.tokens, def.line)?;
        let (def_of, scope) = (def.clone(), self.scope);
        let function = Function { def: def_of, scope, defaults, called: false, makes_layers };
        self.store.functions.push(function);
        self.define(&def.name, Value::Function(self.store.functions.len() - 1));
        Ok(())
    }

    /// Calls a function of the text.
    pub fn call_function(&mut self, function: usize, given: Arguments, line: u32) -> Result<Value> {
        let Function { def, scope, defaults, makes_layers, .. } = &self.store.functions[function];
        let (def, around, defaults, makes) = (def.clone(), *scope, defaults.clone(), *makes_layers);
        let touches = given.values().any(|value| self.is_part(value));
        if !makes && touches && !self.returns_model(&def) {
            // It looks at a model and builds nothing.
            return Ok(unknown(format!("{}(...)", def.name)));
        }
        self.store.functions[function].called = true;
        let mut names: Scope = Scope { around: Some(around), ..Scope::default() };
        let mut rest = given.positional.into_iter();
        let mut named = given.named;
        for (parameter, default) in def.parameters.iter().zip(defaults) {
            let value = match parameter.stars {
                1 => {
                    let rest: Vec<_> = rest.by_ref().collect();
                    self.tuple(rest, line)?
                }
                2 => {
                    let pairs = named.drain(..).map(|(name, value)| (Value::Text(name), value));
                    self.store.dicts.push(pairs.collect());
                    Value::Dict(self.store.dicts.len() - 1)
                }
                _ => {
                    let by_name = named.iter().position(|(name, _)| *name == parameter.name);
                    match (by_name, default) {
                        (Some(at), _) => named.remove(at).1,
                        (None, default) => match (rest.next(), default) {
                            (Some(value), _) => value,
                            (None, Some(default)) => default,
                            (None, None) => {
                                unknown(format!("{}, which is not given", parameter.name))
                            }
                        },
                    }
                }
            };
            names.names.insert(parameter.name.clone(), value);
        }
        self.store.scopes.push(names);
        let before = std::mem::replace(&mut self.scope, self.store.scopes.len() - 1);
        self.enter(line)?;
        let flow = self.block(&def.body);
        self.depth -= 1;
        self.scope = before;
        Ok(match flow? {
            Flow::Return(value) => value,
            _ => Value::None,
        })
    }

    /// Whether a function gives back something by a plain `return`; one that only looks does not
    /// matter.
    fn returns_model(&self, def: &Def) -> bool {
        fn returns(statements: &[Statement]) -> bool {
            statements.iter().any(|statement| match &statement.kind {
                StatementKind::Return(Some(expr)) => {
                    matches!(
                        expr.kind,
                        ExprKind::Call(..) | ExprKind::Name(_) | ExprKind::Binary(..)
                    )
                }
                _ => false,
            })
        }
        returns(&def.body)
    }

    /// Whether a value is a part of a net.
    pub fn is_part(&self, value: &Value) -> bool {
        match value {
            Value::Model(_) | Value::Tensor(_) | Value::Layer(_) => true,
            Value::List(at) | Value::Tuple(at) => self.store.lists[*at]
                .iter()
                .any(|item| matches!(item, Value::Model(_) | Value::Tensor(_) | Value::Layer(_))),
            _ => false,
        }
    }

    /// Adds items to a list.
    pub fn extend(&mut self, list: usize, more: Vec<Value>, line: u32) -> Result<()> {
        self.steps(more.len() as u32, line)?;
        if self.store.lists[list].len() + more.len() > limits::ITEMS {
            return Err(self.too_much(line));
        }
        self.store.lists[list].extend(more);
        Ok(())
    }

    /// Calls, of the functions that nobody called and that need no arguments, the last one that
    /// makes a model: text that only defines one means that.
    pub fn call_uncalled(&mut self) -> Result<()> {
        for function in (0..self.store.functions.len()).rev() {
            let Function { def, defaults, called, makes_layers, .. } =
                &self.store.functions[function];
            let needs = def.parameters.iter().zip(defaults);
            let complete =
                needs.into_iter().all(|(one, default)| default.is_some() || one.stars > 0);
            if *called || !complete || !makes_layers {
                continue;
            }
            let (name, line) = (def.name.clone(), def.line);
            self.call_function(function, Arguments::default(), line)?;
            if self.store.models.iter().any(|model| !empty(&model.kind)) {
                self.note(format!("Nothing calls {name}; the model is the one that it makes."));
                return Ok(());
            }
        }
        Ok(())
    }
}
