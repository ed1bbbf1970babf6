//! Why a connection is to be closed: the rule that the other end broke.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// A bit that no extension in use gives a meaning.
    ReservedBit,
    UnknownOpcode,
    /// A client's frames must be masked.
    Unmasked,
    /// A server's frames must not be masked.
    Masked,
    /// A length written in more bytes than it needs, or with its highest bit set.
    BadLength,
    FragmentedControl,
    LongControl,
    NothingToContinue,
    /// A message begins inside of another.
    Unfinished,
    /// A close frame with one byte, or with a code that may not be sent.
    BadClose,
    InvalidUtf8,
    BadDeflate,
    FrameTooLarge,
    MessageTooLarge,
    /// More bytes of heads than a message of the largest size may have.
    TooFragmented,
}

impl Error {
    /// The code to close with, section 7.4.1.
    #[must_use]
    pub fn close_code(self) -> u16 {
        match self {
            Self::ReservedBit
            | Self::UnknownOpcode
            | Self::Unmasked
            | Self::Masked
            | Self::BadLength
            | Self::FragmentedControl
            | Self::LongControl
            | Self::NothingToContinue
            | Self::Unfinished
            | Self::BadClose => 1002,
            Self::InvalidUtf8 | Self::BadDeflate => 1007,
            Self::FrameTooLarge | Self::MessageTooLarge | Self::TooFragmented => 1009,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBit => "a reserved bit is set",
            Self::UnknownOpcode => "the opcode is unknown",
            Self::Unmasked => "a frame of a client is not masked",
            Self::Masked => "a frame of a server is masked",
            Self::BadLength => "the length is not written as it must be",
            Self::FragmentedControl => "a control frame is fragmented",
            Self::LongControl => "a control frame is longer than 125 bytes",
            Self::NothingToContinue => "there is no message to continue",
            Self::Unfinished => "a message begins inside of another",
            Self::BadClose => "a close frame has a bad code",
            Self::InvalidUtf8 => "a text is not UTF-8",
            Self::BadDeflate => "a compressed message can not be read",
            Self::FrameTooLarge => "a frame is too large",
            Self::MessageTooLarge => "a message is too large",
            Self::TooFragmented => "a message has too many fragments",
        })
    }
}

impl std::error::Error for Error {}
