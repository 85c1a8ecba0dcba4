/** Domains of LeanCloud's file hosts, old ones too. */
const HOSTS = [
  "lcfile.com",
  "lncldfiles.com",
  "clouddn.com",
  "qiniudn.com",
  "tapfiles.cn",
  "avosapps.com",
  "leancloud.cn",
  "lncld.net",
  "lc-gluttony.s3.amazonaws.com",
];

/** Whether an address is of LeanCloud's, or of a host that the owner named: nobody else's word makes us call it. */
export function isHosted(url: string, ownHosts: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, host } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return false;
  if (ownHosts.includes(host)) return true;
  return HOSTS.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}
