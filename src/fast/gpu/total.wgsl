// The parts of a kernel's gradient summed, and put into the kernel's own order; the last row is the
// bias's.
@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> by_kernel: array<f32>;
@group(0) @binding(2) var<storage, read_write> by_bias: array<f32>;

const DEPTH = KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
const NUMBERS = (DEPTH + 1u) * FILTERS;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    if number >= NUMBERS { return; }
    var sum = 0.0;
    for (var at = number; at < arrayLength(&sums); at += NUMBERS) { sum += sums[at]; }
    let filter_at = number % FILTERS;
    let depth = number / FILTERS;
    if depth == DEPTH {
        by_bias[filter_at] = sum;
    } else {
        by_kernel[depth / CHANNELS * BY_PLACE + depth % CHANNELS * BY_CHANNEL + filter_at * BY_FILTER] = sum;
    }
}
