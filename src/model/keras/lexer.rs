//! Characters -> tokens: Python as it is pasted from pages, notebooks and consoles.
//!
//! What copying leaves behind is undone here: prompts, notebook magics, curly quotes, spaces
//! and dashes that only look like those of a keyboard, the tables that `model.summary()`
//! prints. Every token knows its line, counted from 1.

use std::rc::Rc;

use super::limits;
use crate::error::{Error, Result};

/// The smallest piece of Python text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(Rc<str>),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    /// An f-string, as it is written between its quotes.
    Formatted(Rc<str>),
    /// An operator or a bracket.
    Op(&'static str),
    /// The end of a logical line.
    NewLine,
    Indent,
    Dedent,
    /// What is no Python: a lone quote, a backtick, a number beyond 64 bits.
    Bad,
    End,
}

/// A token and the line that it begins in.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub token: Token,
    pub line: u32,
}

/// The operator that three characters begin with.
fn operator(first: char, second: char, third: char) -> Option<&'static str> {
    Some(match (first, second, third) {
        ('*', '*', '=') => "**=",
        ('/', '/', '=') => "//=",
        ('>', '>', '=') => ">>=",
        ('<', '<', '=') => "<<=",
        ('.', '.', '.') => "...",
        ('*', '*', _) => "**",
        ('/', '/', _) => "//",
        ('>', '>', _) => ">>",
        ('<', '<', _) => "<<",
        ('<', '=', _) => "<=",
        ('>', '=', _) => ">=",
        ('=', '=', _) => "==",
        ('!', '=', _) => "!=",
        ('-', '>', _) => "->",
        ('+', '=', _) => "+=",
        ('-', '=', _) => "-=",
        ('*', '=', _) => "*=",
        ('/', '=', _) => "/=",
        ('%', '=', _) => "%=",
        ('&', '=', _) => "&=",
        ('|', '=', _) => "|=",
        ('^', '=', _) => "^=",
        ('@', '=', _) => "@=",
        (':', '=', _) => ":=",
        ('+', ..) => "+",
        ('-', ..) => "-",
        ('*', ..) => "*",
        ('/', ..) => "/",
        ('%', ..) => "%",
        ('@', ..) => "@",
        ('&', ..) => "&",
        ('|', ..) => "|",
        ('^', ..) => "^",
        ('~', ..) => "~",
        ('<', ..) => "<",
        ('>', ..) => ">",
        ('(', ..) => "(",
        (')', ..) => ")",
        ('[', ..) => "[",
        (']', ..) => "]",
        ('{', ..) => "{",
        ('}', ..) => "}",
        (',', ..) => ",",
        (':', ..) => ":",
        ('.', ..) => ".",
        (';', ..) => ";",
        ('=', ..) => "=",
        _ => return None,
    })
}

/// Cuts text into tokens; the last one is [`Token::End`].
///
/// # Errors
/// `model-text` with the line of a bracket or a text that nobody closes, and of brackets that
/// nest deeper than any model's.
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme>> {
    let mut lexer = Lexer {
        chars: clean(text),
        at: 0,
        line: 1,
        brackets: Vec::new(),
        indents: Vec::new(),
        tokens: Vec::new(),
        unclosed: [[0; 2]; 2],
    };
    lexer.run()?;
    Ok(lexer.tokens)
}

/// One character a character of Python: line ends alike, spaces and dashes of a keyboard,
/// nothing invisible. Quotes stay, because a curly one inside a straight pair is text.
fn clean(text: &str) -> Vec<char> {
    let mut chars = Vec::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        chars.push(match letter {
            '\r' => {
                letters.next_if_eq(&'\n');
                '\n'
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => continue,
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
            '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
            // Full-width forms of ASCII.
            '\u{ff01}'..='\u{ff5e}' => {
                char::from_u32(letter as u32 - 0xff01 + 0x21).unwrap_or(letter)
            }
            other => other,
        });
    }
    chars
}

/// The straight form of a quote of any kind.
fn quote(letter: char) -> Option<char> {
    match letter {
        '\'' | '\u{2018}'..='\u{201b}' | '\u{2032}' => Some('\''),
        '"' | '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => Some('"'),
        _ => None,
    }
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    line: u32,
    /// Open brackets and their lines.
    brackets: Vec<(&'static str, u32)>,
    /// Widths of the blocks around, outermost first.
    indents: Vec<usize>,
    tokens: Vec<Lexeme>,
    /// For `'` and for `"`, closed by any quote of the kind or by a straight one alone: up to
    /// where a text that begins before is not closed, so that nobody looks again. Every such
    /// quote on the way was escaped, so a text that begins with it has the same escapes.
    unclosed: [[usize; 2]; 2],
}

impl Lexer {
    fn run(&mut self) -> Result<()> {
        self.begin_line()?;
        while let Some(letter) = self.peek(0) {
            match letter {
                '\n' => {
                    self.at += 1;
                    self.end_line();
                    self.line += 1;
                    self.begin_line()?;
                }
                ' ' | '\t' | '\u{c}' => self.at += 1,
                '#' => self.skip_line(),
                '\\' if self.blank_until_newline(1) => {
                    self.skip_line();
                    self.at += 1;
                    self.line += 1;
                    self.skip_prompt();
                }
                '0'..='9' => self.number(),
                '.' if matches!(self.peek(1), Some('0'..='9')) => self.number(),
                _ if quote(letter).is_some() => self.text("")?,
                _ if letter.is_alphabetic() || letter == '_' => self.name()?,
                _ => self.operator()?,
            }
        }
        if let Some((bracket, line)) = self.brackets.last() {
            return Err(Error::model_text(format!(
                "the bracket {bracket} is never closed. Was the end of the text cut off?"
            ))
            .line(*line));
        }
        self.end_line();
        for _ in 1..self.indents.len() {
            self.push(Token::Dedent);
        }
        self.push(Token::End);
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn push(&mut self, token: Token) {
        self.tokens.push(Lexeme { token, line: self.line });
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|letter| letter != '\n') {
            self.at += 1;
        }
    }

    fn blank_until_newline(&self, ahead: usize) -> bool {
        let mut rest = self.chars[self.at + ahead..].iter();
        rest.find(|letter| !matches!(letter, ' ' | '\t')).is_none_or(|letter| *letter == '\n')
    }

    /// Ends a logical line, unless a bracket is open or nothing stands in it.
    fn end_line(&mut self) {
        let empty = match self.tokens.last().map(|lexeme| &lexeme.token) {
            None | Some(Token::NewLine | Token::Indent | Token::Dedent) => true,
            Some(_) => false,
        };
        if self.brackets.is_empty() && !empty {
            self.push(Token::NewLine);
        }
    }

    /// The rest of the line as text, at most 200 characters of it.
    fn rest_of_line(&self) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default().iter();
        rest.take_while(|letter| **letter != '\n').take(200).collect()
    }

    /// Takes `>>> `, `... `, `In [3]: ` and `   ...: ` from the beginning of a line.
    fn skip_prompt(&mut self) {
        let rest = self.rest_of_line();
        let trimmed = rest.trim_start();
        let blanks = rest.chars().count() - trimmed.chars().count();
        let after_number = |word: &str| -> Option<usize> {
            let inner = trimmed.strip_prefix(word)?.trim_start().strip_prefix('[')?;
            let (number, after) = inner.split_once("]:")?;
            number
                .chars()
                .all(|letter| letter.is_ascii_digit() || letter == ' ' || letter == '*')
                .then(|| trimmed.chars().count() - after.chars().count())
        };
        let length = if let Some(length) = after_number("In") {
            length
        } else if after_number("Out").is_some() {
            self.skip_line();
            return;
        } else if trimmed.starts_with("...:") {
            4
        } else if trimmed.starts_with(">>>") || trimmed.starts_with("... ") || trimmed == "..." {
            3
        } else {
            return;
        };
        self.at += blanks + length;
        if self.peek(0) == Some(' ') {
            self.at += 1;
        }
    }

    /// At the beginning of a line: prompts, lines that are no Python, and the indentation.
    fn begin_line(&mut self) -> Result<()> {
        loop {
            self.skip_prompt();
            if !self.brackets.is_empty() {
                return Ok(());
            }
            let start = self.at;
            let mut width = 0;
            while let Some(letter @ (' ' | '\t' | '\u{c}')) = self.peek(0) {
                width = if letter == '\t' { width / 8 * 8 + 8 } else { width + 1 };
                self.at += 1;
            }
            match self.peek(0) {
                None => return Ok(()),
                Some('\n' | '#') => {}
                Some('\\') if self.blank_until_newline(1) => {}
                Some(_) if is_no_python(&self.rest_of_line()) => {
                    // A magic may go on in the next line.
                    self.skip_line();
                    while self.peek(0).is_some() && self.chars[start..self.at].ends_with(&['\\']) {
                        self.at += 1;
                        self.line += 1;
                        self.skip_line();
                    }
                }
                Some(_) => return self.indent(width),
            }
            self.skip_line();
            if self.peek(0).is_none() {
                return Ok(());
            }
            self.at += 1;
            self.line += 1;
        }
    }

    fn indent(&mut self, width: usize) -> Result<()> {
        let Some(&current) = self.indents.last() else {
            self.indents.push(width);
            return Ok(());
        };
        if width > current {
            if self.indents.len() > limits::BLOCKS {
                return Err(
                    Error::model_text("blocks nest deeper here than in any model.").line(self.line)
                );
            }
            self.indents.push(width);
            self.push(Token::Indent);
        }
        while self.indents.len() > 1 && self.indents.last().is_some_and(|last| *last > width) {
            self.indents.pop();
            self.push(Token::Dedent);
        }
        // Less than the first line's: the text began in the middle of a block.
        if let [only] = self.indents.as_mut_slice() {
            *only = width.min(*only);
        }
        Ok(())
    }

    fn number(&mut self) {
        let start = self.at;
        let digits = |lexer: &mut Self, radix: u32| {
            while lexer.peek(0).is_some_and(|letter| letter.is_digit(radix) || letter == '_') {
                lexer.at += 1;
            }
        };
        let radix = match (self.peek(0), self.peek(1)) {
            (Some('0'), Some('x' | 'X')) => 16,
            (Some('0'), Some('o' | 'O')) => 8,
            (Some('0'), Some('b' | 'B')) => 2,
            _ => 10,
        };
        if radix != 10 {
            self.at += 2;
            digits(self, radix);
            let text: String = self.chars[start + 2..self.at].iter().collect();
            let number = i64::from_str_radix(&text.replace('_', ""), radix);
            return self.push(number.map_or(Token::Bad, Token::Int));
        }
        digits(self, 10);
        let mut whole = true;
        if self.peek(0) == Some('.') {
            whole = false;
            self.at += 1;
            digits(self, 10);
        }
        let sign = usize::from(matches!(self.peek(1), Some('+' | '-')));
        if matches!(self.peek(0), Some('e' | 'E')) && matches!(self.peek(1 + sign), Some('0'..='9'))
        {
            whole = false;
            self.at += 1 + sign;
            digits(self, 10);
        }
        let text: String = self.chars[start..self.at].iter().filter(|c| **c != '_').collect();
        let token = if whole {
            // Beyond 64 bits a number is only known to be large.
            text.parse().map(Token::Int).or_else(|_| text.parse().map(Token::Float))
        } else {
            text.parse().map(Token::Float)
        };
        self.push(token.unwrap_or(Token::Bad));
    }

    fn name(&mut self) -> Result<()> {
        let start = self.at;
        while self.peek(0).is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        let prefix = name.len() <= 2 && name.chars().all(|c| "rRbBuUfF".contains(c));
        if prefix && self.peek(0).and_then(quote).is_some() {
            return self.text(&name.to_lowercase());
        }
        self.push(Token::Name(name.into()));
        Ok(())
    }

    /// A text in quotes, which stand at the present place; `prefix` stood before them.
    fn text(&mut self, prefix: &str) -> Result<()> {
        let (start, line) = (self.at, self.line);
        let opening = self.chars[start];
        let kind = quote(opening);
        let is = |at: usize, kind: Option<char>| {
            kind.is_some() && self.chars.get(at).copied().and_then(quote) == kind
        };
        let triple = is(start + 1, kind) && is(start + 2, kind);
        if !triple && is(start + 1, kind) {
            self.at += 2;
            self.push(Token::Text("".into()));
            return Ok(());
        }
        // A straight quote is closed by a straight one; if the line has none, by any.
        let raw = prefix.contains('r');
        for straight in [Some(opening) == kind, false] {
            let (which, how) = (usize::from(kind == Some('"')), usize::from(straight));
            if !triple && !raw && start < self.unclosed[which][how] {
                continue;
            }
            let (mut text, mut at, mut lines) =
                (String::new(), start + if triple { 3 } else { 1 }, 0);
            while let Some(&letter) = self.chars.get(at) {
                let closes = if straight { Some(letter) == kind } else { quote(letter) == kind };
                if closes && (!triple || is(at + 1, kind) && is(at + 2, kind)) {
                    self.at = at + if triple { 3 } else { 1 };
                    let text: Rc<str> = text.into();
                    let token = if prefix.contains('f') {
                        Token::Formatted(text)
                    } else {
                        Token::Text(text)
                    };
                    self.tokens.push(Lexeme { token, line });
                    self.line += lines;
                    return Ok(());
                }
                match (letter, self.chars.get(at + 1)) {
                    ('\n', _) if !triple => break,
                    ('\\', Some(&next)) if !raw => {
                        match next {
                            'n' => text.push('\n'),
                            't' => text.push('\t'),
                            '\n' => lines += 1,
                            other => text.push(other),
                        }
                        at += 2;
                        continue;
                    }
                    ('\n', _) => lines += 1,
                    _ => {}
                }
                text.push(letter);
                at += 1;
            }
            if triple {
                return Err(Error::model_text(
                    "the text in three quotes that begins here is never closed.",
                )
                .line(line));
            }
            if !raw {
                self.unclosed[which][how] = at;
            }
        }
        // An apostrophe in prose, or a text that was cut off: the line is no Python.
        self.push(Token::Bad);
        self.skip_line();
        Ok(())
    }

    fn operator(&mut self) -> Result<()> {
        let [first, second, third] = [0, 1, 2].map(|ahead| self.peek(ahead).unwrap_or('\n'));
        let Some(operator) = operator(first, second, third) else {
            self.at += 1;
            self.push(Token::Bad);
            return Ok(());
        };
        self.at += operator.len();
        match operator {
            "(" | "[" | "{" => {
                if self.brackets.len() >= limits::BRACKETS {
                    return Err(Error::model_text("brackets nest deeper here than in any model.")
                        .line(self.line));
                }
                self.brackets.push((operator, self.line));
            }
            ")" | "]" | "}" => match self.brackets.pop() {
                None => {
                    self.push(Token::Bad);
                    return Ok(());
                }
                Some(("(", _)) if operator == ")" => {}
                Some(("[", _)) if operator == "]" => {}
                Some(("{", _)) if operator == "}" => {}
                Some((open, line)) => {
                    return Err(Error::model_text(format!(
                        "{operator} stands here, but the bracket open is the {open} of line {line}."
                    ))
                    .line(self.line));
                }
            },
            _ => {}
        }
        self.push(Token::Op(operator));
        Ok(())
    }
}

/// Lines of a notebook or a console that are no Python: magics, fences, printed tables.
fn is_no_python(line: &str) -> bool {
    let rule = |letter: char| line.len() >= 3 && line.starts_with(&String::from(letter).repeat(3));
    let first = line.chars().next().unwrap_or(' ');
    matches!(first, '%' | '!' | '?' | '\u{2500}'..='\u{259f}')
        || ['`', '=', '-', '_'].into_iter().any(rule)
        || is_summary_row(line)
}

/// A row of `model.summary()`: `conv2d (Conv2D)   (None, 26, 26, 32)   320`, where a long class
/// is cut off with its bracket.
fn is_summary_row(line: &str) -> bool {
    let word = |letter: char| letter.is_alphanumeric() || "_->.".contains(letter);
    let Some((name, rest)) = line.split_once(" (") else { return false };
    let rest = rest.trim_start_matches(word);
    let shape = rest.strip_prefix(')').unwrap_or(rest).trim_start();
    name.chars().all(word)
        && ["(None,", "[(None,", "(?,"].iter().any(|start| shape.starts_with(start))
}
