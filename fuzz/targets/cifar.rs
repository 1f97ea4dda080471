#![no_main]
//! CIFAR's binary files, loose or as a tar, with a list of names.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[choice, cut], data)) = data.split_first_chunk::<2>() else { return };
    let (names, records) = data.split_at(usize::from(cut).min(data.len()));
    let files = match choice >> 6 {
        0 => vec![("x.tar".to_owned(), data.to_vec())],
        kind => {
            // The mutator does not reach 3,073 bytes by itself.
            let size = if kind == 1 { 3073 } else { 3074 };
            let count = 1 + usize::from(choice >> 4 & 3);
            let mut records = records.to_vec();
            if kind != 3 {
                records.resize(size * count, choice & 7);
            }
            vec![
                ("data_batch_1.bin".to_owned(), records),
                ("batches.meta.txt".to_owned(), names.to_vec()),
                ("fine_label_names.txt".to_owned(), names.to_vec()),
            ]
        }
    };
    fuzz::read(&files, &fuzz::options(choice));
});
