const LIMIT = 64; // characters

/** 1 to 64 characters without control characters (C-01); real apps' ids begin with digits too. */
export function isClientId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return id.length >= 1 && id.length <= LIMIT && !/[\u0000-\u001f\u007f]/.test(id);
}
