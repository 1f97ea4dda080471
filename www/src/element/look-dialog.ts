import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { property, query, state } from "lit/decorators.js";
import { live } from "lit/directives/live.js";
import { largestSeed } from "../api/check";
import type { DatasetInfo, DatasetStatistics, FileWarning, Split } from "../api/types";
import { binsOf } from "../view/bins";
import { warningsCsv } from "../view/csv";
import type { GalleryElement, GalleryPicture, GallerySource } from "../view/gallery";
import "../view/gallery";
import "../view/histogram";
import "../view/pixels";
import { fitCell, inSight, layGrid } from "../view/window";
import { define } from "./define";
import { dialogStyles, Modal } from "./dialog";
import { imbalance, trainingCopies } from "./imbalance";
import { Watch } from "./observable";
import { button, copy, download, field, typedNumber } from "./parts";
import { styles } from "./style-directive";
import { base } from "./styles";
import { tabList, tabPanel, tabStyles } from "./tabs";
import type { Workbench } from "./workbench";
import "../text/en/look";
import type { Phrase } from "../text/texts";

const tabs = ["pictures", "classes", "numbers", "twins", "warnings"] as const;
type Tab = (typeof tabs)[number];

const splitOrder = ["train", "validation", "test"] as const;
const channelNames: readonly Phrase[] = [(t) => t.look.red, (t) => t.look.green, (t) => t.look.blue];
/** More classes are found by name. */
const mostClasses = 100;
const warningHeight = 25;
/** Groups of equal pictures that are drawn at once. */
const groupsAtOnce = 12;

/** The whole set: its pictures, classes, numbers, equal pictures and warnings, to look at and put right. */
@define("cnn-lab-look")
export class LookDialog extends LitElement {
  @property({ attribute: false }) bench!: Workbench;
  @state() private tab: Tab = "pictures";
  @state() private split: Split = "train";
  /** The class shown; null: all. */
  @state() private label: number | null = null;
  @state() private pointed: GalleryPicture | null = null;
  /** The picture that is enlarged, and its cell. */
  @state() private picked: { picture: GalleryPicture; cell: number } | null = null;
  /** The class that is being edited. */
  @state() private edited: number | null = null;
  /** A class is about to be dropped. */
  @state() private sure = false;
  @state() private find = "";
  @state() private statistics: DatasetStatistics | null = null;
  @state() private twins: { split: Split; index: number; name: string; picture: ImageData | null }[][] = [];
  @state() private groupsShown = groupsAtOnce;
  @state() private warningsTop = 0;
  @state() private copied = "";
  @state() private working = false;
  @query("cnn-lab-gallery") private gallery!: GalleryElement | null;

  #source: GallerySource | null = null;
  #sourceKey = "";
  #measured = -1;
  readonly #modal = new Modal(this, () => this.bench, "look");

  constructor() {
    super();
    new Watch(this, () => this.bench);
  }

  static override styles = [
    base,
    dialogStyles,
    tabStyles,
    css`
      dialog { --width: 1240px; height: calc(100dvh - 24px); }
      dialog > .body { overflow: hidden; padding-bottom: 12px; }
      .filters { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: center; }
      .filters select { width: auto; max-width: 220px; }
      .reading { flex: 1 1 120px; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: right; }
      .halves { flex: 1; min-height: 0; display: grid; grid-template-columns: minmax(0, 1fr) 264px; gap: 16px; }
      .side { display: flex; flex-direction: column; gap: 8px; min-height: 0; padding-left: 16px; border-left: 1px solid var(--lab-line); overflow: hidden auto; }
      .large { display: grid; place-items: center; height: 240px; flex: none; border-radius: 6px; background: var(--lab-sunk); overflow: hidden; }
      .name { overflow-wrap: anywhere; font-weight: 600; }
      .column { display: grid; gap: 4px; align-content: start; }
      .together { display: flex; gap: 8px; }
      .together > :first-child { flex: 1; min-width: 0; }
      .classes tbody th { max-width: 240px; text-align: left; }
      .classes button.class { max-width: 100%; height: 24px; padding: 0 4px; border: 0; border-radius: 4px; background: none; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: left; cursor: pointer; text-decoration: underline; text-decoration-color: var(--lab-edge); text-underline-offset: 3px; }
      .classes button.class[aria-pressed="true"] { background: var(--lab-wash); font-weight: 650; }
      .classes thead th, .warnings thead th { position: sticky; top: 0; background: var(--lab-panel); }
      .classes td:has(.bar) { padding-left: 16px; }
      .bar { width: 96px; height: 8px; border-radius: 2px; background: var(--lab-sunk); overflow: hidden; }
      .bar i { display: block; height: 100%; width: calc(100% * var(--share)); background: var(--lab-edge); }
      .numbers { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px 32px; align-content: start; flex: 1; min-height: 0; }
      .seed { width: 96px; }
      .group { display: flex; flex-wrap: wrap; gap: 12px; padding: 8px 0; border-bottom: 1px solid var(--lab-line); }
      .group figure { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 8px; width: 264px; margin: 0; align-items: start; }
      .group .thumb { width: 72px; height: 72px; display: grid; place-items: center; overflow: hidden; border-radius: 4px; background: var(--lab-sunk); }
      .group figcaption { display: grid; gap: 4px; justify-items: start; font-size: 12px; line-height: 16px; overflow-wrap: anywhere; }
      .warnings table { table-layout: fixed; }
      .warnings td { height: 25px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
      .warnings th:first-child { width: 32%; }
      .warnings tr.space td { height: var(--tall); padding: 0; border: 0; }
      .fill { flex: 1; min-height: 0; }
      @media (max-width: 700px) {
        .halves { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(160px, 1fr) minmax(0, auto); gap: 8px; }
        .side { padding: 8px 0 0; border-left: 0; border-top: 1px solid var(--lab-line); max-height: 44vh; }
        .large { height: 128px; }
        .numbers { grid-template-columns: 1fr; }
        .reading { text-align: left; }
      }
    `,
  ];

  override willUpdate(changed: PropertyValues): void {
    const { data } = this.bench;
    const { info } = data;
    if (!this.#modal.open || !info) {
      this.#source = null;
      this.#sourceKey = "";
      this.picked = null;
      return;
    }
    if (this.#sourceKey === "" && info.splits[data.split] > 0) {
      this.split = data.split;
      this.label = null;
    }
    if (this.label !== null && this.label >= info.classes.length) {
      this.label = null;
    }
    if (this.edited !== null && this.edited >= info.classes.length) {
      this.edited = null;
    }
    const key = `${data.revision}:${this.split}:${this.label ?? "all"}`;
    if (key !== this.#sourceKey) {
      this.#sourceKey = key;
      this.#source = this.#sourceOf(info);
      this.pointed = null;
    }
    if ((this.tab === "numbers" || this.tab === "twins") && this.#measured !== data.revision) {
      this.#measured = data.revision;
      this.statistics = null;
      this.twins = [];
      void this.#measure(data.revision);
    }
    if (changed.has("groupsShown") && this.statistics) {
      void this.#drawTwins(this.statistics, data.revision);
    }
  }

  #sourceOf({ splits, counts, classes, shape: [height, width] }: DatasetInfo): GallerySource {
    const { split, label } = this;
    const { lab } = this.bench;
    return {
      total: label === null ? splits[split] : (counts[split][label] ?? 0),
      size: [height, width],
      classes,
      fetch: async (offset, amount) => {
        const page = await lab?.gallery({ split, ...(label !== null && { label }), offset, count: amount });
        return page?.pictures ?? [];
      },
    };
  }

  async #measure(revision: number): Promise<void> {
    await this.bench.try(async () => {
      const statistics = (await this.bench.lab?.statistics()) ?? null;
      if (revision === this.bench.data.revision) {
        this.statistics = statistics;
        if (statistics) {
          await this.#drawTwins(statistics, revision);
        }
      }
    });
  }

  /** Fetches the pictures of the groups that are shown. */
  async #drawTwins({ duplicates }: DatasetStatistics, revision: number): Promise<void> {
    const { lab } = this.bench;
    const groups = duplicates.groups.slice(0, this.groupsShown);
    const drawn = await Promise.all(
      groups.map((group) =>
        Promise.all(
          group.map(async ({ split, index, name }) => ({
            split, index, name,
            picture: (await lab?.image(split, index).catch(() => null))?.pixels ?? null,
          })),
        ),
      ),
    );
    if (revision === this.bench.data.revision) {
      this.twins = drawn;
    }
  }

  override render(): TemplateResult {
    const { info } = this.bench.data;
    return html`<dialog id="look-dialog" aria-labelledby="dialog-title" @close=${this.#modal.closed}>
      ${this.#modal.open && info
        ? html`${this.#modal.head(html`${this.bench.text.look.title} <span class="muted">${info.name}</span>`)}
            ${this.#tabs(info)}
            ${tabPanel(this.tab, this.#panel(info))}`
        : nothing}
    </dialog>`;
  }

  #tabs({ warnings }: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const twins = this.statistics?.duplicates.total;
    const titles: Record<Tab, string> = {
      pictures: t.common.pictures,
      classes: t.common.classes,
      numbers: t.look.numbers,
      twins: twins === undefined ? t.look.twins : t.look.twinsOf(twins),
      warnings: t.look.warningsOf(warnings.length),
    };
    return tabList(this, { name: t.look.whatToLookAt, tabs, title: (tab) => titles[tab], tab: this.tab, choose: (tab) => (this.tab = tab) });
  }

  #panel(info: DatasetInfo): TemplateResult {
    switch (this.tab) {
      case "pictures":
        return this.#pictures(info);
      case "classes":
        return this.#classes(info);
      case "numbers":
        return this.#numbers(info);
      case "twins":
        return this.#twins();
      case "warnings":
        return this.#warnings(info.warnings);
    }
  }

  /** Why the set cannot be changed now. */
  get #busy(): string | undefined {
    return this.working ? this.bench.text.common.changeUnderWay : this.bench.own.busy;
  }

  /** Changes the set; one change at a time, since each moves the places of others. */
  async #edit(change: Parameters<Workbench["data"]["edit"]>[0], o?: { renames: boolean }): Promise<boolean> {
    if (this.#busy) {
      return false;
    }
    this.working = true;
    const done = await this.bench.data.edit(change, o);
    this.working = false;
    return done;
  }

  #pictures(info: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const { pointed, picked } = this;
    const shown = pointed ?? picked?.picture;
    return html`<div class="filters">
        <label class="sr" for="look-split">${t.common.split}</label>
        <select id="look-split" @change=${(event: Event) => {
          this.split = (event.target as HTMLSelectElement).value as Split;
          this.picked = null;
        }}>
          ${splitOrder.map((split) => html`<option value=${split} .selected=${live(split === this.split)}>${t.common.splits[split]}, ${t.count(info.splits[split])}</option>`)}
        </select>
        <label class="sr" for="look-class">${t.common.class}</label>
        <select id="look-class" @change=${(event: Event) => {
          const { value } = event.target as HTMLSelectElement;
          this.label = value === "" ? null : Number(value);
          this.picked = null;
        }}>
          <option value="" .selected=${live(this.label === null)}>${t.look.allClasses}</option>
          ${info.classes.map((name, i) => html`<option value=${i} .selected=${live(i === this.label)}>${name}, ${t.count(info.counts[this.split][i] ?? 0)}</option>`)}
        </select>
        <span class="reading small muted">${shown ? `${info.classes[shown.label] ?? shown.label}: ${shown.name}` : t.look.enlarges}</span>
      </div>
      <div class="halves">
        <cnn-lab-gallery .text=${t} id="gallery" .source=${this.#source} .cell=${info.shape[1] > 64 ? 96 : 64} name=${t.look.splitPictures(t.common.splits[this.split])}
          @pick=${(event: CustomEvent<GalleryPicture | null>) => {
            const cell = this.gallery?.at ?? 0;
            if (event.detail) this.picked = { picture: event.detail, cell };
          }}
          @point=${(event: CustomEvent<GalleryPicture | null>) => (this.pointed = event.detail)}
          @failed=${(event: CustomEvent<unknown>) => this.bench.fail(event.detail)}></cnn-lab-gallery>
        <div class="side" role="region" aria-label=${t.look.enlarged}>${this.#enlarged(info)}</div>
      </div>`;
  }

  #enlarged(info: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const { picked } = this;
    if (!picked) {
      return html`<div class="large"><span class="small muted">${t.common.noPictureChosen}</span></div>
        <p class="small muted">${t.look.hereGive}</p>`;
    }
    const { picture, cell } = picked;
    const [height, width] = picture.size;
    const room = innerWidth <= 700 ? 128 : 240;
    const zoom = fitCell(picture.pixels.width, picture.pixels.height, room).width / picture.pixels.width;
    const why = this.#busy;
    return html`<div class="large"><cnn-lab-pixels .picture=${picture.pixels} zoom=${zoom} name="${info.classes[picture.label] ?? ""}, ${picture.name}"></cnn-lab-pixels></div>
      <p class="name">${picture.name}</p>
      <p class="small muted">${t.look.pictureIs(t.common.splits[this.split], picture.index, width, height)}</p>
      <div class="column">
        <label class="small muted" for="relabel">${t.common.class}</label>
        <select id="relabel" ?disabled=${why !== undefined} title=${why ?? nothing} @change=${(event: Event) => {
          const label = Number((event.target as HTMLSelectElement).value);
          const { split } = this;
          void this.#then(cell, (lab) => lab.relabel(split, picture.index, label));
        }}>
          ${info.classes.map((name, i) => html`<option value=${i} .selected=${live(i === picture.label)}>${name}</option>`)}
        </select>
      </div>
      <div class="row wrap">
        ${button({
          id: "exclude", label: t.look.exclude, name: t.look.excludeName, why,
          onClick: () => {
            const { split } = this;
            void this.#then(cell, (lab) => lab.exclude(split, picture.index));
          },
        })}
        ${button({
          id: "inside-this", label: t.common.lookInside, name: t.common.lookInsideWhat,
          onClick: () => void this.bench.inside.showPicture(this.split, picture.index).then(() => this.bench.open("inside")),
        })}
        ${button({
          id: "augment-this", label: t.look.augment, name: t.look.augmentName,
          why: this.split === "train" ? undefined : t.look.onlyTraining,
          onClick: () => {
            this.bench.augmentIndex = picture.index;
            this.bench.open("augment");
          },
        })}
      </div>
      ${why === undefined ? nothing : html`<p class="small muted">${why}</p>`}`;
  }

  /** After a change, what stands in the same cell is enlarged. */
  async #then(cell: number, change: Parameters<Workbench["data"]["edit"]>[0]): Promise<void> {
    await this.#edit(change);
    const source = this.#source;
    await this.updateComplete;
    const [picture] = this.#source && this.#source.total > 0 ? await this.#source.fetch(Math.min(cell, this.#source.total - 1), 1).catch(() => []) : [];
    this.picked = picture ? { picture, cell: Math.min(cell, (source?.total ?? 1) - 1) } : null;
  }

  #classes(info: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const wanted = this.find.trim().toLowerCase();
    const found = info.classes.map((name, label) => ({ name, label })).filter(({ name }) => name.toLowerCase().includes(wanted));
    const most = Math.max(1, ...info.counts.train);
    return html`<div class="filters">
        <label class="sr" for="find-class">${t.look.findClass}</label>
        <div><input id="find-class" type="text" placeholder=${t.look.findClass} autocomplete="off" .value=${live(this.find)} @input=${(event: Event) => (this.find = (event.target as HTMLInputElement).value)} /></div>
        <span class="reading small muted">${t.common.count.classes(info.classes.length)}. ${imbalance(t, info.counts.train) ?? ""}</span>
      </div>
      <div class="halves">
        <div class="scroll classes" tabindex="0" role="region" aria-label=${t.common.classes}>
          <table class="list">
            <thead><tr><th scope="col">${t.common.class}</th>${splitOrder.map((split) => html`<th scope="col" class="number">${t.common.splits[split]}</th>`)}<th scope="col"><span class="sr">${t.look.share}</span></th></tr></thead>
            <tbody>${found.slice(0, mostClasses).map(({ name, label }) => html`<tr>
              <th scope="row"><button type="button" class="class" aria-pressed=${label === this.edited ? "true" : "false"} title=${t.look.edit(name)} @click=${() => {
                this.edited = label;
                this.sure = false;
              }}>${name}</button></th>
              ${splitOrder.map((split) => html`<td class="number">${t.count(info.counts[split][label] ?? 0)}</td>`)}
              <td><div class="bar" aria-hidden="true"><i ${styles({ "--share": ((info.counts.train[label] ?? 0) / most).toFixed(4) })}></i></div></td>
            </tr>`)}</tbody>
          </table>
          ${found.length > mostClasses ? html`<p class="small muted">${t.look.moreClasses(found.length - mostClasses)}</p>` : nothing}
        </div>
        <div class="side" role="region" aria-label=${t.look.classChosen}>${this.edited === null ? html`<p class="small muted">${t.look.chooseClass}</p>` : this.#editClass(info, this.edited)}</div>
      </div>`;
  }

  #editClass(info: DatasetInfo, label: number): TemplateResult {
    const t = this.bench.text;
    const name = info.classes[label] ?? "";
    const pictures = splitOrder.reduce((sum, split) => sum + (info.counts[split][label] ?? 0), 0);
    const why = this.#busy;
    const input = (): HTMLInputElement | null => this.renderRoot.querySelector("#class-name");
    const into = (): HTMLSelectElement | null => this.renderRoot.querySelector("#merge-into");
    const rename = (): void => {
      const text = input()?.value.trim() ?? "";
      if (text !== "" && text !== name) {
        void this.#edit((lab) => lab.renameClass(label, text), { renames: true });
      }
    };
    const few = info.classes.length < 3 ? t.look.twoStay : undefined;
    return html`<p class="name">${name}</p><p class="small muted">${t.common.count.pictures(pictures)}</p>
      <div class="column"><label class="small muted" for="class-name">${t.common.name}</label>
        <div class="together">
          <input id="class-name" type="text" autocomplete="off" .value=${name} ?disabled=${why !== undefined}
            @keydown=${(event: KeyboardEvent) => {
              if (event.key === "Enter") rename();
            }} />
          ${button({ id: "rename-class", label: t.look.rename, why, onClick: rename })}
        </div></div>
      <div class="column"><label class="small muted" for="merge-into">${t.look.giveTo}</label>
        <div class="together">
          <select id="merge-into" ?disabled=${(why ?? few) !== undefined}>${info.classes.map((other, i) => (i === label ? nothing : html`<option value=${i}>${other}</option>`))}</select>
          ${button({
            id: "merge-class", label: t.look.merge, why: why ?? few,
            onClick: () => {
              const target = Number(into()?.value ?? NaN);
              if (Number.isInteger(target)) {
                this.edited = null;
                void this.#edit((lab) => lab.mergeClasses(label, target));
              }
            },
          })}
        </div></div>
      <div class="row wrap">
        ${this.sure
          ? html`${button({
              id: "drop-class-sure", label: t.look.dropPictures(pictures), why: why ?? few,
              onClick: () => {
                this.sure = false;
                this.edited = null;
                void this.#edit((lab) => lab.dropClass(label));
              },
            })}
            ${button({ id: "keep-class", label: t.common.keep, kind: "plain", onClick: () => (this.sure = false) })}`
          : button({ id: "drop-class", label: t.look.dropClass, why: why ?? few, onClick: () => (this.sure = true) })}
      </div>
      <p class="small muted">${why ?? few ?? t.look.freshNetwork}</p>`;
  }

  #numbers({ shape: size, splits }: DatasetInfo): TemplateResult {
    const t = this.bench.text;
    const { statistics } = this;
    if (!statistics) {
      return html`<p role="status">${t.common.counting}</p>`;
    }
    const channels = size[2] === 1 ? [t.common.gray] : channelNames.map((name) => name(t));
    const bins = binsOf(statistics.sizes.map(({ width, height, count: pictures }) => ({ value: Math.max(width, height), count: pictures })));
    const all = splits.train + splits.validation + splits.test;
    const listed = statistics.sizes.reduce((sum, { count: pictures }) => sum + pictures, 0);
    return html`<div class="numbers scroll" tabindex="0" role="region" aria-label=${t.look.numbers}>
      <div class="column">
        <h3>${t.look.brightness}</h3>
        <table class="list" id="channels">
          <thead><tr><th scope="col">${t.look.channel}</th><th scope="col" class="number">${t.common.mean}</th><th scope="col" class="number">${t.look.deviation}</th></tr></thead>
          <tbody>${channels.map((name, i) => html`<tr><th scope="row">${name}</th><td class="number">${t.decimal(statistics.mean[i] ?? NaN, 4)}</td><td class="number">${t.decimal(statistics.std[i] ?? NaN, 4)}</td></tr>`)}</tbody>
        </table>
        ${this.#seed()}
        <p class="small muted">${t.look.hereEvery(size, statistics.excluded > 0 ? t.look.excluded(statistics.excluded) : "")}</p>
      </div>
      <div class="column">
        <h3>${t.look.inFiles}</h3>
        <cnn-lab-histogram .text=${t} .bins=${bins} across=${t.look.longerSide}></cnn-lab-histogram>
        <table class="list" id="sizes">
          <thead><tr><th scope="col">${t.look.widthHeight}</th><th scope="col" class="number">${t.common.pictures}</th></tr></thead>
          <tbody>${statistics.sizes.slice(0, 8).map(({ width, height, count: pictures }) => html`<tr><th scope="row">${t.shape([width, height])}</th><td class="number">${t.count(pictures)}</td></tr>`)}</tbody>
        </table>
        <p class="small muted">${listed < all ? t.look.frequentSizes(statistics.sizes.length, listed, all) : t.common.count.sizes(statistics.sizes.length)}</p>
      </div>
    </div>`;
  }

  /** What repeats the draw of the splits; nothing where they all came with the set. */
  #seed(): TemplateResult | typeof nothing {
    const t = this.bench.text;
    const { data, settings } = this.bench;
    const { given } = data.info ?? {};
    const why = this.#busy;
    return given?.validation && given.test
      ? nothing
      : field(t, {
          id: "split-seed",
          label: t.look.splitSeed,
          help: t.look.splitSeedHelp,
          control: html`<div class="seed"><input id="split-seed" type="number" min="0" max=${largestSeed} step="1" inputmode="numeric" .value=${String(settings.splitSeed)}
            ?disabled=${why !== undefined} title=${why ?? nothing}
            @change=${(event: Event) => {
              const input = event.target as HTMLInputElement;
              const seed = typedNumber(input);
              if (seed !== null && seed !== settings.splitSeed) {
                settings.splitSeed = seed;
                void data.divide();
              }
              input.value = String(settings.splitSeed);
            }} /></div>`,
        });
  }

  #twins(): TemplateResult {
    const t = this.bench.text;
    const { statistics, twins } = this;
    if (!statistics) {
      return html`<p role="status">${t.look.comparing}</p>`;
    }
    const { total, groups } = statistics.duplicates;
    if (total === 0) {
      return html`<p>${t.look.noTwins}</p>`;
    }
    const copies = trainingCopies(groups);
    const why = this.#busy ?? (copies.length === 0 ? t.look.noneTraining : undefined);
    return html`<div class="row wrap">
        <p class="grow">${t.look.twinsHelp(total)}</p>
        ${button({
          id: "exclude-twins", label: t.look.excludeCopies(copies.length), why,
          onClick: () =>
            void this.#edit(async (lab) => {
              // From the last on, since those above move down.
              for (const index of copies) {
                await lab.exclude("train", index);
              }
            }),
        })}
      </div>
      <div class="scroll fill" tabindex="0" role="region" aria-label=${t.look.equalPictures}>
        ${twins.map((group) => html`<div class="group">${group.map(({ split, index, name, picture }) => this.#twin(split, index, name, picture))}</div>`)}
        ${groups.length > this.groupsShown ? button({ id: "more-twins", label: t.common.showMore, onClick: () => (this.groupsShown += groupsAtOnce) }) : nothing}
        ${total > groups.length ? html`<p class="small muted">${t.look.firstGroups(groups.length)}</p>` : nothing}
      </div>`;
  }

  #twin(split: Split, index: number, name: string, picture: ImageData | null): TemplateResult {
    const t = this.bench.text;
    const zoom = picture ? fitCell(picture.width, picture.height, 72).width / picture.width : 1;
    return html`<figure>
      <div class="thumb">${picture ? html`<cnn-lab-pixels .picture=${picture} zoom=${zoom} name=${name}></cnn-lab-pixels>` : nothing}</div>
      <figcaption><b>${t.common.splits[split]} ${t.count(index)}</b><span>${name}</span>
        ${button({ id: `exclude-${split}-${index}`, label: t.look.exclude, why: this.#busy, onClick: () => void this.#edit((lab) => lab.exclude(split, index)) })}</figcaption>
    </figure>`;
  }

  #warnings(warnings: FileWarning[]): TemplateResult {
    const t = this.bench.text;
    if (warnings.length === 0) {
      return html`<p>${t.look.everyFile}</p>`;
    }
    // Rows have a fixed height, and only those in sight are made: there may be thousands.
    const grid = layGrid(warnings.length, 1, 1, warningHeight);
    const { first, end } = inSight(grid, warnings.length, this.warningsTop - 10 * warningHeight, innerHeight + 20 * warningHeight);
    const space = (rows: number): TemplateResult => html`<tr class="space" aria-hidden="true" ${styles({ "--tall": `${rows * warningHeight}px` })}><td colspan="2"></td></tr>`;
    const csv = (): string => warningsCsv(warnings);
    return html`<div class="row wrap">
        <p class="grow">${t.look.warningsHelp(warnings.length)}</p>
        <span class="small muted" role="status">${this.copied}</span>
        ${button({
          id: "copy-warnings", label: t.look.copy, name: t.look.copyCsv,
          onClick: () =>
            void copy(csv()).then((copied) => (this.copied = copied ? t.common.copied : t.look.cannotCopy)),
        })}
        ${button({ id: "save-warnings", label: "CSV", name: t.look.downloadCsv, onClick: () => download(new Blob([csv()], { type: "text/csv" }), "cnn-lab-warnings.csv") })}
      </div>
      <div class="scroll fill warnings" tabindex="0" role="region" aria-label=${t.common.warnings} @scroll=${(event: Event) => (this.warningsTop = (event.target as HTMLElement).scrollTop)}>
        <table class="list" aria-rowcount=${warnings.length}>
          <thead><tr><th scope="col">${t.look.file}</th><th scope="col">${t.look.happened}</th></tr></thead>
          <tbody>${space(first)}${warnings.slice(first, end).map(({ file, message }) => html`<tr><td title=${file}>${file}</td><td title=${this.bench.says(message)}>${this.bench.says(message)}</td></tr>`)}${space(warnings.length - end)}</tbody>
        </table>
      </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "cnn-lab-look": LookDialog;
  }
}
