//! What may go to a terminal: other people's files must not be able to steer it.

/// Whether a character moves the cursor, changes the screen or the reading direction, or can't be seen.
fn steers(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A text with such characters made visible. Line breaks stay, tabs become blanks.
pub fn tame(text: &str) -> String {
    if !text.chars().any(steers) {
        return text.to_owned();
    }
    text.chars().map(tame_char).collect()
}

/// The stand-in for one character.
pub(super) fn tame_char(c: char) -> char {
    match c {
        '\t' => ' ',
        c if steers(c) => '\u{fffd}',
        c => c,
    }
}
