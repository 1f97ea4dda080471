//! The directory of a zip: which files it holds and where. Nothing is unpacked here.
//!
//! The `zip` crate reads the directory (zip64, names, data in front); members are read and
//! unpacked by [`bytes`](super::bytes), many at a time.

use std::collections::BTreeSet;
use std::rc::Rc;

use zip::{CompressionMethod, ZipArchive};

use super::bytes::{Member, ReadAt, Window};
use crate::data::dataset::Warning;
use crate::data::folder;
use crate::error::{Error, Result};

/// The members of a zip by path within it, in the order of its directory. What cannot be read
/// is a warning: encrypted members, other packings than deflate, names outside the zip.
///
/// # Errors
/// `files` naming the zip where it is none, is cut off, is one part of several, or is a bomb
/// whose members share their bytes.
pub(crate) fn members(
    bytes: &Rc<dyn ReadAt>,
    path: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<(String, Member)>> {
    let refuse = |message: String| Error::files(message).file(path);
    if is_one_of_several(&**bytes) {
        return Err(refuse(
            "This zip is one part of several. Unpack all parts together and drop the folder."
                .into(),
        ));
    }
    let window = Window::new(bytes.clone(), 0, bytes.len());
    let archive = ZipArchive::new(window).map_err(|error| {
        refuse(format!(
            "This zip cannot be read: {error}. It may be cut off or one part of several; \
             download or pack it again."
        ))
    })?;
    let directory = archive.metadata();
    let mut members = Vec::with_capacity(directory.len());
    let mut extents = Vec::with_capacity(directory.len());
    let mut encrypted = 0;
    let mut folders = BTreeSet::new();
    for index in 0..directory.len() {
        let Ok(entry) = directory.entry(index) else { continue };
        // Most programs write UTF-8 whether they say so or not.
        let name = match std::str::from_utf8(entry.name_raw()) {
            Ok(name) => name.to_owned(),
            Err(_) => match entry.name() {
                Ok(name) => name.into_owned(),
                Err(_) => String::from_utf8_lossy(entry.name_raw()).into_owned(),
            },
        };
        if entry.is_dir() {
            folders.insert(folder::normal(&name));
            continue;
        }
        let mut pass_over = |message: &str| {
            warnings.push(Warning { file: format!("{path}/{name}"), message: message.into() });
        };
        if folder::is_junk(&name) {
            continue;
        }
        if name.starts_with('/') || name.split(['/', '\\']).any(|part| part == "..") {
            pass_over("Its name leads out of the zip; it is left out.");
            continue;
        }
        if entry.is_symlink() {
            pass_over("It is a link to another file; it is left out.");
            continue;
        }
        if entry.encrypted() {
            encrypted += 1;
            if encrypted == 1 {
                pass_over("It is encrypted; it is left out. Unpack the zip with its password.");
            }
            continue;
        }
        let deflated = match entry.compression() {
            CompressionMethod::Stored => false,
            CompressionMethod::Deflated => true,
            other => {
                pass_over(&format!(
                    "It is packed as {other}, which is not read; it is left out. Pack the zip \
                     with deflate, or drop the unpacked folder."
                ));
                continue;
            }
        };
        let member = Member {
            at: entry.header_start(),
            packed: entry.compressed_size(),
            size: entry.size(),
            deflated,
            crc: entry.crc32(),
        };
        let header = 30 + entry.name_raw().len() as u64;
        let end = member.at.saturating_add(header).saturating_add(member.packed);
        if end > bytes.len() || !deflated && member.packed != member.size {
            pass_over("Its place in the zip cannot be right; it is left out.");
            continue;
        }
        extents.push((member.at, end));
        members.push((folder::normal(&name), member));
    }
    // A zip bomb lets many members share one run of packed bytes.
    extents.sort_unstable();
    if extents.windows(2).any(|pair| pair[0].1 > pair[1].0) {
        return Err(refuse(
            "Files in this zip share their bytes, as in a zip bomb. Nothing was read from it."
                .into(),
        ));
    }
    if encrypted > 1 {
        warnings.push(Warning {
            file: path.into(),
            message: format!("{encrypted} files are encrypted and left out."),
        });
    }
    if directory.has_duplicate_names() {
        warnings.push(Warning {
            file: path.into(),
            message: "The zip holds files of the same name; the last of each is taken.".into(),
        });
    }
    // Sorted: what lies in a folder follows it, behind names with characters before `/`.
    let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    for folder in folders.iter().filter(|folder| !folder::is_junk(folder)) {
        let inside = format!("{folder}/");
        let holds = |set: &BTreeSet<&str>| {
            set.range(inside.as_str()..).next().is_some_and(|name| name.starts_with(&inside))
        };
        let outer = folders.range(inside.clone()..).next().is_some_and(|f| f.starts_with(&inside));
        if !holds(&names) && !outer && !folder.is_empty() {
            warnings.push(Warning {
                file: format!("{path}/{folder}"),
                message: "This folder is empty; no class is made of it.".into(),
            });
        }
    }
    Ok(members)
}

/// Whether a zip says at its end that it began in another file.
fn is_one_of_several(bytes: &dyn ReadAt) -> bool {
    let mut end = [0; 22];
    let Some(start) = bytes.len().checked_sub(22) else { return false };
    if bytes.read_at(start, &mut end).is_err() || !end.starts_with(b"PK\x05\x06") {
        return false;
    }
    let disk = u16::from_le_bytes([end[4], end[5]]);
    disk != 0 && disk != u16::MAX
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::DeflateEncoder;

    use super::*;
    use crate::data::bytes::{Files, Origin, Place};

    /// Writes a zip: names and contents, deflated or stored in turn.
    pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut directory = Vec::new();
        for (index, (name, contents)) in files.iter().enumerate() {
            let deflated = index % 2 == 0 && !name.ends_with('/');
            let packed = if deflated {
                let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(contents).unwrap();
                encoder.finish().unwrap()
            } else {
                contents.to_vec()
            };
            let mut common = Vec::new();
            common.extend(20_u16.to_le_bytes());
            common.extend(0x800_u16.to_le_bytes());
            common.extend((u16::from(deflated) * 8).to_le_bytes());
            common.extend([0; 4]);
            common.extend(crc32fast::hash(contents).to_le_bytes());
            common.extend((packed.len() as u32).to_le_bytes());
            common.extend((contents.len() as u32).to_le_bytes());
            common.extend((name.len() as u16).to_le_bytes());
            let at = bytes.len() as u32;
            bytes.extend(b"PK\x03\x04");
            bytes.extend(&common);
            // An extra field that the directory does not have.
            bytes.extend(4_u16.to_le_bytes());
            bytes.extend(name.as_bytes());
            bytes.extend([0xfe, 0xca, 0, 0]);
            bytes.extend(&packed);
            directory.extend(b"PK\x01\x02\x14\0");
            directory.extend(&common);
            directory.extend([0; 12]);
            directory.extend(at.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let start = bytes.len() as u32;
        bytes.extend(&directory);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend((files.len() as u16).to_le_bytes());
        bytes.extend((files.len() as u16).to_le_bytes());
        bytes.extend((directory.len() as u32).to_le_bytes());
        bytes.extend(start.to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    fn list(bytes: Vec<u8>) -> (Result<Vec<(String, Member)>>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let bytes: Rc<dyn ReadAt> = Rc::new(bytes);
        (members(&bytes, "a.zip", &mut warnings), warnings)
    }

    #[test]
    fn stored_and_deflated_members_are_read() {
        let long = vec![7; 5000];
        let bytes = zip(&[("a/1.bin", &long), ("a/2.bin", b"two"), ("é/猫.bin", &[])]);
        let (found, warnings) = list(bytes.clone());
        let found = found.unwrap();
        assert!(warnings.is_empty());
        assert_eq!(found[2].0, "é/猫.bin");
        let mut files = Files::new(vec![Rc::new(bytes)]);
        let mut read = |index: usize| {
            let member = found[index].1;
            let origin = Origin { file: 0, member: Some(member), gzip: false };
            files.read(&Place { origin, start: 0, size: member.size })
        };
        assert_eq!(read(0).unwrap(), long);
        assert_eq!(read(1).unwrap(), b"two");
        assert_eq!(read(2).unwrap(), b"");
    }

    #[test]
    fn damaged_members_are_errors_that_make_no_room() {
        let long = vec![7; 5000];
        let bytes = zip(&[("1", &long), ("2", b"two")]);
        let found = list(bytes.clone()).0.unwrap();
        let read = |bytes: Vec<u8>, member: Member| {
            let origin = Origin { file: 0, member: Some(member), gzip: false };
            Files::new(vec![Rc::new(bytes)]).read(&Place { origin, start: 0, size: member.size })
        };
        for (index, change) in [(0, 40), (1, 36)] {
            let mut damaged = bytes.clone();
            damaged[found[index].1.at as usize + change] ^= 0x11;
            assert!(read(damaged, found[index].1).is_err());
        }
        let lie = Member { size: 200 << 20, ..found[0].1 };
        assert!(read(bytes.clone(), lie).is_err());
        let lie = Member { packed: 1 << 40, size: 1 << 45, ..found[0].1 };
        assert!(read(bytes, lie).is_err());
    }

    #[test]
    fn names_that_lead_out_and_junk_are_left_out() {
        let bytes = zip(&[
            ("../evil.jpg", b"1"),
            ("/abs.jpg", b"1"),
            ("__MACOSX/a/._1.jpg", b"1"),
            ("a/.DS_Store", b"1"),
            ("a/ok.jpg", b"1"),
            ("a/empty/", b""),
        ]);
        let (found, warnings) = list(bytes);
        let names: Vec<String> = found.unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a/ok.jpg"]);
        let files: Vec<&str> = warnings.iter().map(|warning| warning.file.as_str()).collect();
        assert_eq!(files, ["a.zip/../evil.jpg", "a.zip//abs.jpg", "a.zip/a/empty"]);
    }

    #[test]
    fn encrypted_split_cut_and_overlapping_zips_say_so() {
        let plain = zip(&[("1.jpg", b"one"), ("2.jpg", b"two")]);
        let end = plain.len() - 22;
        let directory = u32::from_le_bytes(plain[end + 16..end + 20].try_into().unwrap()) as usize;

        let mut encrypted = plain.clone();
        encrypted[directory + 8] |= 1;
        let (found, warnings) = list(encrypted);
        assert_eq!(found.unwrap().len(), 1);
        assert!(warnings[0].message.contains("encrypted"));

        let mut split = plain.clone();
        split[end + 4] = 1;
        split[end + 6] = 1;
        assert!(list(split).0.unwrap_err().to_string().contains("several"));

        let error = list(plain[..end - 3].to_vec()).0.unwrap_err();
        assert_eq!((error.code(), error.file_name()), ("files", Some("a.zip")));

        // The second member's header is the first's: both share its bytes.
        let mut overlapping = plain.clone();
        let second = directory + 46 + 5;
        overlapping[second + 42..second + 46].fill(0);
        assert!(list(overlapping).0.unwrap_err().to_string().contains("bomb"));
    }

    /// The same with sizes and the end of the directory as zip64 has them.
    fn zip64(name: &str, contents: &[u8]) -> Vec<u8> {
        let plain = zip(&[("", b""), (name, contents)]);
        let end = plain.len() - 22;
        let start = u32::from_le_bytes(plain[end + 16..end + 20].try_into().unwrap()) as usize;
        // The second entry of the directory: its sizes in an extra field.
        let mut entry = plain[start + 46..end].to_vec();
        entry[20..28].fill(0xff);
        entry[30..32].copy_from_slice(&20_u16.to_le_bytes());
        entry.extend([1, 0, 16, 0]);
        entry.extend((contents.len() as u64).to_le_bytes());
        entry.extend((contents.len() as u64).to_le_bytes());
        let mut bytes = plain[..start].to_vec();
        bytes.extend(&entry);
        let record = bytes.len() as u64;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend(
            [1_u64, 1, entry.len() as u64, start as u64].map(u64::to_le_bytes).as_flattened(),
        );
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(record.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend([0xff; 12]);
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn zip64_is_read() {
        let bytes = zip64("a/1.bin", b"contents");
        let (found, warnings) = list(bytes.clone());
        let found = found.unwrap();
        assert_eq!((found.len(), found[0].0.as_str(), warnings.len()), (1, "a/1.bin", 0));
        let origin = Origin { file: 0, member: Some(found[0].1), gzip: false };
        let read = Files::new(vec![Rc::new(bytes)]).read(&Place { origin, start: 0, size: 8 });
        assert_eq!(read.unwrap(), b"contents");
    }
}
