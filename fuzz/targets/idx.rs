#![no_main]
//! Pairs of IDX files: the input is cut in two.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&[choice, cut], data)) = data.split_first_chunk::<2>() else { return };
    let (labels, pictures) = data.split_at(usize::from(cut).min(data.len()));
    let end = if choice & 8 == 0 { "" } else { ".gz" };
    let files = [
        (format!("train-labels-idx1-ubyte{end}"), labels.to_vec()),
        (format!("train-images-idx3-ubyte{end}"), pictures.to_vec()),
    ];
    fuzz::read(&files, &fuzz::options(choice));
});
