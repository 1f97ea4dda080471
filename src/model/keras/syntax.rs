//! The part of Python's grammar that models are written in, as a tree.

use std::ops::Range;
use std::rc::Rc;

/// An expression and the line it begins in.
#[derive(Debug)]
pub(super) struct Expr {
    pub line: u32,
    /// Levels of expressions below and including this one.
    pub depth: u16,
    pub kind: ExprKind,
}

#[derive(Debug)]
pub(super) enum ExprKind {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    Name(Rc<str>),
    /// The pieces of an f-string.
    Formatted(Vec<Expr>),
    Attribute(Box<Expr>, Rc<str>),
    Call(Box<Expr>, Vec<Argument>),
    Index(Box<Expr>, Box<Expr>),
    Slice([Option<Box<Expr>>; 3]),
    Tuple(Vec<Expr>),
    List(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Unary(&'static str, Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    /// `if` `else`: condition, then, otherwise.
    Choice(Box<Expr>, Box<Expr>, Box<Expr>),
    /// A list comprehension of one `for`.
    Comprehension {
        element: Box<Expr>,
        target: Box<Expr>,
        over: Box<Expr>,
        only: Option<Box<Expr>>,
    },
    Starred(Box<Expr>),
    /// Python that no model is written in: a set, a lambda, a generator, ...
    Other(&'static str),
}

/// An argument of a call.
#[derive(Debug)]
pub(super) struct Argument {
    pub name: Option<Rc<str>>,
    /// 1 for `*values`, 2 for `**options`.
    pub stars: u8,
    pub value: Expr,
}

/// A statement, its first line, and the tokens it is made of.
#[derive(Debug)]
pub(super) struct Statement {
    pub line: u32,
    pub tokens: Range<usize>,
    pub kind: StatementKind,
}

#[derive(Debug)]
pub(super) enum StatementKind {
    Expr(Expr),
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    AddAssign {
        target: Expr,
        operator: &'static str,
        value: Expr,
    },
    For {
        target: Expr,
        over: Expr,
        body: Vec<Statement>,
        otherwise: Vec<Statement>,
    },
    While {
        body: Vec<Statement>,
    },
    If {
        branches: Vec<(Expr, Vec<Statement>)>,
        otherwise: Vec<Statement>,
    },
    Def(Rc<Def>),
    Class {
        name: Rc<str>,
    },
    Return(Option<Expr>),
    /// Path and the name it gets.
    Import(Vec<(String, Option<Rc<str>>)>),
    /// Module, then names with the names they get.
    From(String, Vec<(Rc<str>, Rc<str>)>),
    With {
        items: Vec<(Expr, Option<Expr>)>,
        body: Vec<Statement>,
    },
    Try {
        body: Vec<Statement>,
        handlers: Vec<Statement>,
        finally: Vec<Statement>,
    },
    Break,
    Continue,
    Nothing,
    /// No Python, or none that is understood; with the block that follows it.
    Other {
        body: Vec<Statement>,
    },
}

/// A function.
#[derive(Debug)]
pub(super) struct Def {
    pub name: Rc<str>,
    pub line: u32,
    pub parameters: Vec<Parameter>,
    pub body: Vec<Statement>,
    pub tokens: Range<usize>,
}

/// A parameter of a function.
#[derive(Debug)]
pub(super) struct Parameter {
    pub name: Rc<str>,
    pub default: Option<Expr>,
    /// 1 for `*args`, 2 for `**kwargs`.
    pub stars: u8,
}
