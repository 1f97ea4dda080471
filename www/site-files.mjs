/**
 * Writes the list by which the service worker (src/offline) knows a version of the site: each
 * file with its hash. It is the last step of a build, for the modules and the data are put
 * beside what Vite bundles.
 *
 *   node site-files.mjs FOLDER
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const list = "site-files.js";
const [folder] = process.argv.slice(2);

/**
 * The training worker keeps the data itself: shards are named by their contents, and the sum of a
 * pretrained network stands in a list. A host may leave out files whose names begin with a dot.
 */
const isListed = (file) => !/(^|\/)\./.test(file) && ![list, "service-worker.js"].includes(file) && !/\.(br|gz|map)$/.test(file) && !/^data\/.*\.(bin|json|safetensors)$/.test(file);

function filesBelow(below) {
  return readdirSync(join(folder, below)).flatMap((name) => {
    const file = below + name;
    return statSync(join(folder, file)).isDirectory() ? filesBelow(`${file}/`) : [file];
  });
}

const hash = (bytes) => createHash("sha256").update(bytes).digest("base64");
const files = Object.fromEntries(filesBelow("").filter(isListed).sort().map((file) => [file, hash(readFileSync(join(folder, file)))]));
const version = hash(JSON.stringify(files)).slice(0, 12);
const text = `self.siteFiles = ${JSON.stringify({ version, files }, null, 1)};\n`;
const path = join(folder, list);
// A compressed copy beside it stays good for as long as nothing changed.
if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
console.log(`${path}: version ${version}, ${Object.keys(files).length} files`);
