//! Eight bytes at once, as bits of one word: most strings of an event are so short that a search which has to be set
//! up first takes longer.

/// The bytes of a word.
pub const BYTES: usize = 8;

const LOWEST: u64 = u64::MAX / 255;
const HIGHEST: u64 = LOWEST << 7;

/// The place of the first byte that does not stand for itself in a JSON string: a quote, a backslash, a control
/// character.
pub fn special(bytes: [u8; BYTES]) -> Option<usize> {
    let word = u64::from_le_bytes(bytes);
    let found = below(word, b' ') | equal(word, b'"') | equal(word, b'\\');
    (found != 0).then(|| found.trailing_zeros() as usize / BYTES)
}

/// The highest bit of each byte that is below `limit`, exact up to the lowest such byte; those above it may be wrong.
fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(LOWEST * u64::from(limit)) & !word & HIGHEST
}

fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (LOWEST * u64::from(byte)), 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn byte() -> impl Strategy<Value = u8> {
        prop_oneof![4 => any::<u8>(), 1 => Just(b'"'), 1 => Just(b'\\'), 1 => 0x1E_u8..0x24, 1 => 0x5A_u8..0x5E]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_place_is_the_first(bytes in prop::array::uniform8(byte())) {
            let is_special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
            prop_assert_eq!(special(bytes), bytes.iter().position(is_special));
        }
    }
}
