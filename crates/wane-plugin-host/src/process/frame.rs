//! Frames on a stream: four bytes of length, little-endian, then so many bytes. Both sides speak in turns, so a frame is
//! all there is to read: bytes behind it are a breach.

use std::io::{ErrorKind, Read, Write};

/// The most bytes of a frame: the largest body of a webhook that can be configured in earnest, and more than the most that
/// a plugin may say in one call.
pub(crate) const MOST_FRAME: usize = 16 << 20;
/// What is kept of a buffer between calls.
const KEPT: usize = 64 << 10;
/// The bytes of the length.
const HEAD: usize = 4;

/// Why there is no frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The other side is gone.
    Closed,
    /// What it does is not the protocol, or takes too long.
    Wrong(String),
}

/// A buffer for one frame after another.
#[derive(Debug)]
pub(crate) struct Buffer(Vec<u8>);

impl Buffer {
    pub(crate) fn new() -> Self {
        Self(vec![0; KEPT])
    }

    /// Reads one frame. `late` is asked whenever the other side pauses, and ends the reading when it says so.
    pub(crate) fn read(
        &mut self,
        stream: &mut impl Read,
        mut late: impl FnMut() -> Result<(), String>,
    ) -> Result<&[u8], Broken> {
        if self.0.len() > KEPT {
            self.0.truncate(KEPT);
            self.0.shrink_to_fit();
        }
        let (mut filled, mut whole) = (0, None);
        loop {
            match stream.read(self.0.get_mut(filled..).unwrap_or_default()) {
                Ok(0) => return Err(Broken::Closed),
                Ok(more) => filled += more,
                Err(error) if paused(&error) => {}
                Err(error) => return Err(gone(&error)),
            }
            if whole.is_none() {
                whole = self.length(filled)?;
            }
            match whole {
                Some(whole) if filled > whole => return Err(Broken::Wrong("more than one frame at once".to_owned())),
                Some(whole) if filled == whole => return Ok(self.0.get(HEAD..whole).unwrap_or_default()),
                // Grown as it fills: a length that is only claimed costs nothing.
                Some(whole) if filled == self.0.len() => self.0.resize(whole.min(filled * 2), 0),
                _ => {}
            }
            late().map_err(Broken::Wrong)?;
        }
    }

    /// The length of the frame with its head, once that is there.
    fn length(&self, filled: usize) -> Result<Option<usize>, Broken> {
        let Some(head) = self.0.first_chunk::<HEAD>().filter(|_| filled >= HEAD) else { return Ok(None) };
        match usize::try_from(u32::from_le_bytes(*head)) {
            Ok(length) if length <= MOST_FRAME => Ok(Some(HEAD + length)),
            _ => Err(Broken::Wrong(format!("a frame of more than {MOST_FRAME} bytes"))),
        }
    }
}

/// Writes a frame that [`Writer`] made.
pub(crate) fn write(
    stream: &mut impl Write,
    mut frame: &[u8],
    mut late: impl FnMut() -> Result<(), String>,
) -> Result<(), Broken> {
    loop {
        match stream.write(frame) {
            Ok(0) => return Err(Broken::Closed),
            Ok(written) => frame = frame.get(written..).unwrap_or_default(),
            Err(error) if paused(&error) => {}
            Err(error) => return Err(gone(&error)),
        }
        if frame.is_empty() {
            return Ok(());
        }
        late().map_err(Broken::Wrong)?;
    }
}

fn paused(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn gone(error: &std::io::Error) -> Broken {
    let closed = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
    if closed.contains(&error.kind()) { Broken::Closed } else { Broken::Wrong(format!("its socket: {error}")) }
}

/// Puts a frame together.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(KEPT))
    }

    /// Begins a frame of this kind.
    pub(crate) fn begin(&mut self, kind: u8) -> &mut Self {
        self.0.clear();
        self.0.shrink_to(KEPT);
        self.0.extend([0; HEAD]);
        self.byte(kind)
    }

    pub(crate) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(crate) fn signed(&mut self, number: i64) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    /// Bytes with their length before them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// The frame; none if it is too long.
    pub(crate) fn end(&mut self) -> Option<&[u8]> {
        let length = self.0.len().checked_sub(HEAD).filter(|length| *length <= MOST_FRAME)?;
        self.0.first_chunk_mut::<HEAD>()?.copy_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
        Some(&self.0)
    }
}

/// Takes a frame apart. Nothing is there that its bytes do not hold: what is short gives `None`.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(frame: &'a [u8]) -> Self {
        Self(frame)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        self.eight().map(u64::from_le_bytes)
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        self.eight().map(i64::from_le_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    /// Whether all of it was taken.
    pub(crate) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    fn eight(&mut self) -> Option<[u8; 8]> {
        let (first, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its pieces one by one, and pauses before each.
    struct Pieces(Vec<Vec<u8>>, bool);

    impl Read for Pieces {
        fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(ErrorKind::WouldBlock.into());
            }
            if self.0.is_empty() {
                return Ok(0);
            }
            let piece = self.0.remove(0);
            to[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<u8>, Broken> {
        let mut stream = Pieces(pieces.iter().map(|piece| piece.to_vec()).collect(), false);
        Buffer::new().read(&mut stream, || Ok(())).map(<[u8]>::to_vec)
    }

    #[test]
    fn a_frame_comes_whole_in_any_pieces() {
        let mut writer = Writer::new();
        let frame = writer.begin(7).number(9).bytes(b"abc").end().expect("short").to_vec();
        let pieces: Vec<&[u8]> = frame.chunks(1).collect();
        for read in [read(&[&frame]), read(&pieces)] {
            let body = read.expect("a frame");
            let mut reader = Reader::new(&body);
            assert_eq!((reader.byte(), reader.number(), reader.bytes()), (Some(7), Some(9), Some(&b"abc"[..])));
            assert!(reader.end().is_some());
        }
    }

    #[test]
    fn what_is_no_frame_is_none() {
        assert_eq!(read(&[]), Err(Broken::Closed));
        assert_eq!(read(&[&[9, 0]]), Err(Broken::Closed), "half a head");
        assert_eq!(read(&[&[9, 0, 0, 0, 1]]), Err(Broken::Closed), "half a frame");
        assert!(matches!(read(&[&[255; 8]]), Err(Broken::Wrong(_))), "a frame of 4 GiB");
        assert!(matches!(read(&[&[1, 0, 0, 0, 1, 1]]), Err(Broken::Wrong(_))), "more than a frame");
        let mut late = Pieces(vec![vec![9, 0, 0, 0, 1]], false);
        let told = Buffer::new().read(&mut late, || Err("late".to_owned())).map(<[u8]>::len);
        assert_eq!(told, Err(Broken::Wrong("late".to_owned())));
    }

    #[test]
    fn a_reader_goes_nowhere_beyond_its_bytes() {
        let lie = [255, 255, 255, 255, 255, 255, 255, 255, 1];
        assert_eq!(Reader::new(&lie).bytes(), None);
        assert_eq!(Reader::new(&lie[..3]).number(), None);
        assert_eq!(Reader::new(&[]).byte(), None);
        assert_eq!(Reader::new(&[1, 0, 0, 0, 0, 0, 0, 0, 0xff]).text(), None, "no UTF-8");
    }

    #[test]
    fn a_large_frame_passes_and_its_buffer_shrinks_again() {
        let mut writer = Writer::new();
        let frame = writer.begin(1).bytes(&vec![5; 3 << 20]).end().expect("within bounds").to_vec();
        let mut buffer = Buffer::new();
        assert_eq!(buffer.read(&mut frame.as_slice(), || Ok(())).expect("a frame").len(), frame.len() - HEAD);
        let small = writer.begin(1).end().expect("short").to_vec();
        assert_eq!(buffer.read(&mut small.as_slice(), || Ok(())), Ok(&[1][..]));
        assert_eq!(buffer.0.len(), KEPT);
        assert!(writer.begin(1).bytes(&vec![0; MOST_FRAME]).end().is_none());
    }
}
