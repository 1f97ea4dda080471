/** The element as those see it who put it on their pages: without what it is made of. */
import type { CnnLab } from "../api/cnn-lab";
import type { CnnLabEvents } from "./told";

export interface CnnLabElement extends HTMLElement {
  /** The class behind the element; another one after the device was changed. */
  readonly lab: Promise<CnnLab>;
  /** Loads what is chosen and trains; goes on with a run that was paused or stopped. */
  train(): Promise<void>;
  /** Pauses the run after the step under way. */
  pause(): Promise<void>;
  /** Ends the run where it is; `train()` goes on with it. */
  stop(): Promise<void>;
}

export type CnnLabElementClass = {
  new (): CnnLabElement;
  readonly prototype: CnnLabElement;
  /** The attributes that choose something: for a page that makes an element from what others wrote. */
  readonly choices: readonly string[];
};

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab": CnnLabElement;
  }
  // The events bubble, so any node may listen to them.
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type -- another interface cannot be added to
  interface GlobalEventHandlersEventMap extends CnnLabEvents {}
}
