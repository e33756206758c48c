//! Bytes as hexadecimal digits, and back.

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that these hexadecimal digits stand for, if there are as many as wanted.
pub(crate) fn bytes_of<const LENGTH: usize>(digits: &str) -> Option<[u8; LENGTH]> {
    if digits.len() != 2 * LENGTH {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let mut bytes = [0; LENGTH];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}
