/**
 * What a language has: all that a person reads. English says which texts there are, and another
 * language has exactly those, which the compiler checks. What varies goes into a text through a
 * function, so that each language orders, bends and counts in its own way.
 */
import type { Numbers } from "../view/format";
import type * as augment from "./en/augment";
import type * as builder from "./en/builder";
import type * as camera from "./en/camera";
import type * as charts from "./en/charts";
import type * as common from "./en/common";
import type * as core from "./en/core";
import type * as data from "./en/data";
import type * as deep from "./en/deep";
import type * as evaluation from "./en/evaluation";
import type * as exporting from "./en/exporting";
import type * as findings from "./en/findings";
import type * as formulas from "./en/formulas";
import type * as importing from "./en/importing";
import type * as inside from "./en/inside";
import type * as kept from "./en/kept";
import type * as lab from "./en/lab";
import type * as layers from "./en/layers";
import type * as look from "./en/look";
import type * as network from "./en/network";
import type * as options from "./en/options";
import type * as page from "./en/page";
import type * as pretrained from "./en/pretrained";
import type * as runs from "./en/runs";
import type * as sessions from "./en/sessions";
import type * as train from "./en/train";
import type * as views from "./en/views";
import type * as vitals from "./en/vitals";
import type { Language } from "./languages";

export type Texts = Numbers & { language: Language } & typeof augment & typeof builder & typeof camera &
  typeof charts & typeof common & typeof core & typeof data & typeof deep & typeof evaluation &
  typeof exporting & typeof findings & typeof formulas & typeof importing & typeof inside & typeof kept &
  typeof lab & typeof layers & typeof look & typeof network & typeof options & typeof page &
  typeof pretrained & typeof runs & typeof sessions & typeof train & typeof views & typeof vitals;

/** A text that is looked up when it is shown: for lists that belong to no language. */
export type Phrase = (t: Texts) => string;

/** A title of such a list: looked up, or a name that is the same in every language. */
export function phrase(t: Texts, title: string | Phrase): string {
  return typeof title === "string" ? title : title(t);
}
