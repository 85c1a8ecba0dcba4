/** Ids of clients in a text, with commas or line ends between them: ids may have spaces in them. */
export const idsIn = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,，\n]/)
      .map((id) => id.trim())
      .filter((id) => id !== ""),
  ),
];
