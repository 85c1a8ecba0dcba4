/** What the owner of a trial server does, with the publicly known master key. */

export const ownerHeaders = {
  "X-LC-Id": "parley-dev",
  "X-LC-Key": "parley-dev-master,master",
  "Content-Type": "application/json",
};

/** Calls the HTTP API and returns the JSON. Rejects if the status is an error. */
export async function callAsOwner<Answer>(
  { url }: { url: string },
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: ownerHeaders,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const answer: Answer = JSON.parse(text);
  return answer;
}

/** Changes settings. */
export async function configure(server: { url: string }, settings: object): Promise<void> {
  await callAsOwner(server, "PATCH", "/admin/settings", settings);
}

export const unlimited = {
  limits: { sendsPerMinute: 0, historyQueriesPerMinute: 0, otherCommandsPerMinute: 0 },
};
