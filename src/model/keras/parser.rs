//! Tokens -> statements, by recursive descent with a limit on depth.
//!
//! A statement that is not understood does not end the parsing: it becomes
//! [`StatementKind::Other`] and whoever runs the statements decides whether it matters.

mod expressions;

use std::rc::Rc;

use super::lexer::{Lexeme, Token};
use super::syntax::{Def, Parameter, Statement, StatementKind};

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
}

/// Words that are no names.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
    "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda",
    "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
