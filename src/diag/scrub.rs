//! Takes secrets out of texts that strangers will read: files, logs, tables.

use percent_encoding::percent_decode_str;

use super::secret::{MASK, argument_ranges, covered, is_secret, line_ranges, user_ranges};
use crate::source::{from, slice, upto};

/// Values that must not be shown, wherever they stand.
#[derive(Debug, Default)]
pub struct Scrub {
    /// The longest first.
    values: Vec<String>,
}

/// What is shorter is too common a word to be taken out wherever it stands.
const SHORTEST: usize = 4;
/// What is shorter is taken out only where it stands alone.
const SHORT: usize = 10;

impl Scrub {
    /// Learns what a variable says: its value, where its name tells that it is a secret; the passwords of addresses and arguments in
    /// it. `known` says which values everybody may see, as they are the name of something.
    pub fn learn(&mut self, name: &str, value: &str, known: &dyn Fn(&str) -> bool) {
        let mut found: Vec<&str> = Vec::new();
        if is_secret(name) {
            found.extend(value.split(',').map(str::trim));
            found.push(value);
        }
        for range in user_ranges(value) {
            let user = slice(value, range);
            found.push(user.split_once(':').map_or(user, |(_, password)| password));
        }
        // In this form a password may have blanks in it, which in a sentence would end it.
        found.extend(
            value.rsplit_once("@tcp(").and_then(|(user, _)| user.split_once(':')).map(|(_, password)| password),
        );
        found.extend(argument_ranges(value).into_iter().map(|range| slice(value, range)));
        for secret in found {
            let plain = percent_decode_str(secret).decode_utf8_lossy().into_owned();
            for value in [secret.to_owned(), plain] {
                if value.chars().count() >= SHORTEST && !known(&value) && !self.values.contains(&value) {
                    self.values.push(value);
                }
            }
        }
        self.values.sort_by_key(|v| std::cmp::Reverse(v.len()));
    }

    /// How many secrets are known.
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// A text without secrets: none of the learnt values, nothing behind a telling name, no token in a well-known form, no private key.
    pub fn clean(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut in_key = false;
        for line in self.without_values(text).split_inclusive('\n') {
            if line.contains("-----BEGIN") && line.contains("PRIVATE KEY") {
                in_key = true;
                out.push_str(MASK);
                out.push('\n');
            }
            if !in_key {
                out.push_str(&without_web_tokens(&covered(line, &line_ranges(line))));
            }
            in_key &= !(line.contains("-----END"));
        }
        out
    }

    fn without_values(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for value in &self.values {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let mut at = 0;
            while let Some(found) = from(&out, at).find(value.as_str()).map(|i| i + at) {
                let end = found + value.len();
                let inside = letter(upto(&out, found).chars().next_back()) || letter(from(&out, end).chars().next());
                if value.len() < SHORT && inside {
                    at = end;
                    continue;
                }
                out.replace_range(found..end, MASK);
                at = found + MASK.len();
            }
        }
        out
    }
}

/// Without JSON web tokens: three parts in base64, of which the first two begin as `{"` does.
fn without_web_tokens(line: &str) -> String {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(start) = from(line, at).find("eyJ").map(|i| i + at) {
        let rest = from(line, start);
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=".contains(c))).unwrap_or(rest.len());
        if upto(rest, end).contains(".eyJ") {
            ranges.push(start..start + end);
        }
        at = start + end.max(1);
    }
    covered(line, &ranges)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learnt_values_go_wherever_they_stand() {
        let mut scrub = Scrub::default();
        let known = |value: &str| value == "postgres";
        scrub.learn("DB_PASSWORD", "hunter2", &known);
        scrub.learn("POSTGRES_PASSWORD", "postgres", &known);
        scrub.learn("DATABASE_URL", "postgres://app:p%40ss-word-1@db/x", &known);
        scrub.learn("SQL_DSN", "root:p w@1@tcp(db:3306)/x", &known);
        scrub.learn("COMMAND", "redis-server --requirepass swordfish", &known);
        scrub.learn("API_KEYS", "first-key-1,second-key-2", &known);
        scrub.learn("PLAIN", "visible", &known);
        let said = scrub.clean(
            "auth failed for hunter2, not hunter22\nimage: postgres:15\np@ss-word-1 and p%40ss-word-1\n{\"a\":\"swordfish\"}\nsecond-key-2 visible\nSQL_DSN: root:p w@1@tcp(db:3306)/x\n",
        );
        assert_eq!(
            said,
            "auth failed for ***, not hunter22\nimage: postgres:15\n*** and ***\n{\"a\":\"***\"}\n*** visible\nSQL_DSN: ***@tcp(db:3306)/x\n"
        );
    }

    #[test]
    fn what_nobody_told_goes_by_its_form() {
        let scrub = Scrub::default();
        let cases = [
            ("OPENAI_API_KEY=abc\n", "OPENAI_API_KEY=***\n"),
            ("got sk-abcdefghijklmnop1234 from a client", "got *** from a client"),
            ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln ok", "jwt *** ok"),
            ("GET http://user:pw@api/ 200", "GET http://***@api/ 200"),
            ("a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb\n", "a\n***\nb\n"),
            ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ];
        for (text, clean) in cases {
            assert_eq!(scrub.clean(text), clean);
        }
    }
}
