//! The escapes of a JSON string ([RFC 8259, section 7](https://www.rfc-editor.org/rfc/rfc8259#section-7)).

/// Writes what an escape stands for, whose backslash has been read, and returns what comes after it. `None` when it is
/// none, or half of a surrogate pair, which is no text.
pub fn unescape<'a>(rest: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (escape, mut rest) = rest.split_first()?;
    match escape {
        b'"' | b'\\' | b'/' => text.push(*escape),
        b'n' => text.push(b'\n'),
        b't' => text.push(b'\t'),
        b'r' => text.push(b'\r'),
        b'b' => text.push(0x08),
        b'f' => text.push(0x0C),
        b'u' => text.extend_from_slice(character(&mut rest)?.encode_utf8(&mut [0; 4]).as_bytes()),
        _ => return None,
    }
    Some(rest)
}

/// What comes after an escape whose backslash has been read. Pairs are not looked at.
pub fn pass(rest: &[u8]) -> Option<&[u8]> {
    match rest.split_first()? {
        (b'"' | b'\\' | b'/' | b'n' | b't' | b'r' | b'b' | b'f', rest) => Some(rest),
        (b'u', mut rest) => code_unit(&mut rest).map(|_| rest),
        _ => None,
    }
}

/// The character whose hexadecimal digits come next; one beyond the basic plane has a second escape.
fn character(rest: &mut &[u8]) -> Option<char> {
    let unit = code_unit(rest)?;
    if !(0xD800..0xDC00).contains(&unit) {
        return char::from_u32(unit);
    }
    *rest = rest.strip_prefix(b"\\u")?;
    let low = code_unit(rest)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
    char::from_u32(0x1_0000 + ((unit - 0xD800) << 10) + low)
}

fn code_unit(rest: &mut &[u8]) -> Option<u32> {
    let (digits, after) = rest.split_first_chunk::<4>()?;
    *rest = after;
    digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
}
