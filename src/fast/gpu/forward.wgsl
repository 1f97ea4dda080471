// A tile of eight pixels and eight filters of a convolution, with bias and rectifier.
@group(0) @binding(0) var<storage, read_write> pictures: array<f32>;
@group(0) @binding(1) var<storage, read_write> kernel: array<f32>;
@group(0) @binding(2) var<storage, read_write> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> maps: array<f32>;

const STRIPS = (FILTERS + 7u) / 8u;

fn write(pixel: u32, filter_at: u32, sum: f32) {
    let all = sum + bias[filter_at];
    // What is no number stays none, so that a run that diverges is seen to: max() may hide it.
    maps[pixel * FILTERS + filter_at] = select(all, 0.0, RECTIFY & (all < 0.0));
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    let pixels = arrayLength(&maps) / FILTERS;
    let first = number / STRIPS * 8u;
    if first >= pixels { return; }
    let strip = number % STRIPS * 8u;
    *let filter# = min(strip + #u, FILTERS - 1u);
    *let pixel# = min(first + #u, pixels - 1u);
    *let top# = i32(pixel# / WIDE % TALL * STRIDE_DOWN) - i32(TOP);
    *let left# = i32(pixel# % WIDE * STRIDE_ACROSS) - i32(LEFT);
    *let picture# = i32(pixel# / (TALL * WIDE) * (HEIGHT * WIDTH * CHANNELS));
    *var low# = vec4f(); var high# = vec4f();
    for (var y = 0u; y < KERNEL_HEIGHT; y++) {
        for (var x = 0u; x < KERNEL_WIDTH; x++) {
            let place = (y * KERNEL_WIDTH + x) * BY_PLACE;
            let down = i32(y * DILATION_DOWN); let across = i32(x * DILATION_ACROSS);
            *let row# = top# + down; let column# = left# + across;
            *let inside# = (u32(row#) < HEIGHT) & (u32(column#) < WIDTH);
            *let from# = u32(select(0, picture# + (row# * i32(WIDTH) + column#) * i32(CHANNELS), inside#));
            for (var channel = 0u; channel < CHANNELS; channel++) {
                let at = place + channel * BY_CHANNEL;
                *let weight# = kernel[at + filter# * BY_FILTER];
                let first_four = vec4f(weight0, weight1, weight2, weight3);
                let last_four = vec4f(weight4, weight5, weight6, weight7);
                *let value# = select(0.0, pictures[from# + channel], inside#);
                *low# = fma(vec4f(value#), first_four, low#); high# = fma(vec4f(value#), last_four, high#);
            }
        }
    }
    for (var i = 0u; i < min(8u, FILTERS - strip); i++) {
        *if first + #u < pixels { write(pixel#, strip + i, select(low#[i & 3u], high#[i & 3u], i > 3u)); }
    }
}
