/**
 * The public module, served as `/cnn-lab.js`: the class, its error, and `<cnn-lab>`.
 * Loading it registers the element.
 */
import { CnnLabElement as Element } from "./element/cnn-lab-element";
import type * as Public from "./element/public";

if (!customElements.get("cnn-lab")) customElements.define("cnn-lab", Element);

/** The class of `<cnn-lab>`. */
export const CnnLabElement: Public.CnnLabElementClass = Element;
export type CnnLabElement = Public.CnnLabElement;

export { CnnLab } from "./api/cnn-lab";
export { CnnLabError } from "./api/error";
export type { ErrorCode } from "./api/error";
export type { TrainRun } from "./api/train-run";
export type * from "./api/types";
export type { CnnLabEvents } from "./element/told";
