/**
 * The public module, served as `/cnn-lab.js`: the class, its error, and `<cnn-lab>`.
 * Loading it registers the element.
 */
import { setBase } from "./api/base";
import { CnnLabElement } from "./element/cnn-lab-element";

// The wasm modules and the data stand beside this file, wherever it is hosted. Known before
// the first element comes to life.
setBase(new URL("./", import.meta.url));
if (!customElements.get("cnn-lab")) customElements.define("cnn-lab", CnnLabElement);

export { CnnLab } from "./api/cnn-lab";
export { CnnLabError } from "./api/error";
export type { ErrorCode } from "./api/error";
export type { TrainRun } from "./api/train-run";
export type * from "./api/types";
export { CnnLabElement };
