/*
 * Keys of files: the path of their bytes below the address of files. They are guarded by being unguessable, as at the
 * hosted service. Bytes are uploaded to `/uploads/<token>` and served at `/files/<key>`: no key can be an upload's path.
 */

/** Characters of a key, and of a name in one. */
const KEY_LONGEST = 512;
const NAME_LONGEST = 200;
const PREFIX_LONGEST = 256;
const RANDOM_LENGTH = 32;
const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A text that nobody can guess: 190 bits in letters and digits. */
export function randomText(length = RANDOM_LENGTH): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // What is beyond the last whole alphabet would make some letters more likely.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % ALPHABET.length];
    }
  }
  return text;
}

/**
 * A new key: `<random>.<extension>`, or `<random>/<name>` if the name is to be kept, after the prefix.
 *
 * @param prefix that `isPrefix` accepted
 */
export function newKey({
  name,
  keepsName,
  prefix,
}: {
  name: string;
  keepsName: boolean;
  prefix: string | undefined;
}): string {
  const extension = /\.[a-zA-Z0-9]{1,16}$/.exec(name)?.[0] ?? "";
  const own = keepsName ? `${randomText()}/${segmentOf(name)}` : `${randomText()}${extension}`;
  return prefix === undefined ? own : `${prefix}/${own}`;
}

/** A name as one segment of a path. Its end is kept, which may be an extension. */
function segmentOf(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it replaces
  const plain = name.replaceAll(/[/\\\u0000-\u001f\u007f]/g, "_");
  const short = [...plain].slice(-NAME_LONGEST).join("");
  return /^\.{0,2}$/.test(short) ? "_" : short;
}

/** Whether a text may stand before a key: segments of letters and digits. */
export function isPrefix(text: string): boolean {
  return (
    text.length <= PREFIX_LONGEST &&
    text.split("/").every((part) => /^[\p{L}\p{N}_-][\p{L}\p{N}_.-]*$/u.test(part))
  );
}

/** Whether a text can be a key: no segment leads out of the path, and a URL keeps every character. */
export function isKey(text: string): boolean {
  if (text.length === 0 || text.length > KEY_LONGEST || !text.isWellFormed()) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (/[\\\u0000-\u001f\u007f]/.test(text)) return false;
  return text.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** The URL of a key. @param base without a slash at its end */
export function urlOfKey(base: string, key: string): string {
  return `${base}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

/** The key in such a URL; undefined for any other. */
export function keyInUrl(base: string, url: string): string | undefined {
  if (!url.startsWith(`${base}/`)) return undefined;
  try {
    const key = decodeURIComponent(url.slice(base.length + 1));
    return isKey(key) ? key : undefined;
  } catch {
    return undefined;
  }
}
