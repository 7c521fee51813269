// fhir-kit-client reads everything that a token lets it: the server's address, the token, whom to ask about and which
// kinds come as arguments; out on standard output come the ids by kind, and what it found at the two addresses that say
// where tokens come from.
import { Client } from "fhir-kit-client";

const [, , baseUrl, bearer, patient, ...kinds] = process.argv;
const client = new Client({ baseUrl, bearerToken: bearer });
const ofAll = ["Patient", "Questionnaire", "Measure", "MeasureReport"];
const read = {};
for (const kind of kinds) {
  const about = ofAll.includes(kind) ? {} : { patient };
  let page = await client.search({ resourceType: kind, searchParams: { ...about, _count: 1 } });
  read[kind] = [];
  for (let pages = 0; page && pages < 200; pages += 1) {
    read[kind].push(...(page.entry ?? []).map((entry) => entry.resource.id));
    page = page.link.some((link) => link.relation === "next") ? await client.nextPage({ bundle: page }) : undefined;
  }
  const [first] = read[kind];
  if (first) await client.read({ resourceType: kind, id: first });
}
const smart = await client.smartAuthMetadata();
console.log(JSON.stringify({ read, token: String(smart.tokenUrl), authorize: String(smart.authorizeUrl) }));
