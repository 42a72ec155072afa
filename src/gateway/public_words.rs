//! Which words of a gateway may be shown and logged: a gateway can put a key or a prompt anywhere.

/// Words without the usual form, from OpenAI's error codes and Gemini's and Vertex AI's finish reasons.
const KNOWN: &str = "invalid_base64_image STOP MAX_TOKENS SAFETY RECITATION MALFORMED_FUNCTION_CALL OTHER";
/// No code of OpenAI's is longer.
const MAX_WORD_BYTES: usize = 48;

/// The word, when it may be shown: a known one, or lower-case words joined by underscores.
///
/// ```
/// use gptdock::gateway::public_word;
///
/// assert_eq!(public_word("context_length_exceeded"), Some("context_length_exceeded"));
/// assert_eq!(public_word("sk-1"), None);
/// ```
pub fn public_word(word: &str) -> Option<&str> {
    let is_lower = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let has_form = word.len() <= MAX_WORD_BYTES && word.split('_').all(is_lower);
    (has_form || KNOWN.split(' ').any(|known| known == word)).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::public_word;

    #[test]
    fn shows_words_only() {
        for word in ["stop", "rate_limit_exceeded", "STOP"] {
            assert_eq!(public_word(word), Some(word));
        }
        let long = "a_".repeat(24) + "a";
        for word in ["", "_", "a_", "a__b", "sk-1", "a1", "Bearer", "a b", "a.b", "é", "2016", &long] {
            assert_eq!(public_word(word), None, "{word}");
        }
    }
}
