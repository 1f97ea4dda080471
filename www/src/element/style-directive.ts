import { noChange } from "lit";
import { Directive, directive, type ElementPart, type PartInfo, PartType } from "lit/directive.js";

/**
 * Sets styles through the element's style object. A `style="..."` attribute, which Lit's own
 * styleMap writes first, needs 'unsafe-inline' in the page's content policy; this does not.
 */
class StyleDirective extends Directive {
  constructor(info: PartInfo) {
    super(info);
    if (info.type !== PartType.ELEMENT) {
      throw new Error("styles() stands in an element's tag, not in an attribute");
    }
  }

  render(_styles: Record<string, string>): typeof noChange {
    return noChange;
  }

  override update(part: ElementPart, [styles]: [Record<string, string>]): typeof noChange {
    for (const [name, value] of Object.entries(styles)) {
      (part.element as HTMLElement).style.setProperty(name, value);
    }
    return noChange;
  }
}

/** `<div ${styles({ "--share": "0.5" })}>` */
export const styles = directive(StyleDirective);
