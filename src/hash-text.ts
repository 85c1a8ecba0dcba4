/** FNV-1a, 32 bits: spreads names evenly, and the same everywhere. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  // The low bits of FNV are its weakest, and they are what a remainder is taken of.
  return (hash ^ (hash >>> 15)) >>> 0;
}
