// The calculators of the lesson on arithmetic: what a window makes of a picture's sides, and what
// there is to learn in it, with the numbers put into the formulas as one types.
import { texts } from "./texts.js";

const t = texts[document.documentElement.lang];

/** The options of each layer by Keras's names, with what stands there at first. */
const convolution = { kernel_size: 3, strides: 1, padding: "valid", dilation_rate: 1 };
const pool = { pool_size: 2, strides: 2, padding: "valid" };
const kinds = {
  Conv2D: { filters: 32, ...convolution, use_bias: true },
  DepthwiseConv2D: { depth_multiplier: 1, ...convolution, use_bias: true },
  SeparableConv2D: { filters: 32, depth_multiplier: 1, ...convolution, use_bias: true },
  MaxPooling2D: pool,
  AveragePooling2D: pool,
};

/** What a window does along one side of a picture. */
function along(size, { kernel_size, pool_size, strides, padding, dilation_rate = 1 }) {
  const kernel = kernel_size ?? pool_size;
  const span = dilation_rate * (kernel - 1) + 1;
  const same = padding === "same";
  const out = same ? Math.ceil(size / strides) : Math.floor((size - span) / strides) + 1;
  // As TensorFlow has it, the odd one comes at the bottom and right.
  const border = same ? Math.max((out - 1) * strides + span - size, 0) : 0;
  const formula = same ? `⌈${size} / ${strides}⌉ = ${out}` : `⌊(${size} − ${span}) / ${strides}⌋ + 1 = ${out}`;
  return { size, kernel, span, out, before: Math.floor(border / 2), border, formula };
}

/** Why there is no such layer; undefined where there is. */
function problem(picture, options, sides) {
  const numbers = Object.values({ ...picture, ...options }).filter((value) => typeof value === "number");
  if (!numbers.every((value) => Number.isInteger(value) && value >= 1)) return t.wholeNumbers;
  if (options.strides > 1 && options.dilation_rate > 1) return t.eitherOr;
  const small = sides.find(({ out }) => out < 1);
  return small && t.doesNotFit(small.span, small.size);
}

/** The parameters of a layer, with the numbers put in. */
function learned(kind, channels, { kernel_size: k, filters, depth_multiplier: m, use_bias: bias }) {
  if (k === undefined) return { parameters: 0, formula: t.nothingToLearn, deep: channels };
  const between = channels * (m ?? 1);
  const parts = {
    Conv2D: [[`${k} × ${k} × ${channels} × ${filters}`, k * k * channels * filters], [filters]],
    DepthwiseConv2D: [[`${k} × ${k} × ${channels} × ${m}`, k * k * between], [between]],
    SeparableConv2D: [[`${k} × ${k} × ${channels} × ${m} + ${between} × ${filters}`, k * k * between + between * filters], [filters]],
  };
  const [[weights, count], [deep]] = parts[kind];
  const parameters = count + (bias ? deep : 0);
  return { parameters, formula: `${weights}${bias ? ` + ${deep}` : ""} = ${parameters}`, deep };
}

/** All that a calculator shows of a layer on a picture. */
function layer(kind, picture, options) {
  const [down, across] = [along(picture.height, options), along(picture.width, options)];
  const why = problem(picture, options, [down, across]);
  const { parameters, formula, deep } = learned(kind, picture.channels, options);
  return { why, down, across, shape: [down.out, across.out, deep], parameters, formula };
}

const python = (value) => (value === true ? "True" : value === false ? "False" : typeof value === "string" ? `'${value}'` : value);

/** The line of Keras code. */
function code(kind, options) {
  return `layers.${kind}(${Object.entries(options).map(([name, value]) => `${name}=${python(value)}`).join(", ")})`;
}

const svg = (name, attributes) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

/** Lines between pixels, as one path. */
function grid(width, height) {
  const down = Array.from({ length: width - 1 }, (_, x) => `M${x + 1} 0V${height}`);
  const over = Array.from({ length: height - 1 }, (_, y) => `M0 ${y + 1}H${width}`);
  return svg("path", { class: "lines", d: [...down, ...over].join("") });
}

/** Beyond so many pixels a side the lines between them would be all that is seen. */
const mostLines = 40;

/** The picture with its border of zeros, and the window that makes one value of the output. */
function drawInput(down, across, strides, dilation, [row, column]) {
  const [height, width] = [down.size, across.size];
  const [top, left] = [down.before, across.before];
  const drawing = svg("svg", { viewBox: `${-left} ${-top} ${width + across.border} ${height + down.border}`, "aria-hidden": "true" });
  drawing.append(svg("rect", { class: "border", x: -left, y: -top, width: width + across.border, height: height + down.border }), svg("rect", { class: "picture", x: 0, y: 0, width, height }));
  if (Math.max(width, height) <= mostLines) drawing.append(grid(width, height));
  const [x, y] = [column * strides - left, row * strides - top];
  // Beyond a few pixels the window is drawn as a whole.
  const many = down.kernel > mostLines;
  const taps = many ? [`M${x} ${y}h${across.span}v${down.span}h${-across.span}z`]
    : Array.from({ length: down.kernel * down.kernel }, (_, i) => `M${x + dilation * (i % down.kernel)} ${y + dilation * Math.floor(i / down.kernel)}h1v1h-1z`);
  drawing.append(svg("path", { class: "taps", d: taps.join("") }), svg("rect", { class: "window", x, y, width: across.span, height: down.span }));
  return drawing;
}

function drawOutput([height, width], [row, column]) {
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  drawing.append(svg("rect", { class: "picture", x: 0, y: 0, width, height }));
  if (Math.max(width, height) <= mostLines) drawing.append(grid(width, height));
  drawing.append(svg("path", { class: "taps", d: `M${column} ${row}h1v1h-1z` }), svg("rect", { class: "window", x: column, y: row, width: 1, height: 1 }));
  return drawing;
}

const make = (name, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

const labelled = (text, control) => make("label", {}, text, control);

/** A control for an option, which gives its value as Keras takes it. */
function control(name, value) {
  if (typeof value === "boolean") return make("input", { type: "checkbox", name, checked: value });
  if (typeof value === "string") {
    return make("select", { name }, ...["valid", "same"].map((option) => make("option", { value: option, selected: option === value }, option)));
  }
  return make("input", { type: "number", name, value, min: 1, max: 2048, step: 1, inputMode: "numeric", required: true });
}

const valueOf = (input) => (input.type === "checkbox" ? input.checked : input.type === "number" ? input.valueAsNumber : input.value);

/** A calculator in a place that names its layers, such as `data-layers="MaxPooling2D AveragePooling2D"`. */
function calculator(place) {
  const names = place.dataset.layers.split(" ");
  const pooling = "pool_size" in kinds[names[0]];
  const [height, width, channels] = (place.dataset.picture ?? "28 28 1").split(" ").map(Number);
  const choose = make("select", { name: "layer" }, ...names.map((name) => make("option", { value: name }, name)));
  const picture = Object.entries({ height, width, channels }).map(([name, value]) => labelled(t.sides[name], control(name, value)));
  const chosen = make("div", { className: "options" });
  const fields = make("div", { className: "fields" }, ...(names.length > 1 ? [labelled(t.layer, choose)] : []), ...picture, chosen);
  const facts = Object.fromEntries(Object.keys(t.facts).map((name) => [name, make("dd")]));
  const list = make("dl", {}, ...Object.entries(facts).flatMap(([name, value]) => [make("dt", {}, t.facts[name]), value]));
  facts.output.className = facts.parameters.className = "result";
  const why = make("p", { className: "why" });
  why.setAttribute("role", "status");
  const slider = make("input", { type: "range", min: 1, value: 1 });
  const [before, after] = [make("div"), make("div")];
  const where = make("span");
  // A screen reader has it as the slider's value.
  where.setAttribute("aria-hidden", "true");
  const drawing = make("div", { className: "drawing" },
    make("figure", {}, before, make("figcaption", {}, pooling ? t.mapDrawn : t.pictureDrawn)),
    make("figure", {}, after, make("figcaption", {}, t.outputDrawn)));
  const slide = make("label", { className: "slide" }, t.whereWindow, slider, where);

  const optionsNow = () => Object.fromEntries([...chosen.querySelectorAll("input, select")].map((input) => [input.name, valueOf(input)]));
  const pictureNow = () => Object.fromEntries(["height", "width", "channels"].map((name) => [name, valueOf(fields.querySelector(`[name="${name}"]`))]));

  function draw({ down, across, shape: [rows, columns] }, { strides, dilation_rate: dilation = 1 }) {
    const at = Math.min(slider.valueAsNumber, rows * columns) - 1;
    const spot = [Math.floor(at / columns), at % columns];
    before.replaceChildren(drawInput(down, across, strides, dilation, spot));
    after.replaceChildren(drawOutput([rows, columns], spot));
    where.textContent = t.place(spot[0] + 1, rows, spot[1] + 1, columns);
    slider.setAttribute("aria-valuetext", where.textContent);
  }

  function show() {
    const [kind, options] = [choose.value, optionsNow()];
    const found = layer(kind, pictureNow(), options);
    why.textContent = found.why ?? "";
    list.hidden = drawing.hidden = slide.hidden = found.why !== undefined;
    if (found.why) return;
    const { down, across, shape } = found;
    facts.code.replaceChildren(make("code", {}, code(kind, options)));
    const { dilation_rate: dilation } = options;
    facts.span.textContent = dilation === undefined ? `${down.kernel}` : `${dilation} × (${down.kernel} − 1) + 1 = ${down.span}`;
    facts.height.textContent = down.formula;
    facts.width.textContent = across.formula;
    facts.output.textContent = `(None, ${shape.join(", ")})`;
    facts.parameters.textContent = found.formula;
    slider.max = shape[0] * shape[1];
    draw(found, options);
  }

  /** The fields of the layer that is chosen; the picture stays. */
  function lay() {
    chosen.replaceChildren(...Object.entries(kinds[choose.value]).map(([name, value]) => labelled(name, control(name, value))));
    show();
  }

  choose.addEventListener("change", lay);
  place.addEventListener("input", ({ target }) => {
    if (target !== choose) show();
  });
  place.append(fields, why, list, drawing, slide);
  lay();
}

for (const place of document.querySelectorAll(".calculator")) calculator(place);
