// A batch out of the bytes of a data set: each picture moved, coloured, blended with another and
// standardised as was drawn for it. src/data/augment.rs and src/data/preprocess.rs have the formulas
// in Rust.
@group(0) @binding(0) var<storage, read_write> bytes: array<u32>;
@group(0) @binding(1) var<storage, read_write> drawn: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

struct Constants { rescale: f32, cval: f32, mean_0: f32, mean_1: f32, mean_2: f32, std_0: f32, std_1: f32, std_2: f32 }
@group(0) @binding(3) var<uniform> constants: Constants;

// The two pixels that a coordinate lies between, and how far it is from the first.
struct Near { first: i32, second: i32, part: f32, inside: bool }

fn value(at: u32) -> f32 {
    return f32((bytes[at / 4u] >> (8u * (at % 4u))) & 255u);
}

fn pixel(picture: u32, row: i32, column: i32) -> vec3f {
    let at = ((picture * HEIGHT + u32(row)) * WIDTH + u32(column)) * CHANNELS;
    if CHANNELS == 1u { return vec3f(value(at)); }
    return vec3f(value(at), value(at + 1u), value(at + 2u));
}

fn mirror(at: i32, side: i32) -> i32 {
    let index = ((at % (2 * side)) + 2 * side) % (2 * side);
    return select(2 * side - 1 - index, index, index < side);
}

fn near(coordinate: f32, side: i32) -> Near {
    // A pixel's own place must not fall short of it by rounding.
    var at = round(coordinate * 16384.0) / 16384.0;
    let last = f32(side - 1);
    if at < 0.0 || at > last {
        if FILL == CONSTANT { return Near(0, 0, 0.0, false); }
        if FILL == REFLECT {
            let first = i32(floor(at));
            return Near(mirror(first, side), mirror(first + 1, side), at - floor(at), true);
        }
        if FILL == NEAREST || last == 0.0 {
            at = clamp(at, 0.0, last);
        } else if at < 0.0 {
            at = last - (-at) % last;
        } else {
            at = at % last;
        }
    }
    let first = i32(floor(at));
    return Near(first, min(first + 1, side - 1), at - floor(at), true);
}

fn moved(picture: u32, own: u32, row: f32, column: f32) -> vec3f {
    let y = near(drawn[own + 2u] * row + drawn[own + 3u] * column + drawn[own + 4u], i32(HEIGHT));
    let x = near(drawn[own + 5u] * row + drawn[own + 6u] * column + drawn[own + 7u], i32(WIDTH));
    if !y.inside || !x.inside { return vec3f(constants.cval); }
    let p = pixel(picture, y.first, x.first);
    let q = pixel(picture, y.first, x.second);
    let r = pixel(picture, y.second, x.first);
    let s = pixel(picture, y.second, x.second);
    let top = p + (q - p) * x.part;
    let bottom = r + (s - r) * x.part;
    return top + (bottom - top) * y.part;
}

// Away from grey, or towards it.
fn away_from(grey: f32, by: f32, color: vec3f) -> vec3f {
    return clamp(vec3f(grey) + (1.0 + by) * (color - vec3f(grey)), vec3f(0.0), vec3f(255.0));
}

// How much of a channel's own hue, in sixths of the circle, another hue has.
fn share(hue: f32, own: f32) -> f32 {
    let distance = abs(hue - own);
    return clamp(2.0 - min(distance, 6.0 - distance), 0.0, 1.0);
}

fn turned(color: vec3f, by: f32) -> vec3f {
    let most = max(max(color.x, color.y), color.z);
    let least = min(min(color.x, color.y), color.z);
    let range = most - least;
    if range == 0.0 { return color; }
    var hue = 4.0 + (color.x - color.y) / range;
    if most == color.x {
        hue = (color.y - color.z) / range;
    } else if most == color.y {
        hue = 2.0 + (color.z - color.x) / range;
    }
    hue = hue + 6.0 * by;
    hue = hue - 6.0 * floor(hue / 6.0);
    return vec3f(least) + range * vec3f(share(hue, 0.0), share(hue, 2.0), share(hue, 4.0));
}

// A picture's pixel, from 0 to 255, by what was drawn for it.
fn augmented(which: u32, row: u32, column: u32) -> vec3f {
    let own = which * DRAWN;
    let picture = u32(drawn[own]);
    if !AUGMENTED { return pixel(picture, i32(row), i32(column)); }
    var color = moved(picture, own, f32(row), f32(column));
    let brightness = drawn[own + 8u];
    if brightness >= 0.0 {
        let whole = floor(clamp(color, vec3f(0.0), vec3f(255.0)));
        color = floor(clamp(whole * brightness, vec3f(0.0), vec3f(255.0)));
    }
    if drawn[own + 9u] != 0.0 { color = away_from(0.0, drawn[own + 9u], color); }
    if CHANNELS == 3u {
        let grey = 0.299 * color.x + 0.587 * color.y + 0.114 * color.z;
        if drawn[own + 10u] != 0.0 { color = away_from(grey, drawn[own + 10u], color); }
        if drawn[own + 11u] != 0.0 { color = turned(color, drawn[own + 11u]); }
    }
    let at = vec2f(f32(row), f32(column));
    if at.x >= drawn[own + 12u] && at.x < drawn[own + 13u] && at.y >= drawn[own + 14u] && at.y < drawn[own + 15u] {
        color = vec3f(constants.cval);
    }
    return color;
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
    let at = id.x + id.y * ROW;
    if at >= arrayLength(&output) / CHANNELS { return; }
    let picture = at / (HEIGHT * WIDTH) * SOURCES;
    let row = at / WIDTH % HEIGHT;
    let column = at % WIDTH;
    var color = augmented(picture, row, column);
    if SOURCES == 2u {
        let other = augmented(picture + 1u, row, column);
        color = other + (color - other) * drawn[picture * DRAWN + 1u];
    }
    if BY_255 { color = color / 255.0; } else { color = color * constants.rescale; }
    color = color - vec3f(constants.mean_0, constants.mean_1, constants.mean_2);
    color = color / vec3f(constants.std_0, constants.std_1, constants.std_2);
    output[at * CHANNELS] = color.x;
    if CHANNELS == 3u {
        output[at * CHANNELS + 1u] = color.y;
        output[at * CHANNELS + 2u] = color.z;
    }
}
