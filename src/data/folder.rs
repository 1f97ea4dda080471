//! From relative paths to splits and classes: the rules of a folder of pictures.
//!
//! A path is `any/depth/train/CLASS/picture.jpg` or `any/depth/CLASS/picture.jpg`. A folder
//! named like a split is one where the pictures lie deeper: with `train/car/1.jpg` it is,
//! with `car/1.jpg` beside `train/2.jpg` a train is what the picture shows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::data::dataset::{Split, Warning};

/// What a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Picture,
    Table,
    /// A part of an archive that was split into several files.
    Part,
    Unknown,
}

/// A path with `/` between its parts, as one sequence of characters whatever wrote it: macOS
/// writes é as e and an accent, others as one character.
pub(crate) fn normal(path: &str) -> String {
    let path: Cow<'_, str> =
        if path.contains('\\') { path.replace('\\', "/").into() } else { path.into() };
    let path: String = match is_nfc_quick(path.chars()) {
        IsNormalized::Yes => path.into_owned(),
        _ => path.nfc().collect(),
    };
    let parts: Vec<&str> =
        path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    parts.join("/")
}

/// Whether a file is none of a person's making: what systems and editors leave behind.
pub(crate) fn is_junk(path: &str) -> bool {
    path.split('/').any(|part| {
        part.starts_with('.') && part != ".."
            || ["__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "icon\r"]
                .contains(&part.to_lowercase().as_str())
    })
}

/// What follows the last dot of a name, in lower case.
pub(crate) fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_lowercase())
}

pub(crate) fn kind(path: &str) -> Kind {
    match extension(path).as_str() {
        // The second row is not decoded here, but may be by a browser.
        "jpg" | "jpeg" | "jpe" | "jfif" | "png" | "apng" | "gif" | "bmp" | "dib" | "webp"
        | "tif" | "tiff" | "pnm" | "pbm" | "pgm" | "ppm" | "pam" | "avif" | "heic" | "heif"
        | "jxl" => Kind::Picture,
        "csv" | "tsv" => Kind::Table,
        part if part.len() == 3
            && (part.starts_with('z') || part.starts_with('0'))
            && part[1..].bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Kind::Part
        }
        _ => Kind::Unknown,
    }
}

/// The split that a folder's name means, in any case: `train`, `Training_Set`, `val`, ...
pub(crate) fn split_of(name: &str) -> Option<Split> {
    let plain: String = name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let plain = ["set", "data", "images"]
        .iter()
        .find_map(|end| plain.strip_suffix(end).filter(|rest| !rest.is_empty()))
        .unwrap_or(&plain);
    match plain {
        "train" | "training" => Some(Split::Train),
        "val" | "valid" | "validation" | "dev" => Some(Split::Validation),
        "test" | "testing" | "eval" | "evaluation" => Some(Split::Test),
        _ => None,
    }
}

/// The split that a file is of: by a word in its name (`sign_mnist_test.csv`, `t10k-images`),
/// else by a folder that it lies in.
pub(crate) fn split_of_file(path: &str) -> Option<Split> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    name.split(|c: char| !c.is_alphanumeric())
        .find_map(|word| if word == "t10k" { Some(Split::Test) } else { split_of(word) })
        .or_else(|| folders.rsplit('/').find_map(split_of))
}

/// What the folders say of each picture.
pub(crate) struct Sorted {
    /// The split that it lies in, if any.
    pub splits: Vec<Option<Split>>,
    /// The place of its class in the list, if it has one.
    pub labels: Vec<Option<u16>>,
    /// The classes, in the order of their bytes, as Keras sorts them.
    pub classes: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// Sorts pictures by the folders they lie in. Paths are [`normal`].
pub(crate) fn sort(paths: &[&str]) -> Sorted {
    let parts: Vec<Vec<&str>> = paths.iter().map(|path| path.split('/').collect()).collect();
    // The folder nearest to the picture that is named like a split and holds folders.
    let mut roots: Vec<Option<(usize, Split)>> = parts
        .iter()
        .map(|parts| {
            let folders = parts.len().saturating_sub(2);
            (0..folders).rev().find_map(|at| Some((at, split_of(parts[at])?)))
        })
        .collect();
    let mut warnings = Vec::new();
    let found: BTreeSet<&str> = roots.iter().flatten().map(|(_, split)| split.name()).collect();
    let sorted_by_split = roots.iter().flatten().count();
    if found.len() == 1 && !found.contains("train") && sorted_by_split == paths.len() {
        warnings.push(Warning {
            file: paths.first().copied().unwrap_or_default().into(),
            message: format!(
                "All pictures lie in folders for {}; they are taken as one set without splits.",
                found.first().copied().unwrap_or_default()
            ),
        });
        roots.fill(None);
    }

    let mut labels: Vec<Option<&str>> = vec![None; paths.len()];
    let mut splits: Vec<Option<Split>> = roots.iter().map(|root| root.map(|r| r.1)).collect();
    with_splits(&parts, &roots, &mut labels);
    if roots.iter().all(Option::is_none) {
        without_splits(&parts, &mut labels);
        // Pictures right in train/ and test/ have a split, if another file names their class.
        if labels.iter().flatten().all(|name| split_of(name).is_some()) {
            for (label, split) in labels.iter_mut().zip(&mut splits) {
                *split = label.take().and_then(split_of);
            }
        }
    } else {
        // train/1.jpg beside train/CAT/2.jpg: of the split, and of no class.
        for (split, parts) in splits.iter_mut().zip(&parts) {
            if split.is_none() && parts.len() > 1 {
                *split = split_of(parts[parts.len() - 2]);
            }
        }
    }

    // Cat in one split and cat in another is one class; A and a in one split are two.
    let names: BTreeSet<(&str, &str)> = splits
        .iter()
        .zip(&labels)
        .filter_map(|(split, name)| Some((split.map_or("", Split::name), (*name)?)))
        .collect();
    let lower: BTreeSet<(&str, String)> =
        names.iter().map(|(split, name)| (*split, name.to_lowercase())).collect();
    let one_case = lower.len() == names.len();
    let key = |name: &str| if one_case { name.to_lowercase() } else { name.to_owned() };
    let mut shown: HashMap<String, &str> = HashMap::new();
    for name in labels.iter().flatten() {
        let best = shown.entry(key(name)).or_insert(name);
        *best = (*best).min(name);
    }
    let classes: BTreeSet<&str> = shown.values().copied().collect();
    let places: HashMap<&str, u16> =
        classes.iter().zip(0..u16::MAX).map(|(name, place)| (*name, place)).collect();
    let labels = labels
        .iter()
        .map(|name| places.get(shown.get(&key((*name)?)).copied()?).copied())
        .collect();
    Sorted { splits, labels, classes: classes.into_iter().map(String::from).collect(), warnings }
}

/// In `.../train/CLASS/.../picture`, the class is the first folder in which pictures differ.
fn with_splits<'a>(
    parts: &[Vec<&'a str>],
    roots: &[Option<(usize, Split)>],
    labels: &mut [Option<&'a str>],
) {
    let below = |index: usize, depth: usize| -> Option<&'a str> {
        let (root, _) = roots[index]?;
        let folders = &parts[index][root + 1..parts[index].len() - 1];
        folders.get(depth).copied()
    };
    let inside: Vec<usize> = (0..parts.len()).filter(|index| roots[*index].is_some()).collect();
    let mut depth = 0;
    // A folder that holds everything, train/images/CLASS, is no class.
    while let Some(&first) = inside.first()
        && inside.iter().all(|index| {
            below(*index, depth) == below(first, depth) && below(*index, depth + 1).is_some()
        })
    {
        depth += 1;
    }
    for index in inside {
        labels[index] = below(index, depth);
    }
}

/// Without splits, the class is the folder that holds the picture. Where a folder holds both
/// pictures and folders of pictures, what is more wins: a class with a few folders in it, or
/// a folder of classes with a few pictures beside them, which are left out.
fn without_splits<'a>(parts: &[Vec<&'a str>], labels: &mut [Option<&'a str>]) {
    let mut held: BTreeMap<&[&str], [usize; 2]> = BTreeMap::new();
    for parts in parts {
        let folders = &parts[..parts.len() - 1];
        held.entry(folders).or_default()[0] += 1;
    }
    let direct: Vec<(&[&str], usize)> =
        held.iter().map(|(path, count)| (*path, count[0])).collect();
    for (path, count) in direct {
        for depth in 0..path.len() {
            if let Some(above) = held.get_mut(&path[..depth]) {
                above[1] += count;
            }
        }
    }
    for (parts, label) in parts.iter().zip(labels) {
        let folders = &parts[..parts.len() - 1];
        // The topmost folder above the picture that is a class with folders in it.
        *label = (1..=folders.len())
            .find(|depth| held.get(&folders[..*depth]).is_some_and(|[own, below]| own >= below))
            .map(|depth| folders[depth - 1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str]) -> Vec<(&'static str, String)> {
        let sorted = sort(paths);
        sorted
            .splits
            .iter()
            .zip(&sorted.labels)
            .map(|(split, label)| {
                let class = label.map_or("-".into(), |l| sorted.classes[usize::from(l)].clone());
                (split.map_or("-", Split::name), class)
            })
            .collect()
    }

    fn check(cases: &[(&str, &str, &str)]) {
        let paths: Vec<&str> = cases.iter().map(|case| case.0).collect();
        let expected: Vec<(&str, String)> =
            cases.iter().map(|case| (case.1, case.2.to_owned())).collect();
        assert_eq!(told(&paths), expected);
    }

    #[test]
    fn splits_and_classes_in_any_case_and_depth() {
        check(&[
            ("a/b/train/CAT/1.jpg", "train", "CAT"),
            ("a/b/Train/DOG/1.jpg", "train", "DOG"),
            ("a/b/VALIDATION/CAT/1.jpg", "validation", "CAT"),
            ("c/valid/DOG/1.jpg", "validation", "DOG"),
            ("val/DOG/2.jpg", "validation", "DOG"),
            ("a/b/testing/CAT/summer/1.jpg", "test", "CAT"),
            ("d/eval/DOG/1.jpg", "test", "DOG"),
            ("d/training_set/DOG/1.jpg", "train", "DOG"),
        ]);
    }

    #[test]
    fn classes_alone_and_several_roots() {
        check(&[
            ("photos/CAT/1.jpg", "-", "CAT"),
            ("photos/DOG/1.jpg", "-", "DOG"),
            ("more/deep/BIRD/1.jpg", "-", "BIRD"),
            ("CAT/9.jpg", "-", "CAT"),
            ("loose.jpg", "-", "-"),
        ]);
    }

    #[test]
    fn a_train_may_be_what_the_picture_shows() {
        check(&[
            ("vehicles/bus/1.jpg", "-", "bus"),
            ("vehicles/train/1.jpg", "-", "train"),
            ("vehicles/test/1.jpg", "-", "test"),
        ]);
        check(&[
            ("vehicles/train/bus/1.jpg", "train", "bus"),
            ("vehicles/train/train/1.jpg", "train", "train"),
            ("vehicles/test/train/1.jpg", "test", "train"),
            ("vehicles/test/bus/1.jpg", "test", "bus"),
        ]);
    }

    #[test]
    fn a_folder_around_everything_is_no_class() {
        check(&[
            ("train/images/CAT/1.jpg", "train", "CAT"),
            ("train/images/DOG/1.jpg", "train", "DOG"),
            ("test/images/DOG/1.jpg", "test", "DOG"),
        ]);
        check(&[
            ("seg/train/train/CAT/1.jpg", "train", "CAT"),
            ("seg/test/test/DOG/1.jpg", "test", "DOG"),
        ]);
    }

    #[test]
    fn pictures_beside_class_folders_are_left_out() {
        check(&[
            ("set/cover.png", "-", "-"),
            ("set/CAT/1.jpg", "-", "CAT"),
            ("set/DOG/1.jpg", "-", "DOG"),
            ("set/DOG/2.jpg", "-", "DOG"),
            ("set/DOG/blurred/3.jpg", "-", "DOG"),
        ]);
        check(&[
            ("train/CAT/1.jpg", "train", "CAT"),
            ("train/DOG/1.jpg", "train", "DOG"),
            ("train/2.jpg", "train", "-"),
            ("test/3.jpg", "test", "-"),
        ]);
    }

    #[test]
    fn splits_without_classes() {
        check(&[("x/train/1.jpg", "train", "-"), ("x/test/2.jpg", "test", "-")]);
        check(&[("test/CAT/1.jpg", "-", "CAT"), ("test/DOG/2.jpg", "-", "DOG")]);
        assert_eq!(sort(&["test/CAT/1.jpg", "test/DOG/2.jpg"]).warnings.len(), 1);
    }

    #[test]
    fn case_joins_across_splits_and_parts_within_one() {
        assert_eq!(sort(&["train/Cat/1", "train/Dog/1", "val/cat/1"]).classes, ["Cat", "Dog"]);
        assert_eq!(sort(&["letters/A/1", "letters/a/1"]).classes, ["A", "a"]);
    }

    #[test]
    fn names_in_any_script_and_form() {
        let one = normal("train/cafe\u{301}/1.jpg");
        let other = normal("./val\\caf\u{e9}/1.jpg");
        assert_eq!(other, "val/caf\u{e9}/1.jpg");
        let sorted = sort(&[&one, &other, "train/猫/1.jpg", "train/собака/1.jpg"]);
        assert_eq!(sorted.classes, ["caf\u{e9}", "собака", "猫"]);
        assert_eq!(sorted.labels[0], sorted.labels[1]);
    }

    #[test]
    fn junk_is_known() {
        for path in ["a/.DS_Store", "__MACOSX/a/._1.jpg", "a/Thumbs.db", "a/Desktop.ini", ".git/x"]
        {
            assert!(is_junk(path), "{path}");
        }
        for path in ["a/1.jpg", "a.b/c.jpg", "../a.jpg"] {
            assert!(!is_junk(path), "{path}");
        }
    }

    #[test]
    fn a_thousand_classes_keep_their_order() {
        let paths: Vec<String> = (0..1000).map(|i| format!("set/{i:04}/{i}.png")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let sorted = sort(&paths);
        assert_eq!(sorted.classes.len(), 1000);
        assert!(sorted.labels.iter().enumerate().all(|(i, label)| *label == Some(i as u16)));
    }

    #[test]
    fn files_tell_their_split() {
        assert_eq!(split_of_file("a/sign_mnist_test.csv"), Some(Split::Test));
        assert_eq!(split_of_file("t10k-images-idx3-ubyte.gz"), Some(Split::Test));
        assert_eq!(split_of_file("train/data.csv"), Some(Split::Train));
        assert_eq!(split_of_file("latest.csv"), None);
    }
}
