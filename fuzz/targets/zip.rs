#![no_main]
//! Zips, as they are, and with the input as a member and in the directory.

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    fuzz::read(&[("x.zip".to_owned(), data.to_vec())], &fuzz::options(*choice));
    // A directory that fits, so that names, flags and packed bytes are reached, too.
    let Some((&[method, flags, name], data)) = data.split_first_chunk::<3>() else { return };
    let (name, contents) = data.split_at(usize::from(name).min(data.len()));
    let mut common = vec![20, 0, flags, 8, method, 0, 0, 0, 0, 0];
    let (packed, size) =
        if method == 0 { (contents.len(), contents.len()) } else { (contents.len(), 64) };
    common.extend([0; 4]);
    common.extend((packed as u32).to_le_bytes());
    common.extend((size as u32).to_le_bytes());
    common.extend((name.len() as u16).to_le_bytes());
    common.extend([0, 0]);
    let mut zip = [b"PK\x03\x04", common.as_slice(), name, contents].concat();
    let start = zip.len() as u32;
    zip.extend([b"PK\x01\x02\x14\0", common.as_slice(), &[0; 14], name].concat());
    let length = zip.len() as u32 - start;
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend(length.to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0, 0]);
    let files = [("x.zip".to_owned(), zip), ("a/1.pgm".to_owned(), b"P5 2 2 255\n0123".to_vec())];
    fuzz::read(&files, &fuzz::options(*choice));
});
