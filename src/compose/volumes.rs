//! `volumes` of a service: the short syntax `[SOURCE:]TARGET[:MODE]` and the long one.

use super::value::{Data, V};
use crate::source::Span;

/// One volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Volume {
    /// A host path or a volume's name; `None` where the engine makes one.
    pub source: Option<String>,
    pub target: String,
    /// The source is the name of a volume of the project.
    pub named: bool,
    pub span: Span,
}

/// An entry of `volumes`; `Err` with the text that is no volume, `Ok(None)` where it is not certain.
pub(super) fn read(item: &V) -> Result<Option<Volume>, String> {
    match &item.data {
        Data::Str(text) if text.uncertain => Ok(None),
        Data::Str(text) => {
            let (source, target, _) = short(text.text()).ok_or_else(|| text.text().to_owned())?;
            let named = source.as_deref().is_some_and(|s| !is_path(s));
            Ok(Some(Volume { source, target, named, span: item.span }))
        }
        Data::Map(_) => {
            let text = |key: &str| item.get(key).and_then(|v| v.str()).map(str::to_owned);
            let Some(target) = text("target") else { return Ok(None) };
            let source = text("source").filter(|s| !s.is_empty());
            let named = source.is_some() && text("type").as_deref() == Some("volume");
            Ok(Some(Volume { source, target, named, span: item.span }))
        }
        _ => Ok(None),
    }
}

/// `SOURCE:TARGET[:OPTIONS]` or a target alone: source, target, options; as compose-go's `format.ParseVolume`: the colon of a drive letter is part of its path.
pub(super) fn short(text: &str) -> Option<(Option<String>, String, Option<String>)> {
    if text.is_empty() {
        return None;
    }
    if text.len() <= 2 {
        return Some((None, text.to_owned(), None));
    }
    let mut sections: Vec<String> = Vec::new();
    let mut section = String::new();
    for c in text.chars() {
        let mut so_far = section.chars();
        let drive = so_far.next().is_some_and(char::is_alphabetic) && so_far.next().is_none();
        if c == ':' && !drive {
            sections.push(std::mem::take(&mut section));
        } else {
            section.push(c);
        }
    }
    sections.push(section);
    if sections.iter().any(String::is_empty) || sections.len() > 3 {
        return None;
    }
    let mut sections = sections.into_iter();
    match (sections.next(), sections.next()) {
        (Some(source), Some(target)) => Some((Some(source), target, sections.next())),
        (Some(target), None) => Some((None, target, None)),
        (None, _) => None,
    }
}

/// Whether a source is a path on the host, not a volume's name.
pub(super) fn is_path(source: &str) -> bool {
    let mut chars = source.chars();
    source.starts_with(['.', '/', '~'])
        || source.starts_with("\\\\")
        || (chars.next().is_some_and(char::is_alphabetic) && chars.next() == Some(':'))
}

#[cfg(test)]
mod tests {
    use super::short;

    /// Measured with docker-compose 2.40.3.
    #[test]
    fn the_short_syntax_is_split_as_the_reference_does() {
        let split = |text: &str| short(text).map(|(s, t, _)| format!("{}|{t}", s.unwrap_or_default()));
        for (text, parts) in [
            ("a", Some("|a")),
            ("data:/b", Some("data|/b")),
            ("./a:/b:ro,z", Some("./a|/b")),
            ("C:\\foo:/b", Some("C:\\foo|/b")),
            ("a:b:c:d", Some("a:b|c:d")),
            ("", None),
            (":/a", None),
            ("/a:", None),
            ("data:/b:ro:x", None),
        ] {
            assert_eq!(split(text).as_deref(), parts, "{text}");
        }
    }
}
