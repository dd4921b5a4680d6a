//! Text in English and Simplified Chinese, written side by side where it arises.

/// The language of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Lang {
    #[default]
    En,
    Zh,
}

impl Lang {
    /// The language of a tag or locale name: `zh`, `zh_CN.UTF-8`, `zh-Hans`, `en`, `C`; `None` for what names no language
    /// that dockline speaks.
    pub fn of(tag: &str) -> Option<Self> {
        let name = tag.split(['_', '-', '.', '@']).next().unwrap_or("").to_ascii_lowercase();
        match name.as_str() {
            "zh" | "cmn" => Some(Self::Zh),
            "en" | "c" | "posix" => Some(Self::En),
            _ => None,
        }
    }
}

/// One message in both languages. Made by [`text!`](crate::text).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text {
    en: String,
    zh: String,
}

impl Text {
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// Words that read the same in both languages: a name, a command, a line of configuration.
    pub fn same(words: impl Into<String>) -> Self {
        let words = words.into();
        Self { zh: words.clone(), en: words }
    }

    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// This text, a line break, and another.
    #[must_use]
    pub fn line(mut self, other: &Self) -> Self {
        for (mine, theirs) in [(&mut self.en, &other.en), (&mut self.zh, &other.zh)] {
            mine.push('\n');
            mine.push_str(theirs);
        }
        self
    }

    /// This text and another right behind it.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.en.push_str(&other.en);
        self.zh.push_str(&other.zh);
        self
    }
}

/// `text!("English {name}", "中文 {name}")`: both languages, formatted with the names in scope.
#[macro_export]
macro_rules! text {
    ($en:literal, $zh:literal $(, $($rest:tt)*)?) => {
        $crate::diag::Text::new(format!($en $(, $($rest)*)?), format!($zh $(, $($rest)*)?))
    };
}
