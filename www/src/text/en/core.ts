/** What is said in English below the page, by the core, the class or a list of data: English takes it as it is. */
export const core = {
  /** A title or a sentence that comes without a mistake. */
  says: (text: string) => text,
  /** An error or a warning. A language that has to fetch its words calls `learned` once they are there. */
  message: (text: string, _learned: () => void) => text,
};
