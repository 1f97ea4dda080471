/**
 * Whether a text for a person stands outside the catalogue. Read from the syntax: what is between the
 * tags of a template or in an attribute that is read out, and strings that look like a phrase.
 */
import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { expect, test } from "vitest";

const root = new URL("../", import.meta.url);
const files = ["element", "view"]
  .flatMap((folder) => readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .concat("page.ts", "offline/page.ts");

/** What is wrong with an attribute is told to whoever writes the page, in English as the attributes are. */
const forAuthors = ["element/settings.ts", "element/model-source.ts", "element/pretrained/attribute.ts", "element/style-directive.ts", "element/vitals/real-runs.ts"];

/** The same in every language: names, formats, keys, code that is shown, columns of files. */
const names = new Set([
  "t-SNE", "ROC", "F1", "CSV", "SVG", "PNG", "JSON", "Keras", "PyTorch", "PyTorch (safetensors)", "Burn (Rust)", "ONNX", "TensorFlow.js", "WebGPU", "CPU", "CPU, burn-flex",
  "CPU, burn-ndarray", "Grad-CAM", "Grad-CAM++", "SmoothGrad", "Catmull-Rom", "Lanczos 3", "scale × x + offset", "Files",
  "Escape", "Enter", "Delete", "Backspace", "Insert", "Home", "End", "macro average", "weighted average", "true class", "population standard deviation",
  "The element is not in a page.", "either this or a model",
]);
/** Keras's layers and schedules, and the groups of its documentation, which are keys here. */
const keras = /^(Core|Convolution|Pooling|Normalization|Regularization|Preprocessing|Reshaping|Merging|Activation|Flatten|Dense|Dropout|Add|Concatenate|Rescaling|Softmax|BatchNormalization|\w+2D|\w*ReLU|ELU|\w+Decay(Restarts)?|MobileNetV2)$/;
const code = /^(import |from |model\.|const model|[:#.[(<]|M-?\d|\S*px |system-ui| (stroke|font|transform)| "| [+])|Error$|^Arrow|-serif$/;

function isPhrase(text: string): boolean {
  if (names.has(text) || keras.test(text) || code.test(text)) return false;
  return /\p{L}{2,},? \p{L}{2,}/u.test(text) || /^ ?\p{Lu}\p{Ll}+( …|\.)?$/u.test(text);
}

/** The texts of a template's static parts: between tags, and in attributes that are read. */
function between(parts: readonly string[]): string[] {
  const whole = parts.join("\u0000");
  const read = [...whole.matchAll(/\s(?:aria-label|title|placeholder|alt|about|name|label|across|of|what)="([^"]*)"/g)].map(([, text = ""]) => text);
  const shown = whole.replace(/<[^>]*>/g, "\u0001").split("\u0001");
  // A name alone may be a value that no one reads, such as a radio button's.
  return [...shown.filter((text) => /\p{L}/u.test(text.replace(/&\w+;/g, ""))), ...read.filter((text) => /\p{L} |\p{Lu}/u.test(text))]
    .map((text) => text.replaceAll("\u0000", "").trim())
    .filter((text) => !names.has(text));
}

function literals(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, root), "utf8"), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isLiteralTypeNode(node)) return;
    if (ts.isTaggedTemplateExpression(node)) {
      const tag = node.tag.getText();
      const { template } = node;
      const parts = ts.isTemplateExpression(template) ? [template.head.text, ...template.templateSpans.map((span) => span.literal.text)] : [template.text];
      if (tag === "html" || tag === "svg") found.push(...between(parts));
      if (tag !== "css" && ts.isTemplateExpression(template)) template.templateSpans.forEach((span) => visit(span.expression));
      return;
    }
    if (ts.isStringLiteralLike(node) && isPhrase(node.text)) found.push(node.text);
    if (ts.isTemplateExpression(node)) {
      const text = [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join("0");
      if (isPhrase(text)) found.push(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

test.each(files.filter((file) => !forAuthors.includes(file)))("%s has no words of its own", (file) => {
  expect(literals(file)).toEqual([]);
});

test("a forgotten text is seen", () => {
  expect(between(["<p>Pictures", "</p><button aria-label=\"Show more\">", "</button>"])).toEqual(["Pictures", "Show more"]);
  expect(["Load", "Reading …", "Stop the run first."].map(isPhrase)).toEqual([true, true, true]);
  expect(["Conv2D", "#tab-map", "12px system-ui", "cnn-lab-scores.csv"].map(isPhrase)).toEqual([false, false, false, false]);
});
