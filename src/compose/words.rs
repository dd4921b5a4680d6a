//! `command`, `entrypoint`, `healthcheck.test`: strings that a shell would split, or lists.

use std::rc::Rc;

use super::model::{Rest, Words};
use super::value::{Data, V};

/// A command, whose shell form Compose splits itself.
pub(super) fn command(value: &V) -> Option<Words> {
    let mut words = read(value)?;
    if let Data::Str(text) = &value.data {
        (words.words, words.rest) = compose_split(text.text());
    }
    Some(words)
}

/// A health check's test, whose shell form goes to a shell in the container as it is.
pub(super) fn read(value: &V) -> Option<Words> {
    let span = value.span;
    match &value.data {
        Data::Str(text) => Some(Words {
            words: split(text.text()),
            rest: Rest::None,
            texts: vec![text.clone()],
            listed: false,
            at: value.at,
            nodes: vec![value.at],
            span,
        }),
        Data::Seq(items) => {
            let (mut texts, mut nodes, mut words) = (Vec::new(), Vec::new(), Vec::new());
            for item in items {
                if let Some(text) = item.string() {
                    words.push(text.text().to_owned());
                    texts.push(text.clone());
                } else {
                    let shown = item.shown().unwrap_or_default();
                    let sourced = crate::source::Sourced::derived(&shown, item.span);
                    texts.push(Rc::new(crate::interpolation::Value::literal(Rc::new(sourced))));
                    words.push(shown);
                }
                nodes.push(item.at);
            }
            Some(Words { texts, listed: true, at: value.at, nodes, span, words, rest: Rest::None })
        }
        _ => None,
    }
}

/// Splits as a POSIX shell does: blanks separate, quotes and backslashes join.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|c| *c != '\''));
            }
            '"' => {
                let word = word.get_or_insert_default();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Splits as the reference does (the library go-shellwords; measured with docker-compose 2.40.3): no shell is there, so the text
/// ends at the first `;`, `&`, `|`, `<`, `>`, `(` or `)` outside quotes, and `2` of `2>` goes with it; `$(...)` and backticks stay.
fn compose_split(text: &str) -> (Vec<String>, Rest) {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (Some('`'), '`') | (Some(')'), ')') => {
                quote = None;
                word.get_or_insert_default().push(c);
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(chars.next().map(|(_, c)| c)),
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '`') => {
                quote = Some('`');
                word.get_or_insert_default().push(c);
            }
            (None, '$') if chars.peek().is_some_and(|(_, next)| *next == '(') => {
                quote = Some(')');
                let word = word.get_or_insert_default();
                word.push(c);
                word.extend(chars.next().map(|(_, c)| c));
            }
            (None, ';' | '&' | '|' | '<' | '>' | '(' | ')') => {
                let mut start = at;
                if c == '>'
                    && word
                        .as_deref()
                        .is_some_and(|w| w.len() == 1 && w.as_bytes().first().is_some_and(u8::is_ascii_digit))
                {
                    word = None;
                    start -= 1;
                }
                words.extend(word);
                return (words, Rest::Cut(start));
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    (words, if quote.is_some() { Rest::Open } else { Rest::None })
}

#[cfg(test)]
mod tests {
    use super::{Rest, compose_split};

    /// Measured with docker-compose 2.40.3.
    #[test]
    fn commands_are_split_as_the_reference_does() {
        let rows: &[(&str, &[&str], Rest)] = &[
            ("echo a && b", &["echo", "a"], Rest::Cut(7)),
            ("echo a 2>&1", &["echo", "a"], Rest::Cut(7)),
            ("echo a12>x", &["echo", "a12"], Rest::Cut(8)),
            ("echo a; b", &["echo", "a"], Rest::Cut(6)),
            (r#"echo "a | b" ';' \; x"#, &["echo", "a | b", ";", ";", "x"], Rest::None),
            ("echo `date` x", &["echo", "`date`", "x"], Rest::None),
            ("echo $(date +%s) x", &["echo", "$(date +%s)", "x"], Rest::None),
            (r"echo 'a' $Y \ z", &["echo", "a", "$Y", " z"], Rest::None),
            (r#"echo ""  '' x"#, &["echo", "", "", "x"], Rest::None),
            (r#"echo a"b"c'd'"#, &["echo", "abcd"], Rest::None),
            (r#"echo "unterminated"#, &["echo", "unterminated"], Rest::Open),
            ("echo a\necho b\n", &["echo", "a", "echo", "b"], Rest::None),
            ("echo {a;b} (c)", &["echo", "{a"], Rest::Cut(7)),
        ];
        for (text, words, rest) in rows {
            assert_eq!(compose_split(text), (words.iter().map(|w| (*w).to_owned()).collect(), *rest), "{text}");
        }
    }
}
