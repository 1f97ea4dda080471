//! The directory of a tar, which is strewn over all of it: a header before each file.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use crate::data::{cifar, folder};

/// A file in a tar: its path, its first byte and its length.
#[derive(Debug, PartialEq)]
pub(crate) struct Entry {
    pub path: String,
    pub start: u64,
    pub size: u64,
    /// The labels of a file of CIFAR's: to come back for them, a compressed tar would have to
    /// be unpacked a second time.
    pub labels: Option<Vec<u8>>,
}

/// Whether bytes begin like a tar: a header whose checksum is right.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.first_chunk::<512>().is_some_and(|block| sum(block) == claimed(block))
}

/// How to pass over bytes: returns how many there were to pass over.
type Skip<R> = fn(&mut R, u64) -> io::Result<u64>;

/// Lists a tar that is read from its start. Gives what was found before an error, too.
pub(crate) fn entries<R: Read>(reader: &mut R, skip: Skip<R>) -> (Vec<Entry>, io::Result<()>) {
    let mut entries = Vec::new();
    let result = list(reader, skip, &mut entries);
    (entries, result)
}

fn list<R: Read>(reader: &mut R, skip: Skip<R>, entries: &mut Vec<Entry>) -> io::Result<()> {
    let mut at = 0_u64;
    // What a header before the file's own says of it.
    let (mut long_name, mut long_size) = (None, None);
    loop {
        let mut block = [0; 512];
        match reader.read_exact(&mut block) {
            // Some programs leave out the two empty blocks at the end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && at > 0 => return Ok(()),
            result => result?,
        }
        at += 512;
        if block == [0; 512] {
            return Ok(());
        }
        if sum(&block) != claimed(&block) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the header at byte {} is none", at - 512),
            ));
        }
        let header = Header::from_byte_slice(&block);
        let kind = header.entry_type();
        let size = match long_size.take() {
            Some(size) if kind.is_file() => size,
            _ => header.entry_size()?,
        };
        let end = at.checked_add(size).and_then(|end| end.checked_next_multiple_of(512));
        let end = end.ok_or(io::ErrorKind::InvalidData)?;
        let mut used = 0;
        if kind == EntryType::GNULongName || kind == EntryType::XHeader {
            let mut text = Vec::new();
            used = reader.take(size.min(1 << 20)).read_to_end(&mut text)? as u64;
            if kind == EntryType::GNULongName {
                let name = text.split(|byte| *byte == 0).next().unwrap_or_default();
                long_name = Some(String::from_utf8_lossy(name).into_owned());
            } else {
                for extension in PaxExtensions::new(&text).flatten() {
                    let value = String::from_utf8_lossy(extension.value_bytes());
                    match extension.key_bytes() {
                        b"path" => long_name = Some(value.into_owned()),
                        b"size" => long_size = value.parse().ok(),
                        _ => {}
                    }
                }
            }
        } else {
            let path = long_name
                .take()
                .unwrap_or_else(|| String::from_utf8_lossy(&header.path_bytes()).into_owned());
            let path = folder::normal(&path);
            if kind.is_file() && !folder::is_junk(&path) && !path.split('/').any(|p| p == "..") {
                let records = cifar::records(&path, size);
                let labels = records.map(|records| records.read_labels(reader)).transpose()?;
                used = records.map_or(0, |records| records.count * records.stride());
                entries.push(Entry { path, start: at, size, labels });
            }
        }
        let rest = end - at - used;
        if skip(reader, rest)? < rest {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        at = end;
    }
}

/// The sum of a header's bytes, with blanks in place of the sum itself.
fn sum(block: &[u8; 512]) -> u32 {
    let all: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let field: u32 = block[148..156].iter().map(|byte| u32::from(*byte)).sum();
    all - field + 8 * 32
}

/// The sum that the header claims; 0, which no header has, where it claims none.
fn claimed(block: &[u8; 512]) -> u32 {
    Header::from_byte_slice(block).cksum().unwrap_or(0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::data::bytes::skip;

    /// Writes a tar.
    pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, contents) in files {
            let mut header = Header::new_gnu();
            header.set_size(contents.len() as u64);
            builder.append_data(&mut header, path, *contents).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn lists_files_with_long_names() {
        let long = "very/".repeat(40) + "long.jpg";
        let bytes = tar(&[("a/1.jpg", b"one"), (&long, &[9; 600]), ("a/._2.jpg", b"junk")]);
        assert!(is_tar(&bytes));
        let (found, result) = entries(&mut bytes.as_slice(), skip);
        result.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Entry { path: "a/1.jpg".into(), start: 512, size: 3, labels: None });
        assert_eq!(found[1].path, long);
        assert_eq!(bytes[found[1].start as usize..][..600], [9; 600]);
    }

    #[test]
    fn a_cut_or_damaged_tar_gives_what_it_has() {
        let bytes = tar(&[("a/1.jpg", b"one"), ("a/2.jpg", &[9; 6000])]);
        let (found, result) = entries(&mut &bytes[..3000], skip);
        assert_eq!((found.len(), result.is_err()), (2, true));
        let mut damaged = bytes.clone();
        damaged[1030] ^= 1;
        let (found, result) = entries(&mut damaged.as_slice(), skip);
        assert_eq!((found.len(), result.is_err()), (1, true));
        assert!(!is_tar(&damaged[1024..]));
        assert!(!is_tar(b"short"));
    }
}
