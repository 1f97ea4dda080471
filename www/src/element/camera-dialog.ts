import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { closeCamera, openCamera, refusalOf } from "./camera";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import { Watch } from "./observable";
import { button, field } from "./parts";
import { base } from "./styles";
import type { Workbench } from "./workbench";
import "../text/en/camera";

/** A frame is taken so often while a button is held, in milliseconds. */
const frameEvery = 100;
/** Frames are sent to the lab when so many wait, or the button is let go. */
const framesAtOnce = 40;
/** Frames are at most so wide; the lab brings them to the size of the set. */
const frameWidth = 320;

/** Films classes: a button is held, and frames are added to its class. */
@define("cnn-lab-camera")
export class CameraDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private stream: MediaStream | null = null;
  @state() private asking = false;
  /** Why there is no camera. */
  @state() private refusal = "";
  /** The class that is being filmed. */
  @state() private holding: string | null = null;
  /** Classes that were named here. */
  @state() private named: string[] = [];
  @state() private typed = "";
  @state() private begin: boolean | null = null;
  @state() private side = 64;
  /** Frames of each class that the lab does not have yet. */
  @state() private waiting = new Map<string, number>();
  @query("video") private video!: HTMLVideoElement | null;

  #timer: ReturnType<typeof setInterval> | undefined;
  #frames: Blob[] = [];
  #shots: Promise<void>[] = [];
  #queue: Promise<void> = Promise.resolve();
  #added = false;
  readonly #modal = new Modal(this, () => this.bench, "camera", () => void this.#done());

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    css`
      dialog { --width: 560px; }
      .columns { display: grid; grid-template-columns: 240px minmax(0, 1fr); gap: 16px; }
      .stage { position: relative; width: 240px; height: 240px; border-radius: 6px; overflow: hidden; background: #000; color: #e8eaed; display: grid; place-items: center; padding: 12px; text-align: center; }
      video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; transform: scaleX(-1); }
      .stage .button { color: var(--lab-text); }
      .stage .small { margin-top: 8px; }
      .stage.on::after { content: ""; position: absolute; top: 12px; right: 12px; width: 12px; height: 12px; border-radius: 50%; background: #ff5a4f; }
      .classes { display: grid; align-content: start; gap: 8px; max-height: 260px; padding: 3px; margin: -3px; }
      .hold { justify-content: space-between; width: 100%; height: 40px; touch-action: none; user-select: none; -webkit-user-select: none; }
      .hold span:first-child { overflow: hidden; text-overflow: ellipsis; }
      .hold[aria-pressed="true"] { border-color: var(--lab-accent); background: var(--lab-accent); color: var(--lab-on-accent); }
      .hold[aria-pressed="true"] .muted { color: inherit; }
      .new { display: flex; gap: 8px; }
      fieldset { margin: 0; padding: 0; border: 0; display: flex; flex-wrap: wrap; gap: 4px 16px; }
      @media (max-width: 560px) { .columns { grid-template-columns: 1fr; } .stage { justify-self: center; } }
    `,
  ];

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#turnOff();
  }

  override updated(): void {
    if (this.video && this.video.srcObject !== this.stream) {
      this.video.srcObject = this.stream;
      // Where it cannot play, the stage stays black; there is nothing more to say.
      this.video.play().catch(() => undefined);
    }
  }

  override render(): TemplateResult {
    return html`<dialog id="camera" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open ? html`${this.#modal.head(this.bench.text.camera.title)} ${this.#body()}` : nothing}
    </dialog>`;
  }

  /** By default frames are added to a set of the person's own, and not to a bundled one. */
  get #begins(): boolean {
    const { data } = this.bench;
    return data.info === null || (this.begin ?? !data.ownLoaded);
  }

  get #classes(): string[] {
    const old = this.#begins ? [] : (this.bench.data.info?.classes ?? []);
    return [...old, ...this.named.filter((name) => !old.includes(name))];
  }

  #body(): TemplateResult {
    const t = this.bench.text;
    const { info } = this.bench.data;
    const busy = this.bench.own.busy;
    const radio = (begin: boolean, label: string): TemplateResult => html`<label class="check">
      <input type="radio" name="begin" .checked=${live(this.#begins === begin)} ?disabled=${this.holding !== null}
        @change=${() => (this.begin = begin)} />${label}</label>`;
    return html`<div class="body">
        ${info ? html`<fieldset><legend class="sr">${t.camera.where}</legend>${radio(true, t.camera.newSet)}${radio(false, t.camera.addTo(info.name))}</fieldset>` : nothing}
        <div class="columns">
          <div class="stage ${this.holding === null ? "" : "on"}">${this.#stage()}</div>
          <div class="classes scroll">
            ${this.#classes.map((name, i) => this.#hold(name, i, busy))}
            <div class="new">
              <label class="sr" for="new-class">${t.camera.newName}</label>
              <input id="new-class" type="text" placeholder=${this.#classes.length === 0 ? t.camera.firstClass : t.camera.anotherClass} autocomplete="off" .value=${live(this.typed)}
                @input=${(event: Event) => (this.typed = (event.target as HTMLInputElement).value)}
                @keydown=${(event: KeyboardEvent) => {
                  if (event.key === "Enter") this.#name();
                }} />
              ${button({ id: "add-class", label: t.camera.add, why: this.#nameWhy, onClick: () => this.#name() })}
            </div>
          </div>
        </div>
        <p class="small muted">${this.#advice()}</p>
        ${field(t, {
          id: "camera-size",
          label: t.camera.size,
          help: t.camera.sizeHelp,
          control: html`<select id="camera-size" ?disabled=${!this.#begins} title=${this.#begins ? nothing : t.camera.sizeGiven} @change=${(event: Event) => (this.side = Number((event.target as HTMLSelectElement).value))}>
            ${[32, 64, 96, 150].map((side) => html`<option value=${side} .selected=${live(side === this.side)}>${side} × ${side}</option>`)}
          </select>`,
        })}
      </div>
      <footer>${button({ id: "camera-done", label: t.common.done, kind: "primary", onClick: this.#modal.closed })}</footer>`;
  }

  #advice(): string {
    const t = this.bench.text;
    return this.#classes.length < 2
      ? t.camera.nameTwo
      : t.camera.holdAndShow;
  }

  #stage(): TemplateResult {
    const t = this.bench.text;
    if (this.stream) {
      return html`<video muted playsinline aria-label=${t.camera.sees}></video>`;
    }
    return html`<div>
      ${button({ id: "camera-on", label: this.asking ? t.camera.waiting : t.camera.turnOn, why: this.asking ? t.common.cameraAsks : undefined, onClick: () => void this.#turnOn() })}
      <p class="small" role="status">${this.refusal || t.camera.staysHere}</p>
    </div>`;
  }

  #hold(name: string, i: number, busy: string | undefined): TemplateResult {
    const t = this.bench.text;
    const { info } = this.bench.data;
    const label = info?.classes.indexOf(name) ?? -1;
    const known = info && !this.#begins ? Object.values(info.counts).reduce((sum, counts) => sum + (counts[label] ?? 0), 0) : 0;
    const pictures = known + (this.waiting.get(name) ?? 0);
    const why = busy ?? (this.stream ? undefined : t.camera.turnOnFirst);
    // Another button loses the focus when this one is pressed, which must not end the pressing.
    const stop = (): void => {
      if (this.holding === name) this.#stop();
    };
    return html`<button type="button" class="button hold" id="hold-${i}" aria-pressed=${this.holding === name ? "true" : "false"}
        aria-disabled=${why ? "true" : nothing} title=${why ?? t.camera.hold} aria-label=${t.camera.holdName(name, pictures)}
        @pointerdown=${(event: PointerEvent) => {
          if (!why && event.button === 0) {
            (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
            this.#start(name);
          }
        }}
        @pointerup=${stop} @pointercancel=${stop} @lostpointercapture=${stop} @blur=${stop}
        @contextmenu=${(event: Event) => event.preventDefault()}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === " " || event.key === "Enter") {
            event.preventDefault();
            if (!why && !event.repeat) this.#start(name);
          }
        }}
        @keyup=${stop}><span>${name}</span><span class="muted number">${t.count(pictures)}</span></button>`;
  }

  get #nameWhy(): string | undefined {
    const t = this.bench.text;
    const name = this.typed.trim();
    return name === "" ? t.camera.typeName : this.#classes.includes(name) ? t.camera.nameTaken : undefined;
  }

  #name(): void {
    if (!this.#nameWhy) {
      this.named = [...this.named, this.typed.trim()];
      this.typed = "";
    }
  }

  async #turnOn(): Promise<void> {
    this.asking = true;
    this.refusal = "";
    try {
      const stream = await openCamera();
      if (this.#modal.open) {
        this.stream = stream;
      } else {
        closeCamera(stream);
      }
    } catch (error) {
      this.refusal = refusalOf(this.bench.text, error);
    }
    this.asking = false;
  }

  #turnOff(): void {
    this.#stop();
    if (this.stream) {
      closeCamera(this.stream);
      this.stream = null;
    }
  }

  #start(name: string): void {
    if (this.holding === null) {
      this.holding = name;
      this.#shoot(name);
      this.#timer = setInterval(() => this.#shoot(name), frameEvery);
    }
  }

  #stop(): void {
    const name = this.holding;
    if (name !== null) {
      clearInterval(this.#timer);
      this.holding = null;
      this.#send(name);
    }
  }

  #shoot(name: string): void {
    const { video } = this;
    if (!video || video.videoWidth === 0) {
      return;
    }
    const canvas = document.createElement("canvas");
    canvas.width = Math.min(frameWidth, video.videoWidth);
    canvas.height = Math.round((canvas.width * video.videoHeight) / video.videoWidth);
    canvas.getContext("2d")?.drawImage(video, 0, 0, canvas.width, canvas.height);
    this.#count(name, 1);
    const frames = this.#frames;
    this.#shots.push(
      new Promise((resolve) => {
        canvas.toBlob(
          (blob) => {
            if (blob) {
              frames.push(new File([blob], `${name} ${new Date().toISOString()}.jpg`, { type: "image/jpeg" }));
            }
            resolve();
          },
          "image/jpeg",
          0.92,
        );
      }),
    );
    if (this.#shots.length >= framesAtOnce) {
      this.#send(name);
    }
  }

  #count(name: string, change: number): void {
    this.waiting = new Map(this.waiting).set(name, (this.waiting.get(name) ?? 0) + change);
  }

  /** Gives the lab the frames taken so far, after those before them. */
  #send(className: string): void {
    const [frames, shots] = [this.#frames, this.#shots];
    this.#frames = [];
    this.#shots = [];
    if (shots.length === 0) {
      return;
    }
    this.#queue = this.#queue.then(async () => {
      await Promise.all(shots);
      const begin = this.#begins;
      const done = frames.length > 0 && (await this.bench.own.add(frames, { className, size: [this.side, this.side] }, begin));
      this.#count(className, -shots.length);
      this.#added ||= done;
      if (done && begin) {
        this.begin = null;
      }
    });
  }

  /** The camera goes off at once; validation gets its share when the last frames are in. */
  async #done(): Promise<void> {
    this.#turnOff();
    await this.#queue;
    if (this.#added) {
      this.#added = false;
      this.named = [];
      await this.bench.data.divide();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-camera": CameraDialog;
  }
}
