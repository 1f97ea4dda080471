/**
 * Makes an npm package of the built site: its files as they are, MNIST, types, a Vite plugin and a
 * README. Prints the tarball's name and size.
 *
 *   node package.mjs SITE FOLDER
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const [site, folder] = process.argv.slice(2).map((path) => resolve(path));
const www = dirname(fileURLToPath(import.meta.url));
const root = dirname(www);
/** The one set that comes with the package: the others are several times as large as all of it. */
const withData = "mnist";

/** Only what pages ask for, and no other set. */
function isPart(path) {
  const below = relative(site, path);
  if (/\.(br|gz|map)$/.test(below) || /(^|\/)\./.test(below)) return false;
  if (below.startsWith("pkg/")) return statSync(path).isDirectory() || /cnn_lab(\.js|_bg\.wasm)$/.test(below);
  return !below.startsWith("data/") || below === "data/manifest.json" || below.startsWith(`data/${withData}`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The list of sets, as it is here. */
function writeManifest() {
  const path = join(folder, "data/manifest.json");
  const { sets, missing = [], ...rest } = readJson(path);
  const left = sets.filter(({ name }) => name !== withData);
  const reason = "it is not in the npm package; its README says how to get it.";
  const list = {
    ...rest,
    sets: sets.filter(({ name }) => name === withData),
    missing: [...left.map(({ name, title }) => ({ name, title, reason })), ...missing],
  };
  writeFileSync(path, JSON.stringify(list, null, 1));
}

/** What tsc says of the public module, and of what that names. */
function writeTypes() {
  const all = join(folder, "types-of-all");
  const tsc = join(www, "node_modules/typescript/bin/tsc");
  const how = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal", "--rootDir", "src", "--outDir", all];
  // Without the configuration of Vite and the tests, which are no part of it.
  writeFileSync(join(www, "tsconfig.package.json"), JSON.stringify({ extends: "./tsconfig.json", include: ["src/cnn-lab.ts"] }));
  try {
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.package.json", ...how], { cwd: www, stdio: "inherit" });
  } finally {
    rmSync(join(www, "tsconfig.package.json"));
  }
  const seen = new Set();
  const take = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(join(all, `${file}.d.ts`), "utf8");
    // Node's way of finding modules wants the ending; bundlers take both.
    const whole = text.replace(/((?:from|import) ?\(?")(\.[^"]+)(")/g, "$1$2.js$3");
    const target = join(folder, "types", `${file}.d.ts`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, whole);
    for (const [, named] of text.matchAll(/(?:from|import) ?\(?"(\.[^"]+)"/g)) take(join(dirname(file), named));
    const [foreign] = [...text.matchAll(/from "([^."][^"]*)"/g)];
    if (foreign) throw new Error(`${file}.d.ts names ${foreign[1]}, which the package does not have.`);
  };
  take("cnn-lab");
  rmSync(all, { recursive: true });
}

function writePackage() {
  const { version, license } = readJson(join(www, "package.json"));
  const manifest = {
    name: "cnn-lab",
    version,
    description: "Train a convolutional image classifier in a browser tab: a class and an element, on WebGPU or the CPU.",
    keywords: ["cnn", "convolutional-neural-network", "deep-learning", "webassembly", "webgpu", "keras", "custom-element"],
    type: "module",
    license,
    types: "./types/cnn-lab.d.ts",
    exports: {
      ".": { types: "./types/cnn-lab.d.ts", default: "./cnn-lab.js" },
      "./vite": { types: "./vite.d.ts", default: "./vite.js" },
      "./package.json": "./package.json",
    },
    // Loading the module registers the element.
    sideEffects: true,
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

if (!existsSync(join(site, "cnn-lab.js")) || !existsSync(join(site, "pkg/cpu/cnn_lab_bg.wasm"))) {
  throw new Error(`There is no built site in ${site}: run cargo xtask build.`);
}
rmSync(folder, { recursive: true, force: true });
for (const name of readdirSync(site)) {
  const from = join(site, name);
  // A folder may stand somewhere else, and files in it may be links.
  if (isPart(from)) cpSync(from, join(folder, name), { recursive: true, dereference: true, filter: (path) => path === from || isPart(path) });
}
writeManifest();
// The lab's own page in it has its own list of files.
execFileSync(process.execPath, [join(www, "site-files.mjs"), folder], { stdio: "inherit" });
writeTypes();
writePackage();
for (const name of ["vite.js", "vite.d.ts", "README.md"]) cpSync(join(www, "package", name), join(folder, name));
for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) cpSync(join(root, name), join(folder, name));

const [packed] = JSON.parse(execFileSync("npm", ["pack", "--json", "--pack-destination", ".."], { cwd: folder, encoding: "utf8" }));
const tarball = join(dirname(realpathSync(folder)), packed.filename);
console.log(`${relative(process.cwd(), tarball)}: ${(packed.size / 1e6).toFixed(2)} MB packed, ${(packed.unpackedSize / 1e6).toFixed(2)} MB unpacked, ${packed.entryCount} files`);
