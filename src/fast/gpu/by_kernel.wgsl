// A tile of eight numbers of a window and eight filters of the gradient by the kernel, over a part
// of the maps' rows. Below the window's numbers stands a row of ones: the gradient by the bias.
@group(0) @binding(0) var<storage, read_write> pictures: array<f32>;
@group(0) @binding(1) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

const DEPTH = KERNEL_HEIGHT * KERNEL_WIDTH * CHANNELS;
const STRIPS = (FILTERS + 7u) / 8u;
const TILES = (DEPTH + 8u) / 8u * STRIPS;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    let parts = arrayLength(&sums) / ((DEPTH + 1u) * FILTERS);
    let part = number / TILES;
    if part >= parts { return; }
    let strip = number % STRIPS * 8u;
    let first = number % TILES / STRIPS * 8u;
    *let filter# = min(strip + #u, FILTERS - 1u);
    *let depth# = min(first + #u, DEPTH - 1u);
    *let down# = i32(depth# / (KERNEL_WIDTH * CHANNELS) * DILATION_DOWN) - i32(TOP);
    *let across# = i32(depth# / CHANNELS % KERNEL_WIDTH * DILATION_ACROSS) - i32(LEFT);
    *let channel# = i32(depth# % CHANNELS);
    *var low# = vec4f(); var high# = vec4f();
    let rows = arrayLength(&slopes) / (WIDE * FILTERS);
    let each = (rows + parts - 1u) / parts;
    for (var row = part * each; row < min(rows, (part + 1u) * each); row++) {
        let picture = i32(row / TALL * HEIGHT);
        let top = i32(row % TALL * STRIDE_DOWN);
        *let y# = top + down#;
        *let from# = (picture + y#) * i32(WIDTH);
        *let within# = u32(y#) < HEIGHT;
        for (var pixel = 0u; pixel < WIDE; pixel++) {
            let at = (row * WIDE + pixel) * FILTERS;
            *let slope# = slopes[at + filter#];
            let first_four = vec4f(slope0, slope1, slope2, slope3);
            let last_four = vec4f(slope4, slope5, slope6, slope7);
            let left = i32(pixel * STRIDE_ACROSS);
            *let x# = left + across#;
            *let inside# = within# & (u32(x#) < WIDTH);
            *let read# = pictures[u32(select(0, (from# + x#) * i32(CHANNELS) + channel#, inside#))];
            *let value# = select(select(0.0, read#, inside#), 1.0, first + #u == DEPTH);
            *low# = fma(vec4f(value#), first_four, low#); high# = fma(vec4f(value#), last_four, high#);
        }
    }
    for (var i = 0u; i < min(8u, FILTERS - strip); i++) {
        *if first + #u <= DEPTH { sums[(part * (DEPTH + 1u) + first + #u) * FILTERS + strip + i] = select(low#[i & 3u], high#[i & 3u], i > 3u); }
    }
}
