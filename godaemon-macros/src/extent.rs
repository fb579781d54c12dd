//! How far an expression, a pattern or a type reaches. It is not understood any further: rustc does that.
//!
//! syn can tell only with its feature `full`, which would be a fifth of the time in which a small daemon is built.
//!
//! What is in parentheses is a single token. So a comma ends them, unless it stands between `<` and `>` or in the
//! parameters of a closure. To tell those from operators it is enough to know whether an operand can begin here: then
//! `<` opens a path such as `<A as B<C, D>>::f`, or what follows a `::`, and `|` opens a closure. In a type `<` opens
//! the arguments of a name, too.

use proc_macro2::{Delimiter, Punct, Spacing, TokenStream, TokenTree};
use quote::quote;
use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Ident, Lit, Result, Token, token};

pub(crate) fn expression(input: ParseStream) -> Result<TokenStream> {
    Extent::new(Kind::Expression).read(input)
}

/// Of a parameter, up to the colon. Patterns have the brackets of expressions, and no operator that those do not have.
pub(crate) fn pattern(input: ParseStream) -> Result<TokenStream> {
    expression(input)
}

pub(crate) fn ty(input: ParseStream) -> Result<TokenStream> {
    Extent::new(Kind::Type).read(input)
}

/// With what is between them. There a `>` is no operator: those can only be in braces.
pub(crate) fn angle_brackets(input: ParseStream) -> Result<TokenStream> {
    let open = input.span();
    let mut tokens = TokenStream::new();
    let mut depth = 0_usize;
    let mut is_arrow = false;
    loop {
        let token: TokenTree = input.parse().map_err(|_| Error::new(open, "unclosed `<`"))?;
        let sign = match &token {
            TokenTree::Punct(sign) => sign.as_char(),
            _ => ' ',
        };
        depth += usize::from(sign == '<');
        depth -= usize::from(sign == '>' && !is_arrow);
        is_arrow = sign == '-';
        tokens.extend([token]);
        if depth == 0 {
            return Ok(tokens);
        }
    }
}

/// `a::b`, without arguments.
pub(crate) fn path(input: ParseStream) -> Result<TokenStream> {
    let root: Option<Token![::]> = input.parse()?;
    let words = Punctuated::<Ident, Token![::]>::parse_separated_nonempty_with(input, word)?;
    Ok(quote!(#root #words))
}

/// A keyword, too: `crate` begins a path.
fn word(input: ParseStream) -> Result<Ident> {
    input.call(Ident::parse_any).map_err(|_| input.error("expected identifier"))
}

/// The path that the tokens begin with.
pub(crate) fn first_path(tokens: TokenStream) -> Result<TokenStream> {
    let read = |input: ParseStream| {
        let path = path(input)?;
        input.parse::<TokenStream>()?;
        Ok(path)
    };
    read.parse2(tokens)
}

/// Words with an operand, a pattern or a type behind them.
const PREFIXES: [&str; 16] = [
    "async", "become", "box", "const", "dyn", "extern", "for", "impl", "let", "loop", "move", "mut", "ref",
    "static", "try", "unsafe",
];

/// Operators of several signs, so that the second does not count as the beginning of an operand.
const LONG_OPERATORS: [&str; 18] = [
    "<<=", ">>=", "<<", ">>", "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "%=", "^=", "&=",
    "|=",
];

struct Extent {
    kind: Kind,
    /// Whether it is the pattern behind `let` or `for`: there `=` and `in` are the end, and braces are no blocks.
    is_pattern: bool,
    place: Place,
    /// How many are still to come: those of `if`, `match`, `while`, `for`, and of closures with a type.
    blocks: usize,
    taken: Vec<TokenTree>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Expression,
    /// Behind `as` or `->` in an expression, up to the next operator.
    TypeInside,
    /// Nothing but a type, which has no operator but `+`.
    Type,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// An operand has to begin.
    Operand,
    /// It may, as behind `return` and `..`.
    MaybeOperand,
    /// Behind a name.
    Name,
    /// Behind a path that has its arguments, or that a macro has put there as one fragment.
    Path,
    /// Behind another operand.
    Value,
}

/// So many tokens further there is such a place; or here is the end.
type Step = Option<(usize, Place)>;

impl Extent {
    fn new(kind: Kind) -> Self {
        Extent { kind, is_pattern: false, place: Place::Operand, blocks: 0, taken: Vec::new() }
    }

    fn read(mut self, input: ParseStream) -> Result<TokenStream> {
        while let Some((length, place)) = self.step(input)? {
            self.take(length, input)?;
            self.place = place;
        }
        if self.place == Place::Operand && self.kind != Kind::Type {
            return Err(input.error("expected an expression"));
        }
        if self.blocks > 0 {
            return Err(input.error("expected curly braces"));
        }
        // rustc would take a `>` that was written in front of a comma, and another `>`, for a shift.
        if let Some(TokenTree::Punct(last)) = self.taken.last_mut() {
            let span = last.span();
            *last = Punct::new(last.as_char(), Spacing::Alone);
            last.set_span(span);
        }
        Ok(self.taken.into_iter().collect())
    }

    fn take(&mut self, length: usize, input: ParseStream) -> Result<()> {
        for _ in 0..length {
            self.taken.push(input.parse()?);
        }
        Ok(())
    }

    fn can_begin(&self) -> bool {
        matches!(self.place, Place::Operand | Place::MaybeOperand)
    }

    fn step(&mut self, input: ParseStream) -> Result<Step> {
        match input.cursor().token_tree() {
            None => Ok(None),
            Some((TokenTree::Ident(word), _)) => self.word(&word.to_string(), input),
            Some((TokenTree::Literal(_), _)) if !self.can_begin() => Ok(None),
            Some((TokenTree::Literal(_), _)) => match self.kind {
                Kind::Expression => Ok(Some((1, Place::Value))),
                Kind::TypeInside | Kind::Type => Ok(Some((1, Place::Operand))), // `extern "C" fn()`
            },
            Some((TokenTree::Group(group), behind)) => Ok(match group.delimiter() {
                Delimiter::None => self.fragment(group.stream(), behind),
                delimiter => self.group(delimiter),
            }),
            Some((TokenTree::Punct(sign), _)) => self.sign(sign.as_char(), input),
        }
    }

    /// What a macro has put there as one.
    fn fragment(&mut self, content: TokenStream, behind: Cursor) -> Step {
        let mut content = content.into_iter();
        match (content.next(), content.next()) {
            (Some(TokenTree::Group(only)), None) if only.delimiter() == Delimiter::None => {
                self.fragment(only.stream(), behind)
            }
            (Some(TokenTree::Group(only)), None) => self.group(only.delimiter()),
            (Some(TokenTree::Punct(sign)), _) if sign.as_char() == '\'' => {
                let is_label = behind
                    .punct()
                    .is_some_and(|(sign, _)| sign.as_char() == ':' && sign.spacing() == Spacing::Alone);
                Some(if is_label { (2, Place::Operand) } else { (1, self.place) })
            }
            _ => self.group(Delimiter::None),
        }
    }

    fn group(&mut self, delimiter: Delimiter) -> Step {
        match delimiter {
            Delimiter::Brace if self.kind == Kind::Type => return None,
            Delimiter::Brace if self.place == Place::Operand => {}
            Delimiter::Brace if self.blocks > 0 => self.blocks -= 1,
            Delimiter::Brace if self.place == Place::Value => return None,
            // Out of a macro, and more than the body behind a type.
            Delimiter::None if self.kind == Kind::Type && !self.can_begin() => return None,
            Delimiter::None => return Some((1, Place::Path)),
            Delimiter::Brace | Delimiter::Parenthesis | Delimiter::Bracket => {}
        }
        Some((1, Place::Value))
    }

    fn word(&mut self, word: &str, input: ParseStream) -> Result<Step> {
        let place = match word {
            "where" => return Ok(None),
            "in" if self.is_pattern => return Ok(None),
            "as" | "else" | "in" if self.place == Place::Operand => {
                return Err(input.error("expected an expression"));
            }
            "as" | "else" | "in" => {
                self.kind = if word == "as" { Kind::TypeInside } else { Kind::Expression };
                self.blocks += usize::from(word == "in");
                Place::Operand
            }
            _ if !self.can_begin() => return Ok(None),
            "if" | "match" | "while" => {
                self.blocks += 1;
                Place::Operand
            }
            // A reference to a place. Otherwise it is a name.
            "raw" if input.peek2(Token![const]) || input.peek2(Token![mut]) => {
                return Ok(Some((2, Place::Operand)));
            }
            "for" if input.peek2(Token![<]) => {
                self.take(1, input)?;
                self.taken.extend(angle_brackets(input)?);
                return Ok(Some((0, Place::Operand)));
            }
            "for" | "let" if self.kind == Kind::Expression => {
                let first = if input.peek2(Token![|]) { 2 } else { 1 };
                self.take(first, input)?;
                let pattern = Extent { is_pattern: true, ..Extent::new(Kind::Expression) };
                self.taken.extend(pattern.read(input)?);
                return Ok(Some((0, Place::Value)));
            }
            "break" | "return" | "yield" => Place::MaybeOperand,
            "_" => Place::Value,
            _ if PREFIXES.contains(&word) => Place::Operand,
            _ => Place::Name,
        };
        Ok(Some((1, place)))
    }

    fn sign(&mut self, sign: char, input: ParseStream) -> Result<Step> {
        match sign {
            ',' | ';' => Ok(None),
            '=' if self.is_pattern && !input.peek(Token![==]) => Ok(None),
            '\'' if input.peek2(Token![:]) && !input.peek2(Token![::]) => Ok(Some((3, Place::Operand))),
            '\'' => Ok(Some((2, self.place))),
            ':' if input.peek(Token![::]) => {
                self.take(2, input)?;
                if input.peek(Token![<]) {
                    self.arguments(input)
                } else if input.peek(Ident::peek_any) {
                    Ok(Some((1, Place::Name)))
                } else {
                    Err(input.error("expected identifier"))
                }
            }
            '-' if input.peek(Token![->]) => {
                if self.kind == Kind::Expression {
                    self.kind = Kind::TypeInside;
                    self.blocks += 1;
                }
                Ok(Some((2, Place::Operand)))
            }
            '.' if input.peek(Token![...]) => Ok(Some((3, Place::Value))), // in the place of a parameter
            '.' if input.peek(Token![..]) => {
                self.kind = Kind::Expression;
                let is_closed = input.peek(Token![..=]);
                Ok(Some(if is_closed { (3, Place::Operand) } else { (2, Place::MaybeOperand) }))
            }
            _ if self.can_begin() => self.prefix(sign, input),
            _ => self.operator(sign, input),
        }
    }

    fn arguments(&mut self, input: ParseStream) -> Result<Step> {
        self.taken.extend(angle_brackets(input)?);
        Ok(Some((0, Place::Path)))
    }

    fn prefix(&mut self, sign: char, input: ParseStream) -> Result<Step> {
        match sign {
            '<' => {
                let step = self.arguments(input)?;
                if input.peek(Token![::]) { Ok(step) } else { Err(input.error("expected `::`")) }
            }
            '|' => {
                let open = input.span();
                self.take(1, input)?;
                while !input.peek(Token![|]) {
                    self.take(1, input).map_err(|_| Error::new(open, "unclosed `|`"))?;
                }
                Ok(Some((1, Place::Operand)))
            }
            '!' if self.kind != Kind::Expression => Ok(Some((1, Place::Value))),
            '&' | '*' | '-' | '!' => Ok(Some((1, Place::Operand))),
            '#' if input.peek2(token::Bracket) => Ok(Some((2, self.place))), // an attribute
            '+' | '?' | '~' if self.kind == Kind::Type => Ok(Some((1, Place::Operand))),
            _ if self.kind == Kind::Type => Ok(None),
            _ if self.place == Place::MaybeOperand => self.operator(sign, input),
            _ => Err(input.error("expected an expression")),
        }
    }

    fn operator(&mut self, sign: char, input: ParseStream) -> Result<Step> {
        match (sign, self.kind) {
            ('<', Kind::Type | Kind::TypeInside) if self.place == Place::Name => {
                return self.arguments(input);
            }
            ('!', _) if is_macro(input) => return Ok(Some((2, Place::Value))), // a macro's
            ('+', Kind::Type) => return Ok(Some((1, Place::Operand))),
            (_, Kind::Type) | (':' | '#' | '$' | '~', _) => return Ok(None),
            ('!', _) if !input.peek(Token![!=]) => return Ok(None),
            ('=', _) if input.peek(Token![=>]) => return Ok(None),
            _ => self.kind = Kind::Expression,
        }
        match sign {
            '?' => Ok(Some((1, Place::Value))),
            '.' => {
                self.take(1, input)?;
                if input.peek(Ident::peek_any) || input.peek(Lit) {
                    Ok(Some((1, Place::Name)))
                } else {
                    Err(input.error("expected identifier or integer"))
                }
            }
            _ => {
                let signs = signs(input.cursor());
                let long = LONG_OPERATORS.iter().find(|operator| signs.starts_with(**operator));
                Ok(Some((long.map_or(1, |operator| operator.len()), Place::Operand)))
            }
        }
    }
}

/// All that are written without a space between them.
fn signs(mut input: Cursor) -> String {
    let mut signs = String::new();
    while let Some((sign, rest)) = input.punct() {
        signs.push(sign.as_char());
        if sign.spacing() == Spacing::Alone {
            break;
        }
        input = rest;
    }
    signs
}

/// Whether the arguments of one are behind the sign that is next.
fn is_macro(input: ParseStream) -> bool {
    input.peek2(token::Paren) || input.peek2(token::Bracket) || input.peek2(token::Brace)
}
