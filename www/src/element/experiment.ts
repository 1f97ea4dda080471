/** The whole experiment as a link, and back: everything that is chosen on the page. */
import { siteBase } from "../api/base";
import { draftOf, specOf } from "./builder/draft";
import { LinkError, readLink, writeLink } from "./link";
import { isAddress } from "./model-source";
import { own } from "./network-step";
import { AttributeError, attributesOf, type Settings, settingsOf } from "./settings";
import type { Workbench } from "./workbench";
import type { Texts } from "../text/texts";

/** Stands in a link that was made with pictures of the person's own. */
const ownPictures = "own-pictures";

/** A link that opens the present experiment, and what it leaves out. */
export async function linkOf(bench: Workbench): Promise<{ address: string; leftOut: string }> {
  const t = bench.text;
  const { data, network, settings, lab } = bench;
  const spec = lab?.spec;
  const isOwn = data.ownLoaded || data.useOwn;
  // A preset is made for the set's pictures; for a person's own set it cannot be made again.
  const model = (isOwn || network.chosen === own) && spec ? JSON.stringify(specOf(draftOf(spec), { short: true })) : network.chosen || settings.model;
  const { base } = settings;
  // The link leads to a page elsewhere.
  const attributes = attributesOf({ ...settings, model, base: base && isAddress(base) ? new URL(base, document.baseURI).href : base });
  const fragment = await writeLink(t, isOwn ? { ...attributes, [ownPictures]: "yes" } : attributes);
  const address = new URL(bench.page ?? new URL("index.html", siteBase()).href);
  address.hash = fragment;
  return {
    address: address.href,
    leftOut: [isOwn && t.lab.ownNotInLink, network.holdsLearned && t.lab.frozenNotInLink].filter(Boolean).join(" "),
  };
}

/** What a link's fragment asks for. Throws a LinkError. */
export async function openLink(t: Texts, fragment: string): Promise<{ settings: Partial<Settings>; note: string }> {
  const { [ownPictures]: isOwn, ...attributes } = await readLink(t, fragment);
  try {
    return {
      settings: settingsOf(attributes),
      note: isOwn === undefined ? "" : t.lab.madeWithOwn,
    };
  } catch (error) {
    if (error instanceof AttributeError) {
      const { field, given, expected } = error;
      const short = given.length > 60 ? `${given.slice(0, 60)}…` : given;
      throw new LinkError(t.lab.linkSays(field, short, expected));
    }
    throw error;
  }
}
