//! What all targets share: read whatever was dropped, and check what must always hold.
//!
//! Build with these flags, for a named target so that build scripts stay as they are:
//!
//! ```sh
//! RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module \
//!   -Cllvm-args=-sanitizer-coverage-level=4 \
//!   -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
//!   -Cllvm-args=-sanitizer-coverage-pc-table \
//!   -Cllvm-args=-sanitizer-coverage-trace-compares" \
//! cargo build --release --manifest-path fuzz/Cargo.toml --target x86_64-unknown-linux-gnu
//! ```

use cnn_lab::data::dataset::Split;
use cnn_lab::data::source::{Dropped, Plan, ReadOptions, Source};

fn source(files: &[(String, Vec<u8>)]) -> Source {
    let drop = |(path, bytes): &(String, Vec<u8>)| Dropped {
        path: path.clone(),
        bytes: Box::new(bytes.clone()),
    };
    Source::new(files.iter().map(drop).collect())
}

/// Plans and reads files, as one worker and as another that only has the plan.
pub fn read(files: &[(String, Vec<u8>)], options: &ReadOptions) {
    let mut first = source(files);
    let Ok(plan) = first.plan(options) else { return };
    let json = serde_json::to_vec(&plan).expect("a plan is JSON");
    let adopted: Plan = serde_json::from_slice(&json).expect("and comes back");
    assert_eq!(adopted, plan);

    let pictures: usize = plan.chunks.iter().map(|chunk| chunk.pictures).sum();
    let splits = Split::ALL.map(|split| plan.splits[split]);
    assert_eq!(splits.iter().sum::<usize>(), pictures);
    for split in Split::ALL {
        assert_eq!(plan.counts[split].iter().sum::<usize>(), plan.splits[split]);
    }
    assert!(!plan.classes.is_empty());

    let bytes: usize = plan.shape.iter().product();
    let mut second = source(files);
    for chunk in 0..plan.chunks.len() {
        let read = first.read(&plan, chunk);
        assert_eq!(read, second.read(&adopted, chunk));
        let Ok(read) = read else { continue };
        assert!(read.labels.len() <= plan.chunks[chunk].pictures);
        assert_eq!(read.pixels.len(), read.labels.len() * bytes);
        assert_eq!(read.names.len(), read.labels.len());
        assert_eq!(read.sizes.len(), read.labels.len());
        assert_eq!(read.splits.len(), read.labels.len());
        assert!(read.labels.iter().all(|label| usize::from(*label) < plan.classes.len()));
    }
}

/// Options of small pictures; a byte of the input chooses among them.
pub fn options(choice: u8) -> ReadOptions {
    ReadOptions {
        size: (choice & 1 == 0).then_some([8, 8]),
        limit: (choice & 2 == 0).then_some(5),
        class_name: (choice & 4 == 0).then(|| "by hand".into()),
        ..Default::default()
    }
}
