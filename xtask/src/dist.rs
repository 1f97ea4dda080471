//! The folder that any static host serves, and what a visitor downloads of it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::build;
use crate::shell::{files_below, gzip, path, say};

/// Downloaded by every visitor, as brotli: the CPU module, all scripts and styles.
const CPU_BUDGET: usize = 900_000;
/// Downloaded when a dialog is first opened, all of them together.
const LATER_BUDGET: usize = 150_000;
/// Downloaded only where there is an adapter, or ndarray is chosen.
const GPU_BUDGET: usize = 3_000_000;
/// Downloaded when German is spoken.
const LANGUAGE_BUDGET: usize = 35_000;
/// Downloaded when the first error or warning is shown in German.
const MESSAGES_BUDGET: usize = 31_000;
/// Downloaded when the first file is dropped.
const DATA_BUDGET: usize = 600_000;
/// Downloaded when the first model is pasted as text.
const TEXT_BUDGET: usize = 300_000;
/// Downloaded when a network is exported, or one of others is loaded.
const FORMATS_BUDGET: usize = 550_000;
/// Downloaded when curves or the map of all pictures are first opened.
const ANALYSIS_BUDGET: usize = 150_000;
/// Downloaded by browsers without SIMD alone, in place of what is named so without `-plain`.
const PLAIN_BUDGET: usize = 1_500_000;
/// Downloaded in the background of the first visit, as far as it is not there by then.
const OFFLINE_BUDGET: usize = 1_500_000;

struct Size {
    name: String,
    raw: usize,
    gzip: usize,
    brotli: usize,
}

/// Builds, writes `.br` and `.gz` beside every file that they make smaller, prints the sizes
/// and fails where a budget is passed.
pub fn run() -> Result<()> {
    build::run()?;
    let dist = path("www/dist");
    say("compressing what changed (brotli at its highest quality takes a minute or two)");
    let mut sizes = Vec::new();
    for file in files_below(&dist)? {
        let name = file.strip_prefix(&dist).unwrap_or(&file).to_string_lossy().into_owned();
        let compressible = ["html", "js", "css", "wasm", "json", "svg", "map"];
        let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        if compressible.contains(&extension) {
            sizes.push(compress(&file, name)?);
        }
    }
    // Nobody who opens the lab loads the page about embedding, the one for frames or a lesson, and
    // the service worker comes once the lab is there.
    let is_worker = |name: &str| ["service-worker.js", "site-files.js"].contains(&name);
    let is_page = |name: &str| {
        !["pkg/", "embed", "frame", "lessons/"].iter().any(|start| name.starts_with(start))
            && !is_worker(name)
            && (name.ends_with(".js") || name.ends_with(".css") || name == "index.html")
    };
    let is_later = |name: &str| name.starts_with("assets/later/");
    let is_language = |name: &str| name.starts_with("assets/languages/");
    let is_messages = |name: &str| is_language(name) && name.contains("-messages-");
    let in_cpu = |size: &&Size| {
        size.name.starts_with("pkg/cpu-relaxed/")
            || (is_page(&size.name) && !is_later(&size.name) && !is_language(&size.name))
    };
    let in_later = |size: &&Size| is_later(&size.name);
    let in_gpu = |size: &&Size| size.name.starts_with("pkg/full/");
    let cpu =
        print("Every visitor: the page and the CPU path", CPU_BUDGET, sizes.iter().filter(in_cpu));
    let later = print("When a dialog is opened", LATER_BUDGET, sizes.iter().filter(in_later));
    let in_language = |size: &&Size| is_language(&size.name) && !is_messages(&size.name);
    let language =
        print("When German is spoken", LANGUAGE_BUDGET, sizes.iter().filter(in_language));
    let in_messages = |size: &&Size| is_messages(&size.name);
    let messages = print(
        "When an error or a warning is shown in German",
        MESSAGES_BUDGET,
        sizes.iter().filter(in_messages),
    );
    let gpu =
        print("With a WebGPU adapter, or for ndarray", GPU_BUDGET, sizes.iter().filter(in_gpu));
    let in_data = |size: &&Size| size.name.starts_with("pkg/data/");
    let reading = print("When files are dropped", DATA_BUDGET, sizes.iter().filter(in_data));
    let in_text = |size: &&Size| size.name.starts_with("pkg/text/");
    let text = print("When a model is pasted", TEXT_BUDGET, sizes.iter().filter(in_text));
    let in_analysis = |size: &&Size| size.name.starts_with("pkg/analysis/");
    let analysis = print(
        "When curves or the map of all pictures are opened",
        ANALYSIS_BUDGET,
        sizes.iter().filter(in_analysis),
    );
    let in_formats = |size: &&Size| size.name.starts_with("pkg/formats/");
    let formats =
        print("When a network is exported", FORMATS_BUDGET, sizes.iter().filter(in_formats));
    let in_plain = |size: &&Size| size.name.starts_with("pkg/") && size.name.contains("-plain/");
    let plain =
        print("In place of those, without SIMD", PLAIN_BUDGET, sizes.iter().filter(in_plain));
    let in_background = |size: &&Size| {
        is_worker(&size.name)
            || is_later(&size.name)
            || in_data(size)
            || in_text(size)
            || in_analysis(size)
            || in_formats(size)
    };
    let background = print(
        "After the page, by its service worker, for visits offline; MNIST comes with it",
        OFFLINE_BUDGET,
        sizes.iter().filter(in_background),
    );
    let data: u64 = files_below(&dist.join("data"))?
        .iter()
        .map(|file| file.metadata().map_or(0, |metadata| metadata.len()))
        .sum();
    println!(
        "\nBundled data, loaded when chosen: {:.1} MB. The site is in www/dist.",
        data as f64 / 1e6
    );
    let budgets = [
        (cpu, CPU_BUDGET),
        (later, LATER_BUDGET),
        (language, LANGUAGE_BUDGET),
        (messages, MESSAGES_BUDGET),
        (gpu, GPU_BUDGET),
        (reading, DATA_BUDGET),
        (text, TEXT_BUDGET),
        (analysis, ANALYSIS_BUDGET),
        (formats, FORMATS_BUDGET),
        (plain, PLAIN_BUDGET),
        (background, OFFLINE_BUDGET),
    ];
    if budgets.iter().any(|(size, budget)| size > budget) {
        bail!("a download is over its budget; see the table");
    }
    Ok(())
}

/// Sizes of a file and of its copies; the copies of an earlier run are kept while they are newer
/// than the file.
fn compress(file: &Path, name: String) -> Result<Size> {
    let bytes = fs::read(file)?;
    let copy = |ending: &str, pack: fn(&[u8]) -> Result<Vec<u8>>| -> Result<usize> {
        let mut target = file.as_os_str().to_owned();
        target.push(format!(".{ending}"));
        let target = PathBuf::from(target);
        if build::is_fresh(&target, file) {
            return Ok(usize::try_from(target.metadata()?.len())?);
        }
        let packed = pack(&bytes)?;
        if packed.len() < bytes.len() {
            fs::write(target, &packed)?;
        }
        Ok(packed.len())
    };
    let (gzip, brotli) = (copy("gz", gzip)?, copy("br", brotli)?);
    Ok(Size { name, raw: bytes.len(), gzip, brotli })
}

fn brotli(mut bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters =
        brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut packed, &parameters)?;
    Ok(packed)
}

/// Prints a table and returns its total as brotli, in bytes.
fn print<'a>(title: &str, budget: usize, sizes: impl Iterator<Item = &'a Size>) -> usize {
    println!("\n{title}\n{:48}{:>12}{:>12}{:>12}", "file (bytes)", "raw", "gzip", "brotli");
    let row = |name: &str, raw, gzip, brotli| println!("{name:48}{raw:>12}{gzip:>12}{brotli:>12}");
    let mut total = [0, 0, 0];
    for size in sizes {
        row(&size.name, size.raw, size.gzip, size.brotli);
        total = [total[0] + size.raw, total[1] + size.gzip, total[2] + size.brotli];
    }
    row("total", total[0], total[1], total[2]);
    println!("{:.3} MB of {:.2} MB as brotli", total[2] as f64 / 1e6, budget as f64 / 1e6);
    total[2]
}
