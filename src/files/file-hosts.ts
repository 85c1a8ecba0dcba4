/** The settings that name hosts of files. */
export interface FileAddresses {
  /** The address before the keys. */
  url: string | null;
  /** Hosts of files beside that of the address. */
  domains: readonly string[];
}

/**
 * The hosts on which every path is a key: those that the owner lists, and that of the address of files, if it is a whole
 * host. An address with a path leads to this server's own `/files`, by another name perhaps.
 */
export function fileHosts({ url, domains }: FileAddresses): string[] {
  const address = url === null ? undefined : new URL(url);
  const own = address === undefined || address.pathname !== "/" ? [] : [address.host];
  return [...own, ...domains];
}
