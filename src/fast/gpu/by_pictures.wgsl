// A tile of eight pixels and eight channels of the gradient by pictures.
@group(0) @binding(0) var<storage, read_write> slopes: array<f32>;
@group(0) @binding(1) var<storage, read_write> kernel: array<f32>;
@group(0) @binding(2) var<storage, read_write> by_pictures: array<f32>;

const STRIPS = (CHANNELS + 7u) / 8u;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let number = id.x + id.y * ROW;
    let pixels = arrayLength(&by_pictures) / CHANNELS;
    let first = number / STRIPS * 8u;
    if first >= pixels { return; }
    let strip = number % STRIPS * 8u;
    *let channel# = min(strip + #u, CHANNELS - 1u);
    *let pixel# = min(first + #u, pixels - 1u);
    *let row# = i32(pixel# / WIDTH % HEIGHT + TOP);
    *let column# = i32(pixel# % WIDTH + LEFT);
    *let picture# = pixel# / (HEIGHT * WIDTH) * (TALL * WIDE);
    *var low# = vec4f(); var high# = vec4f();
    for (var y = 0u; y < KERNEL_HEIGHT; y++) {
        for (var x = 0u; x < KERNEL_WIDTH; x++) {
            let place = (y * KERNEL_WIDTH + x) * BY_PLACE;
            // The window whose number (y, x) this pixel is, where there is one.
            let down = i32(y * DILATION_DOWN); let across = i32(x * DILATION_ACROSS);
            *let begin# = row# - down; let side# = column# - across;
            *let tall# = begin# / i32(STRIDE_DOWN); let wide# = side# / i32(STRIDE_ACROSS);
            *let fits# = (tall# * i32(STRIDE_DOWN) == begin#) & (wide# * i32(STRIDE_ACROSS) == side#);
            *let inside# = fits# & (u32(begin#) < TALL * STRIDE_DOWN) & (u32(side#) < WIDE * STRIDE_ACROSS);
            *let from# = select(0u, (picture# + u32(tall#) * WIDE + u32(wide#)) * FILTERS, inside#);
            for (var number = 0u; number < FILTERS; number++) {
                let at = place + number * BY_FILTER;
                *let weight# = kernel[at + channel# * BY_CHANNEL];
                let first_four = vec4f(weight0, weight1, weight2, weight3);
                let last_four = vec4f(weight4, weight5, weight6, weight7);
                *let slope# = select(0.0, slopes[from# + number], inside#);
                *low# = fma(vec4f(slope#), first_four, low#); high# = fma(vec4f(slope#), last_four, high#);
            }
        }
    }
    for (var i = 0u; i < min(8u, CHANNELS - strip); i++) {
        *if first + #u < pixels { by_pictures[pixel# * CHANNELS + strip + i] = select(low#[i & 3u], high#[i & 3u], i > 3u); }
    }
}
