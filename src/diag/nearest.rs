//! "Did you mean".

/// What was meant by a name that nobody has, where one of the known ones is near: one slip and another for each four letters;
/// capitals don't count.
pub fn nearest<'k, S: AsRef<str>>(name: &str, known: &'k [S]) -> Option<&'k str> {
    let name = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&known.to_lowercase(), &name);
    let (slips, best) = known.iter().map(|k| (distance(k.as_ref()), k.as_ref())).min_by_key(|(slips, _)| *slips)?;
    (slips <= 1 + name.len() / 4).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_forgiven_and_another_word_is_not() {
        let known = ["loopback-url", "OLLAMA_HOST", "dify"];
        assert_eq!(nearest("lopback-url", &known), Some("loopback-url"));
        assert_eq!(nearest("ollama_hots", &known), Some("OLLAMA_HOST"));
        assert_eq!(nearest("diffy", &known), Some("dify"));
        assert_eq!(nearest("app", &known), None);
        assert_eq!(nearest("x", &[] as &[&str]), None);
    }
}
