/**
 * The token of the client's session. The SDK has no public way to it, neither 4.x nor 5.x; this is what it asks itself
 * before it calls the HTTP API. It renews a token that has expired, and rejects where there is no connection.
 */
export async function sessionTokenOf(client: object): Promise<string> {
  if (!hasSession(client)) throw new Error("the SDK keeps its session elsewhere");
  return client._sessionManager.getSessionToken();
}

interface HasSession {
  _sessionManager: { getSessionToken(): Promise<string> };
}

const hasSession = (client: object): client is HasSession => "_sessionManager" in client;
