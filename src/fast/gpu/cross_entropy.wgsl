// Softmax and cross-entropy with their gradient: src/kernels/softmax.rs in Rust. One group for all.
@group(0) @binding(0) var<storage, read_write> logits: array<f32>;
// The weights of an example's classes, and its label.
@group(0) @binding(1) var<storage, read_write> rows: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> correct: array<f32>;
@group(0) @binding(4) var<storage, read_write> slopes: array<f32>;

var<workgroup> losses: array<f32, GROUP>;
var<workgroup> hits: array<f32, GROUP>;

@compute @workgroup_size(GROUP)
fn main(@builtin(local_invocation_index) thread: u32) {
    var own_loss = 0.0;
    var own_hits = 0.0;
    for (var example = thread; example < arrayLength(&slopes) / CLASSES; example += GROUP) {
        let at = example * CLASSES;
        let row = example * (CLASSES + 1u);
        var place = 0u;
        var most = logits[at];
        for (var class_at = 1u; class_at < CLASSES; class_at++) {
            if logits[at + class_at] > most { most = logits[at + class_at]; place = class_at; }
        }
        var sum = 0.0;
        var whole = 0.0;
        for (var class_at = 0u; class_at < CLASSES; class_at++) {
            sum += exp(logits[at + class_at] - most);
            whole += rows[row + class_at];
        }
        let all = log(sum) + most;
        for (var class_at = 0u; class_at < CLASSES; class_at++) {
            let logit = logits[at + class_at];
            let weight = rows[row + class_at];
            own_loss += weight * (all - logit);
            slopes[at + class_at] = exp(logit - most) / sum * whole - weight;
        }
        if u32(rows[row + CLASSES]) == place { own_hits += 1.0; }
    }
    losses[thread] = own_loss;
    hits[thread] = own_hits;
    workgroupBarrier();
    if thread == 0u {
        for (var other = 1u; other < GROUP; other++) { own_loss += losses[other]; own_hits += hits[other]; }
        loss[0] = own_loss;
        correct[0] = own_hits;
    }
}
