// The largest number of each window of a pooling, and which of them it was: the first such one.
@group(0) @binding(0) var<storage, read_write> maps: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<storage, read_write> chosen: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    if number >= arrayLength(&output) { return; }
    let filter_at = number % FILTERS;
    let pixel = number / FILTERS;
    let top = pixel / OUT_WIDE % OUT_TALL * POOL_DOWN;
    let left = pixel % OUT_WIDE * POOL_ACROSS;
    let row = pixel / (OUT_WIDE * OUT_TALL) * TALL + top;
    var best = maps[(row * WIDE + left) * FILTERS + filter_at];
    var which = 0u;
    for (var y = 0u; y < POOL_HEIGHT; y++) {
        for (var x = 0u; x < POOL_WIDTH; x++) {
            let value = maps[((row + y) * WIDE + left + x) * FILTERS + filter_at];
            if value > best { best = value; which = y * POOL_WIDTH + x; }
        }
    }
    output[number] = best;
    chosen[number] = f32(which);
}
