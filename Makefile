# Bihuan 闭环: everything a person does with this checkout. `make` alone lists it.
#
# PYTHON=… names the Python to use; without it the newest fitting one on the PATH is found.
# Wheels come from wherever pip is set up to look (pip.conf, PIP_INDEX_URL, PIP_FIND_LINKS); nothing here names a source.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev up check lint test soak bench diagram lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
RUNTIME_STAMP := $(VENV)/.runtime-installed
DEV_STAMP := $(VENV)/.dev-installed

# What runs Bihuan: a Python from 3.11 up to 3.14 that can make environments.
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
CANDIDATES := $(if $(PYTHON),"$(PYTHON)",python3 python3.13 python3.12 python3.11 python3.14 python)

# Tests throw their databases away: where there is room for them in memory, they do not wait for a disk.
IN_MEMORY := $(if $(shell [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR==2 {print $$4}')" -gt 6000000 ] && echo yes),TMPDIR=/dev/shm)

help:
	@echo '闭环 Bihuan: make …'
	@echo '  up        装好、建库、启动，打印网址与演示账号      install, prepare, start; prints addresses and demo accounts'
	@echo '  test      装好测试所需并全部运行（8 分钟以内）       install what tests need and run them all (under 8 minutes)'
	@echo '  check     代码检查、类型、分层、依赖、文档           lint, types, layers, dependencies, documents'
	@echo '  soak      长测试：断电、重启、真实服务（30 分钟内）  long tests: kills, restarts, real servers (under 30 minutes)'
	@echo '  bench     与纯 SQL 的底线比速度                      speed against the plain-SQL floor'
	@echo '  setup     只装运行所需（.venv）                      install what it needs to run, into .venv'
	@echo '  setup-dev 再装开发所需                               and what development needs'
	@echo '  diagram   重画 docs/lifecycle*.md、docs/refusals.md  draw these pages from the table of moves and the sentences'
	@echo '  lock      重新锁定依赖版本                           compile the two lock files again'
	@echo '  clean     删去 .venv 与缓存，不动 data/              remove .venv and caches; leaves data/ alone'

setup: $(RUNTIME_STAMP)

setup-dev: $(DEV_STAMP)

$(BIN)/python:
	@found=; for python in $(CANDIDATES); do \
	    if "$$python" -c '$(FITS)' >/dev/null 2>&1; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	    echo '没有合适的 Python：请安装 Python 3.11–3.14（带 venv），或用 make PYTHON=/路径/python3 指明。 / No fitting Python: install Python 3.11 to 3.14 with its venv module, or name one with make PYTHON=/path/to/python3.' >&2; \
	    exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)

$(RUNTIME_STAMP): requirements.lock pyproject.toml | $(BIN)/python
	@echo '正在安装运行所需（首次约一分钟）… / installing what Bihuan needs to run (about a minute the first time)…'
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(DEV_STAMP): requirements-dev.lock $(RUNTIME_STAMP)
	@echo '正在安装开发所需… / installing what development needs…'
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

up: setup
	@$(BIN)/bihuan up

check: lint
	@$(BIN)/pytest -q tests/house/test_docs.py tests/house/test_house.py

lint: setup-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/deptry .

test: setup-dev
	@$(IN_MEMORY) $(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m 'not soak'

soak: setup-dev
	@$(IN_MEMORY) $(BIN)/pytest -q -m soak --ignore tests/browser
	@$(IN_MEMORY) $(BIN)/pytest -q -n 2 -m soak tests/browser

bench: setup-dev
	@for prefect in off on; do for db in sqlite postgres; do \
	    $(BIN)/python -m benchmarks.loop --db $$db --n 500 --prefect $$prefect || exit 1; \
	done; done
	@for db in sqlite postgres; do \
	    $(BIN)/python -m benchmarks.clocks --db $$db --waiting 100000 --due 3000 || exit 1; \
	    $(BIN)/python -m benchmarks.dry_run --db $$db --cases 100000 || exit 1; \
	    $(BIN)/python -m benchmarks.messages --db $$db || exit 1; \
	    $(BIN)/python -m benchmarks.sensors --db $$db || exit 1; \
	    $(BIN)/python -m benchmarks.http --db $$db || exit 1; \
	done
	@$(BIN)/python -m benchmarks.worktime

diagram: setup
	@$(BIN)/python -m rules.drawing > docs/lifecycle.md.new && mv docs/lifecycle.md.new docs/lifecycle.md
	@$(BIN)/python -m rules.drawing affairs > docs/lifecycle-affairs.md.new && mv docs/lifecycle-affairs.md.new docs/lifecycle-affairs.md
	@$(BIN)/python -m commands.refusals > docs/refusals.md.new && mv docs/refusals.md.new docs/refusals.md

# Pins stay as they are unless pyproject.toml asks otherwise; `make lock UPGRADE=1` takes the newest of everything.
# setuptools is locked too: with it in the environment, installing the checkout itself needs no index.
LOCK := UV_CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
        --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

lock: setup-dev
	@echo 'setuptools>=77' | $(LOCK) pyproject.toml - --output-file requirements.lock
	@echo 'setuptools>=77' | $(LOCK) pyproject.toml - --extra dev --constraints requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +
