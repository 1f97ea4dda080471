//! Tokens -> statements, by recursive descent with a limit on depth.
//!
//! A statement that is not understood does not end the parsing: it becomes
//! [`StatementKind::Other`] and whoever runs the statements decides whether it matters.

use std::rc::Rc;

use super::lexer::{Lexeme, Token, lex};
use super::limits;
use super::syntax::{Argument, Def, Expr, ExprKind, Parameter, Statement, StatementKind};

/// Where an expression or a statement stops being Python.
struct Broken;

type Parsed<T> = Result<T, Broken>;

/// Parses all statements.
pub(super) fn parse(tokens: &[Lexeme]) -> Vec<Statement> {
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    let mut statements = Vec::new();
    while parser.peek() != &Token::End {
        parser.statement(&mut statements);
    }
    statements
}

/// Parses an expression that stands alone, such as the inside of an f-string's braces.
fn parse_expression(text: &str, line: u32) -> Option<Expr> {
    let mut tokens = lex(text).ok()?;
    tokens.iter_mut().for_each(|lexeme| lexeme.line = line);
    let mut parser = Parser { tokens: &tokens, at: 0, depth: limits::EXPRESSION / 2 };
    let expr = parser.expression().ok()?;
    matches!(parser.peek(), Token::NewLine | Token::End).then_some(expr)
}

struct Parser<'a> {
    tokens: &'a [Lexeme],
    at: usize,
    depth: u16,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn peek_after(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn line(&self) -> u32 {
        let last = self.tokens.len().saturating_sub(1);
        self.tokens.get(self.at.min(last)).map_or(1, |lexeme| lexeme.line)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn eat(&mut self, operator: &str) -> bool {
        let fits = matches!(self.peek(), Token::Op(op) if *op == operator);
        self.at += usize::from(fits);
        fits
    }

    fn expect(&mut self, operator: &str) -> Parsed<()> {
        if self.eat(operator) { Ok(()) } else { Err(Broken) }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Name(name) if &**name == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let fits = self.is_word(word);
        self.at += usize::from(fits);
        fits
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { Err(Broken) }
    }

    fn name(&mut self) -> Parsed<Rc<str>> {
        match self.next() {
            Token::Name(name) if !KEYWORDS.contains(&&*name) => Ok(name),
            _ => Err(Broken),
        }
    }

    // Statements.

    /// Parses one logical line, which may hold several statements, with its block.
    fn statement(&mut self, into: &mut Vec<Statement>) {
        match self.peek() {
            // A block that nothing asks for: the text was copied from within another.
            Token::Indent | Token::Dedent | Token::NewLine => {
                self.at += 1;
                return;
            }
            _ => {}
        }
        let (start, line, depth) = (self.at, self.line(), self.depth);
        let kind = match self.compound() {
            Ok(Some(kind)) => Some(kind),
            Ok(None) => {
                self.at = start;
                if self.simple_line(into).is_ok() {
                    return;
                }
                None
            }
            Err(Broken) => None,
        };
        let kind = kind.unwrap_or_else(|| {
            self.depth = depth;
            while !matches!(
                self.peek(),
                Token::NewLine | Token::End | Token::Indent | Token::Dedent
            ) {
                self.at += 1;
            }
            if self.peek() == &Token::NewLine {
                self.at += 1;
            }
            let body = match self.peek() {
                Token::Indent => self.indented(),
                _ => Vec::new(),
            };
            StatementKind::Other { body }
        });
        into.push(Statement { line, tokens: start..self.at, kind });
    }

    /// `a = 1; b = 2`. Adds nothing unless all of the line is understood.
    fn simple_line(&mut self, into: &mut Vec<Statement>) -> Parsed<()> {
        let before = into.len();
        let mut line = || {
            loop {
                let (start, line) = (self.at, self.line());
                let kind = self.simple()?;
                into.push(Statement { line, tokens: start..self.at, kind });
                let more = self.eat(";");
                match self.peek() {
                    Token::NewLine => {
                        self.at += 1;
                        return Ok(());
                    }
                    Token::End | Token::Dedent => return Ok(()),
                    _ if more => {}
                    _ => return Err(Broken),
                }
            }
        };
        let result = line();
        if result.is_err() {
            into.truncate(before);
        }
        result
    }

    /// After an [`Token::Indent`] that is the present token: statements up to its end.
    fn indented(&mut self) -> Vec<Statement> {
        self.at += 1;
        let mut body = Vec::new();
        let mut extra = 0;
        loop {
            match self.peek() {
                Token::End => break,
                // Blocks that nothing asks for are read as part of this one.
                Token::Indent => {
                    extra += 1;
                    self.at += 1;
                }
                Token::Dedent => {
                    self.at += 1;
                    if extra == 0 {
                        break;
                    }
                    extra -= 1;
                }
                _ => self.statement(&mut body),
            }
        }
        body
    }

    /// `: statement` in the same line, or a block below.
    fn block(&mut self) -> Parsed<Vec<Statement>> {
        self.expect(":")?;
        if self.peek() != &Token::NewLine {
            let mut body = Vec::new();
            self.simple_line(&mut body)?;
            return Ok(body);
        }
        self.at += 1;
        if self.peek() != &Token::Indent {
            return Err(Broken);
        }
        Ok(self.indented())
    }

    fn compound(&mut self) -> Parsed<Option<StatementKind>> {
        let start = self.at;
        while self.peek() == &Token::Op("@") {
            // A decorator, such as @tf.function.
            while !matches!(self.peek(), Token::NewLine | Token::End) {
                self.at += 1;
            }
            self.at += 1;
        }
        let Token::Name(word) = self.peek().clone() else { return Ok(None) };
        self.at += 1;
        Ok(Some(match &*word {
            "for" => {
                let target = self.targets()?;
                self.expect_word("in")?;
                let over = self.expressions()?;
                let body = self.block()?;
                let otherwise = if self.eat_word("else") { self.block()? } else { Vec::new() };
                StatementKind::For { target, over, body, otherwise }
            }
            "while" => {
                self.expression()?;
                let body = self.block()?;
                StatementKind::While { body }
            }
            "if" => {
                let mut branches = vec![(self.expression()?, self.block()?)];
                while self.eat_word("elif") {
                    branches.push((self.expression()?, self.block()?));
                }
                let otherwise = if self.eat_word("else") { self.block()? } else { Vec::new() };
                StatementKind::If { branches, otherwise }
            }
            "def" => StatementKind::Def(Rc::new(self.def(start)?)),
            "class" => {
                let name = self.name()?;
                if self.eat("(") {
                    self.arguments(")")?;
                }
                self.block()?;
                StatementKind::Class { name }
            }
            "with" => {
                let mut items = Vec::new();
                let bracket = self.eat("(");
                loop {
                    let context = self.expression()?;
                    let name = if self.eat_word("as") { Some(self.unary()?) } else { None };
                    items.push((context, name));
                    if !self.eat(",") {
                        break;
                    }
                }
                if bracket {
                    self.expect(")")?;
                }
                StatementKind::With { items, body: self.block()? }
            }
            "try" => {
                let body = self.block()?;
                let mut handlers = Vec::new();
                while self.eat_word("except") {
                    if self.peek() != &Token::Op(":") {
                        self.expressions()?;
                        if self.eat_word("as") {
                            self.name()?;
                        }
                    }
                    handlers.extend(self.block()?);
                }
                if self.eat_word("else") {
                    handlers.extend(self.block()?);
                }
                let finally = if self.eat_word("finally") { self.block()? } else { Vec::new() };
                StatementKind::Try { body, handlers, finally }
            }
            _ => return Ok(None),
        }))
    }

    fn def(&mut self, start: usize) -> Parsed<Def> {
        let line = self.line();
        let name = self.name()?;
        self.expect("(")?;
        let mut parameters = Vec::new();
        while !self.eat(")") {
            let stars = if self.eat("**") { 2 } else { u8::from(self.eat("*")) };
            // A lone star or stroke only says how arguments are to be given.
            if !(self.eat("/") || stars == 1 && self.peek() == &Token::Op(",")) {
                let name = self.name()?;
                if self.eat(":") {
                    self.expression()?;
                }
                let default = if self.eat("=") { Some(self.expression()?) } else { None };
                parameters.push(Parameter { name, default, stars });
            }
            if !self.eat(",") {
                self.expect(")")?;
                break;
            }
        }
        if self.eat("->") {
            self.expression()?;
        }
        let body = self.block()?;
        Ok(Def { name, line, parameters, body, tokens: start..self.at })
    }

    fn dotted(&mut self) -> Parsed<String> {
        let mut path = String::new();
        while self.eat(".") {
            path.push('.');
        }
        if path.is_empty() || !self.is_word("import") {
            path.push_str(&self.name()?);
        }
        while self.eat(".") {
            path.push('.');
            path.push_str(&self.name()?);
        }
        Ok(path)
    }

    fn simple(&mut self) -> Parsed<StatementKind> {
        if let Token::Name(word) = self.peek().clone() {
            let next_ends = matches!(
                self.peek_after(),
                Token::NewLine | Token::End | Token::Dedent | Token::Op(";")
            );
            let alone = match &*word {
                "pass" => Some(StatementKind::Nothing),
                "break" => Some(StatementKind::Break),
                "continue" => Some(StatementKind::Continue),
                "return" => Some(StatementKind::Return(None)),
                _ => None,
            };
            if let (true, Some(kind)) = (next_ends, alone) {
                self.at += 1;
                return Ok(kind);
            }
            match &*word {
                "return" => {
                    self.at += 1;
                    return Ok(StatementKind::Return(Some(self.expressions()?)));
                }
                "import" => {
                    self.at += 1;
                    return self.import();
                }
                "from" => {
                    self.at += 1;
                    return self.import_from();
                }
                "global" | "nonlocal" | "assert" | "raise" | "del" => {
                    self.at += 1;
                    if !next_ends {
                        self.expressions()?;
                        if self.eat_word("from") {
                            self.expression()?;
                        }
                    }
                    return Ok(StatementKind::Nothing);
                }
                _ => {}
            }
        }
        let first = self.expressions()?;
        if self.eat(":") {
            // A type, such as `rate: float = 0.5`.
            self.expression()?;
            if !self.eat("=") {
                return Ok(StatementKind::Nothing);
            }
            return Ok(StatementKind::Assign { targets: vec![first], value: self.expressions()? });
        }
        if let Token::Op(operator) = *self.peek()
            && let Some(operator) = operator.strip_suffix('=')
            && ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", ">>", "<<"]
                .contains(&operator)
        {
            self.at += 1;
            return Ok(StatementKind::AddAssign {
                target: first,
                operator,
                value: self.expressions()?,
            });
        }
        let mut targets = vec![first];
        while self.eat("=") {
            targets.push(self.expressions()?);
        }
        let value = targets.pop().ok_or(Broken)?;
        if targets.is_empty() {
            return Ok(StatementKind::Expr(value));
        }
        Ok(StatementKind::Assign { targets, value })
    }

    fn import(&mut self) -> Parsed<StatementKind> {
        let mut imports = Vec::new();
        loop {
            let path = self.dotted()?;
            let name = if self.eat_word("as") { Some(self.name()?) } else { None };
            imports.push((path, name));
            if !self.eat(",") {
                return Ok(StatementKind::Import(imports));
            }
        }
    }

    fn import_from(&mut self) -> Parsed<StatementKind> {
        let module = self.dotted()?;
        self.expect_word("import")?;
        if self.eat("*") {
            return Ok(StatementKind::From(module, Vec::new()));
        }
        let bracket = self.eat("(");
        let mut names = Vec::new();
        loop {
            let name = self.name()?;
            let given = if self.eat_word("as") { self.name()? } else { name.clone() };
            names.push((name, given));
            if !self.eat(",") || self.peek() == &Token::Op(")") {
                break;
            }
        }
        if bracket {
            self.expect(")")?;
        }
        Ok(StatementKind::From(module, names))
    }

    // Expressions.

    /// One expression, or several with commas between, which are a tuple.
    fn expressions(&mut self) -> Parsed<Expr> {
        self.list_of(Self::starred)
    }

    /// What a `for` assigns to.
    fn targets(&mut self) -> Parsed<Expr> {
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

    fn expression(&mut self) -> Parsed<Expr> {
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

    fn unary(&mut self) -> Parsed<Expr> {
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

    fn arguments(&mut self, close: &str) -> Parsed<Vec<Argument>> {
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

/// Words that are no names.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

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
