/**
 * A path as routes are looked up by it. C# joins its server URL and the path unchecked: `https://host/` requests
 * `//v1/route`. Old documents have a slash at the end of some paths. Characters that never need an escape are written as
 * they are (RFC 3986 §6.2.2.2): another spelling of a path that is served here must not be passed on. SDKs spell the class
 * of files in three ways.
 */
export function routePath(path: string): string {
  return path
    .replace(/%(?:2[de]|3\d|[46][1-9a-f]|[57][\da]|5f|7e)/gi, (written) => decodeURIComponent(written))
    .replace(/\/{2,}/g, "/")
    .replace(/(?<=.)\/$/, "")
    .replace(/^\/1\.1\/classes\/(?:_File|_file|files)(?=\/|$)/, "/1.1/files");
}
