// Back through a rectifier.
@group(0) @binding(0) var<storage, read_write> output: array<f32>;
@group(0) @binding(1) var<storage, read_write> by_output: array<f32>;
@group(0) @binding(2) var<storage, read_write> slopes: array<f32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    if number >= arrayLength(&slopes) { return; }
    slopes[number] = select(by_output[number], 0.0, output[number] <= 0.0);
}
