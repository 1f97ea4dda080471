//! Expressions, by their operators' binding powers.

use super::super::lexer::{Token, lex};
use super::super::limits;
use super::super::syntax::{Argument, Expr, ExprKind};
use super::{Broken, KEYWORDS, Parsed, Parser};

/// Parses an expression that stands alone, such as the inside of an f-string's braces.
fn parse_expression(text: &str, line: u32) -> Option<Expr> {
    let mut tokens = lex(text).ok()?;
    tokens.iter_mut().for_each(|lexeme| lexeme.line = line);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: limits::EXPRESSION / 2 };
    let expr = parser.expression().ok()?;
    matches!(parser.peek(), Token::NewLine | Token::End).then_some(expr)
}

impl Parser<'_> {
    /// One expression, or several with commas between, which are a tuple.
    pub(super) fn expressions(&mut self) -> Parsed<Expr> {
        self.list_of(Self::starred)
    }

    /// What a `for` assigns to.
    pub(super) fn targets(&mut self) -> Parsed<Expr> {
        self.list_of(|parser| {
            if parser.eat("*") {
                let line = parser.line();
                let inner = parser.postfix()?;
                return parser.node(line, ExprKind::Starred(Box::new(inner)));
            }
            parser.postfix()
        })
    }

    fn list_of(&mut self, one: fn(&mut Self) -> Parsed<Expr>) -> Parsed<Expr> {
        let line = self.line();
        let first = one(self)?;
        if self.peek() != &Token::Op(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(",") {
            let ends = match self.peek() {
                Token::NewLine | Token::End | Token::Dedent => true,
                Token::Op(op) => matches!(*op, "=" | ")" | "]" | "}" | ":" | ";"),
                Token::Name(word) => &**word == "in",
                _ => false,
            };
            if ends {
                break;
            }
            items.push(one(self)?);
        }
        self.node(line, ExprKind::Tuple(items))
    }

    fn starred(&mut self) -> Parsed<Expr> {
        let line = self.line();
        if self.eat("*") {
            let inner = self.expression()?;
            return self.node(line, ExprKind::Starred(Box::new(inner)));
        }
        self.expression()
    }

    /// A node with its depth, which is bounded so that nobody who walks the tree overflows.
    fn node(&self, line: u32, kind: ExprKind) -> Parsed<Expr> {
        let depth = 1 + depth_below(&kind);
        if depth > limits::EXPRESSION {
            return Err(Broken);
        }
        Ok(Expr { line, depth, kind })
    }

    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        let result = if self.depth > limits::EXPRESSION { Err(Broken) } else { self.ternary() };
        self.depth -= 1;
        result
    }

    fn ternary(&mut self) -> Parsed<Expr> {
        let line = self.line();
        if self.eat_word("lambda") {
            while !matches!(self.peek(), Token::Op(":") | Token::NewLine | Token::End) {
                self.at += 1;
            }
            self.expect(":")?;
            self.expression()?;
            return self.node(line, ExprKind::Other("a lambda"));
        }
        if self.is_word("await") || self.is_word("yield") {
            return Err(Broken);
        }
        let value = self.binary(1)?;
        if self.eat_word("if") {
            let condition = self.binary(1)?;
            self.expect_word("else")?;
            let otherwise = self.expression()?;
            let parts = (Box::new(condition), Box::new(value), Box::new(otherwise));
            return self.node(line, ExprKind::Choice(parts.0, parts.1, parts.2));
        }
        if self.eat(":=") {
            self.expression()?;
            return self.node(line, ExprKind::Other("an assignment inside an expression"));
        }
        Ok(value)
    }

    /// The binary operator that comes next, its binding power, and its number of tokens.
    fn operator(&self) -> Option<(&'static str, u8, usize)> {
        match self.peek() {
            Token::Name(word) => match &**word {
                "or" => Some(("or", 1, 1)),
                "and" => Some(("and", 2, 1)),
                "in" => Some(("in", 4, 1)),
                "is" if matches!(self.peek_after(), Token::Name(not) if &**not == "not") => {
                    Some(("!=", 4, 2))
                }
                "is" => Some(("==", 4, 1)),
                "not" if matches!(self.peek_after(), Token::Name(r#in) if &**r#in == "in") => {
                    Some(("not in", 4, 2))
                }
                _ => None,
            },
            Token::Op(operator) => {
                let power = match *operator {
                    "<" | ">" | "<=" | ">=" | "==" | "!=" => 4,
                    "|" => 5,
                    "^" => 6,
                    "&" => 7,
                    "<<" | ">>" => 8,
                    "+" | "-" => 9,
                    "*" | "/" | "//" | "%" | "@" => 10,
                    "**" => 12,
                    _ => return None,
                };
                Some((operator, power, 1))
            }
            _ => None,
        }
    }

    fn binary(&mut self, least: u8) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > 4 * limits::EXPRESSION {
            self.depth -= 1;
            return Err(Broken);
        }
        let result = self.binary_inner(least);
        self.depth -= 1;
        result
    }

    fn binary_inner(&mut self, least: u8) -> Parsed<Expr> {
        let line = self.line();
        let mut left = if least <= 3 && self.is_word("not") {
            self.at += 1;
            let inner = self.binary(3)?;
            self.node(line, ExprKind::Unary("not", Box::new(inner)))?
        } else {
            self.unary()?
        };
        while let Some((operator, power, length)) = self.operator() {
            if power < least {
                break;
            }
            self.at += length;
            // `**` binds to the right.
            let right = self.binary(if operator == "**" { power } else { power + 1 })?;
            left = self.node(line, ExprKind::Binary(operator, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    pub(super) fn unary(&mut self) -> Parsed<Expr> {
        let line = self.line();
        if let Token::Op(operator @ ("-" | "+" | "~")) = *self.peek() {
            self.at += 1;
            // -2 ** 2 is -(2 ** 2).
            let inner = self.binary(11)?;
            return self.node(line, ExprKind::Unary(operator, Box::new(inner)));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parsed<Expr> {
        let line = self.line();
        let mut value = self.atom()?;
        loop {
            value = if self.eat(".") {
                let Token::Name(name) = self.next() else { return Err(Broken) };
                self.node(line, ExprKind::Attribute(Box::new(value), name))?
            } else if self.peek() == &Token::Op("(") {
                let line = self.line();
                self.at += 1;
                let arguments = self.arguments(")")?;
                self.node(line.min(value.line), ExprKind::Call(Box::new(value), arguments))?
            } else if self.eat("[") {
                let index = self.list_of(Self::subscript)?;
                self.expect("]")?;
                self.node(line, ExprKind::Index(Box::new(value), Box::new(index)))?
            } else {
                return Ok(value);
            };
        }
    }

    fn subscript(&mut self) -> Parsed<Expr> {
        let line = self.line();
        let mut parts = [None, None, None];
        let mut place = 0;
        loop {
            if self.eat(":") {
                place += 1;
                if place > 2 {
                    return Err(Broken);
                }
            } else if matches!(self.peek(), Token::Op("]" | ",")) {
                break;
            } else if parts[place].is_none() {
                parts[place] = Some(Box::new(self.expression()?));
            } else {
                return Err(Broken);
            }
        }
        match (place, parts) {
            (0, [Some(index), None, None]) => Ok(*index),
            (0, _) => Err(Broken),
            (_, parts) => self.node(line, ExprKind::Slice(parts)),
        }
    }

    pub(super) fn arguments(&mut self, close: &str) -> Parsed<Vec<Argument>> {
        let mut arguments = Vec::new();
        while !self.eat(close) {
            let stars = if self.eat("**") { 2 } else { u8::from(self.eat("*")) };
            let name = match (self.peek().clone(), self.peek_after()) {
                (Token::Name(name), Token::Op("=")) => {
                    self.at += 2;
                    Some(name)
                }
                _ => None,
            };
            let mut value = self.expression()?;
            if self.is_word("for") {
                value = self.comprehension(value, close)?;
                // Summing over a generator and the like: read as a list.
                self.expect(close)?;
                arguments.push(Argument { name, stars, value });
                return Ok(arguments);
            }
            arguments.push(Argument { name, stars, value });
            if !self.eat(",") {
                self.expect(close)?;
                return Ok(arguments);
            }
        }
        Ok(arguments)
    }

    /// `element for target in over if only`, the element read already.
    fn comprehension(&mut self, element: Expr, close: &str) -> Parsed<Expr> {
        let line = element.line;
        self.expect_word("for")?;
        let target = self.targets()?;
        self.expect_word("in")?;
        let over = self.binary(1)?;
        let only = if self.eat_word("if") { Some(Box::new(self.binary(1)?)) } else { None };
        if matches!(self.peek(), Token::Op(op) if *op == close) {
            return self.node(
                line,
                ExprKind::Comprehension {
                    element: Box::new(element),
                    target: Box::new(target),
                    over: Box::new(over),
                    only,
                },
            );
        }
        // Several loops in one: no model is written so.
        while self.eat_word("for") {
            self.targets()?;
            self.expect_word("in")?;
            self.binary(1)?;
            while self.eat_word("if") {
                self.binary(1)?;
            }
        }
        self.node(line, ExprKind::Other("a comprehension of several loops"))
    }

    fn atom(&mut self) -> Parsed<Expr> {
        let line = self.line();
        let kind = match self.next() {
            Token::Name(name) => match &*name {
                "None" => ExprKind::None,
                "True" => ExprKind::Bool(true),
                "False" => ExprKind::Bool(false),
                word if KEYWORDS.contains(&word) => return Err(Broken),
                _ => ExprKind::Name(name),
            },
            Token::Int(number) => ExprKind::Int(number),
            Token::Float(number) => ExprKind::Float(number),
            Token::Text(text) => {
                let mut whole = text.to_string();
                loop {
                    match self.peek().clone() {
                        Token::Text(more) => {
                            self.at += 1;
                            whole.push_str(&more);
                        }
                        Token::Formatted(_) => {
                            self.at += 1;
                            return self.node(line, ExprKind::Other("a formatted text"));
                        }
                        _ => break ExprKind::Text(whole.into()),
                    }
                }
            }
            Token::Formatted(text) => {
                while matches!(self.peek(), Token::Text(_) | Token::Formatted(_)) {
                    self.at += 1;
                }
                match self.formatted(&text, line) {
                    Some(pieces) => ExprKind::Formatted(pieces),
                    None => ExprKind::Other("a formatted text"),
                }
            }
            Token::Op("(") => return self.brackets(line),
            Token::Op("[") => {
                let items = self.items("]")?;
                return self.node(line, items);
            }
            Token::Op("{") => self.braces()?,
            Token::Op("...") => ExprKind::None,
            _ => return Err(Broken),
        };
        self.node(line, kind)
    }

    fn brackets(&mut self, line: u32) -> Parsed<Expr> {
        if self.eat(")") {
            return self.node(line, ExprKind::Tuple(Vec::new()));
        }
        let first = self.starred()?;
        if self.is_word("for") {
            let list = self.comprehension(first, ")")?;
            self.expect(")")?;
            return Ok(list);
        }
        if self.eat(")") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.eat(",") {
            if self.peek() == &Token::Op(")") {
                break;
            }
            items.push(self.starred()?);
        }
        self.expect(")")?;
        self.node(line, ExprKind::Tuple(items))
    }

    fn items(&mut self, close: &str) -> Parsed<ExprKind> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.starred()?);
            if items.len() == 1 && self.is_word("for") {
                let element = items.pop().ok_or(Broken)?;
                let list = self.comprehension(element, close)?;
                self.expect(close)?;
                return Ok(list.kind);
            }
            if !self.eat(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(ExprKind::List(items))
    }

    fn braces(&mut self) -> Parsed<ExprKind> {
        let mut pairs = Vec::new();
        let mut other = false;
        while !self.eat("}") {
            if self.eat("**") {
                self.expression()?;
                other = true;
            } else {
                let key = self.starred()?;
                if self.eat(":") {
                    pairs.push((key, self.expression()?));
                } else {
                    other = true;
                }
            }
            if self.is_word("for") {
                let nothing = self.node(self.line(), ExprKind::None)?;
                self.comprehension(nothing, "}")?;
                self.expect("}")?;
                other = true;
                break;
            }
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(if other { ExprKind::Other("a set") } else { ExprKind::Dict(pairs) })
    }

    /// The pieces of an f-string; nothing where it has formats or quotes of its own.
    fn formatted(&self, text: &str, line: u32) -> Option<Vec<Expr>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inside, behind) = after.split_once('}')?;
            let plain = !inside.contains(['{', ':', '!', '=', '"', '\'']);
            if !plain || before.contains('}') || pieces.len() > 16 || inside.len() > 100 {
                return None;
            }
            pieces.push(self.node(line, ExprKind::Text(before.into())).ok()?);
            pieces.push(parse_expression(inside, line)?);
            rest = behind;
        }
        pieces.push(self.node(line, ExprKind::Text(rest.into())).ok()?);
        Some(pieces)
    }
}

fn depth_below(kind: &ExprKind) -> u16 {
    let deepest = |items: &[Expr]| items.iter().map(|item| item.depth).max().unwrap_or(0);
    let inner = |option: &Option<Box<Expr>>| option.as_ref().map_or(0, |expr| expr.depth);
    match kind {
        ExprKind::None
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Text(_)
        | ExprKind::Name(_)
        | ExprKind::Other(_) => 0,
        ExprKind::Formatted(items) | ExprKind::Tuple(items) | ExprKind::List(items) => {
            deepest(items)
        }
        ExprKind::Attribute(value, _) | ExprKind::Unary(_, value) | ExprKind::Starred(value) => {
            value.depth
        }
        ExprKind::Call(function, arguments) => {
            let deepest = arguments.iter().map(|argument| argument.value.depth).max();
            function.depth.max(deepest.unwrap_or(0))
        }
        ExprKind::Index(left, right) | ExprKind::Binary(_, left, right) => {
            left.depth.max(right.depth)
        }
        ExprKind::Slice(parts) => parts.iter().map(inner).max().unwrap_or(0),
        ExprKind::Dict(pairs) => {
            pairs.iter().map(|(key, value)| key.depth.max(value.depth)).max().unwrap_or(0)
        }
        ExprKind::Choice(a, b, c) => a.depth.max(b.depth).max(c.depth),
        ExprKind::Comprehension { element, target, over, only } => {
            element.depth.max(target.depth).max(over.depth).max(inner(only))
        }
    }
}
