/** A shorter text than this is no secret, and may well be part of an answer by itself. */
const SECRET_MIN = 8; // characters

/** A server's text without these secrets, in case it quotes what it was sent: as they are, in JSON and in a form. */
export function withoutSecrets(text: string, secrets: Iterable<string>): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret.length < SECRET_MIN) continue;
    const inJson = JSON.stringify(secret).slice(1, -1);
    const inForm = new URLSearchParams({ "": secret }).toString().slice(1);
    for (const form of [secret, inJson, inForm, encodeURIComponent(secret)])
      shown = shown.replaceAll(form, "***");
  }
  return shown;
}
