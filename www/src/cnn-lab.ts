/**
 * The public module, served as `/cnn-lab.js`: the class, its error, and `<cnn-lab>`.
 * Loading it registers the element.
 */
import { CnnLabElement } from "./element/cnn-lab-element";

if (!customElements.get("cnn-lab")) customElements.define("cnn-lab", CnnLabElement);

export { CnnLab } from "./api/cnn-lab";
export { CnnLabError } from "./api/error";
export type { ErrorCode } from "./api/error";
export type { TrainRun } from "./api/train-run";
export type * from "./api/types";
export { CnnLabElement };
