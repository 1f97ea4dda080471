/**
 * Registers a part of the lab. Twice is no error: a course page may load the lab from two
 * addresses, and the first one serves both.
 */
export function define(name: string) {
  return (element: CustomElementConstructor): void => {
    if (!customElements.get(name)) {
      customElements.define(name, element);
    }
  };
}
