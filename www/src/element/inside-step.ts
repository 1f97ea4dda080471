import type { FeatureMaps, Prediction, Split } from "../api/types";
import { closeCamera, openCamera, refusalOf } from "./camera";
import { isLost } from "./notices";
import type { Workbench } from "./workbench";

/** While training runs, the picture is looked at again at most so often, in milliseconds. */
const lookEvery = 250;
/** So often a frame of the camera is looked at, in milliseconds; while training runs, less often. */
const frameEvery = 150;

/** The picture in hand. */
export type Hand = {
  kind: "drawing" | "test" | "set" | "file" | "camera";
  /** In the size that the network takes: just what it sees. */
  picture: ImageData;
  name: string;
  /** Its class, where that is known. */
  truth: string | null;
  /** What it was made of: a network of another size takes it anew. */
  source?: ImageBitmapSource;
  /** Dark and light are exchanged against its source. */
  inverted?: boolean;
};

/** Dark where the picture is light. */
function inverse(picture: ImageData): ImageData {
  const inverted = new ImageData(picture.width, picture.height);
  picture.data.forEach((value, i) => {
    inverted.data[i] = i % 4 === 3 ? value : 255 - value;
  });
  return inverted;
}

/** The fourth step: what the network makes of one picture. */
export class InsideStep {
  hand: Hand | null = null;
  prediction: Prediction | null = null;
  /** The maps of each convolution, by the layer's name. */
  maps = new Map<string, FeatureMaps>();
  /** Which test picture is or was in hand. */
  index = 0;
  /** What a screen reader is told of the picture. */
  spoken = "";
  /** The camera looks on: each frame is the picture in hand, until another one is taken. */
  camera: "off" | "asking" | "on" = "off";
  /** Why there is no camera. */
  refusal = "";
  #stream: MediaStream | null = null;
  /** Of the camera's frames, the answer that was spoken. */
  #spokenOf: Hand | string | null = null;
  #speech: ReturnType<typeof setTimeout> | undefined;
  #visible = true;
  #busy = false;
  #again = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lookedAt = 0;
  #cost = 0;
  #closed = false;

  constructor(private readonly bench: Workbench) {}

  /** Which class the picture in hand is of, where that is known. */
  get label(): number | null {
    const label = this.bench.classes.indexOf(this.hand?.truth ?? "");
    return label < 0 ? null : label;
  }

  /** Whether the panel can be seen: what nobody sees is not computed while training runs. */
  setVisible(visible: boolean): void {
    if (visible && !this.#visible) {
      this.refresh();
    }
    this.#visible = visible;
  }

  /** Height and width of what the network takes. */
  get size(): { height: number; width: number; channels: number } {
    const [height = 28, width = 28, channels = 1] = this.bench.network.inputShape;
    return { height, width, channels };
  }

  /** A drawing makes sense where the network takes what MNIST has. */
  get drawable(): boolean {
    const { height, width, channels } = this.size;
    return height === 28 && width === 28 && channels === 1;
  }

  /** With the data comes a first picture; a test picture of other data goes. */
  async start(): Promise<void> {
    if (this.tests === 0 && this.hand?.kind === "test") {
      this.clear();
    }
    if (this.hand === null || this.hand.kind === "test" || this.hand.kind === "set" || !this.#fits(this.hand)) {
      await this.showTest(this.index);
    }
  }

  get tests(): number {
    return this.bench.lab?.dataset?.splits.test ?? 0;
  }

  async showTest(index: number): Promise<void> {
    const { lab } = this.bench;
    const info = lab?.dataset;
    if (!lab || !info || this.tests === 0) {
      return;
    }
    this.index = ((index % this.tests) + this.tests) % this.tests;
    await this.bench.try(async () => {
      const { pixels, label } = await lab.image("test", this.index);
      this.#take({
        kind: "test",
        picture: pixels,
        name: this.bench.text.inside.testPicture(this.index),
        truth: info.classes[label] ?? null,
        source: pixels,
      });
    });
  }

  /** Any picture of the set. */
  async showPicture(split: Split, index: number): Promise<void> {
    const t = this.bench.text;
    if (split === "test") {
      return this.showTest(index);
    }
    const { lab } = this.bench;
    const info = lab?.dataset;
    if (!lab || !info) {
      return;
    }
    await this.bench.try(async () => {
      const { pixels, label } = await lab.image(split, index);
      const name = t.inside.splitPicture(split === "train" ? t.common.training : t.common.validation, index);
      this.#take({ kind: "set", picture: pixels, name, truth: info.classes[label] ?? null, source: pixels });
    });
  }

  showDrawing(picture: ImageData): void {
    this.#take({ kind: "drawing", picture, name: this.bench.text.common.yourDrawing, truth: null });
  }

  clear(): void {
    this.#cameraOff();
    this.hand = null;
    this.refresh();
  }

  /** A picture that was dropped, pasted or chosen. */
  async showFile(file: Blob): Promise<void> {
    const lab = await this.bench.ready;
    const name = file instanceof File ? file.name : this.bench.text.inside.pasted;
    await this.bench.try(async () => {
      const picture = await this.#shrink(file);
      if (picture) {
        this.#take({ kind: "file", picture, name, truth: null, source: file });
      } else {
        // It cannot be decoded; the lab says so in its own words.
        await lab.predict(file);
      }
    });
  }

  /** Looks through the camera, or no longer. */
  async turnCamera(): Promise<void> {
    if (this.camera !== "off") {
      this.#cameraOff();
      return;
    }
    [this.camera, this.refusal] = ["asking", ""];
    this.bench.changed();
    const stream = await openCamera().catch((error: unknown) => {
      this.refusal = refusalOf(this.bench.text, error);
      return null;
    });
    // It was given up, or the page was left, while the browser asked.
    if (stream && (this.camera as string) === "asking" && !this.#closed) {
      this.#stream = stream;
      this.camera = "on";
      // Its cable was pulled, or the leave taken back.
      stream.getVideoTracks()[0]?.addEventListener("ended", () => this.#cameraOff());
      void this.#film(stream);
    } else {
      if (stream) closeCamera(stream);
      this.camera = "off";
    }
    this.bench.changed();
  }

  #cameraOff(): void {
    if (this.#stream) closeCamera(this.#stream);
    this.#stream = null;
    this.camera = "off";
    this.bench.changed();
  }

  /** Takes frame after frame in hand while this stream is on. */
  async #film(stream: MediaStream): Promise<void> {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, srcObject: stream });
    await video.play().catch(() => undefined);
    while (this.#stream === stream) {
      // Asked anew: another network takes another size.
      const { height, width } = this.size;
      const scale = Math.min(video.videoWidth / width, video.videoHeight / height);
      const [wide, tall] = [width * scale, height * scale];
      if (scale > 0 && !document.hidden && !this.#busy) {
        // The middle, as pictures that were filmed for a class are cropped too.
        const frame = await createImageBitmap(video, (video.videoWidth - wide) / 2, (video.videoHeight - tall) / 2, wide, tall).catch(() => null);
        const picture = frame && (await this.#shrink(frame));
        frame?.close();
        if (picture && this.#stream === stream) {
          this.#take({ kind: "camera", picture, name: this.bench.text.inside.theCamera, truth: null });
        }
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(frameEvery, this.bench.training.active ? 3 * this.#cost : 0)));
    }
    video.srcObject = null;
  }

  /** The picture in the network's size and colours: what is shown is what the network gets. */
  async #shrink(source: ImageBitmapSource): Promise<ImageData | null> {
    const { height, width, channels } = this.size;
    const bitmap = await createImageBitmap(source, {
      resizeWidth: width,
      resizeHeight: height,
      resizeQuality: "high",
    }).catch(() => null);
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    if (!bitmap || !context) {
      return null;
    }
    if (channels === 1) {
      context.filter = "grayscale(1)";
    }
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    return context.getImageData(0, 0, width, height);
  }

  /** Turns dark on light into light on dark, as MNIST's digits are, and back. */
  invert(): void {
    if (this.hand) {
      const { picture, inverted } = this.hand;
      this.#take({ ...this.hand, picture: inverse(picture), inverted: !inverted });
    }
  }

  #take(hand: Hand): void {
    if (hand.kind !== "camera" && this.camera !== "off") {
      this.#cameraOff();
    }
    this.hand = hand;
    this.refresh();
    this.bench.changed();
  }

  /** Looks at the picture again, as soon as the look under way is done. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#busy) {
      this.#again = true;
    } else {
      void this.#look();
    }
  }

  /** Looks again at a calm rate: training goes first. */
  refreshSoon(): void {
    if (!(this.#visible || this.bench.dialog === "inside") || document.hidden) {
      return;
    }
    const since = performance.now() - this.#lookedAt;
    // A look that takes long, because the steps around it do, comes less often.
    this.#timer ??= setTimeout(() => this.refresh(), Math.max(0, Math.max(lookEvery, 3 * this.#cost) - since));
  }

  async #look(): Promise<void> {
    const { lab, network } = this.bench;
    const { hand } = this;
    if (!this.#closed && lab?.spec && hand?.source && !this.#fits(hand)) {
      const picture = await this.#shrink(hand.source);
      // Another picture may have been taken meanwhile; it is looked at by itself.
      if (hand !== this.hand) return;
      if (picture) {
        this.#take({ ...hand, picture: hand.inverted ? inverse(picture) : picture });
        return;
      }
    }
    if (this.#closed || !lab?.spec || !hand || !this.#fits(hand)) {
      this.prediction = null;
      this.maps = new Map();
      this.bench.changed();
      return;
    }
    this.#busy = true;
    const began = performance.now();
    try {
      // Asked for at once, so that all are of the same weights, with no training step between.
      const [prediction, maps] = await Promise.all([
        lab.predict(hand.picture),
        lab.featureMaps(hand.picture, network.convolutions.map(({ name }) => name)),
      ]);
      this.prediction = prediction;
      this.maps = new Map(maps.map((map) => [map.layer, map]));
      this.#speak(hand, prediction);
      this.bench.tell({ name: "predict", detail: prediction });
    } catch (error) {
      // While the lab or its network is being changed, the next look is the one that counts. A
      // lost worker is told of by the lab, and the next look finds the one that took over.
      if (lab === this.bench.lab && !this.#again && !isLost(error)) {
        this.bench.fail(error);
      }
    }
    this.#busy = false;
    this.#lookedAt = performance.now();
    this.#cost = this.#lookedAt - began;
    this.bench.changed();
    if (this.#again) {
      this.#again = false;
      this.refresh();
    }
  }

  /** Tells a screen reader of a picture once, when the drawing pauses; not again while training runs. Of the camera's frames it tells when the answer changes. */
  #speak(hand: Hand, [best]: Prediction): void {
    const t = this.bench.text;
    const of = hand.kind === "camera" && best ? best.label : hand;
    if (best && of !== this.#spokenOf) {
      this.#spokenOf = of;
      clearTimeout(this.#speech);
      this.#speech = setTimeout(() => {
        const truth = hand.truth === null || hand.truth === best.label || this.bench.network.classes ? "" : t.inside.butItIs(hand.truth);
        this.spoken = t.inside.spoken(hand.name, best.label, Math.round(best.probability * 100), truth);
        this.bench.changed();
      }, 700);
    }
  }

  /** The network may take another size by now. */
  #fits({ picture }: Hand): boolean {
    return picture.width === this.size.width && picture.height === this.size.height;
  }

  close(): void {
    this.#closed = true;
    this.#cameraOff();
    clearTimeout(this.#timer);
    clearTimeout(this.#speech);
  }
}
