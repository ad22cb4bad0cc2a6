# Every target that needs something brings it first: `make demo` and `make test` work on a fresh
# Debian 12 machine. What set-up does: docs/setup.md.

PYTHON ?= python3
PARTS ?=
# What `make demo` shows: web, or all images.
IMAGES ?= web
# Sections of `make conformance`, such as "network balancer"; all of them when empty.
SECTIONS ?=
# What `make torture` draws from, and how many rounds of random commands it runs.
SEED ?= $(shell date +%s)
ROUNDS ?= 100
VENV := .venv/bin

# More processes than two cores, as tests wait a lot; not many more, to starve no machine under test.
# Of all tests a file stays in one process, for its fixtures, and those that take minutes start first
# (tests/conftest.py).
ALL_TESTS := -n 4 --dist loadfile --no-loadscope-reorder -m "not nightly and not alone"
# The main job loses no request to a processor that others have taken.
ALONE := -m alone
NIGHTLY_TESTS := -n 2 --dist loadfile -m nightly
FAST_TESTS := -n 4 --dist worksteal -m "not vm and not packer and not browser and not slow and not nightly"

# Branch coverage that `make test` holds, in per cent, for each part.
FLOORS := definition:99 planning:100 execution:95

.PHONY: help demo test test-fast test-nightly check bench torture faults verify-azure conformance setup lock clean python3

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: PARTS = python machines packer image
demo: setup ## the whole main job on this machine: bake, check, stage, promote, roll back
	$(VENV)/invoke demo --images $(IMAGES)

test: setup lint ## everything CI checks: lint, types and all tests, with real machines and Packer
	$(VENV)/python -m pytest $(ALONE) --cov --cov-report=
	$(VENV)/python -m pytest $(ALL_TESTS) --cov --cov-append --cov-report=
	@$(MAKE) --no-print-directory coverage

test-nightly: setup ## what proves again, in another way, what `make test` proves
	$(VENV)/python -m pytest $(NIGHTLY_TESTS)

.PHONY: coverage
coverage: # what the last `make test` left uncovered; fails under a floor
	@failed=0; for floor in $(FLOORS); do \
	  echo "branch coverage of pipeline/$${floor%:*}, at least $${floor#*:} %"; \
	  $(VENV)/python -m coverage report --include="pipeline/$${floor%:*}/*" \
	    --fail-under="$${floor#*:}" || failed=1; \
	done; exit $$failed

test-fast: PARTS = machines python
test-fast: setup lint ## lint, types and the tests that start no machine and no Packer
	$(VENV)/python -m pytest $(FAST_TESTS)

check: PARTS = python
check: setup lint ## lint and types only

bench: setup ## measure, against bare QEMU and bare Packer
	$(VENV)/python -m tests.bench

torture: PARTS = machines python
torture: setup ## random commands on many machines, deaths and faults; SEED= repeats one
	@echo "SEED=$(SEED) ROUNDS=$(ROUNDS)"
	$(VENV)/python -m pytest -s --seed $(SEED) --rounds $(ROUNDS) tests/torture

faults: PARTS = machines python
faults: setup ## write docs/faults.md: every call of every swap, met by every fault
	$(VENV)/python -m tests.torture.faults

verify-azure: PARTS = python
verify-azure: setup ## ask a subscription of Azure whether what we believe of it is true
	@$(VENV)/python -m tests.beliefs

conformance: PARTS = machines python
conformance: setup ## what az and other SDKs say of the emulator; writes docs/conformance-az.md
	$(VENV)/python -m tests.conformance_az $(SECTIONS)

setup: python3 ## bring what is missing; PARTS="python packer" for less (docs/setup.md)
	@$(PYTHON) -m pipeline.setup $(PARTS)

lock: ## resolve pyproject.toml anew into pipeline/setup/requirements.lock
	@$(MAKE) --no-print-directory setup PARTS=python
	$(VENV)/python -m pip install --quiet uv
	$(VENV)/uv pip compile pyproject.toml --group dev --extra emulator --extra evidence --extra rpm --extra windows --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
	  --output-file pipeline/setup/requirements.lock

clean: ## remove what was made in this folder; the user's cache folder stays
	-@test ! -x $(VENV)/invoke || $(VENV)/invoke emulator.stop
	rm -rf .venv .pipeline .mypy_cache .ruff_cache .pytest_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: lint
lint: setup
	$(VENV)/ruff format --check
	$(VENV)/ruff check
	$(VENV)/mypy

# All that comes before Python: a machine without one gets Debian's.
python3:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "installing python3 and python3-venv ..."; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  { $$sudo apt-get update -q && $$sudo apt-get install -qy --no-install-recommends python3 python3-venv; } >/dev/null || { \
	    echo "python3 is missing; then: apt-get install python3 python3-venv (as root)" >&2; exit 1; }; }
