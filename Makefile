# make app   install and open the app at localhost:8501
# make test  install what tests need and run them all
# LOCKED=1 with either, in a new .venv: the very versions of requirements.lock
PYTHON ?= python3
BIN := .venv/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT := DEBIAN_FRONTEND=noninteractive $(SUDO) apt-get
DATA ?= $(or $(AQFUSION_DATA),data)
CACHE ?= .trainings
# pip compiles on one core what all of them do in half the time. Some packages ship files that no
# Python compiles, so this may fail: what matters is compiled when it is imported. So is what hardly
# anything imports, a quarter of it all: tests of packages, and a stand-in for every service of AWS.
PIP := --quiet --disable-pip-version-check --no-compile
COMPILE := -m compileall -q -j 0 -x '/(tests?|testing/_internal|moto)/' .venv/lib > /dev/null 2>&1 || true
LOCK := $(if $(LOCKED),requirements.lock)
LICENCE := CC BY-NC-SA 3.0 IGO: Air Pollution Image Dataset from India and Nepal, A. Rouniyar et al., 2023, doi 10.34740/KAGGLE/DS/3152196

.PHONY: app setup test all long lint types unit browser coverage lock chromium postgresql nginx data metrics models clean

app: setup
	$(BIN)/streamlit run app.py

setup: .venv/.app

# Browser tests wait more than they compute, which leaves time to check types beside them.
test: .venv/.dev
	$(MAKE) --no-print-directory -j 2 lint types all

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.dev
	nice $(BIN)/mypy

# A process for each core is enough: more threads than cores spin and wait for each other.
all long unit browser coverage: export OMP_NUM_THREADS = 1

# Whatever the shell says: every server and program that tests start, and every process of tests,
# else compiles the app and rewrites the assertions anew.
all long unit browser coverage: export PYTHONDONTWRITEBYTECODE =

# All at once: browser tests wait more than they compute, so a third process finds its time.
all: .venv/.dev chromium postgresql nginx
	$(BIN)/python -m pytest -m "not long" -n 3 --dist loadfile --no-loadscope-reorder --durations=20

# What takes long: before a release, and after work on maps, charts, review, accounts or measuring.
long: .venv/.dev chromium postgresql nginx
	$(BIN)/python -m pytest -m long -n 2 --dist loadfile

unit: .venv/.dev postgresql
	$(BIN)/python -m pytest -m "not browser" -n auto

# Screenshots are left in build/screenshots.
browser: .venv/.dev chromium
	$(BIN)/python -m pytest tests/browser -n 2 --dist loadfile

# How much of the code tests run, by package; the browser's tests and what takes long left out.
coverage: .venv/.dev postgresql
	@mkdir -p build/coverage
	$(BIN)/python -m pytest -m "not browser and not long" -n 2 --dist loadfile --cov --cov-report=json:build/coverage/report.json
	$(BIN)/python tools/coverage_table.py build/coverage/report.json

# One version of every package, for all systems and Pythons. Versions that still fit stay as they
# are; UPGRADE=1 takes the newest that requirements*.txt allow.
lock: .venv/.dev
	$(BIN)/python -m pip install $(PIP) "uv~=0.13"
	UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) requirements-dev.txt -o requirements.lock

# The public data set (CC BY-NC-SA 3.0 IGO), with kagglehub: needs internet and a Kaggle account.
data: setup
	$(BIN)/python -m pip install --quiet "kagglehub~=0.3"
	$(BIN)/python -m aqfusion fetch-data --out $(DATA)

# Every figure of README, cards and page, from the data folder: hours on two cores. What has been
# trained is kept, so that one that was cut off goes on, and `models` finds it there.
metrics: .venv/.dev
	$(BIN)/python -m aqfusion evaluate --data $(DATA) --cache $(CACHE) --protocol all --backbone all \
	  --licence "$(LICENCE)"
	$(BIN)/python -m aqfusion cards

# The shipped models, from the same trainings.
models: setup
	for name in mobilenetv2_100 resnet18 efficientnet_b0; do \
	  $(BIN)/python -m aqfusion train --data $(DATA) --backbone $$name --cross-validate --cache $(CACHE) \
	    --out assets/models/$$name --licence "$(LICENCE)" || exit 1; \
	done

# Debian splits venv from python3; elsewhere it is there.
.venv/.app: requirements.txt $(LOCK)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("AQFusion needs python 3.11 or newer, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv || ($(APT) update -qq && $(APT) install -y -qq python3-venv && $(PYTHON) -m venv --clear .venv)
	$(BIN)/python -m pip install $(PIP) -r requirements.txt $(LOCK:%=-c %)
	@$(BIN)/python $(COMPILE)
	@touch $@

.venv/.dev: .venv/.app requirements-dev.txt
	$(BIN)/python -m pip install $(PIP) -r requirements-dev.txt $(LOCK:%=-c %)
	@$(BIN)/python $(COMPILE)
	@touch $@

# A browser that is there, the system's package, or Playwright's own, whichever can be had.
chromium: .venv/.dev
	@command -v chromium chromium-browser google-chrome >/dev/null \
	|| ($(APT) update -qq && $(APT) install -y -qq chromium >/dev/null) \
	|| $(BIN)/playwright install --with-deps chromium

# Only for tests of the label store, each on a server of its own that needs no root and no port.
postgresql:
	@command -v initdb /usr/lib/postgresql/*/bin/initdb >/dev/null \
	|| ($(APT) update -qq && $(APT) install -y -qq postgresql >/dev/null) \
	|| echo "PostgreSQL cannot be had here: the label store is tested on SQLite only"

# Only for tests of deploy/: in front of two processes of the app, on ports of its own.
nginx:
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null \
	|| ($(APT) update -qq && $(APT) install -y -qq nginx-light >/dev/null) \
	|| echo "nginx cannot be had here: deploy/'s configuration of it is not tested"

clean:
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache
