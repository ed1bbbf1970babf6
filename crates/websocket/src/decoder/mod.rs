//! Bytes to events: what has come whole is told from where it lies, the rest is kept.

mod kept;

use std::mem;

use crate::Role;
use crate::close::CloseReason;
use crate::deflate::{Agreement, Inflater};
use crate::error::Error;
use crate::head::{Head, Opcode};
use crate::mask::{self, Key};
use kept::Kept;

/// What the other end says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
    Ping(&'a [u8]),
    Pong(&'a [u8]),
    /// The last event: whatever follows is not read.
    Close(Option<CloseReason<'a>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in one frame.
    pub frame: usize,
    /// Bytes in a whole message, also once it is decompressed.
    pub message: usize,
}

/// What was read and is not decoded yet.
#[derive(Debug)]
pub struct Input<'b> {
    rest: &'b mut [u8],
}

impl<'b> Input<'b> {
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is not decoded yet, for whoever goes on later.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        self.rest
    }

    /// As many bytes as there are, at most so many.
    fn take(&mut self, at_most: u64) -> &'b mut [u8] {
        let len = usize::try_from(at_most).unwrap_or(usize::MAX).min(self.rest.len());
        let (taken, rest) = mem::take(&mut self.rest).split_at_mut_checked(len).unwrap_or_default();
        self.rest = rest;
        taken
    }
}

#[derive(Debug)]
pub struct Decoder {
    sender: Role,
    limits: Limits,
    inflater: Option<Inflater>,
    /// The beginning of a head.
    head: ([u8; Head::MAX_BYTES], u8),
    frame: Option<Frame>,
    message: Option<Message>,
    kept: Kept,
    /// What lies in `kept` has been told.
    told: Option<Told>,
    closed: bool,
}

/// The frame whose payload is being read.
#[derive(Clone, Copy, Debug)]
struct Frame {
    opcode: Opcode,
    fin: bool,
    key: Key,
    read: u64,
    left: u64,
}

/// The message whose frames are being read.
#[derive(Clone, Copy, Debug)]
struct Message {
    is_text: bool,
    compressed: bool,
    /// Bytes of it that came, without the heads and compressed.
    payload: u64,
    /// Bytes of the heads of its further frames.
    heads: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Message,
    Control,
}

/// What is to be told, and where it lies.
enum Whole<'b> {
    Here(Opcode, &'b [u8]),
    Kept(Opcode),
}

impl Decoder {
    /// Reads what `sender` sends.
    #[must_use]
    pub fn new(sender: Role, limits: Limits) -> Self {
        Self {
            sender,
            limits,
            inflater: None,
            head: ([0; Head::MAX_BYTES], 0),
            frame: None,
            message: None,
            kept: Kept::default(),
            told: None,
            closed: false,
        }
    }

    /// Messages may be compressed, as was agreed.
    #[must_use]
    pub fn with_deflate(mut self, agreement: &Agreement) -> Self {
        self.inflater = Some(Inflater::new(self.sender, agreement));
        self
    }

    /// The next event, or `None` when all of `input` is read. After an error nothing more may be asked.
    pub fn poll<'a, 'b: 'a>(
        &'a mut self,
        input: &mut Input<'b>,
    ) -> Result<Option<Event<'a>>, Error> {
        self.forget_told();
        let whole = loop {
            if self.closed {
                input.take(u64::MAX);
                return Ok(None);
            }
            let Some(mut frame) = self.next_frame(input)? else { return Ok(None) };
            let chunk = input.take(frame.left);
            mask::apply(frame.key, (frame.read % 4) as usize, chunk);
            let first = frame.read == 0;
            frame.read += chunk.len() as u64;
            frame.left -= chunk.len() as u64;
            if frame.left > 0 {
                self.keep(&frame, chunk)?;
                self.frame = Some(frame);
                return Ok(None);
            }
            if let Some(whole) = self.end_frame(&frame, chunk, first)? {
                break whole;
            }
        };
        self.tell(whole).map(Some)
    }

    fn forget_told(&mut self) {
        match self.told.take() {
            Some(Told::Message) => self.kept.clear(),
            Some(Told::Control) => self.kept.end_control(),
            None => {}
        }
    }

    /// The frame that is being read, or the next one once its head is whole.
    fn next_frame(&mut self, input: &mut Input<'_>) -> Result<Option<Frame>, Error> {
        if let Some(frame) = self.frame.take() {
            return Ok(Some(frame));
        }
        match self.read_head(input)? {
            Some((head, len)) => self.begin_frame(head, len).map(Some),
            None => Ok(None),
        }
    }

    fn read_head(&mut self, input: &mut Input<'_>) -> Result<Option<(Head, usize)>, Error> {
        let (begun, len) = &mut self.head;
        if *len == 0
            && let Some((head, len)) = Head::read(input.rest)?
        {
            input.take(len as u64);
            return Ok(Some((head, len)));
        }
        // It is in pieces: one byte at a time, so that none of the payload is taken.
        while let Some(place) = begun.get_mut(usize::from(*len))
            && let [byte] = *input.take(1)
        {
            *place = byte;
            *len += 1;
            let so_far = begun.get(..usize::from(*len)).unwrap_or_default();
            if let Some(read) = Head::read(so_far)? {
                *len = 0;
                return Ok(Some(read));
            }
        }
        Ok(None)
    }

    /// The rules that need to know what came before.
    fn begin_frame(&mut self, head: Head, head_len: usize) -> Result<Frame, Error> {
        let key = match (self.sender, head.key) {
            (Role::Client, Some(key)) => key,
            (Role::Server, None) => Key::default(),
            (Role::Client, None) => return Err(Error::Unmasked),
            (Role::Server, Some(_)) => return Err(Error::Masked),
        };
        match head.opcode {
            Opcode::Text | Opcode::Binary => self.begin_message(&head)?,
            Opcode::Continuation => self.continue_message(&head, head_len)?,
            Opcode::Close | Opcode::Ping | Opcode::Pong => self.kept.begin_control(),
        }
        Ok(Frame { opcode: head.opcode, fin: head.fin, key, read: 0, left: head.len })
    }

    fn begin_message(&mut self, head: &Head) -> Result<(), Error> {
        if self.message.is_some() {
            return Err(Error::Unfinished);
        }
        if head.compressed && self.inflater.is_none() {
            return Err(Error::ReservedBit);
        }
        let (is_text, compressed) = (head.opcode == Opcode::Text, head.compressed);
        let message = Message { is_text, compressed, payload: 0, heads: 0 };
        self.add_frame(message, head.len)
    }

    fn continue_message(&mut self, head: &Head, head_len: usize) -> Result<(), Error> {
        // What ends an endless row of empty fragments, which take time but no memory.
        const SLACK: usize = 64 * 1024;
        let mut message = self.message.ok_or(Error::NothingToContinue)?;
        if head.compressed {
            return Err(Error::ReservedBit);
        }
        message.heads += head_len;
        if message.heads > self.limits.message.saturating_add(SLACK) {
            return Err(Error::TooFragmented);
        }
        self.add_frame(message, head.len)
    }

    fn add_frame(&mut self, mut message: Message, len: u64) -> Result<(), Error> {
        // What can't be compressed becomes a little longer; what it becomes is measured when it is decompressed.
        let longer = |limit: usize| {
            let limit = limit as u64;
            limit + if message.compressed { limit / 64 + 64 } else { 0 }
        };
        if len > longer(self.limits.frame) {
            return Err(Error::FrameTooLarge);
        }
        message.payload += len;
        if message.payload > longer(self.limits.message) {
            return Err(Error::MessageTooLarge);
        }
        self.message = Some(message);
        Ok(())
    }

    /// Takes in a part of a frame's payload.
    fn keep(&mut self, frame: &Frame, chunk: &[u8]) -> Result<(), Error> {
        if let Some(message) = self.message.filter(|_| !frame.opcode.is_control()) {
            self.keep_message(message, chunk)
        } else {
            self.kept.add(chunk);
            Ok(())
        }
    }

    fn keep_message(&mut self, message: Message, chunk: &[u8]) -> Result<(), Error> {
        match self.inflater.as_mut().filter(|_| message.compressed) {
            Some(inflater) => {
                inflater.inflate(chunk, self.kept.message(), self.limits.message)?;
            }
            None => self.kept.add(chunk),
        }
        if message.is_text { self.kept.check_text() } else { Ok(()) }
    }

    /// `chunk` is the last of the frame's payload, and `first` tells whether it is all of it.
    fn end_frame<'b>(
        &mut self,
        frame: &Frame,
        chunk: &'b [u8],
        first: bool,
    ) -> Result<Option<Whole<'b>>, Error> {
        if frame.opcode.is_control() {
            if first {
                return Ok(Some(Whole::Here(frame.opcode, chunk)));
            }
            self.kept.add(chunk);
            return Ok(Some(Whole::Kept(frame.opcode)));
        }
        let Some(message) = self.message else { return Ok(None) };
        let opcode = if message.is_text { Opcode::Text } else { Opcode::Binary };
        if frame.fin && first && frame.opcode == opcode && !message.compressed {
            self.message = None;
            return Ok(Some(Whole::Here(opcode, chunk)));
        }
        self.keep_message(message, chunk)?;
        if !frame.fin {
            return Ok(None);
        }
        if let Some(inflater) = self.inflater.as_mut().filter(|_| message.compressed) {
            inflater.end_message(self.kept.message(), self.limits.message)?;
        }
        self.message = None;
        Ok(Some(Whole::Kept(opcode)))
    }

    fn tell<'a>(&'a mut self, whole: Whole<'a>) -> Result<Event<'a>, Error> {
        let (opcode, payload) = match whole {
            Whole::Here(opcode, payload) => (opcode, payload),
            Whole::Kept(opcode) if opcode.is_control() => {
                self.told = Some(Told::Control);
                (opcode, self.kept.as_control())
            }
            Whole::Kept(opcode) => {
                self.told = Some(Told::Message);
                (opcode, self.kept.as_message())
            }
        };
        Ok(match opcode {
            Opcode::Text => {
                Event::Text(std::str::from_utf8(payload).map_err(|_| Error::InvalidUtf8)?)
            }
            // A continuation is told as what it continues.
            Opcode::Binary | Opcode::Continuation => Event::Binary(payload),
            Opcode::Ping => Event::Ping(payload),
            Opcode::Pong => Event::Pong(payload),
            Opcode::Close => {
                self.closed = true;
                Event::Close(CloseReason::read(payload)?)
            }
        })
    }
}
