//! What a close frame says, sections 5.5.1 and 7.4.

use crate::error::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseReason<'a> {
    pub code: u16,
    pub text: &'a str,
}

impl<'a> CloseReason<'a> {
    /// `None`: the frame has no code.
    pub(crate) fn read(payload: &'a [u8]) -> Result<Option<Self>, Error> {
        let Some((code, text)) = payload.split_first_chunk::<2>() else {
            return if payload.is_empty() { Ok(None) } else { Err(Error::BadClose) };
        };
        let code = u16::from_be_bytes(*code);
        if !may_be_sent(code) {
            return Err(Error::BadClose);
        }
        let text = std::str::from_utf8(text).map_err(|_| Error::InvalidUtf8)?;
        Ok(Some(Self { code, text }))
    }
}

/// The codes of the RFC, those that IANA has registered since (1012 to 1014), those of libraries and of applications.
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
