/** What is not known, and what must not be taken for anything. */
const BYTES = "application/octet-stream";

/**
 * Types that a browser shows and that can run nothing: the only ones it may show. Anything else is downloaded: pages
 * and drawings (HTML, SVG, XML) have scripts, and would run them as pages of the server's own address.
 */
const SHOWN = new Set([
  "image/png",
  "image/apng",
  "image/jpeg",
  "image/jpg",
  "image/pjpeg",
  "image/gif",
  "image/webp",
  "image/avif",
  "image/bmp",
  "image/heic",
  "image/heif",
  "image/tiff",
  "image/x-icon",
  "image/vnd.microsoft.icon",
  "text/plain",
  "application/pdf",
]);

/** A type with parameters, as a header may carry it. */
const TYPE =
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&^.+'-]+|"[\w !#$%&'()*+,./:;<=>?@[\]^`{|}~-]*"))*$/;
const TYPE_CHARACTERS = 255;

/** How a file of this type is sent. */
export interface Presentation {
  /** The `Content-Type`. */
  type: string;
  /** Whether a browser may show it; else it is downloaded. */
  isShown: boolean;
}

/**
 * @param stored the type in the file's row, which its sender chose
 */
export function presentationOf(stored: string): Presentation {
  const given = stored.trim();
  if (given.length > TYPE_CHARACTERS || !TYPE.test(given)) return { type: BYTES, isShown: false };
  const essence = given.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  // A page takes a script from wherever it is, downloaded or not.
  if (/(java|ecma|live|j)script|wasm/.test(essence)) return { type: BYTES, isShown: false };
  const isShown =
    SHOWN.has(essence) || (/^(audio|video)\/[\w.+-]+$/.test(essence) && !essence.includes("xml"));
  return { type: given, isShown };
}

/**
 * `Content-Disposition` with the file's name, in ASCII and as it is (RFC 6266, RFC 5987).
 *
 * @param name as its sender gave it; empty for none
 */
export function dispositionOf(name: string, { isShown }: Presentation): string {
  const kind = isShown ? "inline" : "attachment";
  const clean = fileName(name);
  if (clean === "") return kind;
  const plain = clean.replace(/[^ -~]/g, "_").replace(/["\\%]/g, "_");
  const encoded = encodeURIComponent(clean).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return plain === clean
    ? `${kind}; filename="${plain}"`
    : `${kind}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

const NAME_CHARACTERS = 200;

/** The name without a folder and without what no system has in a file's name. */
function fileName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
  const printable = last.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "");
  // A longer one keeps its end, which says what it is.
  const characters = [...printable.toWellFormed()];
  const kept = characters.slice(-NAME_CHARACTERS).join("").trim();
  return /^\.+$/.test(kept) ? "" : kept;
}
