//! ONNX: the network as a graph of operators, with its weights.
//!
//! Pictures go in as `[batch, channels, height, width]`, the order that ONNX's operators know;
//! `same` padding is written out as numbers, since ONNX's own puts the odd pixel elsewhere on
//! some versions.
//!
//! Source: onnx.proto of ONNX 1.17 (IR version 10, opset 21); of its messages only what is
//! written here is declared.

use prost::Message;
use serde_json::{Map, Value as Json};

use super::saved::{Saved, Weight, numbers};
use crate::error::{Error, Result};
use crate::model::keras::shapes::{self, Shape};
use crate::model::keras::write::{Layer, Window, flag, number, text};

const IR_VERSION: i64 = 10;
const OPSET: i64 = 21;
/// `TensorProto.DataType`.
const FLOAT: i32 = 1;
const INT64: i32 = 7;

#[derive(Clone, PartialEq, Message)]
struct ModelProto {
    #[prost(int64, tag = "1")]
    ir_version: i64,
    #[prost(string, tag = "2")]
    producer_name: String,
    #[prost(string, tag = "3")]
    producer_version: String,
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    opset_import: Vec<OperatorSet>,
    #[prost(message, repeated, tag = "14")]
    metadata_props: Vec<Entry>,
}

#[derive(Clone, PartialEq, Message)]
struct OperatorSet {
    #[prost(string, tag = "1")]
    domain: String,
    #[prost(int64, tag = "2")]
    version: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeProto>,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfo>,
}

#[derive(Clone, PartialEq, Message)]
struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, optional, tag = "2")]
    f: Option<f32>,
    #[prost(int64, optional, tag = "3")]
    i: Option<i64>,
    #[prost(bytes, optional, tag = "4")]
    s: Option<Vec<u8>>,
    #[prost(int64, repeated, tag = "8")]
    ints: Vec<i64>,
    /// `AttributeType`.
    #[prost(int32, tag = "20")]
    r#type: i32,
}

#[derive(Clone, PartialEq, Message)]
struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(string, tag = "8")]
    name: String,
    /// Little-endian.
    #[prost(bytes, tag = "9")]
    raw_data: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct ValueInfo {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    r#type: Option<TypeProto>,
}

#[derive(Clone, PartialEq, Message)]
struct TypeProto {
    #[prost(message, optional, tag = "1")]
    tensor_type: Option<TensorType>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorType {
    #[prost(int32, tag = "1")]
    elem_type: i32,
    #[prost(message, optional, tag = "2")]
    shape: Option<TensorShape>,
}

#[derive(Clone, PartialEq, Message)]
struct TensorShape {
    #[prost(message, repeated, tag = "1")]
    dim: Vec<Dimension>,
}

#[derive(Clone, PartialEq, Message)]
struct Dimension {
    #[prost(int64, optional, tag = "1")]
    dim_value: Option<i64>,
    #[prost(string, optional, tag = "2")]
    dim_param: Option<String>,
}

/// An attribute's value.
enum Is<'a> {
    Float(f64),
    Int(i64),
    Ints(Vec<i64>),
    Text(&'a str),
}

/// Writes an ONNX model.
///
/// # Errors
/// `spec` naming the layer that ONNX has no operator for.
pub fn write(saved: &Saved) -> Result<Vec<u8>> {
    let net = &saved.net;
    let mut graph = Graph { layer: String::new(), nodes: Vec::new(), initializers: Vec::new() };
    let mut outputs: Vec<String> = Vec::new();
    for (layer, name) in net.layers.iter().zip(saved.names()) {
        graph.layer = name;
        let inputs = layer.inputs.iter();
        let inputs = inputs.map(|from| from.map_or("input", |at| outputs[at].as_str()).to_owned());
        let inputs: Vec<_> = inputs.collect();
        let shape = net.shape_of(layer.inputs[0]);
        let output = graph
            .layer(layer, inputs, shape, saved.weights(layer))
            .map_err(|error| error.layer(&layer.name))?;
        outputs.push(output);
    }
    // The last value by a name that is always the same.
    let last = outputs.pop().unwrap_or_else(|| "input".into());
    graph.layer = "output".into();
    graph.nodes.push(NodeProto {
        input: vec![last],
        output: vec!["output".into()],
        name: "output".into(),
        op_type: "Identity".into(),
        attribute: Vec::new(),
    });
    let output = net.shape_of(net.layers.len().checked_sub(1));
    let model = ModelProto {
        ir_version: IR_VERSION,
        producer_name: "cnn-lab".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(GraphProto {
            node: graph.nodes,
            name: "cnn-lab".into(),
            initializer: graph.initializers,
            input: vec![value("input", Shape::Image(net.input))],
            output: vec![value("output", output)],
        }),
        opset_import: vec![OperatorSet { domain: String::new(), version: OPSET }],
        metadata_props: vec![
            Entry { key: "classes".into(), value: Json::from(saved.classes.clone()).to_string() },
            Entry { key: "cnn-lab".into(), value: saved.about() },
        ],
    };
    Ok(model.encode_to_vec())
}

/// A value of any number of pictures; channels stand before height and width.
fn value(name: &str, shape: Shape) -> ValueInfo {
    let sizes = match shape {
        Shape::Image([height, width, channels]) => vec![channels, height, width],
        Shape::Vector(length) => vec![length],
    };
    let any = Dimension { dim_value: None, dim_param: Some("batch".into()) };
    let size = |size| Dimension { dim_value: Some(size as i64), dim_param: None };
    let dim = std::iter::once(any).chain(sizes.into_iter().map(size)).collect();
    let tensor_type = Some(TensorType { elem_type: FLOAT, shape: Some(TensorShape { dim }) });
    ValueInfo { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

struct Graph {
    /// The layer that is being written.
    layer: String,
    nodes: Vec<NodeProto>,
    initializers: Vec<TensorProto>,
}

impl Graph {
    /// Adds an operator; gives its output.
    fn node(&mut self, op: &str, inputs: Vec<String>, attributes: Vec<(&str, Is)>) -> String {
        let name = format!("{}/{}", self.layer, self.nodes.len());
        let attribute = attributes.into_iter().map(|(name, value)| {
            let mut attribute = Attribute { name: name.into(), ..Attribute::default() };
            match value {
                Is::Float(value) => (attribute.f, attribute.r#type) = (Some(value as f32), 1),
                Is::Int(value) => (attribute.i, attribute.r#type) = (Some(value), 2),
                Is::Text(value) => (attribute.s, attribute.r#type) = (Some(value.into()), 3),
                Is::Ints(values) => (attribute.ints, attribute.r#type) = (values, 7),
            }
            attribute
        });
        let attribute = attribute.collect();
        let output = vec![name.clone()];
        self.nodes.push(NodeProto {
            input: inputs,
            output,
            name: name.clone(),
            op_type: op.into(),
            attribute,
        });
        name
    }

    /// Adds numbers; gives their name.
    fn floats(&mut self, role: &str, shape: &[usize], values: &[f32]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(role, shape, FLOAT, bytes)
    }

    fn ints(&mut self, role: &str, values: &[i64]) -> String {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(role, &[values.len()], INT64, bytes)
    }

    fn scalar(&mut self, role: &str, value: f64) -> String {
        self.floats(role, &[], &[value as f32])
    }

    fn constant(
        &mut self,
        role: &str,
        shape: &[usize],
        data_type: i32,
        raw_data: Vec<u8>,
    ) -> String {
        let name = format!("{}/{role}", self.layer);
        let dims = shape.iter().map(|&side| side as i64).collect();
        self.initializers.push(TensorProto { dims, data_type, name: name.clone(), raw_data });
        name
    }

    /// Numbers that act on each channel alike: one, or one a channel.
    fn by_channel(&mut self, role: &str, values: &[f32], input: Shape) -> String {
        let count = values.len();
        match (input, count) {
            (_, 1) => self.floats(role, &[], values),
            (Shape::Image(_), _) => self.floats(role, &[1, count, 1, 1], values),
            (Shape::Vector(_), _) => self.floats(role, &[1, count], values),
        }
    }

    /// Adds a layer; gives its output.
    fn layer(
        &mut self,
        layer: &Layer,
        inputs: Vec<String>,
        input: Shape,
        weights: Vec<Weight>,
    ) -> Result<String> {
        let options = &layer.options;
        let x = inputs[0].clone();
        let mut names = Vec::new();
        if layer.class.name != "BatchNormalization" {
            for Weight { role, shape, values } in &weights {
                names.push(self.floats(role, shape, values));
            }
        }
        let with = |given: &[String]| [vec![x.clone()], given.to_vec()].concat();
        let channels = input.channels() as i64;
        let y = match layer.class.name {
            "Conv2D" => {
                let window = Window::of(options, "kernel_size", input)?;
                let groups = shapes::size(options, "groups")? as i64;
                self.convolution(with(&names), &window, groups)
            }
            "DepthwiseConv2D" => {
                let window = Window::of(options, "kernel_size", input)?;
                self.convolution(with(&names), &window, channels)
            }
            "SeparableConv2D" => {
                let window = Window::of(options, "kernel_size", input)?;
                let between = self.convolution(with(&names[..1]), &window, channels);
                let point =
                    Window { kernel: [1, 1], strides: [1, 1], dilation: [1, 1], padding: [0; 4] };
                self.convolution([vec![between], names[1..].to_vec()].concat(), &point, 1)
            }
            "Dense" => self.node("Gemm", with(&names), vec![]),
            "BatchNormalization" => self.normalisation(layer, x, &weights),
            "MaxPooling2D" | "AveragePooling2D" => {
                let window = Window::of(options, "pool_size", input)?;
                let mut attributes = window_of(&window);
                let is_max = layer.class.name == "MaxPooling2D";
                if !is_max {
                    // Keras leaves the border out of the mean.
                    attributes.push(("count_include_pad", Is::Int(0)));
                }
                self.node(if is_max { "MaxPool" } else { "AveragePool" }, vec![x], attributes)
            }
            "GlobalMaxPooling2D" | "GlobalAveragePooling2D" => {
                let is_max = layer.class.name == "GlobalMaxPooling2D";
                let op = if is_max { "GlobalMaxPool" } else { "GlobalAveragePool" };
                let pooled = self.node(op, vec![x], vec![]);
                if flag(options, "keepdims") {
                    pooled
                } else {
                    self.node("Flatten", vec![pooled], vec![("axis", Is::Int(1))])
                }
            }
            "Flatten" => match input {
                // Keras flattens height, width, channels.
                Shape::Image(_) => {
                    let order = vec![("perm", Is::Ints(vec![0, 2, 3, 1]))];
                    let turned = self.node("Transpose", vec![x], order);
                    self.node("Flatten", vec![turned], vec![("axis", Is::Int(1))])
                }
                Shape::Vector(_) => x,
            },
            // They act in training alone.
            "Dropout" | "SpatialDropout2D" => x,
            "Activation" => x,
            "ReLU" => self.relu(x, options),
            "LeakyReLU" => {
                let slope = Is::Float(number(options, "negative_slope"));
                self.node("LeakyRelu", vec![x], vec![("alpha", slope)])
            }
            "ELU" => {
                let alpha = Is::Float(number(options, "alpha"));
                self.node("Elu", vec![x], vec![("alpha", alpha)])
            }
            "Softmax" => self.node("Softmax", vec![x], vec![("axis", Is::Int(1))]),
            "ZeroPadding2D" => {
                let [top, bottom, left, right] = shapes::borders(options)?.map(|side| side as i64);
                let pads = self.ints("pads", &[0, 0, top, left, 0, 0, bottom, right]);
                self.node("Pad", vec![x, pads], vec![])
            }
            "UpSampling2D" => {
                let [rows, columns] = shapes::pair(options, "size")?;
                let scales = self.floats("scales", &[4], &[1.0, 1.0, rows as f32, columns as f32]);
                let attributes = if text(options, "interpolation") == "bilinear" {
                    vec![
                        ("mode", Is::Text("linear")),
                        ("coordinate_transformation_mode", Is::Text("half_pixel")),
                    ]
                } else {
                    vec![
                        ("mode", Is::Text("nearest")),
                        ("coordinate_transformation_mode", Is::Text("asymmetric")),
                        ("nearest_mode", Is::Text("floor")),
                    ]
                };
                self.node("Resize", vec![x, String::new(), scales], attributes)
            }
            "Rescaling" => {
                let scale = self.by_channel("scale", &numbers(options, "scale"), input);
                let offset = self.by_channel("offset", &numbers(options, "offset"), input);
                let scaled = self.node("Mul", vec![x, scale], vec![]);
                self.node("Add", vec![scaled, offset], vec![])
            }
            "Normalization" => {
                let mean = self.by_channel("mean", &numbers(options, "mean"), input);
                // Keras divides by nothing smaller than its epsilon.
                let deviations = numbers(options, "variance").into_iter();
                let deviations: Vec<f32> =
                    deviations.map(|variance| variance.sqrt().max(1e-7)).collect();
                let deviation = self.by_channel("deviation", &deviations, input);
                let centred = self.node("Sub", vec![x, mean], vec![]);
                self.node("Div", vec![centred, deviation], vec![])
            }
            "Add" => self.node("Sum", inputs, vec![]),
            "Concatenate" => self.node("Concat", inputs, vec![("axis", Is::Int(1))]),
            other => {
                return Err(
                    Error::spec(format!("{other} cannot be written as ONNX.")).field("layer")
                );
            }
        };
        self.activation(y, text(options, "activation"))
    }

    fn convolution(&mut self, inputs: Vec<String>, window: &Window, groups: i64) -> String {
        let mut attributes = window_of(window);
        attributes.push(("dilations", Is::Ints(window.dilation.map(|one| one as i64).into())));
        attributes.push(("group", Is::Int(groups)));
        self.node("Conv", inputs, attributes)
    }

    fn normalisation(&mut self, layer: &Layer, x: String, weights: &[Weight]) -> String {
        let length = weights.first().map_or(0, |weight| weight.values.len());
        let of = |role: &str, otherwise: f32| {
            let weight = weights.iter().find(|weight| weight.role == role);
            weight.map_or_else(|| vec![otherwise; length], |weight| weight.values.clone())
        };
        let given = [("gamma", 1.0), ("beta", 0.0), ("moving_mean", 0.0), ("moving_variance", 1.0)];
        let given =
            given.map(|(role, otherwise)| self.floats(role, &[length], &of(role, otherwise)));
        let epsilon = Is::Float(number(&layer.options, "epsilon"));
        self.node(
            "BatchNormalization",
            [vec![x], given.into()].concat(),
            vec![("epsilon", epsilon)],
        )
    }

    fn relu(&mut self, x: String, options: &Map<String, Json>) -> String {
        let (slope, threshold) = (number(options, "negative_slope"), number(options, "threshold"));
        let y = if (slope, threshold) == (0.0, 0.0) {
            self.node("Relu", vec![x], vec![])
        } else {
            let from = self.scalar("threshold", threshold);
            let slope = self.scalar("slope", slope);
            let is_above = self.node("GreaterOrEqual", vec![x.clone(), from.clone()], vec![]);
            let below = self.node("Sub", vec![x.clone(), from], vec![]);
            let below = self.node("Mul", vec![below, slope], vec![]);
            self.node("Where", vec![is_above, x, below], vec![])
        };
        match options.get("max_value").and_then(Json::as_f64) {
            Some(most) => {
                let most = self.scalar("max_value", most);
                self.node("Min", vec![y, most], vec![])
            }
            None => y,
        }
    }

    fn activation(&mut self, x: String, name: &str) -> Result<String> {
        let (op, attributes) = match name {
            "" | "linear" => return Ok(x),
            "relu" => ("Relu", vec![]),
            "sigmoid" => ("Sigmoid", vec![]),
            "tanh" => ("Tanh", vec![]),
            "softmax" => ("Softmax", vec![("axis", Is::Int(1))]),
            "elu" => ("Elu", vec![]),
            "selu" => ("Selu", vec![]),
            "gelu" => ("Gelu", vec![]),
            "leaky_relu" => ("LeakyRelu", vec![("alpha", Is::Float(0.2))]),
            "softplus" => ("Softplus", vec![]),
            "exponential" => ("Exp", vec![]),
            "hard_sigmoid" => ("HardSigmoid", vec![("alpha", Is::Float(1.0 / 6.0))]),
            "relu6" => {
                let (least, most) = (self.scalar("least", 0.0), self.scalar("most", 6.0));
                return Ok(self.node("Clip", vec![x, least, most], vec![]));
            }
            "silu" => {
                let gate = self.node("Sigmoid", vec![x.clone()], vec![]);
                return Ok(self.node("Mul", vec![x, gate], vec![]));
            }
            other => {
                return Err(
                    Error::spec(format!("{other} cannot be written as ONNX.")).field("activation")
                );
            }
        };
        Ok(self.node(op, vec![x], attributes))
    }
}

/// The attributes that a convolution's window and a pooling's have alike.
fn window_of(window: &Window) -> Vec<(&'static str, Is<'static>)> {
    let ints = |sizes: &[u64]| Is::Ints(sizes.iter().map(|&size| size as i64).collect());
    let [top, bottom, left, right] = window.padding;
    vec![
        ("kernel_shape", ints(&window.kernel)),
        ("strides", ints(&window.strides)),
        ("pads", ints(&[top, left, bottom, right])),
    ]
}
