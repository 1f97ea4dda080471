use std::io::{Cursor, Write};
use std::path::Path;

use super::*;
use crate::data::tar::tests::tar;
use crate::data::zip::tests::zip;

type Named = (String, Vec<u8>);

fn source(files: &[Named]) -> Source {
    let drop =
        |(path, bytes): &Named| Dropped { path: path.clone(), bytes: Box::new(bytes.clone()) };
    Source::new(files.iter().map(drop).collect())
}

fn one(path: &str, bytes: Vec<u8>) -> Vec<Named> {
    vec![(path.into(), bytes)]
}

fn plan(files: &[Named]) -> Result<Plan> {
    source(files).plan(&ReadOptions::default())
}

fn refused(files: &[Named]) -> Error {
    plan(files).unwrap_err()
}

/// Plans, sends the plan to a second worker as JSON, and lets it read.
fn all(files: &[Named], options: &ReadOptions) -> (Plan, Pictures) {
    let plan = source(files).plan(options).unwrap();
    let json = serde_json::to_string(&plan).unwrap();
    let adopted: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(adopted, plan);
    let mut source = source(files);
    let mut pictures = Pictures::default();
    for chunk in 0..plan.chunks.len() {
        let more = source.read(&adopted, chunk).unwrap();
        assert_eq!(more.labels.len() + more.warnings.len(), plan.chunks[chunk].pictures);
        pictures.labels.extend(more.labels);
        pictures.splits.extend(more.splits);
        pictures.names.extend(more.names);
        pictures.sizes.extend(more.sizes);
        pictures.pixels.extend(more.pixels);
        pictures.warnings.extend(more.warnings);
    }
    let bytes: usize = plan.shape.iter().product();
    assert_eq!(pictures.pixels.len(), pictures.labels.len() * bytes);
    (plan, pictures)
}

fn png(height: u32, width: u32, color: [u8; 3]) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb(color))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A folder of cats and dogs: three splits, each picture of a colour of its own, and junk.
fn folder() -> Vec<Named> {
    let mut files = Vec::new();
    for (split, count) in [("train", 6), ("val", 2), ("test", 3)] {
        for (class, base) in [("CAT", 10), ("DOG", 90)] {
            for index in 0..count {
                let color = [base + index, 200, base];
                files.push((format!("pets/{split}/{class}/{index}.png"), png(5, 4, color)));
            }
        }
    }
    files.push(("pets/.DS_Store".into(), b"junk".to_vec()));
    files.push(("pets/train/Thumbs.db".into(), b"junk".to_vec()));
    files
}

fn as_zip(files: &[Named]) -> Vec<Named> {
    // In another order than that of their names, as zips often are.
    let members: Vec<(&str, &[u8])> = files
        .iter()
        .rev()
        .map(|(path, bytes)| (path.strip_prefix("pets/").unwrap_or(path), bytes.as_slice()))
        .collect();
    one("pets.zip", zip(&members))
}

#[test]
fn a_zip_is_read_like_its_folder() {
    let (plan, pictures) = all(&folder(), &ReadOptions::default());
    assert_eq!(plan.classes, ["CAT", "DOG"]);
    assert_eq!(plan.splits, PerSplit { train: 12, validation: 4, test: 6 });
    assert_eq!(plan.counts.test, [3, 3]);
    assert_eq!((plan.shape, plan.name.as_str()), ([5, 4, 3], "pets"));
    assert_eq!(plan.warnings, []);
    assert_eq!(pictures.names[0], "pets/test/CAT/0.png");
    assert_eq!(pictures.pixels[..3], [10, 200, 10]);
    assert_eq!(pictures.sizes[0], [5, 4]);
    let (zipped, from_zip) = all(&as_zip(&folder()), &ReadOptions::default());
    assert_eq!(from_zip, pictures);
    assert_eq!(
        (zipped.classes, zipped.splits, zipped.warnings),
        (plan.classes, plan.splits, vec![])
    );
}

#[test]
fn several_roots_and_archives_are_one_set() {
    let mut files = one("CAT.zip", zip(&[("1.png", &png(3, 3, [1; 3]))]));
    files.push(("DOG/1.png".into(), png(3, 3, [2; 3])));
    files.push(("a/BIRD/1.png".into(), png(3, 3, [3; 3])));
    files.push(("FISH.tar".into(), tar(&[("1.png", &png(3, 3, [4; 3]))])));
    let (plan, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(plan.classes, ["BIRD", "CAT", "DOG", "FISH"]);
    assert_eq!(pictures.labels.len(), 4);
}

#[test]
fn a_compressed_tar_is_read_in_a_lane_in_its_order() {
    let files: Vec<Named> = folder().into_iter().rev().collect();
    let members: Vec<(&str, &[u8])> =
        files.iter().map(|(p, b)| (p.as_str(), b.as_slice())).collect();
    let options = ReadOptions::default();
    let (plan, pictures) = all(&one("x.tar.gz", gzip(&tar(&members))), &options);
    assert!(plan.chunks.iter().all(|chunk| chunk.lane == Some(0)));
    assert_eq!(pictures.names[0], "x/pets/test/DOG/2.png");
    let (_, from_folder) = all(&folder(), &options);
    let sorted = |pictures: &Pictures| {
        let mut list: Vec<Vec<u8>> = pictures.pixels.chunks(60).map(<[u8]>::to_vec).collect();
        list.sort();
        list
    };
    assert_eq!(sorted(&pictures), sorted(&from_folder));
    let within = zip(&[("y.tgz", &gzip(&tar(&members)))]);
    assert_eq!(all(&one("z.zip", within), &options).1.pixels, pictures.pixels);
    let plain = all(&one("x.tar", tar(&members)), &options);
    assert_eq!(plain.0.chunks[0].lane, None);
    assert_eq!(plain.1.pixels, from_folder.pixels);
}

#[test]
fn limit_takes_classes_evenly_and_pictures_at_distances() {
    let options = ReadOptions { limit: Some(5), ..Default::default() };
    let (plan, pictures) = all(&folder(), &options);
    assert_eq!(plan.counts.train, [3, 2]);
    assert_eq!(plan.counts.validation, [2, 2]);
    let train: Vec<&str> =
        pictures.names.iter().map(String::as_str).filter(|n| n.contains("train/DOG")).collect();
    assert_eq!(train, ["pets/train/DOG/2.png", "pets/train/DOG/5.png"]);
}

#[test]
fn size_and_colour_are_suggested_or_chosen() {
    let grey: Vec<Named> =
        ["a", "b"].iter().map(|c| (format!("{c}/1.png"), png(300, 400, [9; 3]))).collect();
    let (plan, _) = all(&grey, &ReadOptions::default());
    assert_eq!(plan.shape, [150, 150, 1]);
    let options = ReadOptions {
        size: Some([20, 30]),
        color: Some(Color::Rgb),
        fit: Fit::Pad,
        filter: Filter::Nearest,
        ..Default::default()
    };
    let (plan, pictures) = all(&grey, &options);
    assert_eq!(plan.shape, [20, 30, 3]);
    // 27 columns of the picture, two of black before and one behind.
    assert_eq!(pictures.pixels[..6], [0; 6]);
    assert_eq!(pictures.pixels[6..29 * 3], [9; 27 * 3]);
    assert_eq!(pictures.pixels[29 * 3..30 * 3], [0; 3]);
    for (options, field) in [
        (ReadOptions { size: Some([0, 5]), ..Default::default() }, "size"),
        (ReadOptions { limit: Some(0), ..Default::default() }, "limit"),
        (ReadOptions { class_name: Some(" ".into()), ..Default::default() }, "className"),
    ] {
        let error = source(&grey).plan(&options).unwrap_err();
        assert_eq!((error.code(), error.field_name()), ("option", Some(field)));
    }
}

#[test]
fn files_for_another_decoder_are_as_they_were() {
    let files = as_zip(&folder());
    let mut source = source(&files);
    let plan = source.plan(&ReadOptions::default()).unwrap();
    let encoded = source.encoded(&plan, 0).unwrap().unwrap();
    assert_eq!(encoded.len(), 22);
    assert_eq!((encoded[21].name.as_str(), encoded[21].label), ("pets/val/DOG/1.png", 1));
    assert_eq!(encoded[21].bytes, png(5, 4, [91, 200, 90]));
    assert_eq!(source.encoded(&plan, 1).unwrap_err().field_name(), Some("chunk"));
}

#[test]
fn bad_pictures_are_warnings_with_their_names() {
    let mut jpeg = Vec::new();
    let noise: Vec<u8> = (0..64 * 64 * 3).map(|i| (i * 7919 % 256) as u8).collect();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
        .encode(&noise, 64, 64, image::ExtendedColorType::Rgb8)
        .unwrap();
    let whole = png(40, 40, [1, 2, 3]);
    let mut corrupt = whole.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle] ^= 0x55;
    let mut bomb = whole.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0x4e, 0x20, 0, 0, 0x4e, 0x20]);
    let crc = crc32fast::hash(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    let bad: Vec<Named> = vec![
        ("b/cut.jpg".into(), jpeg[..jpeg.len() * 2 / 3].to_vec()),
        ("b/cut.png".into(), whole[..whole.len() - 20].to_vec()),
        ("b/corrupt.png".into(), corrupt),
        ("b/text.jpg".into(), b"This is a text file, whatever its name says.".to_vec()),
        ("b/bomb.png".into(), bomb),
        ("b/empty.gif".into(), Vec::new()),
        ("b/phone.heic".into(), b"\0\0\0\x18ftypheic\0\0\0\0".to_vec()),
    ];
    let mut files = bad.clone();
    files.push(("a/good.jpg".into(), jpeg));
    files.push(("b/tiny.png".into(), png(1, 1, [5, 6, 7])));
    files.push(("b/thin.png".into(), png(1, 3000, [5, 6, 7])));
    let options = ReadOptions { size: Some([8, 8]), ..Default::default() };
    let (plan, pictures) = all(&files, &options);
    assert_eq!(plan.splits.train, 10);
    assert_eq!(pictures.names, ["a/good.jpg", "b/thin.png", "b/tiny.png"]);
    assert_eq!(pictures.sizes, [[64, 64], [1, 3000], [1, 1]]);
    assert!(pictures.pixels[2 * 192..].chunks(3).all(|pixel| pixel == [5, 6, 7]));
    let mut warned: Vec<&str> = pictures.warnings.iter().map(|w| w.file.as_str()).collect();
    let mut expected: Vec<&str> = bad.iter().map(|(path, _)| path.as_str()).collect();
    warned.sort_unstable();
    expected.sort_unstable();
    assert_eq!(warned, expected);
    let message = |file: &str| &pictures.warnings.iter().find(|w| w.file == file).unwrap().message;
    assert!(message("b/bomb.png").contains("20000 x 20000"), "{}", message("b/bomb.png"));
    assert!(message("b/phone.heic").contains("HEIC"));
    assert!(message("b/cut.jpg").contains("cut off"));
}

#[test]
fn sets_that_cannot_be_learned_from_are_errors_that_say_what_to_do() {
    let picture = png(3, 3, [1; 3]);
    let named = |path: &str| (path.to_owned(), picture.clone());
    assert_eq!(refused(&[]).code(), "data-missing");
    assert_eq!(refused(&one("notes.txt", b"hello".to_vec())).code(), "data-missing");
    let error = refused(&[named("a/1.png"), named("a/2.png")]);
    assert_eq!(error.code(), "data-missing");
    assert!(error.to_string().contains("one class, a;"), "{error}");
    assert!(refused(&[named("1.png"), named("2.png")]).to_string().contains("no folder"));
    assert!(refused(&[named("test/a/1.png"), named("val/b/2.png")]).to_string().contains("train"));
    let python = tar(&[("cifar-10-batches-py/data_batch_1", b"\x80\x02}q")]);
    assert!(refused(&one("cifar-10-python.tar.gz", gzip(&python))).to_string().contains("binary"));
    let words = b"name,what\nparis,city\nrhine,river\n".to_vec();
    let error = refused(&one("words.csv", words));
    assert_eq!((error.code(), error.file_name()), ("data-missing", Some("words.csv")));
    assert!(error.to_string().contains("no pixels"), "{error}");
    let error = refused(&one("x.zip", b"PK\x03\x04 and nothing more".to_vec()));
    assert_eq!((error.code(), error.file_name()), ("files", Some("x.zip")));
}

#[test]
fn loose_pictures_get_the_class_named_by_hand() {
    let files =
        vec![("2.png".to_owned(), png(3, 3, [2; 3])), ("1.png".to_owned(), png(3, 3, [1; 3]))];
    let options = ReadOptions { class_name: Some("Katze".into()), ..Default::default() };
    let (plan, pictures) = all(&files, &options);
    assert_eq!((plan.classes.as_slice(), plan.splits.train), (["Katze".to_owned()].as_slice(), 2));
    assert_eq!(pictures.names, ["1.png", "2.png"]);
    let mut more = files.clone();
    more.push(("Amsel/3.png".into(), png(3, 3, [3; 3])));
    more.push(("Zebra/3.png".into(), png(3, 3, [3; 3])));
    let (plan, pictures) = all(&more, &options);
    assert_eq!(plan.classes, ["Amsel", "Katze", "Zebra"]);
    assert_eq!(pictures.labels, [1, 1, 0, 2]);
    let (plan, _) = all(&[("IMG/1.png".to_owned(), png(3, 3, [3; 3]))], &options);
    assert_eq!(plan.classes, ["Katze"]);
}

#[test]
fn files_of_the_same_name_are_all_read() {
    let files = vec![
        ("a/1.png".to_owned(), png(3, 3, [1; 3])),
        ("a/1.png".to_owned(), png(3, 3, [2; 3])),
        ("b/1.png".to_owned(), png(3, 3, [3; 3])),
    ];
    let (_, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(pictures.names, ["a/1.png", "a/1.png", "b/1.png"]);
    let zipped =
        zip(&[("a/1.png", &files[0].1), ("a/1.png", &files[1].1), ("b/1.png", &files[2].1)]);
    let (plan, pictures) = all(&one("x.zip", zipped), &ReadOptions::default());
    assert_eq!(pictures.names, ["x/a/1.png", "x/b/1.png"]);
    assert_eq!(pictures.pixels[0], 2);
    assert!(plan.warnings[0].message.contains("same name"));
}

fn idx(sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

/// Training and test pairs: the label is the pixels' value, with a gap at 1.
fn idx_pairs() -> Vec<Named> {
    let pixels = |labels: &[u8]| labels.iter().flat_map(|label| [*label; 12]).collect::<Vec<u8>>();
    let train: Vec<u8> = (0..700).map(|i| [0, 2, 3][i % 3]).collect();
    let test = [3, 0];
    vec![
        ("train-images-idx3-ubyte".into(), idx(&[700, 3, 4], &pixels(&train))),
        ("train-labels-idx1-ubyte".into(), idx(&[700], &train)),
        ("t10k-images-idx3-ubyte".into(), idx(&[2, 3, 4], &pixels(&test))),
        ("t10k-labels-idx1-ubyte".into(), idx(&[2], &test)),
    ]
}

#[test]
fn idx_pairs_are_read_plain_compressed_and_in_a_zip() {
    let files = idx_pairs();
    let (plan, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(plan.classes, ["0", "2", "3"]);
    assert_eq!((plan.splits.train, plan.splits.test, plan.shape), (700, 2, [3, 4, 1]));
    for (label, pixels) in pictures.labels.iter().zip(pictures.pixels.chunks(12)) {
        assert_eq!(pixels, [[0, 2, 3][usize::from(*label)]; 12]);
    }
    let packed: Vec<Named> =
        files.iter().map(|(path, bytes)| (path.clone() + ".gz", gzip(bytes))).collect();
    let (packed_plan, from_gzip) = all(&packed, &ReadOptions::default());
    assert_eq!(from_gzip, pictures);
    assert!(packed_plan.chunks.iter().all(|chunk| chunk.lane.is_some()));
    for files in [&files, &packed] {
        let members: Vec<(&str, &[u8])> =
            files.iter().map(|(p, b)| (p.as_str(), b.as_slice())).collect();
        let (_, from_zip) = all(&one("mnist.zip", zip(&members)), &ReadOptions::default());
        assert_eq!(
            (from_zip.pixels, from_zip.labels),
            (pictures.pixels.clone(), pictures.labels.clone())
        );
    }
    let options = ReadOptions {
        size: Some([6, 8]),
        color: Some(Color::Rgb),
        limit: Some(10),
        ..Default::default()
    };
    let (plan, pictures) = all(&packed, &options);
    assert_eq!((plan.counts.train.as_slice(), pictures.labels.len()), ([4, 3, 3].as_slice(), 12));
    assert_eq!(pictures.pixels[pictures.pixels.len() - 1], 0);
}

#[test]
fn idx_headers_that_lie_are_errors_with_the_file() {
    let mut files = idx_pairs();
    files[0].1[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
    for packed in [false, true] {
        let mut files = files.clone();
        if packed {
            files[0] = ("train-images-idx3-ubyte.gz".into(), gzip(&files[0].1));
        }
        let error = refused(&files);
        assert_eq!(
            (error.code(), error.file_name().map(|f| f.starts_with("train-im"))),
            ("files", Some(true))
        );
    }
    let mut files = idx_pairs();
    files[1].1 = idx(&[3], &[0, 2, 3]);
    assert!(refused(&files).to_string().contains("3 labels for the 700 pictures"));
    let error = refused(&idx_pairs()[..1]);
    assert_eq!(error.code(), "data-missing");
    let mut cut = idx_pairs();
    cut[0].1.truncate(400);
    assert!(refused(&cut).to_string().contains("cut off"));
}

fn cifar_file(labels: &[u8]) -> Vec<u8> {
    let record = |label: &u8| {
        [vec![*label], vec![label + 1; 1024], vec![label + 2; 1024], vec![label + 3; 1024]].concat()
    };
    labels.iter().flat_map(record).collect()
}

#[test]
fn cifar_is_read_loose_and_in_a_compressed_tar() {
    let train = cifar_file(&(0..2000).map(|i| (i % 10) as u8).collect::<Vec<u8>>());
    let test = cifar_file(&[3, 77, 5]);
    let names = crate::data::cifar::NAMES.map(str::to_uppercase).join("\n");
    let packed = gzip(&tar(&[
        ("cifar-10-batches-bin/test_batch.bin", &test),
        ("cifar-10-batches-bin/batches.meta.txt", names.as_bytes()),
        ("cifar-10-batches-bin/data_batch_1.bin", &train),
    ]));
    let (plan, pictures) = all(&one("cifar-10-binary.tar.gz", packed), &ReadOptions::default());
    assert_eq!((plan.classes[3].as_str(), plan.classes.len()), ("CAT", 10));
    assert_eq!((plan.splits.train, plan.splits.test, plan.shape), (2000, 2, [32, 32, 3]));
    assert!(plan.warnings[0].message.contains("label 77"), "{:?}", plan.warnings);
    assert_eq!(pictures.pixels[..4], [4, 5, 6, 4]);
    assert_eq!(pictures.names[1], "cifar-10-binary/cifar-10-batches-bin/test_batch.bin, picture 2");
    let loose = vec![
        ("data_batch_1.bin".to_owned(), train),
        ("test_batch.bin".to_owned(), test[..7000].to_vec()),
    ];
    let (plan, pictures) = all(&loose, &ReadOptions::default());
    assert_eq!(plan.classes[0], "airplane");
    assert!(plan.warnings.iter().any(|w| w.message.contains("cut off")));
    assert_eq!(pictures.labels.len(), 2001);
}

#[test]
fn cifar_100_learns_the_fine_labels() {
    let mut bytes = Vec::new();
    for fine in [7, 99, 7] {
        bytes.extend([1, fine]);
        bytes.extend([fine; 3072]);
    }
    let (plan, pictures) = all(&one("train.bin", bytes), &ReadOptions::default());
    assert_eq!(plan.classes.len(), 100);
    assert_eq!(pictures.labels, [7, 99, 7]);
}

/// The layout of Sign Language MNIST, 4 x 4: a header, the label first, no class 1.
fn sign_table(rows: usize, end: &str) -> String {
    let header: Vec<String> = (1..=16).map(|i| format!("pixel{i}")).collect();
    let mut text = format!("label,{}{end}", header.join(","));
    for row in 0..rows {
        let label = [0, 2, 24][row % 3];
        text += &format!("{label}{}{end}", format!(",{}", label * 10).repeat(16));
    }
    text
}

#[test]
fn tables_of_pixels_are_read_plain_compressed_and_in_a_zip() {
    let train = sign_table(600, "\n").into_bytes();
    let test = ("\u{feff}".to_owned() + &sign_table(4, "\r\n")).into_bytes();
    let files = vec![
        ("sign_mnist_train.csv".to_owned(), train.clone()),
        ("sign_mnist_test.csv".to_owned(), test.clone()),
    ];
    let (plan, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(plan.classes, ["0", "2", "24"]);
    assert_eq!((plan.splits.train, plan.splits.test, plan.shape), (600, 4, [4, 4, 1]));
    assert_eq!((plan.name.as_str(), plan.warnings.len()), ("sign_mnist", 0));
    assert_eq!(pictures.names[0], "sign_mnist_test.csv, row 2");
    for (label, pixels) in pictures.labels.iter().zip(pictures.pixels.chunks(16)) {
        assert_eq!(pixels, [[0, 20, 240][usize::from(*label)]; 16]);
    }
    let packed: Vec<Named> = files.iter().map(|(p, b)| (p.clone() + ".gz", gzip(b))).collect();
    assert_eq!(all(&packed, &ReadOptions::default()).1, pictures);
    // As it comes: with a few pictures beside it.
    let sample = png(9, 9, [1; 3]);
    let members: [(&str, &[u8]); 4] = [
        ("sign_mnist_train.csv", &train),
        ("sign_mnist_test/sign_mnist_test.csv", &test),
        ("amer_sign2.png", &sample),
        ("sign_mnist_test.csv", &test),
    ];
    let (plan, from_zip) = all(&one("archive.zip", zip(&members)), &ReadOptions::default());
    assert_eq!((plan.splits.train, plan.splits.test), (600, 8));
    assert!(plan.warnings.iter().any(|w| w.file == "archive/amer_sign2.png"));
    assert_eq!(from_zip.labels.len(), 608);
}

#[test]
fn rows_that_are_wrong_are_warnings_and_the_rest_is_read() {
    let mut lines: Vec<String> = sign_table(30, "\n").lines().map(String::from).collect();
    lines[3] += ",1";
    lines[4] = lines[4].replacen(",0", ",256", 1);
    lines[5].truncate(9);
    lines[6] = "-1".to_owned() + &lines[6][1..];
    lines[7] = String::new();
    lines[8] = "\"".to_owned() + &lines[8];
    lines[9] = "x".to_owned() + &lines[9][1..];
    let text = lines.join("\n");
    let (plan, pictures) = all(&one("table.csv", text.into_bytes()), &ReadOptions::default());
    let mut told: Vec<String> = plan.warnings.iter().map(|w| w.message.clone()).collect();
    assert!(plan.warnings.iter().all(|w| w.file == "table.csv"));
    told.sort();
    assert_eq!(told.len(), 5, "{told:?}");
    for row in [4, 6, 7, 9, 10] {
        assert!(told.iter().any(|message| message.starts_with(&format!("Row {row}"))), "{told:?}");
    }
    assert_eq!(pictures.warnings.len(), 1);
    assert_eq!(pictures.warnings[0].file, "table.csv, row 5");
    assert_eq!(pictures.labels.len(), 30 - 7);
    let error = refused(&one("t.csv", ["1"; 20].join(",").repeat(3).into_bytes()));
    assert_eq!((error.code(), error.file_name()), ("files", Some("t.csv")));
}

#[test]
fn a_table_names_pictures_and_their_labels() {
    let mut files: Vec<Named> =
        (0..4).map(|i| (format!("set/images/{i}.png"), png(3, 3, [i; 3]))).collect();
    let table = "\u{feff}file;label\r\n0.png;cat\r\n1;dog\r\nimages/2.png;\"cat\"\r\n9.png;dog\r\n0.png;dog\r\n1.png\r\n";
    files.push(("set/labels.csv".into(), table.into()));
    let (plan, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(plan.classes, ["cat", "dog"]);
    assert!(plan.table);
    assert_eq!(pictures.labels, [0, 1, 0]);
    let told: Vec<(&str, &str)> = plan
        .warnings
        .iter()
        .map(|w| (w.file.as_str(), &w.message[..5.min(w.message.len())]))
        .collect();
    let table = "set/labels.csv";
    assert_eq!(
        told,
        [(table, "Row 5"), (table, "Row 6"), (table, "Row 7"), ("set/images/3.png", "1 pic")]
    );

    // The label column by name; splits by the folders.
    let mut files: Vec<Named> = (0..4)
        .map(|i| (format!("{}/{i}.png", if i < 3 { "train" } else { "test" }), png(3, 3, [i; 3])))
        .collect();
    let table = "id,age,sort\n0,5,a\n1,6,b\n2,7,a\n3,8,b\n";
    files.push(("all.csv".into(), table.into()));
    let options =
        ReadOptions { label_column: Some(LabelColumn::Name("sort".into())), ..Default::default() };
    let (plan, _) = all(&files, &options);
    assert_eq!((plan.splits.train, plan.splits.test), (3, 1));
    assert_eq!(plan.classes, ["a", "b"]);
    let wrong = ReadOptions { label_column: Some(LabelColumn::Place(3)), ..Default::default() };
    assert_eq!(source(&files).plan(&wrong).unwrap_err().field_name(), Some("labelColumn"));
}

#[test]
fn a_thousand_classes_and_names_in_any_script() {
    let picture = png(3, 3, [1; 3]);
    let mut files: Vec<Named> =
        (0..1000).map(|i| (format!("x/{i:03}/p.png"), picture.clone())).collect();
    files.push(("x/ねこ/猫 1.png".into(), picture.clone()));
    files.push(("x/cafe\u{301}/é.png".into(), picture));
    let (plan, pictures) = all(&files, &ReadOptions::default());
    assert_eq!(plan.classes.len(), 1002);
    assert_eq!(plan.classes[1000..], ["caf\u{e9}", "ねこ"]);
    assert_eq!(pictures.labels.len(), 1002);
    assert!(plan.chunks.len() >= 4);
}

#[test]
fn a_part_of_a_split_archive_and_a_nested_zip_are_warnings() {
    let mut files = folder();
    files.push(("pets.z01".into(), vec![1; 100]));
    let inner = zip(&[("a.png", &png(3, 3, [1; 3]))]);
    files.push(("more.zip".into(), zip(&[("x/inner.zip", &inner), ("x/notes.md", b"hi")])));
    let plan = plan(&files).unwrap();
    let told: Vec<&str> = plan.warnings.iter().map(|w| w.file.as_str()).collect();
    assert_eq!(told, ["pets.z01", "more/x/inner.zip", "more/x/notes.md"]);
}

#[test]
fn damage_anywhere_never_panics() {
    let members = folder();
    let cases: Vec<Vec<Named>> = vec![
        as_zip(&members),
        idx_pairs(),
        idx_pairs().into_iter().map(|(p, b)| (p + ".gz", gzip(&b))).collect(),
        one("t.csv", sign_table(20, "\n").into_bytes()),
        one("x.tar", tar(&[("a/1.png", &png(3, 3, [1; 3])), ("b/1.png", &png(3, 3, [2; 3]))])),
        one("data_batch_1.bin", cifar_file(&[1, 2, 3])),
    ];
    let mut stream = crate::random::Stream::new(7, crate::random::Purpose::Shuffle, 0, 0);
    for case in &cases {
        for _ in 0..150 {
            let mut damaged = case.clone();
            let mut order: Vec<u32> = (0..5000).collect();
            stream.shuffle(&mut order);
            let file = order[0] as usize % damaged.len();
            let bytes = &mut damaged[file].1;
            for pair in order[1..].chunks(2).take(1 + order[0] as usize % 4) {
                // Ends matter most: there stand directories and headers.
                let at = pair[0] as usize % bytes.len();
                let at = if pair[0].is_multiple_of(3) {
                    bytes.len() - 1 - at.min(120).min(bytes.len() - 1)
                } else {
                    at
                };
                bytes[at] = pair[1] as u8;
            }
            if order[0].is_multiple_of(5) {
                bytes.truncate(order[1] as usize % bytes.len());
            }
            let mut source = source(&damaged);
            if let Ok(plan) = source.plan(&ReadOptions { size: Some([4, 4]), ..Default::default() })
            {
                for chunk in 0..plan.chunks.len() {
                    let _ = source.read(&plan, chunk);
                }
            }
        }
    }
}

/// The real photos: dropped as a zip and as its unpacked folder.
#[test]
fn cats_and_dogs_as_a_zip_and_as_a_folder() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/datasets/cats_dogs_downsampled.zip");
    let Ok(bytes) = std::fs::read(&path) else {
        println!("skipped: there is no {}", path.display());
        return;
    };
    let bytes: Rc<dyn ReadAt> = Rc::new(bytes);
    let mut zipped = Source::new(vec![Dropped {
        path: "cats_dogs_downsampled.zip".into(),
        bytes: Box::new(Shared(bytes.clone())),
    }]);
    let members = crate::data::zip::members(&bytes, "x.zip", &mut Vec::new()).unwrap();
    let mut files = Files::new(vec![bytes.clone()]);
    let dropped = members.into_iter().map(|(path, member)| {
        let origin = crate::data::bytes::Origin { file: 0, member: Some(member), gzip: false };
        let bytes = files.read(&Place { origin, start: 0, size: member.size }).unwrap();
        Dropped { path, bytes: Box::new(bytes) }
    });
    let mut unpacked = Source::new(dropped.collect());
    let options = ReadOptions { size: Some([150, 150]), ..Default::default() };
    let one = zipped.plan(&options).unwrap();
    let other = unpacked.plan(&options).unwrap();
    for plan in [&one, &other] {
        assert_eq!(plan.classes, ["CAT", "DOG"]);
        assert_eq!(plan.splits, PerSplit { train: 2140, validation: 420, test: 425 });
        assert_eq!((plan.shape, plan.warnings.len()), ([150, 150, 3], 0));
    }
    // The same files in the same order; then the pixels of some.
    let encoded = |source: &mut Source, plan: &Plan| -> Vec<(u16, Split, u32)> {
        (0..plan.chunks.len())
            .flat_map(|chunk| source.encoded(plan, chunk).unwrap().unwrap())
            .map(|file| (file.label, file.split, crc32fast::hash(&file.bytes)))
            .collect()
    };
    let files = encoded(&mut zipped, &one);
    assert_eq!(files.len(), 2985);
    assert_eq!(files, encoded(&mut unpacked, &other));
    let options = ReadOptions { limit: Some(20), ..options };
    let pixels = |source: &mut Source| {
        let plan = source.plan(&options).unwrap();
        let read = (0..plan.chunks.len()).map(|chunk| source.read(&plan, chunk).unwrap());
        read.map(|pictures| {
            assert_eq!(pictures.warnings, []);
            pictures.pixels
        })
        .collect::<Vec<_>>()
        .concat()
    };
    let from_zip = pixels(&mut zipped);
    assert_eq!(from_zip.len(), 60 * 150 * 150 * 3);
    assert!(from_zip == pixels(&mut unpacked));
}

/// Bytes that several sources read.
struct Shared(Rc<dyn ReadAt>);

impl ReadAt for Shared {
    fn len(&self) -> u64 {
        self.0.len()
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<()> {
        self.0.read_at(offset, into)
    }
}
