//! Arithmetic over series: `A / (B + C) * 100`.
//!
//! A formula is read into steps that work on a stack, so that neither reading nor computing it nests.

/// The longest formula, in bytes.
pub const FORMULA_BYTES_MAX: usize = 200;
/// How deep parentheses may nest.
const DEPTH_MAX: usize = 20;

/// A formula that can be computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    steps: Vec<Step>,
}

/// What is wrong with a formula, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The character, from 1.
    pub position: usize,
    /// What is wrong, to follow "at character 3, ".
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    /// The series, from 0.
    Series(usize),
    Negate,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Step {
    /// How tightly it binds.
    fn rank(self) -> u8 {
        match self {
            Self::Negate => 3,
            Self::Multiply | Self::Divide => 2,
            _ => 1,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Token {
    /// A number or a series.
    Value(Step),
    Plus,
    Minus,
    Times,
    Over,
    Open,
    Close,
}

/// What waits for the value after it.
#[derive(Clone, Copy, Debug)]
enum Pending {
    Step(Step),
    /// An opening parenthesis, with its position.
    Open(usize),
}

impl Formula {
    /// Reads a formula over so many series, which are called A, B, C and so on.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of the text.
    pub fn parse(text: &str, series: usize) -> Result<Self, Vec<Fault>> {
        if text.len() > FORMULA_BYTES_MAX {
            let message = format!("it goes on: at most {FORMULA_BYTES_MAX} bytes are read");
            return Err(vec![Fault { position: text.chars().count(), message }]);
        }
        let mut parser = Parser::default();
        for (position, token) in tokens(text, series, &mut parser.faults) {
            parser.take(position, token);
        }
        parser.finish(text)
    }

    /// Returns the formula as it was given.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Computes it of the values of the series. What is divided by zero is 0, and so is a result that no number can hold.
    #[must_use]
    pub fn compute(&self, values: &[f64]) -> f64 {
        let mut stack: Vec<f64> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            let value = match step {
                Step::Number(number) => *number,
                Step::Series(series) => values.get(*series).copied().unwrap_or(0.0),
                Step::Negate => -pop(&mut stack),
                Step::Add | Step::Subtract | Step::Multiply | Step::Divide => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    match step {
                        Step::Add => left + right,
                        Step::Subtract => left - right,
                        Step::Multiply => left * right,
                        _ if right == 0.0 => 0.0,
                        _ => left / right,
                    }
                }
            };
            stack.push(value);
        }
        let result = pop(&mut stack);
        // Adding 0 makes a negative zero, which would be shown as one, a plain one.
        if result.is_finite() { result + 0.0 } else { 0.0 }
    }
}

fn pop(stack: &mut Vec<f64>) -> f64 {
    stack.pop().expect("every step finds its values, or the formula would have been refused")
}

/// Cuts a formula into tokens, each with its position. What is none is a fault.
fn tokens(text: &str, series: usize, faults: &mut Vec<Fault>) -> Vec<(usize, Token)> {
    let characters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < characters.len() {
        let position = at + 1;
        let first = characters[at];
        let length = |is_part: fn(char) -> bool| {
            characters[at..].iter().take_while(|one| is_part(**one)).count()
        };
        let mut taken = 1;
        let token = match first {
            _ if first.is_whitespace() => None,
            '+' => Some(Token::Plus),
            '-' => Some(Token::Minus),
            '*' => Some(Token::Times),
            '/' => Some(Token::Over),
            '(' => Some(Token::Open),
            ')' => Some(Token::Close),
            '0'..='9' | '.' => {
                taken = length(|one| one.is_ascii_digit() || one == '.');
                let digits: String = characters[at..at + taken].iter().collect();
                let number = digits.parse().ok();
                Some(Token::Value(number.map_or_else(
                    || {
                        let message = format!("\"{digits}\" is no number");
                        faults.push(Fault { position, message });
                        Step::Number(0.0)
                    },
                    Step::Number,
                )))
            }
            _ if first.is_alphabetic() => {
                taken = length(|one| one.is_alphanumeric() || one == '_');
                let name: String = characters[at..at + taken].iter().collect();
                let found = series_of(&name).filter(|found| *found < series);
                if found.is_none() {
                    let message = format!("\"{name}\" is no series: {}", known(series));
                    faults.push(Fault { position, message });
                }
                Some(Token::Value(Step::Series(found.unwrap_or(0))))
            }
            _ => {
                let message =
                    format!("\"{first}\" is neither a number, a series nor one of + - * / ( )");
                faults.push(Fault { position, message });
                None
            }
        };
        tokens.extend(token.map(|token| (position, token)));
        at += taken;
    }
    tokens
}

/// Returns which series a name means, from 0.
fn series_of(name: &str) -> Option<usize> {
    match name.as_bytes() {
        [letter @ b'A'..=b'Z'] => Some(usize::from(letter - b'A')),
        _ => None,
    }
}

/// Says which series there are.
fn known(series: usize) -> String {
    let last = (b'A'..=b'Z').map(char::from).nth(series.saturating_sub(1)).unwrap_or('A');
    match series {
        0 => "there are none".to_owned(),
        1 => "there is A alone".to_owned(),
        _ => format!("there are A to {last}"),
    }
}

/// Puts the steps in the order in which they are computed. After a fault it goes on as if what is missing were there.
#[derive(Default)]
struct Parser {
    steps: Vec<Step>,
    pending: Vec<Pending>,
    depth: usize,
    /// Whether the last token ended a value.
    has_value: bool,
    faults: Vec<Fault>,
}

impl Parser {
    fn take(&mut self, position: usize, token: Token) {
        match token {
            Token::Value(step) => {
                self.begin_value(position);
                self.steps.push(step);
                self.has_value = true;
            }
            Token::Open => {
                self.begin_value(position);
                self.depth += 1;
                if self.depth == DEPTH_MAX + 1 {
                    let rule = format!("parentheses nest deeper than {DEPTH_MAX}");
                    self.fault(position, rule);
                }
                self.pending.push(Pending::Open(position));
            }
            Token::Close => self.close(position),
            Token::Minus if !self.has_value => self.pending.push(Pending::Step(Step::Negate)),
            Token::Plus => self.operator(position, Step::Add),
            Token::Minus => self.operator(position, Step::Subtract),
            Token::Times => self.operator(position, Step::Multiply),
            Token::Over => self.operator(position, Step::Divide),
        }
    }

    fn begin_value(&mut self, position: usize) {
        if self.has_value {
            self.fault(position, "one of + - * / is missing");
            self.has_value = false;
        }
    }

    fn operator(&mut self, position: usize, step: Step) {
        if !self.has_value {
            self.fault(position, "a number, a series or ( is missing");
        }
        self.settle(step.rank());
        self.pending.push(Pending::Step(step));
        self.has_value = false;
    }

    fn close(&mut self, position: usize) {
        if !self.has_value {
            self.fault(position, "a number, a series or ( is missing");
        }
        self.settle(0);
        if self.pending.pop().is_some() {
            self.depth -= 1;
        } else {
            self.fault(position, "there is no ( for this )");
        }
        self.has_value = true;
    }

    /// Moves the steps that bind at least so tightly, back to the last parenthesis, to where they are computed.
    fn settle(&mut self, rank: u8) {
        while let Some(Pending::Step(step)) = self.pending.last().copied() {
            if step.rank() < rank {
                break;
            }
            self.steps.push(step);
            self.pending.pop();
        }
    }

    fn finish(mut self, text: &str) -> Result<Formula, Vec<Fault>> {
        if !self.has_value {
            let end = text.chars().count() + 1;
            self.fault(end, "a number, a series or ( is missing");
        }
        self.settle(0);
        while let Some(pending) = self.pending.pop() {
            if let Pending::Open(position) = pending {
                self.fault(position, "there is no ) for this (");
            }
        }
        if self.faults.is_empty() {
            return Ok(Formula { text: text.to_owned(), steps: self.steps });
        }
        self.faults.sort_by_key(|fault| fault.position);
        Err(self.faults)
    }

    fn fault(&mut self, position: usize, message: impl Into<String>) {
        self.faults.push(Fault { position, message: message.into() });
    }
}

#[cfg(test)]
mod tests;
