//! Masking, section 5.3: the same both ways.

/// What a client's frame is masked with.
pub type Key = [u8; 4];

/// Masks or unmasks, where `done` bytes of the frame came before these.
pub fn apply(key: Key, done: usize, bytes: &mut [u8]) {
    let mut key = key;
    key.rotate_left(done % 4);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_is_masked_as_it_is_in_the_whole() {
        let (key, plain): (Key, Vec<u8>) = ([1, 20, 30, 200], (0..=99).collect());
        let by_byte: Vec<u8> =
            plain.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        for cut in 0..plain.len() {
            let mut bytes = plain.clone();
            let (first, second) = bytes.split_at_mut(cut);
            apply(key, 0, first);
            apply(key, cut, second);
            assert_eq!(bytes, by_byte, "{cut}");
        }
    }
}
