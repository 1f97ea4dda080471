// Back through a pooling and the rectifier before it: each slope goes to the number that was chosen.
@group(0) @binding(0) var<storage, read_write> output: array<f32>;
@group(0) @binding(1) var<storage, read_write> chosen: array<f32>;
@group(0) @binding(2) var<storage, read_write> by_output: array<f32>;
@group(0) @binding(3) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    if number >= arrayLength(&slopes) { return; }
    let filter_at = number % FILTERS;
    let pixel = number / FILTERS;
    let row = pixel / WIDE % TALL;
    let column = pixel % WIDE;
    let picture = pixel / (WIDE * TALL) * OUT_TALL;
    // The windows that this number is in.
    let first_row = select(0u, (row + POOL_DOWN - POOL_HEIGHT) / POOL_DOWN, row >= POOL_HEIGHT);
    let first_column = select(0u, (column + POOL_ACROSS - POOL_WIDTH) / POOL_ACROSS, column >= POOL_WIDTH);
    var sum = 0.0;
    for (var y = first_row; y <= min(row / POOL_DOWN, OUT_TALL - 1u); y++) {
        for (var x = first_column; x <= min(column / POOL_ACROSS, OUT_WIDE - 1u); x++) {
            let at = ((picture + y) * OUT_WIDE + x) * FILTERS + filter_at;
            let own = (row - y * POOL_DOWN) * POOL_WIDTH + column - x * POOL_ACROSS;
            let silent = RECTIFY & (output[at] <= 0.0);
            if (u32(chosen[at]) == own) & !silent { sum += by_output[at]; }
        }
    }
    slopes[number] = sum;
}
