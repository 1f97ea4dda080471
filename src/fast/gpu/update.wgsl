// An optimizer's step: src/kernels/update.rs has the formulas in Rust.
@group(0) @binding(0) var<storage, read_write> gradients: array<f32>;
@group(0) @binding(1) var<storage, read_write> weights: array<f32>;
?one @group(0) @binding(2) var<storage, read_write> first_slot: array<f32>;
?two @group(0) @binding(3) var<storage, read_write> second_slot: array<f32>;

struct Constants { rate: f32, decay: f32, a: f32, b: f32, c: f32, d: f32, e: f32, f: f32 }
?descent @group(0) @binding(2) var<uniform> constants: Constants;
?momentum @group(0) @binding(3) var<uniform> constants: Constants;
?rms_prop @group(0) @binding(3) var<uniform> constants: Constants;
?adam @group(0) @binding(4) var<uniform> constants: Constants;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    if number >= arrayLength(&gradients) { return; }
    let gradient = gradients[number];
    var weight = weights[number];
    weight -= weight * constants.decay;
    let rate = constants.rate;
?descent    weight -= gradient * rate;
?momentum    let step = gradient * rate;
?momentum    let velocity = first_slot[number] * constants.a - step;
?momentum    first_slot[number] = velocity;
?momentum    weight += select(velocity, velocity * constants.a - step, constants.b > 0.0);
?rms_prop    let square = first_slot[number] * constants.a + gradient * gradient * (1.0 - constants.a);
?rms_prop    first_slot[number] = square;
?rms_prop    weight -= gradient * rate / sqrt(square + constants.b);
?adam    let mean = first_slot[number] * constants.a + gradient * (1.0 - constants.a);
?adam    let square = second_slot[number] * constants.b + gradient * gradient * (1.0 - constants.b);
?adam    first_slot[number] = mean;
?adam    second_slot[number] = square;
?adam    weight -= mean * rate / (sqrt(square) + constants.c);
    weights[number] = weight;
}
