//! Base64: keys, and what servers are told at their start.

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let whole = three
            .iter()
            .chain([&0, &0])
            .take(3)
            .fold(0_u32, |whole, byte| whole << 8 | u32::from(*byte));
        for place in 0..4 {
            let letter = usize::try_from(whole >> (18 - 6 * place) & 63).unwrap_or_default();
            text.push(match LETTERS.get(letter) {
                Some(letter) if place <= three.len() => char::from(*letter),
                _ => '=',
            });
        }
    }
    text
}

/// None when it is none, or is not padded.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let letters: Vec<u8> = text
        .bytes()
        .filter(|letter| !letter.is_ascii_whitespace())
        .collect();
    if !letters.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::new();
    let fours = letters.len() / 4;
    for (number, four) in letters.chunks(4).enumerate() {
        let padding = four
            .iter()
            .rev()
            .take_while(|letter| **letter == b'=')
            .count();
        if padding > 2 || (padding > 0 && number + 1 < fours) {
            return None;
        }
        let mut whole = 0_u32;
        for letter in &four[..4 - padding] {
            let place = LETTERS.iter().position(|is| is == letter)?;
            whole = whole << 6 | u32::try_from(place).ok()?;
        }
        whole <<= 6 * padding;
        let [_, three @ ..] = whole.to_be_bytes();
        bytes.extend(three.iter().take(3 - padding));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_there_and_back() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
        assert!(decode("Zg").is_none() && decode("Zg=!").is_none() && decode("Zg==Zg==").is_none());
    }
}
