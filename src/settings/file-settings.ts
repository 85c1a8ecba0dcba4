import * as v from "valibot";
import {
  baseAddress,
  booleanSetting,
  described,
  group,
  isHostName,
  listOf,
  wholeNumber,
} from "./value-schemas.ts";

/** The most that R2 takes in one upload, in bytes. */
const FILE_LARGEST = 5 * 1024 * 1024 * 1024;

/** A media type, or all of a kind: `image/png`, `image/*`. */
const mediaRange = () =>
  v.pipe(
    v.string("must be a list of media types"),
    v.regex(
      /^[a-z]+\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/,
      "must be media types such as image/png or image/*",
    ),
  );

/** A host with its port, if it has another than usual, as browsers name it. */
const host = () => {
  const problem = "must be hosts such as files.example.com";
  return v.pipe(v.string(problem), v.check(isHost, problem));
};

function isHost(text: string): boolean {
  if (!URL.canParse(`https://${text}`)) return false;
  const { host, hostname } = new URL(`https://${text}`);
  return host === text && isHostName(hostname);
}

/** Files that clients upload (B-15). */
export const fileSettings = () =>
  group({
    maxBytes: v.optional(
      described(
        "The largest file, in bytes; larger ones are refused with 413.",
        wholeNumber(1, FILE_LARGEST),
      ),
      50 * 1024 * 1024,
    ),
    types: v.optional(
      described("The media types that are taken; an empty list is all of them.", listOf(mediaRange())),
      [],
    ),
    usersOnly: v.optional(
      described(
        "With the app key alone nobody adds files: users who are logged in do, and the app's server.",
        booleanSetting(),
      ),
      false,
    ),
    upload: v.optional(
      described(
        "How clients upload: by one PUT or by a form. `auto` asks mini-programs and React Native, which cannot PUT, for a form, and everybody else for a PUT.",
        v.picklist(["auto", "put", "form"], "must be auto, put or form"),
      ),
      "auto",
    ),
    url: v.optional(
      described(
        "The address before the keys of files, such as `https://files.example.com`; null for this server's own.",
        v.nullable(baseAddress()),
      ),
      null,
    ),
    domains: v.optional(
      described(
        "Hosts beside that of `url` on which every path is the key of a file, and nothing else is served.",
        listOf(host()),
      ),
      [],
    ),
  });
