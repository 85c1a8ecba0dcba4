/** FNV-1a, 32 bits with a sign: the same everywhere. Its low bits are its weakest: mix it before taking a remainder. */
export function fnv(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}

/** Spreads names evenly, and the same everywhere. */
export function hashText(text: string): number {
  const hash = fnv(text);
  return (hash ^ (hash >>> 15)) >>> 0;
}
