/**
 * The folder that the site stands in, with a slash at its end: `pkg/` and `data/` are there,
 * wherever it is hosted. The build (vite.config.ts) puts in the way from the file that this
 * code ends up in.
 */
declare const __SITE_BASE__: string;

export function siteBase(): string {
  return __SITE_BASE__;
}
