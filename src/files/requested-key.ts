/** Characters of the longest key that is looked up: that of S3. */
const KEY_LONGEST = 1_024;

/**
 * The key of a file in the path of a URL, exactly as it was stored. Keys from elsewhere have slashes, several in a row
 * too, spaces, percent signs, and letters of any script. A key is looked up as it is: it names no place in any folder.
 *
 * @param path behind the part that all files have, without a slash at its beginning
 * @returns undefined where no file can have it
 */
export function requestedKey(path: string): string | undefined {
  const key = decoded(path);
  return key === "" || key.length > KEY_LONGEST ? undefined : key;
}

/** A percent sign that encodes nothing is itself, as in `100%.png`. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
