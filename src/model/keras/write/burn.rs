//! A spec as Rust with Burn.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::{Layer, Net, Window, flag, float, number, text};
use crate::error::{Error, Result};
use crate::model::keras::Experiment;
use crate::model::keras::classes;
use crate::model::keras::shapes::{self, Shape};

/// Names that a field, or a variable of `forward`, must not hide.
const RESERVED: &[&str] = &[
    "as",
    "async",
    "await",
    "break",
    "const",
    "continue",
    "crate",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "abstract",
    "become",
    "box",
    "do",
    "final",
    "macro",
    "override",
    "priv",
    "typeof",
    "unsized",
    "virtual",
    "yield",
    "try",
    "gen",
    "x",
    "device",
    "init",
    "forward",
    "activation",
    "conv2d_of",
    "linear_of",
    "filled",
    "glorot",
];

/// Writes an experiment's net as Rust with Burn 0.22: a module `Model` with `init` and
/// `forward`. The optimizer and the loss are the caller's.
///
/// # Errors
/// `spec` where the experiment's spec is none, or has a layer that Burn's modules cannot be.
pub fn burn(experiment: &Experiment) -> Result<String> {
    let net = Net::of(experiment)?;
    let names = net.identifiers(RESERVED);
    let straight = net.is_straight();
    let (mut fields, mut made, mut forward) = (String::new(), String::new(), String::new());
    let mut uses: Vec<&'static str> = Vec::new();
    for (at, layer) in net.layers.iter().enumerate() {
        let input = net.shape_of(layer.inputs[0]);
        let code = module(layer, input, &names[at]).map_err(|error| error.layer(&layer.name))?;
        for (name, class, value) in &code.made {
            let _ = writeln!(fields, "    {name}: {class},");
            // Without gradients, and a batch normalisation by its moving statistics.
            let end = if layer.is_frozen() { ".freeze()" } else { "" };
            let _ = writeln!(made, "            {name}: {value}{end},");
            uses.push(class);
        }
        let takers = |input: &Option<usize>| {
            net.layers.iter().flat_map(|layer| &layer.inputs).filter(|one| *one == input).count()
        };
        // Tensors are counted references: a value that several layers take is cloned.
        let from = |input: &Option<usize>| match input {
            Some(input) if !straight => {
                let clone = if takers(&Some(*input)) > 1 { ".clone()" } else { "" };
                format!("{}{clone}", names[*input])
            }
            _ if !straight && takers(&None) > 1 => "x.clone()".to_owned(),
            _ => "x".to_owned(),
        };
        let into = if straight { "x" } else { names[at].as_str() };
        let all: Vec<String> = layer.inputs.iter().map(from).collect();
        let mut value = all[0].clone();
        for step in &code.steps {
            let step = step
                .replace("{all}", &all.join(", "))
                .replace("{sum}", &all.join(" + "))
                .replace("{}", &value);
            let _ = writeln!(forward, "        let {into} = {step};");
            value = into.to_owned();
        }
        if code.steps.is_empty() && value != into {
            let _ = writeln!(forward, "        let {into} = {value};");
        }
    }
    let end = net.layers.last().map_or(Shape::Vector(1), |layer| layer.shape);
    let rank = if matches!(end, Shape::Vector(_)) { 2 } else { 4 };
    let output = if straight { "x" } else { names.last().map_or("x", String::as_str) };
    // The last value is the function's.
    let start = format!("        let {output} = ");
    let last = forward.trim_end().rfind('\n').map_or(0, |at| at + 1);
    let output = match forward[last..].trim_end().strip_prefix(&start) {
        Some(value) => value.trim_end_matches(';').to_owned(),
        None => output.to_owned(),
    };
    if output.contains('(') || output.contains('.') {
        forward.truncate(last);
    }
    let ([height, width, channels], params) = (net.input, net.params());
    let mut out = String::new();
    imports(&uses, &format!("{forward}{output}"), &mut out);
    let (from, attribute) = (base_weights(&net), "#[derive(Module, Debug)]");
    let _ = write!(
        out,
        "\n/// Takes pictures of `[batch, {channels}, {height}, {width}]`; has {params} parameters, as Keras counts\n/// them.{from}\n{attribute}\npub struct Model {{\n{fields}}}\n\nimpl Model {{\n    /// A net with fresh \
         weights.\n    pub fn init(device: &Device) -> Self {{\n        Self {{\n{made}        \
         }}\n    }}\n\n    /// The output for a batch of pictures.\n    pub fn forward(&self, x: \
         Tensor<4>) -> Tensor<{rank}> {{\n{forward}        {output}\n    }}\n}}\n"
    );
    if !made.contains("device") {
        out = out.replace("init(device: &Device)", "init(_device: &Device)");
    }
    helpers(&uses, &made, &mut out);
    Ok(out)
}

/// Where a base's weights come from, for those who read the module.
fn base_weights(net: &Net) -> String {
    net.base().map_or(String::new(), |base| {
        format!(
            "\n///\n/// {}'s weights are not in this text: export this network as safetensors in the \
             lab, and\n/// load them.",
            base.class()
        )
    })
}

/// The `use` lines of what is named.
fn imports(uses: &[&str], forward: &str, out: &mut String) {
    let used = |class: &str| uses.contains(&class);
    out.push_str("use burn::module::Module;\n");
    let mut nn: Vec<&str> = Vec::new();
    if used("BatchNorm") {
        nn.extend(["BatchNorm", "BatchNormConfig"]);
    }
    if used("Dropout") {
        nn.extend(["Dropout", "DropoutConfig"]);
    }
    if used("Conv2d") || used("Linear") {
        nn.push("Initializer");
    }
    if used("Linear") {
        nn.extend(["Linear", "LinearConfig"]);
    }
    if used("Conv2d") || used("MaxPool2d") || used("AvgPool2d") {
        nn.push("PaddingConfig2d");
    }
    if used("Conv2d") {
        out.push_str("use burn::nn::conv::{Conv2d, Conv2dConfig};\n");
    }
    if used("Interpolate2d") {
        out.push_str(
            "use burn::nn::interpolate::{Interpolate2d, Interpolate2dConfig, InterpolateMode};\n",
        );
    }
    let mut pool = Vec::new();
    if used("AvgPool2d") {
        pool.extend(["AvgPool2d", "AvgPool2dConfig"]);
    }
    if used("MaxPool2d") {
        pool.extend(["MaxPool2d", "MaxPool2dConfig"]);
    }
    if !pool.is_empty() {
        let _ = writeln!(out, "use burn::nn::pool::{{{}}};", pool.join(", "));
    }
    if !nn.is_empty() {
        let _ = writeln!(out, "use burn::nn::{{{}}};", nn.join(", "));
    }
    let activation = if forward.contains("activation::") { ", activation" } else { "" };
    if forward.contains("PadMode::") {
        out.push_str("use burn::tensor::ops::PadMode;\n");
    }
    let _ = writeln!(out, "use burn::tensor::{{Device, Tensor{activation}}};");
}

/// Functions that make a layer with Keras's kernel and bias.
fn helpers(uses: &[&str], made: &str, out: &mut String) {
    if uses.contains(&"Conv2d") {
        out.push_str(
            "\n/// A convolution whose kernel and bias are filled apart, as Keras does.\nfn \
             conv2d_of(config: Conv2dConfig, bias: Initializer, device: &Device) -> Conv2d {\n    \
             let mut layer = config.init(device);\n    layer.bias = layer.bias.map(|old| \
             bias.init(old.dims(), device));\n    layer\n}\n",
        );
    }
    if uses.contains(&"Linear") {
        out.push_str(
            "\n/// A dense layer whose kernel and bias are filled apart, as Keras does.\nfn \
             linear_of(config: LinearConfig, bias: Initializer, device: &Device) -> Linear {\n    \
             let mut layer = config.init(device);\n    layer.bias = layer.bias.map(|old| \
             bias.init(old.dims(), device));\n    layer\n}\n",
        );
    }
    if made.contains("glorot()") {
        out.push_str(
            "\n/// Keras's `glorot_uniform`.\nfn glorot() -> Initializer {\n    \
             Initializer::XavierUniform { gain: 1.0 }\n}\n",
        );
    }
}

/// Fields of the module (name, class, value) and steps of `forward`, in which `{}` stands for
/// the value so far, `{all}` for all inputs and `{sum}` for their sum.
#[derive(Default)]
struct Code {
    made: Vec<(String, &'static str, String)>,
    steps: Vec<String>,
}

fn activation(name: &str) -> Option<&'static str> {
    Some(match name {
        "relu" => "activation::relu({})",
        "sigmoid" => "activation::sigmoid({})",
        "tanh" => "activation::tanh({})",
        "softmax" => "activation::softmax({}, 1)",
        "elu" => "activation::elu({}, 1.0)",
        "selu" => "activation::selu({})",
        "gelu" => "activation::gelu({})",
        "silu" => "activation::silu({})",
        "leaky_relu" => "activation::leaky_relu({}, 0.2)",
        "relu6" => "activation::relu6({})",
        "softplus" => "activation::softplus({}, 1.0)",
        "exponential" => "{}.exp()",
        "hard_sigmoid" => "activation::hard_sigmoid({}, 1.0 / 6.0, 0.5)",
        _ => return None,
    })
}

/// Keras's initialiser in Burn's words.
fn initializer(options: &Map<String, Json>, field: &str) -> Result<String> {
    let value = &options[field];
    let name = match value {
        Json::Object(map) => text(map, "name"),
        other => other.as_str().unwrap_or_default(),
    };
    let option = |field: &str, default: f64| float(value[field].as_f64().unwrap_or(default));
    let gain = |kind: &str, gain: &str| {
        format!("Initializer::{kind} {{ gain: {gain}, fan_out_only: false }}")
    };
    Ok(match name {
        "glorot_uniform" => "glorot()".into(),
        "glorot_normal" => "Initializer::XavierNormal { gain: 1.0 }".into(),
        "he_uniform" => gain("KaimingUniform", "std::f64::consts::SQRT_2"),
        "he_normal" => gain("KaimingNormal", "std::f64::consts::SQRT_2"),
        "lecun_uniform" => gain("KaimingUniform", "1.0"),
        "lecun_normal" => gain("KaimingNormal", "1.0"),
        "random_uniform" => format!(
            "Initializer::Uniform {{ min: {}, max: {} }}",
            option("minval", -0.05),
            option("maxval", 0.05)
        ),
        "random_normal" | "truncated_normal" => format!(
            "Initializer::Normal {{ mean: {}, std: {} }}",
            option("mean", 0.0),
            option("stddev", 0.05)
        ),
        "constant" => format!("Initializer::Constant {{ value: {} }}", option("value", 0.0)),
        "ones" => "Initializer::Ones".into(),
        "zeros" => "Initializer::Zeros".into(),
        _ => return Err(Error::spec(classes::no_initializer(name, field)).field(field)),
    })
}

/// Burn's order of borders: top, left, bottom, right.
fn padding(window: &Window) -> String {
    let [top, bottom, left, right] = window.padding;
    format!("PaddingConfig2d::Explicit({top}, {left}, {bottom}, {right})")
}

fn conv2d(
    channels: [u64; 2],
    groups: u64,
    window: &Window,
    bias: bool,
    kernel: &str,
    options: &Map<String, Json>,
) -> Result<String> {
    let mut config = format!("Conv2dConfig::new({channels:?}, {:?})", window.kernel);
    if window.strides != [1, 1] {
        let _ = write!(config, ".with_stride({:?})", window.strides);
    }
    if window.dilation != [1, 1] {
        let _ = write!(config, ".with_dilation({:?})", window.dilation);
    }
    if window.pads() {
        let _ = write!(config, ".with_padding({})", padding(window));
    } else {
        config.push_str(".with_padding(PaddingConfig2d::Valid)");
    }
    if groups != 1 {
        let _ = write!(config, ".with_groups({groups})");
    }
    if !bias {
        config.push_str(".with_bias(false)");
    }
    let _ = write!(config, ".with_initializer({})", initializer(options, kernel)?);
    Ok(format!("conv2d_of({config}, {}, device)", bias_of(bias, options)?))
}

/// The initialiser of a bias; zeros where there is none.
fn bias_of(bias: bool, options: &Map<String, Json>) -> Result<String> {
    if bias { initializer(options, "bias_initializer") } else { Ok("Initializer::Zeros".into()) }
}

fn module(layer: &Layer, input: Shape, name: &str) -> Result<Code> {
    let mut code = Code::default();
    let options = &layer.options;
    let channels = input.channels();
    let call = format!("self.{name}.forward({{}})");
    let bias = flag(options, "use_bias");
    match layer.class.name {
        "Conv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let (filters, groups) =
                (shapes::size(options, "filters")?, shapes::size(options, "groups")?);
            let (sizes, kernel) = ([channels, filters], "kernel_initializer");
            let value = conv2d(sizes, groups, &window, bias, kernel, options)?;
            code.made.push((name.into(), "Conv2d", value));
            code.steps.push(call);
        }
        "DepthwiseConv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let filters = channels * shapes::size(options, "depth_multiplier")?;
            let (sizes, kernel) = ([channels, filters], "depthwise_initializer");
            let value = conv2d(sizes, channels, &window, bias, kernel, options)?;
            code.made.push((name.into(), "Conv2d", value));
            code.steps.push(call);
        }
        "SeparableConv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let between = channels * shapes::size(options, "depth_multiplier")?;
            let filters = shapes::size(options, "filters")?;
            let (sizes, kernel) = ([channels, between], "depthwise_initializer");
            let depthwise = conv2d(sizes, channels, &window, false, kernel, options)?;
            let point =
                Window { kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: [0; 4] };
            let (sizes, kernel) = ([between, filters], "pointwise_initializer");
            let pointwise = conv2d(sizes, 1, &point, bias, kernel, options)?;
            code.made.push((format!("{name}_depthwise"), "Conv2d", depthwise));
            code.made.push((name.into(), "Conv2d", pointwise));
            code.steps.push(format!("self.{name}_depthwise.forward({{}})"));
            code.steps.push(call);
        }
        "Dense" => {
            let mut config =
                format!("LinearConfig::new({channels}, {})", shapes::size(options, "units")?);
            if !bias {
                config.push_str(".with_bias(false)");
            }
            let kernel = initializer(options, "kernel_initializer")?;
            let _ = write!(config, ".with_initializer({kernel})");
            let bias = bias_of(bias, options)?;
            code.made.push((name.into(), "Linear", format!("linear_of({config}, {bias}, device)")));
            code.steps.push(call);
        }
        class @ ("MaxPooling2D" | "AveragePooling2D") => {
            let window = Window::of(options, "pool_size", input)?;
            let module = if class == "MaxPooling2D" { "MaxPool2d" } else { "AvgPool2d" };
            let mut config = format!(
                "{module}Config::new({:?}).with_strides({:?})",
                window.kernel, window.strides
            );
            let border =
                if window.pads() { padding(&window) } else { "PaddingConfig2d::Valid".into() };
            let _ = write!(config, ".with_padding({border})");
            if class == "AveragePooling2D" {
                // Keras leaves the border out of the mean.
                config.push_str(".with_count_include_pad(false)");
            }
            code.made.push((name.into(), module, format!("{config}.init()")));
            code.steps.push(call);
        }
        class @ ("GlobalMaxPooling2D" | "GlobalAveragePooling2D") => {
            let of = if class.contains("Max") { "max_dim" } else { "mean_dim" };
            code.steps.push(format!("{{}}.{of}(3).{of}(2)"));
            if !flag(options, "keepdims") {
                code.steps.push("{}.flatten::<2>(1, 3)".into());
            }
        }
        "Flatten" => {
            if let Shape::Image(_) = input {
                // Keras flattens height, width, channels.
                code.steps.push("{}.permute([0, 2, 3, 1]).flatten::<2>(1, 3)".into());
            }
        }
        class @ ("Dropout" | "SpatialDropout2D") => {
            let rate = float(number(options, "rate"));
            code.made.push((name.into(), "Dropout", format!("DropoutConfig::new({rate}).init()")));
            if class == "Dropout" {
                code.steps.push(call);
            } else {
                // One draw a channel.
                code.steps.push(format!(
                    "{{ let whole = {{}}; let [batch, channels, _, _] = whole.dims(); let mask = \
                     Tensor::<4>::ones([batch, channels, 1, 1], &whole.device()); whole * \
                     self.{name}.forward(mask) }}"
                ));
            }
        }
        "BatchNormalization" => {
            if !(flag(options, "center") && flag(options, "scale")) {
                return Err(Error::spec(
                    "Burn's BatchNorm always has both center and scale; this layer cannot be \
                     written.",
                )
                .field(if flag(options, "center") { "scale" } else { "center" }));
            }
            // Burn's momentum is the share of the new.
            let momentum = ((1.0 - number(options, "momentum")) * 1e9).round() / 1e9;
            let value = format!(
                "BatchNormConfig::new({channels}).with_epsilon({}).with_momentum({}).init(device)",
                float(number(options, "epsilon")),
                float(momentum)
            );
            code.made.push((name.into(), "BatchNorm", value));
            code.steps.push(call);
        }
        "ReLU" => code.steps.extend(relu(options)),
        "LeakyReLU" => code.steps.push(format!(
            "activation::leaky_relu({{}}, {})",
            float(number(options, "negative_slope"))
        )),
        "ELU" => {
            code.steps.push(format!("activation::elu({{}}, {})", float(number(options, "alpha"))));
        }
        "Softmax" => code.steps.push("activation::softmax({}, 1)".into()),
        "ZeroPadding2D" => {
            let [top, bottom, left, right] = shapes::borders(options)?;
            code.steps.push(format!(
                "{{}}.pad([({top}, {bottom}), ({left}, {right})], PadMode::Constant(0.0))"
            ));
        }
        "UpSampling2D" => {
            let [rows, columns] = shapes::pair(options, "size")?;
            let mode =
                if text(options, "interpolation") == "bilinear" { "Linear" } else { "Nearest" };
            let value = format!(
                "Interpolate2dConfig::new().with_scale_factor(Some([{}, {}])).with_mode(InterpolateMode::{mode}).with_align_corners(false).init()",
                float(rows as f64),
                float(columns as f64)
            );
            code.made.push((name.into(), "Interpolate2d", value));
            code.steps.push(call);
        }
        "Rescaling" => code.steps.push(format!(
            "{{}} * {} + {}",
            float(number(options, "scale")),
            float(number(options, "offset"))
        )),
        "Normalization" => {
            let (rank, shape) = match input {
                Shape::Image(_) => (4, "[1, -1, 1, 1]"),
                Shape::Vector(_) => (2, "[1, -1]"),
            };
            let list = |field: &str| match &options[field] {
                Json::Array(items) => {
                    let items = items.iter().map(|item| float(item.as_f64().unwrap_or(0.0)));
                    items.collect::<Vec<_>>().join(", ")
                }
                other => float(other.as_f64().unwrap_or(0.0)),
            };
            code.steps.push(format!(
                "{{ let whole = {{}}; let device = whole.device(); let mean = \
                 Tensor::<1>::from_floats([{}], &device).reshape::<{rank}, _>({shape}); let \
                 variance = Tensor::<1>::from_floats([{}], &device).reshape::<{rank}, _>({shape}); \
                 (whole - mean) / variance.sqrt().clamp_min(1e-7) }}",
                list("mean"),
                list("variance")
            ));
        }
        "Add" => code.steps.push("{sum}".into()),
        "Concatenate" => code.steps.push("Tensor::cat(vec![{all}], 1)".into()),
        _ => {}
    }
    code.steps.extend(activation(text(options, "activation")).map(str::to_owned));
    Ok(code)
}

fn relu(options: &Map<String, Json>) -> Vec<String> {
    let (slope, threshold) = (number(options, "negative_slope"), number(options, "threshold"));
    let mut steps = vec![match (slope, threshold) {
        (0.0, 0.0) => "activation::relu({})".into(),
        (slope, threshold) => format!(
            "{{ let whole = {{}}; let below = (whole.clone() - {t}) * {s}; let under = \
             whole.clone().lower_elem({t}); whole.mask_where(under, below) }}",
            t = float(threshold),
            s = float(slope)
        ),
    }];
    if let Some(most) = options.get("max_value").and_then(Json::as_f64) {
        steps.push(format!("{{}}.clamp_max({})", float(most)));
    }
    steps
}
