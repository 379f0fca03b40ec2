//! What can be said of a query before it is parsed.
//!
//! The parser recurses on nested values and overflows the stack on a query of a few kilobytes, so
//! the depth of brackets is bounded on the text itself.

use super::refusal::Refusal;

/// The longest query text, in bytes: as much as a request's body may hold.
const MAX_BYTES: usize = 1024 * 1024;
/// The most words, numbers, strings and signs in a query. The introspection query has some 200.
const MAX_TOKENS: usize = 15_000;
/// How deep brackets of any kind may nest.
const MAX_NESTING: usize = 100;

/// Checks length, number of tokens and nesting of brackets. Strings, block strings and comments
/// count as nothing or as one token, whatever is in them.
pub(super) fn check(query: &str) -> Result<(), Refusal> {
    if query.len() > MAX_BYTES {
        return Err(Refusal::TooLong {
            length: query.len(),
            limit: MAX_BYTES,
        });
    }
    let mut rest = query.as_bytes();
    let mut depth = 0_usize;
    let mut tokens = 0_usize;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match byte {
            b'#' => skip_comment(tail),
            b'"' => skip_string(tail),
            _ if is_word(byte) => skip_word(tail),
            _ => tail,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            b'#' | b' ' | b',' | b'\t' | b'\r' | b'\n' => continue,
            _ => {}
        }
        tokens += 1;
        if depth > MAX_NESTING {
            return Err(Refusal::TooNested { limit: MAX_NESTING });
        }
        if tokens > MAX_TOKENS {
            return Err(Refusal::TooManyTokens { limit: MAX_TOKENS });
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    // Bytes beyond ASCII are only legal in strings and comments; the parser says so.
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn skip_word(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| !is_word(*byte));
    &rest[end.unwrap_or(rest.len())..]
}

fn skip_comment(rest: &[u8]) -> &[u8] {
    let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    &rest[end.unwrap_or(rest.len())..]
}

/// Skips what follows an opening quote, to behind the closing one.
fn skip_string(rest: &[u8]) -> &[u8] {
    if let Some(block) = rest.strip_prefix(b"\"\"") {
        // The parser reads an unterminated block string as an empty string and another one that
        // begins at the third quote; what follows that one is looked at as it stands.
        return skip_block_string(block).unwrap_or(&rest[1..]);
    }
    let mut position = 0;
    while let Some(byte) = rest.get(position) {
        match byte {
            b'"' => return &rest[position + 1..],
            // A string does not span lines: what follows is looked at as it stands.
            b'\n' | b'\r' => return &rest[position..],
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    &[]
}

fn skip_block_string(rest: &[u8]) -> Option<&[u8]> {
    let mut position = 0;
    while let Some(tail) = rest.get(position..).filter(|tail| !tail.is_empty()) {
        if let Some(after) = tail.strip_prefix(b"\"\"\"") {
            return Some(after);
        }
        position += if tail.starts_with(b"\\\"\"\"") { 4 } else { 1 };
    }
    None
}
