/**
 * English. What everybody sees is here, and comes with the page; what only a dialog or the lab's own
 * page says puts itself in when its file is fetched, and is imported by those who say it.
 */
import { charts } from "./charts";
import { common } from "./common";
import { core } from "./core";
import { data } from "./data";
import { findings } from "./findings";
import { inside } from "./inside";
import { lab } from "./lab";
import { network } from "./network";
import { sessions } from "./sessions";
import { train } from "./train";
import { numbers } from "./numbers";
import type { Texts } from "../texts";

export const english = { language: "en", ...numbers, charts, common, core, data, findings, inside, lab, network, sessions, train } as Texts;
