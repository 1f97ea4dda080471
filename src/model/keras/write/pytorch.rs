//! A spec as Python with PyTorch.

mod freeze;
mod training;

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::{Layer, Net, Window, flag, float, number, text};
use crate::error::{Error, Result};
use crate::model::keras::Experiment;
use crate::model::keras::classes;
use crate::model::keras::shapes::{self, Shape};

/// Names that an attribute of the module, or a variable of `forward`, must not hide.
const RESERVED: &[&str] = &[
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "torch",
    "nn",
    "self",
    "x",
    "forward",
    "train",
    "eval",
    "training",
    "half",
    "double",
    "float",
    "type",
    "to",
    "apply",
    "modules",
    "children",
    "parameters",
    "buffers",
    "cpu",
    "cuda",
    "compile",
    "register_parameter",
    "add_module",
    "state_dict",
    "share_memory",
    "bfloat16",
    "penalty",
    "ipu",
    "xpu",
    "extra_repr",
    "zero_grad",
    "requires_grad_",
    "dump_patches",
    "get_parameter",
    "get_submodule",
    "get_buffer",
    "register_buffer",
    "register_module",
    "named_parameters",
];

/// Writes an experiment as Python with PyTorch: a module, and the optimizer and a training step
/// where the spec has them.
///
/// # Errors
/// `spec` where the experiment's spec is none.
pub fn pytorch(experiment: &Experiment) -> Result<String> {
    let net = Net::of(experiment)?;
    let names = names(&net);
    let mut made = String::new();
    let mut forward = String::new();
    for (at, layer) in net.layers.iter().enumerate() {
        let input = net.shape_of(layer.inputs[0]);
        let code = module(layer, input, &names[at]).map_err(|error| error.layer(&layer.name))?;
        for line in &code.made {
            let _ = writeln!(made, "        {line}");
        }
        let from = |input: &Option<usize>| match input {
            _ if net.is_straight() => "x".to_owned(),
            Some(input) => names[*input].clone(),
            None => "x".into(),
        };
        let into = if net.is_straight() { "x" } else { names[at].as_str() };
        let inputs: Vec<String> = layer.inputs.iter().map(from).collect();
        // `_` stands for the value so far, `*` for all inputs.
        let mut value = inputs[0].clone();
        for step in &code.steps {
            let step = step.replace("{all}", &inputs.join(", ")).replace("{}", &value);
            let _ = writeln!(forward, "        {into} = {step}");
            value = into.to_owned();
        }
        if code.steps.is_empty() && value != into {
            let _ = writeln!(forward, "        {into} = {value}");
        }
    }
    let ([height, width, channels], params) = (net.input, net.params());
    let mut out = String::from(
        "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\nclass \
         Model(nn.Module):\n",
    );
    let _ = writeln!(
        out,
        "    \"\"\"Takes pictures of [batch, {channels}, {height}, {width}]; has {params} parameters, as Keras counts them.\"\"\"\n\n    def \
         __init__(self):\n        super().__init__()"
    );
    out.push_str(&made);
    let last = names.last().map_or("x", String::as_str);
    let last = if net.is_straight() { "x" } else { last };
    let _ = write!(out, "\n    def forward(self, x):\n{forward}        return {last}\n");
    let penalties = penalties(&net, &names);
    if !penalties.is_empty() {
        out.push_str(
            "\n    def penalty(self):\n        \"\"\"Keras's kernel and bias regularizers, to be \
             added to the loss.\"\"\"\n",
        );
        let _ = writeln!(
            out,
            "        return (\n            {}\n        )",
            penalties.join("\n            + ")
        );
    }
    out.push_str("\n\nmodel = Model()\n");
    base_weights(&net, &mut out);
    let frozen = freeze::freeze(&net, &names, &mut out);
    training::training(&net, experiment, !penalties.is_empty(), frozen, &mut out)?;
    out.truncate(out.trim_end().len());
    out.push('\n');
    if out.contains("math.") {
        out.insert_str(0, "import math\n\n");
    }
    Ok(out)
}

/// Says where a base's weights come from.
fn base_weights(net: &Net, out: &mut String) {
    if let Some(base) = net.base() {
        let class = base.class();
        let _ = writeln!(
            out,
            "# {class}'s weights are not in this text. Export this network as safetensors in the lab, \
             then:\n# model.load_state_dict(safetensors.torch.load_file(\"model.safetensors\"))"
        );
    }
}

/// The attributes of the module, one a layer.
pub(crate) fn names(net: &Net) -> Vec<String> {
    net.identifiers(RESERVED)
}

/// What a layer is made of: lines of `__init__`, and steps of `forward` in which `{}` stands for
/// the value so far and `{all}` for all inputs.
#[derive(Default)]
struct Code {
    made: Vec<String>,
    steps: Vec<String>,
}

fn pair([height, width]: [u64; 2]) -> String {
    if height == width { height.to_string() } else { format!("({height}, {width})") }
}

/// PyTorch's order of borders: left, right, top, bottom.
fn pad([top, bottom, left, right]: [u64; 4]) -> String {
    format!("({left}, {right}, {top}, {bottom})")
}

fn activation(name: &str) -> Option<&'static str> {
    Some(match name {
        "relu" => "F.relu({})",
        "sigmoid" => "torch.sigmoid({})",
        "tanh" => "torch.tanh({})",
        "softmax" => "F.softmax({}, dim=1)",
        "elu" => "F.elu({})",
        "selu" => "F.selu({})",
        "gelu" => "F.gelu({})",
        "silu" => "F.silu({})",
        "leaky_relu" => "F.leaky_relu({}, 0.2)",
        "relu6" => "F.relu6({})",
        "softplus" => "F.softplus({})",
        "exponential" => "torch.exp({})",
        "hard_sigmoid" => "F.hardsigmoid({})",
        _ => return None,
    })
}

/// A convolution: its line, and the padding before it where PyTorch has no word for it.
fn convolution(
    code: &mut Code,
    name: &str,
    channels: [u64; 2],
    groups: u64,
    bias: bool,
    window: &Window,
) {
    let mut arguments = format!("{}, {}, {}", channels[0], channels[1], pair(window.kernel));
    if window.strides != [1, 1] {
        let _ = write!(arguments, ", stride={}", pair(window.strides));
    }
    if window.pads() && window.is_even() {
        let _ = write!(arguments, ", padding={}", pair([window.padding[0], window.padding[2]]));
    } else if window.pads() {
        // Keras's `same` puts the odd zero at the bottom and right.
        code.steps.push(format!("F.pad({{}}, {})", pad(window.padding)));
    }
    if window.dilation != [1, 1] {
        let _ = write!(arguments, ", dilation={}", pair(window.dilation));
    }
    if groups != 1 {
        let _ = write!(arguments, ", groups={groups}");
    }
    if !bias {
        arguments.push_str(", bias=False");
    }
    code.made.push(format!("self.{name} = nn.Conv2d({arguments})"));
    code.steps.push(format!("self.{name}({{}})"));
}

/// A line that fills a weight as Keras does.
fn initialise(
    code: &mut Code,
    weight: &str,
    options: &Map<String, Json>,
    field: &str,
) -> Result<()> {
    let value = &options[field];
    let name = match value {
        Json::Object(map) => text(map, "name").to_owned(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let option = |field: &str, default: f64| float(value[field].as_f64().unwrap_or(default));
    let call = match name.as_str() {
        "glorot_uniform" => format!("xavier_uniform_({weight})"),
        "glorot_normal" => format!("xavier_normal_({weight})"),
        "he_uniform" => format!("kaiming_uniform_({weight}, nonlinearity=\"relu\")"),
        "he_normal" => format!("kaiming_normal_({weight}, nonlinearity=\"relu\")"),
        "lecun_uniform" => format!("kaiming_uniform_({weight}, nonlinearity=\"linear\")"),
        "lecun_normal" => format!("kaiming_normal_({weight}, nonlinearity=\"linear\")"),
        "random_uniform" => {
            format!("uniform_({weight}, {}, {})", option("minval", -0.05), option("maxval", 0.05))
        }
        "random_normal" => {
            format!("normal_({weight}, {}, {})", option("mean", 0.0), option("stddev", 0.05))
        }
        "truncated_normal" => {
            let (mean, deviation) =
                (value["mean"].as_f64().unwrap_or(0.0), value["stddev"].as_f64().unwrap_or(0.05));
            format!(
                "trunc_normal_({weight}, {}, {}, {}, {})",
                float(mean),
                float(deviation),
                float(mean - 2.0 * deviation),
                float(mean + 2.0 * deviation)
            )
        }
        "constant" => format!("constant_({weight}, {})", option("value", 0.0)),
        "ones" => format!("ones_({weight})"),
        "zeros" => format!("zeros_({weight})"),
        other => return Err(Error::spec(classes::no_initializer(other, field)).field(field)),
    };
    code.made.push(format!("nn.init.{call}"));
    Ok(())
}

fn module(layer: &Layer, input: Shape, name: &str) -> Result<Code> {
    let mut code = Code::default();
    let options = &layer.options;
    let channels = input.channels();
    let weights = |code: &mut Code, module: &str, kernel: &str| {
        initialise(code, &format!("self.{module}.weight"), options, kernel)
    };
    let bias = flag(options, "use_bias");
    let fill_bias = |code: &mut Code, module: &str| match bias {
        true => initialise(code, &format!("self.{module}.bias"), options, "bias_initializer"),
        false => Ok(()),
    };
    match layer.class.name {
        "Conv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let filters = shapes::size(options, "filters")?;
            let groups = shapes::size(options, "groups")?;
            convolution(&mut code, name, [channels, filters], groups, bias, &window);
            weights(&mut code, name, "kernel_initializer")?;
            fill_bias(&mut code, name)?;
        }
        "DepthwiseConv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let filters = channels * shapes::size(options, "depth_multiplier")?;
            convolution(&mut code, name, [channels, filters], channels, bias, &window);
            weights(&mut code, name, "depthwise_initializer")?;
            fill_bias(&mut code, name)?;
        }
        "SeparableConv2D" => {
            let window = Window::of(options, "kernel_size", input)?;
            let between = channels * shapes::size(options, "depth_multiplier")?;
            let filters = shapes::size(options, "filters")?;
            let depthwise = format!("{name}_depthwise");
            convolution(&mut code, &depthwise, [channels, between], channels, false, &window);
            let point =
                Window { kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: [0; 4] };
            convolution(&mut code, name, [between, filters], 1, bias, &point);
            weights(&mut code, &depthwise, "depthwise_initializer")?;
            weights(&mut code, name, "pointwise_initializer")?;
            fill_bias(&mut code, name)?;
        }
        "Dense" => {
            let units = shapes::size(options, "units")?;
            let end = if bias { "" } else { ", bias=False" };
            code.made.push(format!("self.{name} = nn.Linear({channels}, {units}{end})"));
            weights(&mut code, name, "kernel_initializer")?;
            fill_bias(&mut code, name)?;
            code.steps.push(format!("self.{name}({{}})"));
        }
        "MaxPooling2D" | "AveragePooling2D" => {
            let window = Window::of(options, "pool_size", input)?;
            let mut arguments = pair(window.kernel);
            if window.strides != window.kernel {
                let _ = write!(arguments, ", stride={}", pair(window.strides));
            }
            let border = pad(window.padding);
            match (layer.class.name, window.pads()) {
                ("MaxPooling2D", pads) => {
                    if pads {
                        code.steps.push(format!("F.pad({{}}, {border}, value=-torch.inf)"));
                    }
                    code.steps.push(format!("F.max_pool2d({{}}, {arguments})"));
                }
                (_, false) => code.steps.push(format!("F.avg_pool2d({{}}, {arguments})")),
                // Keras leaves the border out of the mean.
                (_, true) => code.steps.push(format!(
                    "F.avg_pool2d(F.pad({{}}, {border}), {arguments}) / \
                     F.avg_pool2d(F.pad(torch.ones_like({{}}), {border}), {arguments})"
                )),
            }
        }
        "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => {
            let keep = if flag(options, "keepdims") { ", keepdim=True" } else { "" };
            let function = if layer.class.name.contains("Max") { "amax" } else { "mean" };
            code.steps.push(format!("{{}}.{function}((2, 3){keep})"));
        }
        "Flatten" => code.steps.push(match input {
            // Keras flattens height, width, channels.
            Shape::Image(_) => "{}.permute(0, 2, 3, 1).flatten(1)".into(),
            Shape::Vector(_) => "{}".into(),
        }),
        "Dropout" | "SpatialDropout2D" => {
            let class = if layer.class.name == "Dropout" { "Dropout" } else { "Dropout2d" };
            code.made.push(format!("self.{name} = nn.{class}({})", float(number(options, "rate"))));
            code.steps.push(format!("self.{name}({{}})"));
        }
        "BatchNormalization" => {
            let class = match input {
                Shape::Image(_) => "BatchNorm2d",
                Shape::Vector(_) => "BatchNorm1d",
            };
            // PyTorch's momentum is the share of the new.
            let momentum = ((1.0 - number(options, "momentum")) * 1e9).round() / 1e9;
            code.made.push(format!(
                "self.{name} = nn.{class}({channels}, eps={}, momentum={})",
                float(number(options, "epsilon")),
                float(momentum)
            ));
            for (option, parameter) in [("scale", "weight"), ("center", "bias")] {
                if !flag(options, option) {
                    code.made
                        .push(format!("self.{name}.register_parameter(\"{parameter}\", None)"));
                }
            }
            code.steps.push(format!("self.{name}({{}})"));
        }
        "ReLU" => code.steps.extend(relu(options)),
        "LeakyReLU" => code
            .steps
            .push(format!("F.leaky_relu({{}}, {})", float(number(options, "negative_slope")))),
        "ELU" => code.steps.push(format!("F.elu({{}}, {})", float(number(options, "alpha")))),
        "Softmax" => code.steps.push("F.softmax({}, dim=1)".into()),
        "ZeroPadding2D" => {
            code.steps.push(format!("F.pad({{}}, {})", pad(shapes::borders(options)?)));
        }
        "UpSampling2D" => {
            let [rows, columns] = shapes::pair(options, "size")?;
            let mode = text(options, "interpolation");
            let corners = if mode == "bilinear" { ", align_corners=False" } else { "" };
            code.steps.push(format!(
                "F.interpolate({{}}, scale_factor=({rows}, {columns}), mode=\"{mode}\"{corners})"
            ));
        }
        "Rescaling" => code.steps.push(format!(
            "{{}} * {} + {}",
            float(number(options, "scale")),
            float(number(options, "offset"))
        )),
        "Normalization" => {
            let shape = match input {
                Shape::Image(_) => "(1, -1, 1, 1)",
                Shape::Vector(_) => "(1, -1)",
            };
            for field in ["mean", "variance"] {
                let value = match &options[field] {
                    Json::Array(_) => options[field].to_string(),
                    other => format!("[{other}]"),
                };
                // Numbers of the text, not of the weights: no state dict has them.
                code.made.push(format!(
                    "self.register_buffer(\"{name}_{field}\", torch.tensor({value}).float().reshape{shape}, persistent=False)"
                ));
            }
            code.steps.push(format!(
                "({{}} - self.{name}_mean) / self.{name}_variance.sqrt().clamp_min(1e-7)"
            ));
        }
        "Add" => code.steps.push("sum([{all}])".into()),
        "Concatenate" => code.steps.push("torch.cat([{all}], dim=1)".into()),
        _ => {}
    }
    code.steps.extend(activation(text(options, "activation")).map(str::to_owned));
    Ok(code)
}

fn relu(options: &Map<String, Json>) -> Vec<String> {
    let (slope, threshold) = (number(options, "negative_slope"), number(options, "threshold"));
    let mut steps = vec![match (slope, threshold) {
        (0.0, 0.0) => "F.relu({})".into(),
        (slope, threshold) => format!(
            "torch.where({{}} >= {t}, {{}}, ({{}} - {t}) * {s})",
            t = float(threshold),
            s = float(slope)
        ),
    }];
    if let Some(most) = options.get("max_value").and_then(Json::as_f64) {
        steps.push(format!("{{}}.clamp(max={})", float(most)));
    }
    steps
}

/// The terms of Keras's regularizers.
fn penalties(net: &Net, names: &[String]) -> Vec<String> {
    let mut terms = Vec::new();
    for (layer, name) in net.layers.iter().zip(names) {
        for option in layer.class.options().filter(|option| layer.class.is_regularizer(option)) {
            let weight = match option {
                "bias_regularizer" => format!("self.{name}.bias"),
                "depthwise_regularizer" if layer.class.name == "SeparableConv2D" => {
                    format!("self.{name}_depthwise.weight")
                }
                _ => format!("self.{name}.weight"),
            };
            let value = &layer.options[option];
            for (part, of) in [("l1", "abs()"), ("l2", "square()")] {
                let share = value[part].as_f64().unwrap_or(0.0);
                if share != 0.0 {
                    terms.push(format!("{} * {weight}.{of}.sum()", float(share)));
                }
            }
        }
    }
    terms
}
