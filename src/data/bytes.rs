//! Where bytes lie in what was dropped, and how they are had: few, large reads.
//!
//! A dropped file is read at random places, but each read is a slow call into the browser.
//! [`Cache`] therefore reads blocks, and remembers them: the pictures of a zip lie in any
//! order. What can only be read from its start on, a gzip or a large member of a zip, is a
//! [`Stream`] that skips forward.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::read::{DeflateDecoder, MultiGzDecoder};
use serde::{Deserialize, Serialize};

/// Random access to the bytes of a dropped file. `web` implements it over a browser's file,
/// tests over a vector.
pub trait ReadAt {
    /// Bytes in all.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `into` with the bytes from `offset` on.
    ///
    /// # Errors
    /// Where the file ends before, or can no longer be read.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.get(offset..offset.checked_add(into.len())?))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        into.copy_from_slice(bytes);
        Ok(())
    }
}

/// A file within a zip, as its directory describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Member {
    /// Where its local header begins.
    #[serde(rename = "a")]
    pub at: u64,
    /// Bytes as packed.
    #[serde(rename = "p")]
    pub packed: u64,
    /// Bytes once unpacked.
    #[serde(rename = "n")]
    pub size: u64,
    /// Deflated, or as it is.
    #[serde(rename = "d")]
    pub deflated: bool,
    /// The checksum of its bytes once unpacked.
    #[serde(rename = "c")]
    pub crc: u32,
}

/// What bytes come from: a dropped file, or a file in a dropped zip; as it is, or gunzipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// The number of the dropped file.
    #[serde(rename = "f")]
    pub file: u32,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Member>,
    #[serde(rename = "z", default, skip_serializing_if = "std::ops::Not::not")]
    pub gzip: bool,
}

impl Origin {
    /// Whether any byte of it can be had without those before it.
    pub fn is_seekable(&self) -> bool {
        !self.gzip && !self.member.is_some_and(|member| member.deflated)
    }
}

/// A run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    #[serde(rename = "o")]
    pub origin: Origin,
    /// Its first byte in what it comes from.
    #[serde(rename = "s", default, skip_serializing_if = "is_zero")]
    pub start: u64,
    /// Its bytes.
    #[serde(rename = "l")]
    pub size: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

impl Place {
    /// Whether it is a whole deflated member, which is unpacked at once.
    fn is_whole_member(&self) -> bool {
        !self.origin.gzip
            && self.start == 0
            && self.origin.member.is_some_and(|member| member.size == self.size)
    }

    /// Whether it can be had without a stream.
    pub fn is_direct(&self) -> bool {
        self.origin.is_seekable() || self.is_whole_member()
    }

    /// The part of it from `start` on, of `size` bytes.
    pub fn part(&self, start: u64, size: u64) -> Self {
        Self { origin: self.origin, start: self.start + start, size }
    }

    /// Bytes that must be read for it, about.
    pub fn packed(&self) -> u64 {
        self.origin.member.filter(|_| self.is_whole_member()).map_or(self.size, |m| m.packed)
    }
}

/// The largest run that is ever held in memory: an encoded picture, or a piece of a table.
pub(crate) const LARGEST: u64 = 256 << 20;

/// Bytes read at once. Larger blocks cost more where pictures lie in any order, smaller ones
/// where they follow each other; at 256 KB neither is far from the best.
const BLOCK: u64 = 256 << 10;
/// Blocks remembered: 32 MB, more than the pictures of one class of CIFAR-10.
const BLOCKS: usize = 128;

/// Blocks of dropped files that were read lately.
#[derive(Default)]
struct Cache {
    blocks: HashMap<(u32, u64), Rc<[u8]>>,
    order: VecDeque<(u32, u64)>,
}

impl Cache {
    fn block(&mut self, file: u32, bytes: &dyn ReadAt, block: u64) -> io::Result<Rc<[u8]>> {
        if let Some(found) = self.blocks.get(&(file, block)) {
            return Ok(found.clone());
        }
        let start = block * BLOCK;
        let size = bytes.len().checked_sub(start).ok_or(io::ErrorKind::UnexpectedEof)?.min(BLOCK);
        let mut fresh = vec![0; size as usize];
        bytes.read_at(start, &mut fresh)?;
        let fresh: Rc<[u8]> = fresh.into();
        if self.order.len() >= BLOCKS
            && let Some(oldest) = self.order.pop_front()
        {
            self.blocks.remove(&oldest);
        }
        self.order.push_back((file, block));
        self.blocks.insert((file, block), fresh.clone());
        Ok(fresh)
    }

    fn read(&mut self, file: u32, bytes: &dyn ReadAt, at: u64, into: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(into.len() as u64).filter(|end| *end <= bytes.len());
        if end.is_none() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // A large run, or all of a small file, gains nothing from being remembered.
        if into.len() as u64 >= BLOCK || into.len() as u64 == bytes.len() {
            return bytes.read_at(at, into);
        }
        let mut done = 0;
        while done < into.len() {
            let place = at + done as u64;
            let block = self.block(file, bytes, place / BLOCK)?;
            let from = &block[(place % BLOCK) as usize..];
            let count = from.len().min(into.len() - done);
            into[done..done + count].copy_from_slice(&from[..count]);
            done += count;
        }
        Ok(())
    }
}

/// The dropped files and what is open of them.
pub(crate) struct Files {
    bytes: Vec<Rc<dyn ReadAt>>,
    cache: Cache,
    /// Open streams, the one used last at the end.
    streams: Vec<Stream>,
}

impl Files {
    pub fn new(bytes: Vec<Rc<dyn ReadAt>>) -> Self {
        Self { bytes, cache: Cache::default(), streams: Vec::new() }
    }

    pub fn bytes(&self, file: u32) -> io::Result<&Rc<dyn ReadAt>> {
        self.bytes.get(file as usize).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// All bytes of a dropped file.
    pub fn whole(&self, file: u32) -> Place {
        let size = self.bytes.get(file as usize).map_or(0, |bytes| bytes.len());
        Place { origin: Origin { file, member: None, gzip: false }, start: 0, size }
    }

    fn read_at(&mut self, file: u32, at: u64, into: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes(file)?.clone();
        self.cache.read(file, &*bytes, at, into)
    }

    /// Where the bytes of a zip's member begin: behind its local header, whose own length
    /// stands in it.
    fn data_start(&mut self, file: u32, member: &Member) -> io::Result<u64> {
        let mut header = [0; 30];
        self.read_at(file, member.at, &mut header)?;
        if !header.starts_with(b"PK\x03\x04") {
            return Err(damaged("its place in the zip holds something else"));
        }
        let length = |at: usize| u64::from(u16::from_le_bytes([header[at], header[at + 1]]));
        Ok(member.at + 30 + length(26) + length(28))
    }

    /// The first bytes of a place, at most `most`.
    pub fn head(&mut self, place: &Place, most: u64) -> io::Result<Vec<u8>> {
        if place.size <= most || place.origin.is_seekable() {
            return self.read(&place.part(0, place.size.min(most)));
        }
        let mut head = Vec::new();
        self.open(&place.origin)?.take(place.start + most).read_to_end(&mut head)?;
        Ok(head.split_off(head.len().min(place.start as usize)))
    }

    /// The bytes of a place.
    pub fn read(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        if place.size > LARGEST {
            return Err(damaged("it is larger than 256 MB"));
        }
        let Origin { file, member, .. } = place.origin;
        if place.origin.is_seekable() {
            let base = match &member {
                Some(member) => self.data_start(file, member)?,
                None => 0,
            };
            let at = base.checked_add(place.start).ok_or(io::ErrorKind::UnexpectedEof)?;
            // Before there is room for it: a size can be a lie.
            if at.checked_add(place.size).is_none_or(|end| end > self.bytes[file as usize].len()) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let mut bytes = vec![0; place.size as usize];
            self.read_at(file, at, &mut bytes)?;
            if place.is_whole_member()
                && member.is_some_and(|member| crc32fast::hash(&bytes) != member.crc)
            {
                return Err(damaged("its checksum in the zip is wrong"));
            }
            return Ok(bytes);
        }
        if let Some(member) = member.filter(|_| place.is_whole_member()) {
            return self.inflate(file, &member);
        }
        self.stream(place)
    }

    /// Unpacks a whole member.
    fn inflate(&mut self, file: u32, member: &Member) -> io::Result<Vec<u8>> {
        // Deflate packs 258 bytes into 2 bits at best; more is a lie, and no room is made.
        if member.size > member.packed.saturating_mul(1032).saturating_add(64) {
            return Err(damaged("the zip gives a wrong size for it"));
        }
        let at = self.data_start(file, member)?;
        if at.checked_add(member.packed).is_none_or(|end| end > self.bytes[file as usize].len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut packed = vec![0; member.packed as usize];
        self.read_at(file, at, &mut packed)?;
        let mut bytes = Vec::with_capacity(member.size as usize + 1);
        DeflateDecoder::new(packed.as_slice()).take(member.size + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != member.size || crc32fast::hash(&bytes) != member.crc {
            return Err(damaged("its size or checksum in the zip is wrong"));
        }
        Ok(bytes)
    }

    /// A reader from the first byte of an origin.
    pub fn open(&mut self, origin: &Origin) -> io::Result<Box<dyn Read>> {
        let bytes = self.bytes(origin.file)?.clone();
        let (start, packed) = match &origin.member {
            Some(member) => (self.data_start(origin.file, member)?, member.packed),
            None => (0, bytes.len()),
        };
        let end = start.checked_add(packed).ok_or(io::ErrorKind::UnexpectedEof)?;
        let raw = Window::new(bytes, start, end);
        let unpacked: Box<dyn Read> = match &origin.member {
            Some(member) if member.deflated => Box::new(Checked {
                inner: DeflateDecoder::new(raw),
                hasher: crc32fast::Hasher::new(),
                left: member.size,
                crc: member.crc,
            }),
            _ => Box::new(raw),
        };
        let unpacked = if origin.gzip { Box::new(MultiGzDecoder::new(unpacked)) } else { unpacked };
        // Pictures and tables shrink by ten at most; a hundred times more is a bomb.
        let left = packed.saturating_mul(100).max(LARGEST);
        Ok(if origin.is_seekable() { unpacked } else { Box::new(Bounded { unpacked, left }) })
    }

    /// The bytes of a place in something that can only be read from its start on.
    fn stream(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        let open = self
            .streams
            .iter()
            .position(|open| open.origin == place.origin && open.position <= place.start);
        let mut stream = match open {
            Some(open) => self.streams.remove(open),
            None => Stream { origin: place.origin, position: 0, reader: self.open(&place.origin)? },
        };
        let bytes = stream.read(place)?;
        // A few are in use at a time: one for each file of a set.
        if self.streams.len() >= 4 {
            self.streams.remove(0);
        }
        self.streams.push(stream);
        Ok(bytes)
    }
}

/// Something that is read from its start on.
struct Stream {
    origin: Origin,
    position: u64,
    reader: Box<dyn Read>,
}

impl Stream {
    fn read(&mut self, place: &Place) -> io::Result<Vec<u8>> {
        let skipped = skip(&mut self.reader, place.start - self.position)?;
        self.position += skipped;
        let mut bytes = Vec::new();
        if self.position == place.start {
            // Room grows with what is there, not with what was promised.
            (&mut self.reader).take(place.size).read_to_end(&mut bytes)?;
        }
        self.position += bytes.len() as u64;
        if bytes.len() as u64 != place.size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(bytes)
    }
}

/// Passes over `count` bytes, or as many as there are.
pub(crate) fn skip(reader: &mut impl Read, count: u64) -> io::Result<u64> {
    io::copy(&mut reader.take(count), &mut io::sink())
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A sentence for what went wrong while reading.
pub(crate) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "It is cut off: it ends too early.".into(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            format!("It is damaged: {error}.")
        }
        _ => format!("It cannot be read: {error}."),
    }
}

/// A part of a dropped file, read a megabyte at a time.
pub(crate) struct Window {
    bytes: Rc<dyn ReadAt>,
    start: u64,
    end: u64,
    position: u64,
    block: Vec<u8>,
    block_start: u64,
}

impl Window {
    const SIZE: u64 = 1 << 20;

    pub fn new(bytes: Rc<dyn ReadAt>, start: u64, end: u64) -> Self {
        let end = end.min(bytes.len());
        let start = start.min(end);
        Self { bytes, start, end, position: start, block: Vec::new(), block_start: start }
    }

    /// Passes over `count` bytes, or as many as there are, without reading them.
    pub fn skip(&mut self, count: u64) -> io::Result<u64> {
        let count = count.min(self.end.saturating_sub(self.position));
        self.position += count;
        Ok(count)
    }
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.end || into.is_empty() {
            return Ok(0);
        }
        let inside = self.block_start..self.block_start + self.block.len() as u64;
        if !inside.contains(&self.position) {
            // Aligned, so that reading backwards in small steps finds it there, too.
            let start = (self.position / Self::SIZE * Self::SIZE).max(self.start);
            let size = (self.position / Self::SIZE + 1) * Self::SIZE - start;
            self.block.resize(size.min(self.end - start) as usize, 0);
            self.bytes.read_at(start, &mut self.block)?;
            self.block_start = start;
        }
        let from = &self.block[(self.position - self.block_start) as usize..];
        let count = from.len().min(into.len());
        into[..count].copy_from_slice(&from[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(offset) => self.start.checked_add(offset),
            SeekFrom::End(offset) => self.end.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position =
            place.filter(|place| *place >= self.start).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position - self.start)
    }
}

/// Ends with an error where more comes out than can be honest.
struct Bounded<R> {
    unpacked: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.unpacked.read(into)?;
        self.left = self
            .left
            .checked_sub(count as u64)
            .ok_or_else(|| damaged("it unpacks to more than a hundred times its size"))?;
        Ok(count)
    }
}

/// Ends with an error where size or checksum are not those of the zip's directory.
struct Checked<R> {
    inner: R,
    hasher: crc32fast::Hasher,
    left: u64,
    crc: u32,
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.hasher.update(&into[..count]);
        let wrong = || damaged("its size or checksum in the zip is wrong");
        self.left = self.left.checked_sub(count as u64).ok_or_else(wrong)?;
        if count == 0
            && !into.is_empty()
            && (self.left > 0 || self.hasher.clone().finalize() != self.crc)
        {
            return Err(wrong());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Write;

    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        (0..size as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
    }

    /// Counts its reads.
    struct Counted(Vec<u8>, Rc<Cell<usize>>);

    impl ReadAt for Counted {
        fn len(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
            self.1.set(self.1.get() + 1);
            self.0.read_at(offset, into)
        }
    }

    fn plain(start: u64, size: u64, gzip: bool) -> Place {
        Place { origin: Origin { file: 0, member: None, gzip }, start, size }
    }

    #[test]
    fn small_runs_in_any_order_are_few_reads() {
        let bytes = noise(3 << 20);
        let reads = Rc::new(Cell::new(0));
        let mut files = Files::new(vec![Rc::new(Counted(bytes.clone(), reads.clone()))]);
        for step in 0..3000_u64 {
            let at = step * 7919 % 3_000_000;
            assert_eq!(files.read(&plain(at, 1000, false)).unwrap(), bytes[at as usize..][..1000]);
        }
        assert!(reads.get() <= 12, "{}", reads.get());
        let error = files.read(&plain(3 << 20, 1, false)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(files.read(&plain(u64::MAX, 5, false)).is_err());
        assert!(files.read(&plain(0, u64::MAX, false)).is_err());
    }

    #[test]
    fn a_gzip_is_read_on_and_from_its_start_again() {
        let bytes = noise(1 << 20);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let mut files = Files::new(vec![Rc::new(gzip.finish().unwrap())]);
        for at in [0, 5000, 900_000, 100, 200_000] {
            let read = files.read(&plain(at, 1000, true)).unwrap();
            assert_eq!(read, bytes[at as usize..][..1000]);
        }
        assert_eq!(files.head(&plain(10, 1 << 19, true), 5).unwrap(), bytes[10..15]);
        assert!(files.read(&plain(1 << 20, 1, true)).is_err());
    }

    #[test]
    fn a_gzip_bomb_ends() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let zeros = vec![0; 1 << 20];
        for _ in 0..300 {
            gzip.write_all(&zeros).unwrap();
        }
        let mut files = Files::new(vec![Rc::new(gzip.finish().unwrap())]);
        let error = files.read(&plain(299 << 20, 1, true)).unwrap_err();
        assert!(explain(&error).contains("hundred times"), "{error}");
    }

    #[test]
    fn windows_seek_both_ways() {
        let bytes = noise(3 << 20);
        let mut window = Window::new(Rc::new(bytes.clone()), 10, u64::MAX);
        let mut four = [0; 4];
        for at in [0, 1 << 20, (1 << 20) - 12, 5, (3 << 20) - 14] {
            window.seek(SeekFrom::Start(at)).unwrap();
            window.read_exact(&mut four).unwrap();
            assert_eq!(four, bytes[at as usize + 10..][..4]);
        }
        assert_eq!(window.seek(SeekFrom::End(-4)).unwrap(), (3 << 20) - 14);
        assert!(window.seek(SeekFrom::Current(-(4 << 20))).is_err());
    }
}
