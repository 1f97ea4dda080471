//! What kind of set the files are, and which picture is of which class and split; then, with
//! a size and a limit, the plan.

use super::block::{Block, Notes};
use super::pictures::picture_files;
use super::pixels::{cifar_files, idx_pairs, pixel_tables};
use super::tree::{Leaf, Tree, What};
use super::{Chunk, Color, Item, Items, Layout, Plan, ReadOptions, Run, SKIP};
use crate::data::bytes::{Files, Place};
use crate::data::dataset::{PerSplit, Split, Warning};
use crate::data::{decode, folder};
use crate::error::{Error, Result};

/// A set before its pictures have a size.
pub(super) struct Draft {
    name: String,
    kind: &'static str,
    table: bool,
    classes: Vec<String>,
    content: Content,
    warnings: Vec<Warning>,
    /// What the pictures suggest, once some were looked at.
    suggestion: Option<Suggestion>,
    /// The options that it was made with.
    options: ReadOptions,
}

enum Content {
    /// Encoded pictures, in their order.
    Files(Vec<Item>),
    /// Files of pixels.
    Blocks(Vec<Block>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Suggestion {
    size: [usize; 2],
    grey: bool,
}

/// Finds out what the files are.
pub(super) fn make(tree: &Tree, files: &mut Files, options: &ReadOptions) -> Result<Draft> {
    let mut notes = Notes::default();
    for warning in &tree.warnings {
        notes.add(&warning.file, &warning.message);
    }
    let of = |what: What| -> Vec<&Leaf> {
        tree.leaves.iter().filter(|leaf| leaf.what == what).collect()
    };
    let (pictures, tables) = (of(What::Picture), of(What::Table));
    let (idx, cifar) = (of(What::Idx), of(What::Cifar));
    let left_out = |notes: &mut Notes, what: &str, leaves: &[&Leaf]| {
        if let Some(first) = leaves.first() {
            notes
                .add(&first.path, format!("{} {what} beside the set were left out.", leaves.len()));
        }
    };

    let (kind, classes, content) = if !idx.is_empty() {
        left_out(&mut notes, "pictures", &pictures);
        let (classes, blocks) = idx_pairs(&idx, files, &mut notes)?;
        ("IDX files", classes, Content::Blocks(blocks))
    } else if !cifar.is_empty() {
        left_out(&mut notes, "pictures", &pictures);
        let (classes, blocks) = cifar_files(&cifar, &of(What::Text), files, &mut notes)?;
        ("CIFAR binary files", classes, Content::Blocks(blocks))
    } else {
        let rows = pixel_tables(&tables, files, options, &mut notes);
        let rows = match (rows, pictures.is_empty()) {
            (Err(error), true) => return Err(error),
            (Err(error), false) if error.code() == "option" => return Err(error),
            (rows, _) => rows.ok().flatten(),
        };
        let rows_count = |blocks: &[Block]| blocks.iter().map(|block| block.labels.len()).sum();
        match rows {
            Some((classes, blocks)) if pictures.len() <= rows_count(&blocks) => {
                left_out(&mut notes, "pictures", &pictures);
                ("a table of pixels", classes, Content::Blocks(blocks))
            }
            _ if pictures.is_empty() => return Err(nothing(tree, &tables)),
            _ => {
                let (kind, classes, items) =
                    picture_files(&pictures, &tables, files, options, &mut notes)?;
                (kind, classes, Content::Files(items))
            }
        }
    };
    check_classes(&classes, &content, options)?;
    let others: Vec<&Leaf> = of(What::Other);
    if let Some(first) = others.first() {
        notes.add(
            &first.path,
            match others.len() {
                1 => "This is neither a picture nor a table that is known; it was left out.".into(),
                count => format!(
                    "{count} files that are neither pictures nor tables that are known were left \
                     out; this is the first."
                ),
            },
        );
    }
    let name = name_of(tree, &content);
    let (warnings, options) = (notes.finish(), options.clone());
    let table = !tables.is_empty();
    Ok(Draft { name, kind, table, classes, content, warnings, suggestion: None, options })
}

/// What to say where nothing can be learned from.
fn nothing(tree: &Tree, tables: &[&Leaf]) -> Error {
    // A zip that is locked, say: the only file there was.
    if let Some(Warning { file, message }) = tree.warnings.first() {
        return Error::data_missing(format!("There is no picture that can be read. {message}"))
            .file(file);
    }
    if let Some(table) = tables.first() {
        return Error::data_missing(
            "This table holds no pixels, and no pictures came with it. A table of pixels has a \
             column for each pixel and one for the label; a table of file names is dropped \
             together with its pictures.",
        )
        .file(&table.path);
    }
    let hint = tree.leaves.iter().find_map(|leaf| {
        let name = leaf.path.rsplit('/').next().unwrap_or(&leaf.path).to_lowercase();
        if name.starts_with("data_batch_") || name == "batches.meta" {
            return Some("This is CIFAR for Python; drop its binary version instead.");
        }
        let extension = folder::extension(&leaf.path);
        [
            "npz", "npy", "mat", "h5", "hdf5", "pkl", "pickle", "parquet", "tfrecord", "rar", "7z",
            "xz", "bz2",
        ]
        .contains(&extension.as_str())
        .then_some("Files of this kind are not read; unpack them or save them as pictures.")
    });
    let error = Error::data_missing(format!(
        "There is no picture in what was dropped. Drop a folder with one folder of pictures for \
         each class, a zip of it, or a table.{}{}",
        if hint.is_some() { " " } else { "" },
        hint.unwrap_or_default()
    ));
    match tree.leaves.first() {
        Some(leaf) if hint.is_some() => error.file(&leaf.path),
        _ => error,
    }
}

/// Refuses what no classifier can learn from.
fn check_classes(classes: &[String], content: &Content, options: &ReadOptions) -> Result<()> {
    let mut used = vec![false; classes.len()];
    let mut training = 0;
    content.each(|split, label| {
        used[usize::from(label)] = true;
        training += usize::from(split == Split::Train);
    });
    let count = used.iter().filter(|used| **used).count();
    if classes.len() >= usize::from(u16::MAX) {
        return Err(Error::data_missing(format!(
            "There are {} classes; up to 65,534 can be told apart.",
            classes.len()
        )));
    }
    if count == 0 {
        return Err(Error::data_missing("No picture has a class. Put each class in a folder."));
    }
    if training == 0 {
        return Err(Error::data_missing(
            "There are no pictures to train on. Put them in train/CLASS, or leave out the folders \
             for validation and test.",
        ));
    }
    if count == 1 && options.class_name.is_none() {
        let only = used.iter().position(|used| *used).map_or("", |place| classes[place].as_str());
        return Err(Error::data_missing(format!(
            "All pictures are of one class, {only}; learning to tell classes apart needs at least \
             two. Drop the folders of all classes together."
        )));
    }
    Ok(())
}

/// What to call the set: the folder around everything, or what the files' names begin with.
fn name_of(tree: &Tree, content: &Content) -> String {
    let paths: Vec<&str> = match content {
        Content::Files(items) => items.iter().map(|item| item.path.as_str()).collect(),
        Content::Blocks(blocks) => blocks.iter().map(|block| block.path.as_str()).collect(),
    };
    let Some(first) = paths.first() else { return String::new() };
    if let Some((folder, _)) = first.split_once('/')
        && paths.iter().all(|path| path.split_once('/').is_some_and(|(root, _)| root == folder))
    {
        return folder.to_owned();
    }
    let stem = first.split('.').next().unwrap_or(first);
    let common = paths.iter().fold(stem, |common, path| {
        let same = common.chars().zip(path.chars()).take_while(|(a, b)| a == b);
        &common[..same.map(|(c, _)| c.len_utf8()).sum()]
    });
    // Whole words: sign_mnist of sign_mnist_test and sign_mnist_train.
    let is_whole = stem[common.len()..].chars().next().is_none_or(|next| !next.is_alphanumeric());
    let end = if is_whole {
        common.len()
    } else {
        common.rfind(|c: char| !c.is_alphanumeric()).unwrap_or(0)
    };
    let common = common[..end].trim_end_matches(|c: char| !c.is_alphanumeric());
    match common.chars().count() {
        3.. if !common.contains('/') => common.to_owned(),
        _ => format!("{} files", tree.leaves.len()),
    }
}

impl Content {
    /// Calls a function with every picture's split and label.
    fn each(&self, mut call: impl FnMut(Split, u16)) {
        match self {
            Self::Files(items) => items.iter().for_each(|item| call(item.split, item.label)),
            Self::Blocks(blocks) => {
                for block in blocks {
                    let labels = block.labels.iter().filter(|label| **label != SKIP);
                    labels.for_each(|label| call(block.split, *label));
                }
            }
        }
    }
}

impl Draft {
    /// Whether it would be made the same with other options.
    pub fn serves(&self, options: &ReadOptions) -> bool {
        // A size says how a row of pixels is to be taken.
        let by_size = matches!(&self.content, Content::Blocks(blocks)
            if blocks.iter().any(|block| matches!(block.layout, Layout::Rows(_))));
        let made_with = &self.options;
        made_with.label_column == options.label_column
            && made_with.class_name == options.class_name
            && (made_with.size == options.size || !by_size)
    }

    /// The plan with these options.
    pub fn plan(&mut self, files: &mut Files, options: &ReadOptions) -> Result<Plan> {
        let shape = self.shape(files, options);
        let keep = self.keep(options.limit);
        let mut counts = PerSplit::from_fn(|_| vec![0; self.classes.len()]);
        let mut kept = keep.iter();
        self.content.each(|split, label| {
            counts[split][usize::from(label)] += usize::from(*kept.next().unwrap_or(&false));
        });
        let mut warnings = self.warnings.clone();
        let unlearned: Vec<&str> = (0..self.classes.len())
            .filter(|class| {
                counts.train[*class] == 0 && counts.validation[*class] + counts.test[*class] > 0
            })
            .map(|class| self.classes[class].as_str())
            .collect();
        if let Some(first) = unlearned.first() {
            let message = match unlearned.len() {
                1 => format!("The class {first} has no pictures to train on."),
                count => format!("{count} classes have no pictures to train on; {first} is one."),
            };
            warnings.push(Warning { file: self.name.clone(), message });
        }
        let chunks = self.chunks(&keep, shape.iter().product());
        Ok(Plan {
            name: self.name.clone(),
            kind: self.kind.into(),
            table: self.table,
            classes: self.classes.clone(),
            shape,
            splits: PerSplit::from_fn(|split| counts[split].iter().sum()),
            counts,
            bytes: chunks.iter().map(|chunk| chunk.bytes).sum(),
            chunks,
            warnings,
            options: options.clone(),
        })
    }

    /// The shape asked for, or what the pictures suggest.
    fn shape(&mut self, files: &mut Files, options: &ReadOptions) -> [usize; 3] {
        let suggestion = match (&self.content, options.size, options.color) {
            (_, Some(size), Some(color)) => Suggestion { size, grey: color == Color::Grayscale },
            (Content::Blocks(blocks), ..) => {
                let shape = blocks.first().map_or([28, 28, 1], |block| block.layout.shape());
                let grey = blocks.iter().all(|block| block.layout.shape()[2] == 1);
                Suggestion { size: [shape[0], shape[1]], grey }
            }
            (Content::Files(items), ..) => {
                *self.suggestion.get_or_insert_with(|| suggest(items, files))
            }
        };
        let [height, width] = options.size.unwrap_or(suggestion.size);
        let grey = options.color.map_or(suggestion.grey, |color| color == Color::Grayscale);
        [height, width, if grey { 1 } else { 3 }]
    }

    /// Which pictures the limit leaves: in each split, classes take their share in turn until
    /// they have all or the limit is reached; of each class, pictures at even distances.
    fn keep(&self, limit: Option<usize>) -> Vec<bool> {
        let mut there = PerSplit::from_fn(|_| vec![0_usize; self.classes.len()]);
        self.content.each(|split, label| there[split][usize::from(label)] += 1);
        let quotas = PerSplit::from_fn(|split| quotas(&there[split], limit));
        let mut seen = PerSplit::from_fn(|_| vec![0_usize; self.classes.len()]);
        let mut keep = Vec::new();
        self.content.each(|split, label| {
            let class = usize::from(label);
            let (all, quota) = (there[split][class] as u64, quotas[split][class] as u64);
            let index = seen[split][class] as u64;
            seen[split][class] += 1;
            keep.push((index + 1) * quota / all > index * quota / all);
        });
        keep
    }

    fn chunks(&self, keep: &[bool], picture_bytes: usize) -> Vec<Chunk> {
        const PICTURES: usize = 256;
        const ENCODED: u64 = 4 << 20;
        const PIXELS: usize = 8 << 20;
        let most = (PIXELS / picture_bytes.max(1)).clamp(1, PICTURES);
        let mut lanes = Vec::new();
        let mut lane_of = |place: &Place| {
            if place.is_direct() {
                return None;
            }
            let found = lanes.iter().position(|origin| *origin == place.origin);
            let lane = found.unwrap_or_else(|| {
                lanes.push(place.origin);
                lanes.len() - 1
            });
            Some(lane as u32)
        };
        let mut chunks: Vec<Chunk> = Vec::new();
        match &self.content {
            Content::Files(items) => {
                for item in items.iter().zip(keep).filter(|(_, keep)| **keep).map(|(item, _)| item)
                {
                    let (lane, bytes) = (lane_of(&item.place), item.place.packed());
                    match chunks.last_mut() {
                        Some(Chunk {
                            lane: of,
                            pictures,
                            bytes: sum,
                            items: Items::Files(list),
                        }) if *of == lane
                            && *pictures < most
                            && sum.saturating_add(bytes) <= ENCODED =>
                        {
                            *pictures += 1;
                            *sum += bytes;
                            list.push(item.clone());
                        }
                        _ => chunks.push(Chunk {
                            lane,
                            pictures: 1,
                            bytes,
                            items: Items::Files(vec![item.clone()]),
                        }),
                    }
                }
            }
            Content::Blocks(blocks) => {
                let mut kept = keep.iter();
                for block in blocks {
                    let labels: Vec<u16> = block
                        .labels
                        .iter()
                        .map(|label| match *label {
                            SKIP => SKIP,
                            label if *kept.next().unwrap_or(&false) => label,
                            _ => SKIP,
                        })
                        .collect();
                    let mut first = 0;
                    while first < labels.len() {
                        let start = block.starts.of(first);
                        let mut end = first + 1;
                        while end < labels.len()
                            && end - first < most
                            && block.starts.of(end + 1) - start <= ENCODED
                        {
                            end += 1;
                        }
                        let labels = labels[first..end].to_vec();
                        let pictures = labels.iter().filter(|label| **label != SKIP).count();
                        let place = block.place.part(start, block.starts.of(end) - start);
                        if pictures > 0 {
                            let (path, layout) = (block.path.clone(), block.layout.clone());
                            let run =
                                Run { path, place, split: block.split, layout, first, labels };
                            let (lane, bytes) = (lane_of(&place), place.size);
                            chunks.push(Chunk { lane, pictures, bytes, items: Items::Run(run) });
                        }
                        first = end;
                    }
                }
            }
        }
        chunks
    }
}

/// How many of each class, where `limit` are taken of all.
fn quotas(there: &[usize], limit: Option<usize>) -> Vec<usize> {
    let Some(limit) = limit else { return there.to_vec() };
    let mut quotas = vec![0; there.len()];
    let mut left = limit;
    while left > 0 {
        let open: Vec<usize> = (0..there.len()).filter(|c| quotas[*c] < there[*c]).collect();
        if open.is_empty() {
            break;
        }
        let share = (left / open.len()).max(1);
        for class in open.into_iter().take(left) {
            let taken = share.min(there[class] - quotas[class]);
            quotas[class] += taken;
            left -= taken;
        }
    }
    quotas
}

/// Looks at some pictures for a size and whether they are grey.
fn suggest(items: &[Item], files: &mut Files) -> Suggestion {
    /// Pictures whose headers are looked at; of these, so many are decoded for their colours.
    const LOOKS: usize = 32;
    const DECODED: usize = 12;
    let direct = items.iter().filter(|item| item.place.is_direct()).count();
    // In a stream, only what comes first is near.
    let step = direct.div_ceil(LOOKS).max(1);
    let (mut sizes, mut grey, mut decoded) = (Vec::new(), true, 0);
    for item in items.iter().step_by(step).take(LOOKS) {
        // Enough for the header of nearly any picture, and for all of a small one.
        let Ok(head) = files.head(&item.place, 512 << 10) else { continue };
        let Ok((size, has_colors)) = decode::header(&head) else { continue };
        sizes.push(size.map(|side| side as usize));
        if !grey || !has_colors || decoded == DECODED {
            continue;
        }
        // Grey photos are often written with colours. One large coloured photo costs little to
        // be taken for what it says.
        let is_small = size.iter().map(|side| u64::from(*side)).product::<u64>() <= 4 << 20;
        let shows_colors =
            |file: &Vec<u8>| decode::picture(file).is_ok_and(|picture| !picture.is_grey());
        grey = is_small && !files.read(&item.place).is_ok_and(|file| shows_colors(&file));
        decoded += 1;
    }
    // The lessons use photos of 150 x 150; small pictures of one size stay as they are.
    const PHOTO: usize = 150;
    let same = sizes.first().filter(|first| sizes.iter().all(|size| size == *first));
    let size = match same {
        Some(size) if size.iter().all(|side| *side <= 256) => *size,
        _ => {
            let mut short: Vec<usize> = sizes.iter().map(|[h, w]| *h.min(w)).collect();
            short.sort_unstable();
            let side = short.get(short.len() / 2).map_or(PHOTO, |side| (*side).clamp(8, PHOTO));
            [side, side]
        }
    };
    Suggestion { size, grey: grey && !sizes.is_empty() }
}
