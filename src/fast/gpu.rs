//! Our kernels on WebGPU: shaders, each written out for one block.
//!
//! A thread computes a tile of eight by eight sums, so that it reads two numbers for every eight
//! multiplications; what it sums over it goes through in the order of memory. `gpu/` has the
//! shaders: a line that begins with `*` is written out eight times, with 0 to 7 for each `#`,
//! because shader compilers keep in registers only what has a name.

use std::fmt::Write;

use burn::backend::wgpu::{
    CubeBackend as Cube, CubeTensor, KernelSource, SourceKernel, SourceTemplate, into_contiguous,
};
use burn::cubecl::ir::settings::Dim3;
use burn::cubecl::prelude::{CubeCount, CubeDim, KernelId};
use burn::cubecl::server::{KernelArguments, MetadataBindingInfo};
use burn::tensor::{Bytes as TensorBytes, DType, Device, Shape, Tensor, TensorData};
use cnn_lab_kernels::conv::{Block, Order, Rectify};
use cnn_lab_kernels::update::Rule;

use super::{Kernels, Parts, Place, Saved, place, plain};
use crate::data::augment::FillMode;

/// Threads of a group.
const GROUP: u32 = 64;
/// Groups along an axis: WebGPU promises 65,535.
const MOST_GROUPS: u32 = 32_768;
/// Sums that a thread has in each direction.
const TILE: usize = 8;
/// A kernel's gradient is summed in so many parts that about so many threads have work.
const THREADS_BY_KERNEL: usize = 16_384;

impl Kernels for Cube {
    fn conv_block(
        pictures: CubeTensor,
        kernel: CubeTensor,
        bias: CubeTensor,
        block: Block,
    ) -> CubeTensor {
        plain::<Self>(pictures, kernel, bias, &block)
    }
}

impl Parts for Cube {
    fn forward(
        pictures: &CubeTensor,
        kernel: &CubeTensor,
        bias: &CubeTensor,
        block: &Block,
    ) -> (CubeTensor, Option<CubeTensor>) {
        let batch = batch(pictures);
        let [height, width] = block.convolved();
        let maps = empty(pictures, [batch, height, width, block.filters]);
        let tiles = (batch * height * width).div_ceil(TILE) * block.filters.div_ceil(TILE);
        launch(Shader::Forward(block.clone()), tiles, &[pictures, kernel, bias, &maps], None);
        if block.pool.is_none() {
            return (maps, None);
        }
        let [height, width, filters] = block.output();
        let output = empty(pictures, [batch, height, width, filters]);
        let chosen = empty(pictures, [batch, height, width, filters]);
        let numbers = batch * height * width * filters;
        launch(Shader::Choose(block.clone()), numbers, &[&maps, &output, &chosen], None);
        (output, Some(chosen))
    }

    fn backward(
        saved: &Saved<Self>,
        by_output: CubeTensor,
        [by_pictures, by_bias]: [bool; 2],
    ) -> (Option<CubeTensor>, CubeTensor, Option<CubeTensor>) {
        let Saved { block, pictures, kernel, output, chosen } = saved;
        let batch = batch(pictures);
        let [height, width] = block.convolved();
        let pixels = batch * height * width;
        let slopes = match chosen {
            None if block.rectify == Rectify::No => by_output,
            None => {
                let slopes = empty(pictures, [batch, height, width, block.filters]);
                let buffers = [output, &by_output, &slopes];
                launch(Shader::Rectify, pixels * block.filters, &buffers, None);
                slopes
            }
            Some(chosen) => {
                let slopes = empty(pictures, [batch, height, width, block.filters]);
                let buffers = [output, chosen, &by_output, &slopes];
                launch(Shader::Spread(block.clone()), pixels * block.filters, &buffers, None);
                slopes
            }
        };

        // A row of ones below the windows' numbers makes the gradient by the bias.
        let rows = block.kernel[0] * block.kernel[1] * block.input[2] + 1;
        let tiles = rows.div_ceil(TILE) * block.filters.div_ceil(TILE);
        let parts = THREADS_BY_KERNEL.div_ceil(tiles).clamp(1, batch * height);
        let sums = empty(pictures, [parts, rows, block.filters]);
        let buffers = [pictures, &slopes, &sums];
        launch(Shader::ByKernel(block.clone()), parts * tiles, &buffers, None);
        let by_kernel = empty(pictures, [(rows - 1) * block.filters]);
        let biases = empty(pictures, [block.filters]);
        let buffers = [&sums, &by_kernel, &biases];
        launch(Shader::Total(block.clone()), rows * block.filters, &buffers, None);

        let by_pictures = by_pictures.then(|| {
            let [height, width, channels] = block.input;
            let by_pictures = empty(pictures, [batch, height, width, channels]);
            let tiles = (batch * height * width).div_ceil(TILE) * channels.div_ceil(TILE);
            let buffers = [&slopes, kernel, &by_pictures];
            launch(Shader::ByPictures(block.clone()), tiles, &buffers, None);
            by_pictures
        });
        (by_pictures, by_kernel, by_bias.then_some(biases))
    }

    fn contiguous(tensor: CubeTensor) -> CubeTensor {
        into_contiguous(tensor)
    }
}

/// See [`update`](super::update()): the weights and what is remembered, as they are after it.
pub(super) fn update(
    rule: Rule,
    [rate, decay]: [f32; 2],
    gradient: Tensor<1>,
    tensors: Vec<Tensor<1>>,
) -> Vec<Tensor<1>> {
    let cube = |tensor: Tensor<1>| {
        let cube = tensor.try_into_primitive::<Cube>();
        into_contiguous(cube.expect("a plain tensor of a device that is covered"))
    };
    let gradient = cube(gradient);
    let tensors = tensors.into_iter().map(|tensor| {
        let tensor = cube(tensor);
        // Others that hold the same numbers keep them.
        if tensor.can_mut() { tensor } else { tensor.copy() }
    });
    let tensors: Vec<CubeTensor> = tensors.collect();
    let constants = match rule {
        Rule::Descent => [0.0; 3],
        Rule::Momentum { momentum, nesterov } => [momentum, f32::from(u8::from(nesterov)), 0.0],
        Rule::RmsProp { rho, epsilon } => [rho, epsilon, 0.0],
        Rule::Adam { beta_1, beta_2, epsilon } => [beta_1, beta_2, epsilon],
    };
    let numbers = gradient.meta.shape().num_elements();
    let [a, b, c] = constants;
    let buffers: Vec<_> = [&gradient].into_iter().chain(&tensors).collect();
    launch(
        Shader::Update(rule.slots(), name(rule)),
        numbers,
        &buffers,
        Some([rate, decay, a, b, c, 0.0, 0.0, 0.0]),
    );
    tensors.into_iter().map(Tensor::from_primitive::<Cube>).collect()
}

/// See [`cross_entropy`](super::cross_entropy): loss, correct ones and slopes.
pub(super) fn cross_entropy(
    logits: Tensor<2>,
    weights: &[f32],
    labels: &[u16],
) -> (Tensor<1>, Tensor<1>, Tensor<1>) {
    let classes = logits.dims()[1];
    // Each example's label stands behind its weights, so that they come in one go.
    let rows = weights.chunks_exact(classes).zip(labels);
    let rows = rows.flat_map(|(row, &label)| row.iter().copied().chain([f32::from(label)]));
    let rows: Vec<f32> = rows.collect();
    let rows = TensorData::new(rows, [labels.len(), classes + 1]);
    let [logits, rows] = [logits.clone(), Tensor::<2>::from_data(rows, &logits.device())]
        .map(|tensor| tensor.try_into_primitive::<Cube>())
        .map(|cube| into_contiguous(cube.expect("a plain tensor of a device that is covered")));
    let (loss, correct) = (empty(&logits, [1]), empty(&logits, [1]));
    let slopes = empty(&logits, [labels.len() * classes]);
    let buffers = [&logits, &rows, &loss, &correct, &slopes];
    launch(Shader::CrossEntropy(classes), GROUP as usize, &buffers, None);
    let [loss, correct, slopes] = [loss, correct, slopes].map(Tensor::from_primitive::<Cube>);
    (loss, correct, slopes)
}

/// Bytes on a graphics processor. Clones share them.
#[derive(Clone, Debug)]
pub struct Bytes(CubeTensor);

impl Bytes {
    /// Room for so many; nothing on a device that is not covered, or where it takes no buffer of that
    /// size.
    pub fn new(length: usize, device: &Device) -> Option<Self> {
        if !matches!(place(device), Some(Place::Gpu)) {
            return None;
        }
        let like =
            Tensor::<1>::zeros([1], &device.clone().inner()).try_into_primitive::<Cube>().ok()?;
        let words = length.div_ceil(size_of::<f32>());
        let most = like.client.properties().memory.max_page_size;
        (words as u64 * size_of::<f32>() as u64 <= most).then(|| Self(empty(&like, [words])))
    }

    /// Writes some from `offset` on, a multiple of four.
    pub fn write(&self, offset: usize, bytes: &[u8]) {
        // Buffers are written four bytes at a time.
        let mut bytes = bytes.to_vec();
        bytes.resize(bytes.len().next_multiple_of(size_of::<f32>()), 0);
        let Self(all) = self;
        let after = all.handle.size_in_used() - (offset + bytes.len()) as u64;
        let place = all.handle.clone().offset_start(offset as u64).offset_end(after);
        all.client.write(&place, TensorBytes::from_bytes_vec(bytes));
    }
}

/// How a batch is made of the pictures of a data set, besides what is drawn for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gather {
    /// Height, width and channels: one channel or three.
    pub shape: [usize; 3],
    /// What lies beyond a picture's edge; nothing where pictures are shown as they are.
    pub fill: Option<FillMode>,
    /// Pictures that one of the batch is blended of: one or two.
    pub sources: usize,
    /// Values are divided by 255, and not multiplied by a constant.
    pub by_255: bool,
}

impl Gather {
    /// Numbers that are drawn for each source: its number in the data set; its share; the two rows of
    /// its map, of a place's row, its column and one; the factor of brightness, or -1; how far
    /// brightness, saturation and hue go; where what is cut out begins and ends, in rows, then in
    /// columns.
    pub const DRAWN: usize = 16;

    /// By the names that the shader has for them.
    fn constants(&self) -> String {
        let Self { shape: [height, width, channels], fill, sources, by_255 } = self;
        let modes = [FillMode::Nearest, FillMode::Constant, FillMode::Reflect, FillMode::Wrap];
        let names = ["NEAREST", "CONSTANT", "REFLECT", "WRAP"];
        let mode = modes.iter().position(|mode| *fill == Some(*mode)).unwrap_or(0);
        let modes = names.iter().enumerate().map(|(number, name)| (*name, number));
        let numbers = [
            ("HEIGHT", *height),
            ("WIDTH", *width),
            ("CHANNELS", *channels),
            ("SOURCES", *sources),
            ("DRAWN", Self::DRAWN),
            ("FILL", mode),
        ];
        let mut all = String::new();
        for (name, number) in numbers.into_iter().chain(modes) {
            let _ = writeln!(all, "const {name} = {number}u;");
        }
        let _ = writeln!(all, "const AUGMENTED = {};\nconst BY_255 = {by_255};", fill.is_some());
        all
    }

    /// The pictures `[batch, channels, height, width]`. The constants are a factor, the value beyond
    /// the edge, the means that are subtracted and the deviations that then divide, of each channel.
    pub fn run(self, bytes: &Bytes, drawn: Vec<f32>, constants: [f32; 8]) -> Tensor<4> {
        let Bytes(bytes) = bytes;
        let [height, width, channels] = self.shape;
        let batch = drawn.len() / (Self::DRAWN * self.sources);
        let (client, device) = (bytes.client.clone(), bytes.device.clone());
        let (numbers, drawn) = (Shape::from([drawn.len()]), TensorBytes::from_elems(drawn));
        let drawn = client.create(drawn);
        let drawn = CubeTensor::new_contiguous(client, device, numbers, drawn, DType::F32);
        let output = empty(bytes, [batch, height, width, channels]);
        let buffers = [bytes, &drawn, &output];
        launch(Shader::Gather(self), batch * height * width, &buffers, Some(constants));
        Tensor::from_primitive::<Cube>(output).permute([0, 3, 1, 2])
    }
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::Descent => "descent",
        Rule::Momentum { .. } => "momentum",
        Rule::RmsProp { .. } => "rms_prop",
        Rule::Adam { .. } => "adam",
    }
}

fn batch(pictures: &CubeTensor) -> usize {
    pictures.meta.shape()[0]
}

/// Memory for numbers, on the same device.
fn empty<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    let shape = Shape::from(shape);
    let handle = like.client.empty(shape.num_elements() * size_of::<f32>());
    CubeTensor::new_contiguous(like.client.clone(), like.device.clone(), shape, handle, DType::F32)
}

/// Lets so many threads run.
fn launch(shader: Shader, threads: usize, buffers: &[&CubeTensor], constants: Option<[f32; 8]>) {
    let groups = (threads as u32).div_ceil(GROUP);
    let count = CubeCount::Static(groups.min(MOST_GROUPS), groups.div_ceil(MOST_GROUPS), 1);
    let mut arguments = KernelArguments::new();
    for buffer in buffers {
        arguments = arguments.with_buffer(buffer.handle.clone().binding());
    }
    if let Some(constants) = constants {
        let words = constants
            .chunks_exact(2)
            .map(|two| u64::from(two[0].to_bits()) | u64::from(two[1].to_bits()) << 32);
        arguments = arguments.with_info(MetadataBindingInfo::custom(words.collect()));
    }
    let kernel = SourceKernel::new(shader, CubeDim::new_1d(GROUP));
    buffers[0].client.launch(Box::new(kernel), count, arguments);
}

/// One of them, with what is written into its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shader {
    Forward(Block),
    Choose(Block),
    Rectify,
    Spread(Block),
    ByKernel(Block),
    Total(Block),
    ByPictures(Block),
    /// The classes.
    CrossEntropy(usize),
    /// The slots, and the rule's name.
    Update(usize, &'static str),
    Gather(Gather),
}

impl KernelSource for Shader {
    fn source(&self) -> SourceTemplate {
        SourceTemplate::new(self.text())
    }

    fn id(&self) -> KernelId {
        let group = Dim3::new_1d(GROUP);
        KernelId::new::<Self>().info(self.clone()).cube_dim(group)
    }

    fn lang(&self) -> &'static str {
        "wgsl"
    }
}

impl Shader {
    /// Its text: the constants of a block, and what stands in a file.
    fn text(&self) -> String {
        let (block, text) = match self {
            Self::Forward(block) => (Some(block), include_str!("gpu/forward.wgsl")),
            Self::Choose(block) => (Some(block), include_str!("gpu/choose.wgsl")),
            Self::Rectify => (None, include_str!("gpu/rectify.wgsl")),
            Self::Spread(block) => (Some(block), include_str!("gpu/spread.wgsl")),
            Self::ByKernel(block) => (Some(block), include_str!("gpu/by_kernel.wgsl")),
            Self::Total(block) => (Some(block), include_str!("gpu/total.wgsl")),
            Self::ByPictures(block) => (Some(block), include_str!("gpu/by_pictures.wgsl")),
            Self::CrossEntropy(_) => (None, include_str!("gpu/cross_entropy.wgsl")),
            Self::Update(..) => (None, include_str!("gpu/update.wgsl")),
            Self::Gather(_) => (None, include_str!("gpu/gather.wgsl")),
        };
        let mut all = format!("const GROUP = {GROUP}u;\nconst ROW = {}u;\n", MOST_GROUPS * GROUP);
        if let Some(block) = block {
            all += &constants(block);
        }
        if let Self::CrossEntropy(classes) = self {
            let _ = writeln!(all, "const CLASSES = {classes}u;");
        }
        if let Self::Gather(gather) = self {
            all += &gather.constants();
        }
        let (slots, rule) = match self {
            Self::Update(slots, rule) => (*slots, *rule),
            _ => (0, ""),
        };
        for line in text.lines() {
            let (when, line) = match line.strip_prefix('?') {
                Some(rest) => rest.split_once(' ').unwrap_or((rest, "")),
                None => ("", line),
            };
            let wanted = match when {
                "" => true,
                "one" => slots >= 1,
                "two" => slots >= 2,
                when => when == rule,
            };
            match line.trim_start().strip_prefix('*') {
                _ if !wanted => {}
                Some(line) => (0..TILE).for_each(|tile| {
                    all += &line.replace('#', &tile.to_string());
                    all.push('\n');
                }),
                None => {
                    all += line;
                    all.push('\n');
                }
            }
        }
        all
    }
}

/// The sizes of a block, by the names that the shaders have for them.
fn constants(block: &Block) -> String {
    let [height, width, channels] = block.input;
    let [tall, wide] = block.convolved();
    let [out_tall, out_wide, filters] = block.output();
    let [[top, _], [left, _]] = block.padding;
    let area = block.kernel[0] * block.kernel[1];
    // From filter to filter, from channel to channel and from place to place of a kernel.
    let steps = match block.order {
        Order::FiltersFirst => [channels * area, area, 1],
        Order::FiltersLast => [1, filters, channels * filters],
    };
    let pool = block
        .pool
        .map_or([1; 4], |pool| [pool.size[0], pool.size[1], pool.strides[0], pool.strides[1]]);
    let named = [
        ("HEIGHT", height),
        ("WIDTH", width),
        ("CHANNELS", channels),
        ("FILTERS", filters),
        ("KERNEL_HEIGHT", block.kernel[0]),
        ("KERNEL_WIDTH", block.kernel[1]),
        ("STRIDE_DOWN", block.strides[0]),
        ("STRIDE_ACROSS", block.strides[1]),
        ("DILATION_DOWN", block.dilation[0]),
        ("DILATION_ACROSS", block.dilation[1]),
        ("TOP", top),
        ("LEFT", left),
        ("TALL", tall),
        ("WIDE", wide),
        ("OUT_TALL", out_tall),
        ("OUT_WIDE", out_wide),
        ("BY_FILTER", steps[0]),
        ("BY_CHANNEL", steps[1]),
        ("BY_PLACE", steps[2]),
        ("POOL_HEIGHT", pool[0]),
        ("POOL_WIDTH", pool[1]),
        ("POOL_DOWN", pool[2]),
        ("POOL_ACROSS", pool[3]),
    ];
    let mut text = format!("const RECTIFY = {};\n", block.rectify == Rectify::Relu);
    for (name, value) in named {
        let _ = writeln!(text, "const {name} = {value}u;");
    }
    text
}
