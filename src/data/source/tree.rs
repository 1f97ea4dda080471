//! The files that were dropped, with archives opened: what each is, and where it lies.

use crate::data::bytes::{Files, Place, Window, explain, skip};
use crate::data::dataset::Warning;
use crate::data::folder::{self, Kind};
use crate::data::{cifar, idx, tar, zip};
use crate::error::{Error, Result};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Picture,
    Table,
    Idx,
    Cifar,
    Text,
    Other,
}

/// A file, in an archive or not.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub path: String,
    pub place: Place,
    pub what: What,
    /// The labels of a file of CIFAR's, where they were met on the way.
    pub labels: Option<Vec<u8>>,
}

/// All files, in the order of their paths.
#[derive(Debug)]
pub(super) struct Tree {
    pub leaves: Vec<Leaf>,
    pub warnings: Vec<Warning>,
}

/// The size of what is not unpacked yet.
const UNKNOWN: u64 = u64::MAX;

/// Files whose names say nothing that are looked into. More are no set of pictures, and each
/// costs a read.
const LOOKED_INTO: usize = 256;

/// Opens archives and tells files apart, by name or by their first bytes.
///
/// # Errors
/// `files` naming the archive, where nothing else can be read.
pub(super) fn expand(paths: &[String], files: &mut Files) -> Result<Tree> {
    let mut opened =
        Opened { leaves: Vec::new(), errors: Vec::new(), warnings: Vec::new(), looks: 0 };
    for (file, path) in (0..).zip(paths) {
        if !folder::is_junk(path) {
            opened.add(path.clone(), files.whole(file), files);
        }
    }
    let Opened { mut leaves, errors, mut warnings, .. } = opened;
    let is_useful = |leaf: &Leaf| !matches!(leaf.what, What::Other | What::Text);
    let mut errors = errors.into_iter();
    if !leaves.iter().any(is_useful)
        && let Some(error) = errors.next()
    {
        return Err(error);
    }
    warnings.extend(errors.map(|error| {
        let file = error.file_name().unwrap_or_default().to_owned();
        let message = error.to_string();
        let message = message.strip_prefix(&format!("{file}: ")).unwrap_or(&message).to_owned();
        Warning { file, message }
    }));
    leaves.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Tree { leaves, warnings })
}

struct Opened {
    leaves: Vec<Leaf>,
    errors: Vec<Error>,
    warnings: Vec<Warning>,
    looks: usize,
}

impl Opened {
    fn warn(&mut self, path: &str, message: impl Into<String>) {
        self.warnings.push(Warning { file: path.into(), message: message.into() });
    }

    fn push(&mut self, path: String, place: Place, what: What) {
        self.leaves.push(Leaf { path, place, what, labels: None });
    }

    /// Adds a file, or what is in it.
    fn add(&mut self, path: String, place: Place, files: &mut Files) {
        match folder::kind(&path) {
            Kind::Picture => return self.push(path, place, What::Picture),
            Kind::Table => return self.push(path, place, What::Table),
            Kind::Part => {
                return self.warn(
                    &path,
                    "This is one part of an archive in several. Unpack all parts together and \
                     drop the folder.",
                );
            }
            Kind::Unknown => {}
        }
        if cifar::records(&path, place.size).is_some() {
            return self.push(path, place, What::Cifar);
        }
        let extension = folder::extension(&path);
        if extension == "txt" {
            return self.push(path, place, What::Text);
        }
        let is_archive = ["zip", "gz", "tgz", "tar"].contains(&extension.as_str());
        // Within a compressed tar, each look would unpack all that lies before it.
        let is_far = place.start != 0 && !place.is_direct();
        if !is_archive {
            self.looks += 1;
            if self.looks > LOOKED_INTO || is_far {
                return self.push(path, place, What::Other);
            }
        } else if is_far {
            return self.warn(&path, "This archive lies within another; unpack that one first.");
        }
        let head = match files.head(&place, 512) {
            Ok(head) => head,
            Err(error) => return self.warn(&path, explain(&error)),
        };
        if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") || extension == "zip"
        {
            self.add_zip(&path, &place, files);
        } else if head.starts_with(&[0x1f, 0x8b]) {
            self.add_gzip(&path, &place, files);
        } else if tar::is_tar(&head) {
            self.add_tar(&path, &place, files);
        } else if idx::is_idx(&head) {
            self.push(path, place, What::Idx);
        } else if image::guess_format(&head).is_ok() {
            self.push(path, place, What::Picture);
        } else {
            if is_archive {
                self.warn(&path, "This is no archive, whatever its name says.");
            }
            self.push(path, place, What::Other);
        }
    }

    fn add_zip(&mut self, path: &str, place: &Place, files: &mut Files) {
        let origin = place.origin;
        if origin.member.is_some() || origin.gzip || place.start != 0 {
            return self.warn(
                path,
                "This zip lies within another archive; unpack that one and drop this by itself.",
            );
        }
        let members = files
            .bytes(origin.file)
            .map_err(|error| Error::files(explain(&error)).file(path))
            .and_then(|bytes| zip::members(bytes, path, &mut self.warnings));
        match members {
            Ok(members) => {
                let folder = without_extension(path, &["zip"]);
                for (name, member) in members {
                    let mut place = *place;
                    (place.origin.member, place.size) = (Some(member), member.size);
                    self.add(format!("{folder}/{name}"), place, files);
                }
            }
            Err(error) => self.errors.push(error),
        }
    }

    fn add_gzip(&mut self, path: &str, place: &Place, files: &mut Files) {
        // Within a tar, a gzip does not begin where its origin does.
        if place.origin.gzip || place.start != 0 {
            return self.warn(
                path,
                "This file is compressed within an archive; unpack the archive and drop the folder.",
            );
        }
        let mut inside = *place;
        (inside.origin.gzip, inside.size) = (true, UNKNOWN);
        let head = match files.head(&inside, 512) {
            Ok(head) => head,
            Err(error) => return self.errors.push(Error::files(explain(&error)).file(path)),
        };
        if tar::is_tar(&head) {
            self.add_tar(path, &inside, files);
        } else if head.starts_with(&[0x1f, 0x8b]) {
            self.warn(path, "This file is compressed twice; unpack it once.");
        } else {
            let path = without_extension(path, &["gz"]);
            if idx::is_idx(&head) {
                self.push(path, inside, What::Idx);
            } else if folder::kind(&path) == Kind::Table {
                self.push(path, inside, What::Table);
            } else {
                self.push(path, inside, What::Other);
            }
        }
    }

    fn add_tar(&mut self, path: &str, place: &Place, files: &mut Files) {
        if place.start != 0 {
            return self.warn(path, "This tar lies within another; unpack that one first.");
        }
        let found = match place.origin {
            origin if origin.member.is_none() && !origin.gzip => files
                .bytes(origin.file)
                .map(|b| tar::entries(&mut Window::new(b.clone(), 0, b.len()), Window::skip)),
            origin => files.open(&origin).map(|mut reader| tar::entries(&mut reader, skip)),
        };
        let (entries, result) = match found {
            Ok(found) => found,
            Err(error) => (Vec::new(), Err(error)),
        };
        if let Err(error) = result {
            let message = explain(&error);
            if entries.is_empty() {
                return self.errors.push(Error::files(message).file(path));
            }
            self.warn(path, format!("{message} The {} files before that are read.", entries.len()));
        }
        let folder = without_extension(path, &["gz", "tgz", "tar"]);
        for entry in entries {
            let place = place.part(entry.start, entry.size);
            let path = format!("{folder}/{}", entry.path);
            match entry.labels {
                None => self.add(path, place, files),
                labels => self.leaves.push(Leaf { path, place, what: What::Cifar, labels }),
            }
        }
    }
}

/// A path without the given endings, each once and from the end.
fn without_extension(path: &str, endings: &[&str]) -> String {
    let mut path = path;
    for ending in endings {
        if folder::extension(path) == *ending {
            path = &path[..path.len() - ending.len() - 1];
        }
    }
    path.to_owned()
}
