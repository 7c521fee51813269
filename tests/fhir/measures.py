"""The library of smart-fetch, by its key and for the two kinds that smart-fetch itself does not know: everything that
there is of a kind, page by page. Arguments: the server's address, the `client_id`, the file of the key.
"""

import asyncio
import json
import sys

from cumulus_fhir_support import FhirClient

KINDS = ("Measure", "MeasureReport")


async def read(address: str, client_id: str, pem: str) -> dict[str, list[dict]]:
    """The resources by kind."""
    resources: dict[str, list[dict]] = {kind: [] for kind in KINDS}
    async with FhirClient(address, KINDS, smart_client_id=client_id, smart_pem=pem) as client:
        for kind, there in resources.items():
            onward = f"{kind}?_count=1"
            while onward:
                page = (await client.request("GET", onward)).json()
                there += [entry["resource"] for entry in page.get("entry", ())]
                onward = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")
    return resources


if __name__ == "__main__":
    with open(sys.argv[3]) as file:
        print(json.dumps(asyncio.run(read(*sys.argv[1:3], file.read()))))
