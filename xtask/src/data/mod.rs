//! The bundled data sets: fetched, checked, cut into shards, and listed in a manifest; and beside
//! them the pretrained networks.
//!
//! A set that cannot be had is left out with a sentence; the page offers the rest.

mod bases;
mod shards;
mod sources;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::shell::{path, say};
use shards::Shard;

/// Raised when the shards are written differently, so that old ones are made again.
const VERSION: u32 = 1;

/// What `target/data/manifest.json` says; the page reads it.
#[derive(Serialize)]
struct Manifest {
    version: u32,
    sets: Vec<Set>,
    missing: Vec<Missing>,
}

/// A bundled set.
#[derive(Clone, Serialize, Deserialize)]
struct Set {
    name: String,
    title: String,
    description: String,
    source: String,
    classes: Vec<String>,
    shape: [usize; 3],
    train: usize,
    test: usize,
    bytes: usize,
    preview: shards::Preview,
    shards: Vec<Shard>,
}

/// A set that could not be had.
#[derive(Serialize)]
struct Missing {
    name: String,
    title: String,
    reason: String,
}

/// What a source says of the set that it brings.
struct About {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    source: &'static str,
    classes: &'static [&'static str],
    shape: [usize; 3],
}

/// How the pictures of a set come.
enum Pictures {
    /// As bytes, one picture after another.
    Pixels(Vec<u8>),
    /// As JPEG files.
    Jpeg(Vec<Vec<u8>>),
}

/// Pictures with their labels, in the order in which they are to stand in the shards.
struct Labelled {
    labels: Vec<u8>,
    pictures: Pictures,
}

/// A set, its training pictures and its test pictures.
type Fetched = (About, Labelled, Labelled);

/// Makes what is not there yet; keeps what is.
pub fn ensure() -> Result<()> {
    run(false, None)
}

/// Makes the sets and the pretrained networks, and the manifest of each.
pub fn run(force: bool, cifar: Option<&Path>) -> Result<()> {
    let folder = path("target/data");
    fs::create_dir_all(&folder)?;
    let mut manifest = Manifest { version: VERSION, sets: Vec::new(), missing: Vec::new() };
    for source in sources::ALL {
        let name = source.name;
        let note = path("target/xtask").join(format!("set-{name}.json"));
        let given = cifar.filter(|_| name == "cifar10");
        let there = present(&folder, &note);
        if let (false, None, Some(set)) = (force, given, &there) {
            say(format!("the data set {name} is there"));
            manifest.sets.push(set.clone());
            continue;
        }
        say(format!("making the data set {name}"));
        match (source.fetch)(given).and_then(|fetched| make(&folder, fetched)) {
            Ok(set) => {
                fs::create_dir_all(path("target/xtask"))?;
                fs::write(&note, serde_json::to_string(&(VERSION, &set))?)?;
                say(format!(
                    "{name}: {} training and {} test pictures in {:.1} MB",
                    set.train,
                    set.test,
                    set.bytes as f64 / 1e6
                ));
                manifest.sets.push(set);
            }
            // Whoever names a file wants to know that it is not used; nothing changes then.
            Err(error) if given.is_some() => return Err(error),
            Err(error) if present(&folder, &note).is_some() => {
                say(format!("{name} stays as it was: {error:#}"));
                manifest.sets.extend(there);
            }
            Err(error) => {
                say(format!("{name} is left out: {error:#}"));
                manifest.missing.push(Missing {
                    name: name.into(),
                    title: source.title.into(),
                    reason: source.missing.into(),
                });
            }
        }
    }
    let file = folder.join("manifest.json");
    fs::write(&file, serde_json::to_string_pretty(&manifest)?)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    say(format!("{} data sets are in target/data", manifest.sets.len()));
    bases::run(force, &folder)
}

/// The names of the pretrained networks that could be had.
pub fn bases() -> Vec<&'static str> {
    bases::names(&path("target/data"))
}

/// A set that was made before and whose files are all there.
fn present(folder: &Path, note: &Path) -> Option<Set> {
    let (version, set): (u32, Set) = serde_json::from_str(&fs::read_to_string(note).ok()?).ok()?;
    let complete = set.shards.iter().all(|shard| {
        folder.join(&shard.file).metadata().is_ok_and(|file| file.len() == shard.bytes as u64)
    });
    (version == VERSION && complete && folder.join(&set.preview.file).is_file()).then_some(set)
}

fn make(folder: &Path, (about, train, test): Fetched) -> Result<Set> {
    let place = folder.join(about.name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place)?;
    let preview = shards::preview(folder, about.name, about.shape, &train)?;
    let mut all = shards::write(folder, about.name, "train", about.shape, &train)?;
    all.extend(shards::write(folder, about.name, "test", about.shape, &test)?);
    Ok(Set {
        name: about.name.into(),
        title: about.title.into(),
        description: about.description.into(),
        source: about.source.into(),
        classes: about.classes.iter().map(|class| (*class).to_owned()).collect(),
        shape: about.shape,
        train: train.labels.len(),
        test: test.labels.len(),
        bytes: all.iter().map(|shard| shard.bytes).sum(),
        preview,
        shards: all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toy() -> Fetched {
        let about = About {
            name: "toy",
            title: "Toy",
            description: "Two grey values.",
            source: "nobody",
            classes: &["dark", "light"],
            shape: [2, 2, 1],
        };
        let part = |count: u8| Labelled {
            labels: (0..count).map(|index| index % 2).collect(),
            pictures: Pictures::Pixels((0..count * 4).collect()),
        };
        (about, part(6), part(2))
    }

    #[test]
    fn the_manifest_has_the_fields_that_the_page_reads() {
        let folder = std::env::temp_dir().join(format!("xtask-manifest-{}", std::process::id()));
        let sets = vec![make(&folder, toy()).unwrap()];
        let missing =
            vec![Missing { name: "gone".into(), title: "Gone".into(), reason: "It is.".into() }];
        let json = serde_json::to_value(Manifest { version: VERSION, sets, missing }).unwrap();
        let set = &json["sets"][0];
        assert_eq!(
            (&json["version"], &json["missing"][0]["reason"]),
            (&1.into(), &"It is.".into())
        );
        assert_eq!((&set["train"], &set["test"]), (&6.into(), &2.into()));
        assert_eq!(set["shape"], serde_json::json!([2, 2, 1]));
        assert_eq!(set["preview"]["labels"], serde_json::json!([0, 1, 0, 1, 0, 1]));
        let [train, test] = set["shards"].as_array().unwrap().as_slice() else {
            panic!("one shard for each split");
        };
        assert_eq!((&train["split"], &test["split"]), (&"train".into(), &"test".into()));
        assert_eq!(train["rawBytes"], 6 + 6 * 4);
        assert_eq!((&train["encoding"], &train["compression"]), (&"pixels".into(), &"gzip".into()));
        let bytes = train["bytes"].as_u64().unwrap() + test["bytes"].as_u64().unwrap();
        assert_eq!(set["bytes"], bytes);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_set_is_kept_only_while_all_its_files_are_there() {
        let folder = std::env::temp_dir().join(format!("xtask-present-{}", std::process::id()));
        let set = make(&folder, toy()).unwrap();
        let note = folder.join("note.json");
        assert!(present(&folder, &note).is_none());
        fs::write(&note, serde_json::to_string(&(VERSION, &set)).unwrap()).unwrap();
        assert_eq!(present(&folder, &note).unwrap().bytes, set.bytes);
        fs::write(folder.join(&set.shards[1].file), "cut").unwrap();
        assert!(present(&folder, &note).is_none());
        fs::write(&note, serde_json::to_string(&(VERSION + 1, &set)).unwrap()).unwrap();
        assert!(present(&folder, &note).is_none());
        fs::remove_dir_all(folder).unwrap();
    }
}
