/* global document, fetch, ort, tf */
/**
 * Opens with TensorFlow.js and onnxruntime-web, in a real browser, what the lab wrote for them, and
 * compares what they predict.
 *
 *     node tests/interop/browser.mjs FOLDER
 *
 * The folder is what `check.py` has been through, which unpacks the zip for TensorFlow.js. Fails
 * with a sentence where a prediction differs by more than 1e-4.
 */
import { createReadStream, readdirSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { inBrowser } from "../../www/bench/browser.mjs";

const MOST = 1e-4;
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".json": "application/json", ".wasm": "application/wasm" };

const folder = path.resolve(process.argv[2]);
const modules = path.join(import.meta.dirname, "node_modules");
const page = `<!doctype html><meta charset="utf-8"><title>interop</title>
<script src="modules/@tensorflow/tfjs/dist/tf.min.js"></script>
<script src="modules/onnxruntime-web/dist/ort.wasm.min.js"></script>`;

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  if (pathname === "/") {
    response.setHeader("content-type", "text/html");
    response.end(page);
    return;
  }
  const [, root, ...below] = decodeURIComponent(pathname).split("/");
  const file = path.join(root === "modules" ? modules : folder, ...below);
  response.setHeader("content-type", TYPES[path.extname(file)] ?? "application/octet-stream");
  createReadStream(file)
    .on("error", () => {
      response.statusCode = 404;
      response.end();
    })
    .pipe(response);
});
await new Promise((resolve) => server.listen(0, "localhost", resolve));
const address = `http://localhost:${server.address().port}/`;

let failed = false;
try {
  await inBrowser(async (browser) => {
    for (const name of readdirSync(folder).sort()) {
      const tab = await browser.newPage();
      await tab.goto(address);
      for (const [who, differs] of Object.entries(await tab.evaluate(predictAll, name))) {
        console.log(`${name}: ${who}: differs by ${differs.toExponential(1)} at the most`);
        failed ||= !(differs <= MOST);
      }
      await tab.close();
    }
  });
} finally {
  server.close();
}
if (failed) throw new Error("not the same; see above");

/** Runs in the browser: how far both are from what the lab predicts. */
async function predictAll(name) {
  const at = (file) => new URL(`files/${name}/${file}`, document.baseURI).href;
  const bytes = async (file) => (await fetch(at(file))).arrayBuffer();
  const { shape: [height, width, channels], classes } = await (await fetch(at("about.json"))).json();
  const pictures = Float32Array.from(new Uint8Array(await bytes("pictures.bin")));
  const expected = new Float32Array(await bytes("expected.bin"));
  const count = expected.length / classes.length;
  const difference = (found) => {
    if (found.length !== expected.length) return Infinity;
    return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);
  };

  await tf.setBackend("cpu");
  const model = await tf.loadLayersModel(at("tfjs/model.json"));
  const layers = tf.tidy(() => model.predict(tf.tensor4d(pictures, [count, height, width, channels])).dataSync());

  // Its operators take channels before rows.
  const turned = new Float32Array(pictures.length);
  for (let i = 0; i < pictures.length; i += 1) {
    const channel = i % channels;
    const place = Math.floor(i / channels) % (height * width);
    const picture = Math.floor(i / (channels * height * width));
    turned[(picture * channels + channel) * height * width + place] = pictures[i];
  }
  ort.env.wasm.wasmPaths = new URL("modules/onnxruntime-web/dist/", document.baseURI).href;
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(await bytes("model.onnx")));
  const { output } = await session.run({ input: new ort.Tensor("float32", turned, [count, channels, height, width]) });
  return { [`TensorFlow.js ${tf.version.tfjs}`]: difference(layers), "onnxruntime-web": difference(output.data) };
}
