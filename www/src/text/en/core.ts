/** What is said in English below the page, by the core, the class or a list of data: English takes it as it is. */
export const core = {
  says: (text: string) => text,
};
