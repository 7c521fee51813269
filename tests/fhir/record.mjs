// A care record of somebody else: npm's oidc-provider as its authorization server, with SMART's additions and one kind
// of resource. The arguments are a port and Accord's public keys. What is launched says whose chart it is, and which lie
// the record tells: `p1`, `p1 late`, `p1 iss=https://evil.example`. One line on standard output says that it is ready.
import { webcrypto } from "node:crypto";
import { createServer } from "node:http";

globalThis.crypto ??= webcrypto; // Node 18 has none by itself
const { SignJWT, decodeJwt, exportJWK, generateKeyPair, importJWK } = await import("jose");
const { Provider } = await import("oidc-provider");

const [, , port, keysOfAccord] = process.argv;
const base = `http://127.0.0.1:${port}`;
const { privateKey } = await generateKeyPair("RS256", { extractable: true });
const ownKey = { ...(await exportJWK(privateKey)), kid: "own", alg: "RS256", use: "sig" };
const launched = new Map(); // what was launched, by the grant that came of it
const client = {
  grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: ["https://localhost/launch/back/"],
};
const provider = new Provider(base, {
  clients: [
    { ...client, client_id: "accord", token_endpoint_auth_method: "none" },
    {
      ...client, client_id: "accord-signing", token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "ES384", jwks: JSON.parse(keysOfAccord),
    },
  ],
  claims: { openid: ["sub"], fhirUser: ["fhirUser"] },
  clientAuthMethods: ["none", "private_key_jwt"],
  conformIdTokenClaims: false,
  cookies: { keys: ["a key of the tests"] },
  enabledJWA: { clientAuthSigningAlgValues: ["ES384"] },
  extraParams: ["aud", "launch"],
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, accountId) => ({
    accountId, claims: () => ({ sub: accountId, fhirUser: `${base}/fhir/Practitioner/${accountId}` }),
  }),
  interactions: { url: () => "/let-in" },
  // Each launch is let in by itself, since each may be of another chart.
  loadExistingGrant: ({ oidc }) => oidc.result?.consent && oidc.provider.Grant.find(oidc.result.consent.grantId),
  jwks: { keys: [ownKey] },
  pkce: { methods: ["S256"], required: () => true },
  scopes: ["openid", "launch", "fhirUser", "patient/Patient.r"],
  ttl: { AuthorizationCode: (context) => (context.oidc.params?.launch.endsWith(" late") ? 1 : 60) },
});
provider.use(async (context, next) => {
  await next();
  if (context.oidc?.route !== "token" || !context.body?.id_token) return;
  const [patient, lie] = launched.get(context.oidc.entities.Grant.jti).split(" ");
  context.body.patient = patient;
  if (!lie?.includes("=")) return;
  const [name, value] = lie.split(/=(.*)/);
  const claims = { ...decodeJwt(context.body.id_token), [name]: name === "exp" ? Number(value) : value };
  const signer = name === "key" ? (await generateKeyPair("RS256")).privateKey : await importJWK(ownKey, "RS256");
  context.body.id_token = await new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "own" }).sign(signer);
});

async function letIn(request, response) {
  // Whoever asks is signed in there and agrees, as in a chart that is open.
  const { params, session } = await provider.interactionDetails(request, response);
  const accountId = session?.accountId ?? "dr";
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  launched.set(grantId, params.launch);
  await provider.interactionFinished(request, response, { login: { accountId }, consent: { grantId } });
}

async function resource(request, response) {
  const send = (status, body) => {
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body));
  };
  if (request.url === "/fhir/.well-known/smart-configuration") {
    return send(200, {
      issuer: base, authorization_endpoint: `${base}/auth`, token_endpoint: `${base}/token`, jwks_uri: `${base}/jwks`,
      code_challenge_methods_supported: ["S256"], capabilities: ["launch-ehr", "context-ehr-patient"],
    });
  }
  const token = await provider.AccessToken.find((request.headers.authorization ?? "").replace("Bearer ", ""));
  const [, id] = request.url.match(/^\/fhir\/Patient\/(\w+)$/) ?? [];
  if (!token || launched.get(token.grantId).split(" ")[0] !== id) return send(401, { resourceType: "OperationOutcome" });
  return send(200, { resourceType: "Patient", id, identifier: [{ system: "urn:oid:1.2.3", value: `mrn-${id}` }] });
}

const asked = provider.callback();
createServer((request, response) => {
  if (request.url.startsWith("/let-in")) letIn(request, response);
  else if (request.url.startsWith("/fhir/")) resource(request, response);
  else asked(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
