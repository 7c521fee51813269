# The commands of this repository. `make help` lists them. Needs make and Python 3.11 or later with venv; uses uv if it is there.

PORT ?= 8000
DATA ?= demo-data
LATEST := python3 python3.14 python3.13 python3.12 python3.11
PYTHON ?= $(shell for name in $(LATEST); do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
UV := $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
# Compiled once, not at every start of a command: that is most of what a start takes.
unexport PYTHONDONTWRITEBYTECODE
# A plugin of pytest that only the tests of the clinic's API need; it takes a second to load, in each process.
NO_API := -p no:schemathesis
# Django takes another second in each process, and the core knows none: without it nothing may name its settings.
NO_WEB := $(NO_API) -p no:django -o addopts='-q --strict-markers --strict-config'
# Memory that numpy gave back stays with the tests: asking the system for it anew takes a third of a calibration.
KEPT := MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456
# A suite waits for what is being fetched for it; the system's packages come one at a time.
ONE_AT_A_TIME := exec 9>>.venv/system-packages; flock 9 2>/dev/null;
ONCE := exec 8>>.venv/fhir-of-others; flock 8 2>/dev/null;
# Beside the environment, so that all other tests run without the extra.
SPARK := tests/spark/.site
DEMO := ACCORD_DATA='$(DATA)' $(BIN)/accord_clinic demo --port $(PORT)

.PHONY: help demo demo-fresh test test-all test-core test-clinic test-postgresql test-on-postgresql test-cluster \
	test-journeys lint types style imports dangers sbom holes lock pictures browser postgresql fhir-of-others java spark clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv/ready  ## show Accord with an invented practice (PORT=8000 DATA=demo-data)
	@$(DEMO)

demo-fresh: .venv/ready  ## the same, starting over
	@$(DEMO) --fresh

test: .venv/ready-test  ## what a change needs: style, types, imports, core, clinic, journeys; with a table of times
	@$(BIN)/python -m tests.suites lint test-core test-clinic test-journeys

# What others made is fetched while the first suites run; one that needs some of it waits for that alone.
test-all: .venv/ready-test  ## that, and all that needs a PostgreSQL or Spark: what has to hold before a change lands
	@$(MAKE) --no-print-directory fhir-of-others browser postgresql java spark & \
	$(BIN)/python -m tests.suites lint test-core test-clinic test-journeys test-on-postgresql test-cluster; \
	code=$$?; wait; exit $$code

test-core: .venv/ready-test fhir-of-others  ## test the core alone: no web, no database
	$(KEPT) $(BIN)/pytest tests/accord -n 2 --dist worksteal -m 'not cluster' $(NO_WEB)

test-clinic: .venv/ready-test fhir-of-others  ## test the clinic on its encrypted database
	$(KEPT) $(BIN)/pytest tests/clinic tests/attack -n 2 --dist worksteal -m 'not cluster'

test-postgresql: test-on-postgresql test-cluster  ## test what can differ on PostgreSQL, then what starts servers itself

test-on-postgresql: .venv/ready-test postgresql fhir-of-others  ## test the clinic on a private PostgreSQL that vanishes afterwards (skipped without one)
	$(KEPT) $(BIN)/python -m tests.postgresql $(BIN)/pytest tests/clinic tests/attack -n 2 --dist worksteal

test-cluster: .venv/ready-test postgresql java spark  ## test moving to PostgreSQL and back, and registries on Spark (skipped without Java)
	$(KEPT) PYTHONPATH=$(CURDIR)/$(SPARK) $(BIN)/pytest tests/clinic tests/accord/test_registry_engine.py -n 2 --dist worksteal -m cluster $(NO_API)

test-journeys: .venv/ready-test browser fhir-of-others  ## test whole journeys, over HTTP and in Chromium
	$(KEPT) $(BIN)/pytest tests/journeys -n 2 --dist worksteal $(NO_API)

lint: .venv/ready-test  ## check style, types, which part may import which, and known dangers
	@$(MAKE) --no-print-directory --output-sync -j 2 types style imports dangers

types:
	PYTHONPATH=src:. $(BIN)/mypy

style:
	$(BIN)/ruff check --output-format=concise src tests docs

imports:
	PYTHONPATH=src $(BIN)/lint-imports

dangers:
	$(BIN)/bandit -q -r src -c pyproject.toml

pictures: .venv/ready-test browser  ## draw the pictures of the README from a running demo
	$(BIN)/python docs/pictures.py

browser: | .venv/pyvenv.cfg
	@$(ONE_AT_A_TIME) if command -v chromium >/dev/null || [ -n "$$ACCORD_CHROMIUM" ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium; \
	else \
		echo "Chromium is not here, so the journeys in a browser will be skipped. On Debian: sudo apt install chromium"; \
	fi

postgresql: | .venv/pyvenv.cfg
	@$(ONE_AT_A_TIME) if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql || \
		echo "PostgreSQL could not be installed, so nothing will run on it."; \
	else \
		echo "PostgreSQL is not here, so nothing will run on it. On Debian: sudo apt install postgresql"; \
	fi

fhir-of-others: | .venv/pyvenv.cfg  ## fetch FHIR programs of others, for the tests alone (skipped without node and npm)
	@$(ONCE) if ! command -v npm >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		$(ONE_AT_A_TIME) apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends nodejs npm; exec 9>&-; \
	fi; \
	if ! command -v npm >/dev/null; then \
		echo "npm is not here, so tests with HL7's examples, Medplum and LHC-Forms will be skipped. On Debian: sudo apt install nodejs npm"; \
	elif ! cmp -s tests/fhir/package-lock.json tests/fhir/node_modules/of; then \
		npm ci --prefix tests/fhir --legacy-peer-deps --no-audit --no-fund --ignore-scripts --loglevel=error && \
		cp tests/fhir/package-lock.json tests/fhir/node_modules/of || \
		echo "HL7's examples, Medplum and LHC-Forms could not be fetched, so the tests with them will be skipped."; \
	fi; \
	if ! cmp -s tests/fhir/requirements.txt tests/fhir/.venv/of; then \
		$(PYTHON) -m venv tests/fhir/.venv && \
		$(if $(UV),$(UV) pip install --quiet --python tests/fhir/.venv,tests/fhir/.venv/bin/python -m pip install --quiet) \
			--require-hashes -r tests/fhir/requirements.txt && \
		cp tests/fhir/requirements.txt tests/fhir/.venv/of || \
		echo "smart-fetch could not be fetched, so the test with it will be skipped."; \
	fi

java: | .venv/pyvenv.cfg
	@$(ONE_AT_A_TIME) if command -v java >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends default-jre-headless || \
		echo "Java could not be installed, so tests on Spark will be skipped."; \
	else \
		echo "Java is not here, so tests on Spark will be skipped. On Debian: sudo apt install default-jre-headless"; \
	fi

spark: .venv/pyvenv.cfg  ## fetch Spark (430 MB), for the tests alone (skipped without Java)
	@command -v java >/dev/null || exit 0; exec 9<tests/spark/requirements.txt; flock 9; \
	cmp -s tests/spark/requirements.txt $(SPARK)/of && exit 0; \
	new=$$(mktemp -d tests/spark/.new.XXXXXX) && \
		$(if $(UV),$(UV) pip install --quiet --python .venv,$(BIN)/python -m pip install --quiet --disable-pip-version-check) \
			--require-hashes --no-deps --target $$new -r tests/spark/requirements.txt && \
		cp tests/spark/requirements.txt $$new/of && rm -rf $(SPARK) && mv $$new $(SPARK) || \
		{ rm -rf $$new; echo "Spark could not be fetched, so the tests on it will be skipped."; }

sbom: .venv/ready  ## write what Accord is made of as CycloneDX, from the lock file: accord.cdx.json
	$(BIN)/python deploy/supply.py sbom > accord.cdx.json

holes: .venv/ready  ## ask OSV for known holes in what is locked; needs a network, and says so when there is none
	$(BIN)/python deploy/supply.py holes

lock:  ## write the hash-locked requirements anew (needs uv)
	@test -n "$(UV)" || { echo "make lock needs uv. Install it with: pip install uv"; exit 2; }
	echo 'setuptools>=77' | $(UV) pip compile pyproject.toml - --extra clinic --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command 'make lock' --quiet --no-emit-index-url -o requirements.txt
	echo 'setuptools>=77' | $(UV) pip compile pyproject.toml - --extra clinic --extra test --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command 'make lock' --quiet --no-emit-index-url -o requirements-test.txt
	echo 'smart-fetch>=1.0,<2' | $(UV) pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command 'make lock' --quiet --no-emit-index-url \
		-o tests/fhir/requirements.txt
	echo 'pyspark>=4.0.5,<4.1' | $(UV) pip compile - --universal --python-version 3.11 \
		--generate-hashes --no-annotate --custom-compile-command 'make lock' --quiet --no-emit-index-url \
		-o tests/spark/requirements.txt

clean:  ## remove the environment (never a database)
	rm -rf .venv build src/accord.egg-info

# What to install is locked with hashes, the build tool too; Accord itself is then linked in without asking any index.
.venv/ready: requirements.txt pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing what requirements.txt names (a few minutes the first time) ..."
	@$(call install,requirements.txt)
	@touch $@

.venv/ready-test: requirements-test.txt pyproject.toml | .venv/pyvenv.cfg
	@echo "Installing what requirements-test.txt names (a few minutes the first time) ..."
	@$(call install,requirements-test.txt)
	@touch .venv/ready $@

.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "Accord needs Python 3.11 or later. On Debian: sudo apt install python3 python3-venv"; exit 2; }
	@$(if $(UV),$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv,$(venv))

define venv
$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	{ echo "$(PYTHON) has no venv module. On Debian: sudo apt install python3-venv"; exit 2; }; \
$(PYTHON) -m venv .venv
endef

define install
$(if $(UV),$(UV) pip install --quiet --python .venv,$(BIN)/python -m pip install --quiet --disable-pip-version-check) \
	--require-hashes -r $(1) && \
$(if $(UV),$(UV) pip install --quiet --python .venv,$(BIN)/python -m pip install --quiet --disable-pip-version-check) \
	--no-deps --no-build-isolation --editable .
endef
