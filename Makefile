# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Each target is one plain command; "make" alone lists them.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-all quick lab-up lab-down docs build bench bench-providers bench-scale scoreboard
PYTHON := .venv/bin/python

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

setup:
	@tests/tools/setup.sh

demo: ## tear a session down on a real control plane (first time 8 min, later 2 min)
	@tests/tools/demo.sh

test: setup ## every check: lint, units, sanity, docs, build, lab and molecule (about 20 min)
	@tests/checks/test.sh

test-all: setup ## the same, with all of long tables, and each rule once more in other forms (about 40 min)
	@MTV_TEARDOWN_TESTS=all tests/checks/test.sh

quick: setup ## units and lint, in seconds
	@tests/checks/quick.sh

lab-up: setup ## start the lab, with what runs on it (first time 4 min for the build)
	@$(PYTHON) -m tests.lab up

lab-down: setup ## stop the lab
	@$(PYTHON) -m tests.lab down

docs: setup ## check and build the documentation
	@tests/checks/docs.sh

build: setup ## build the collection's tarball
	@tests/checks/build.sh

bench: setup ## time a teardown of 1,000 objects, and of clones, beside other ways to delete them (about 25 min)
	@$(PYTHON) -m tests.bench
	@$(PYTHON) -m tests.bench.providers

bench-providers: setup ## the second half of bench alone: clones on source providers
	@$(PYTHON) -m tests.bench.providers

bench-scale: setup ## 10,000 objects among 100,000 of others, and a slow server (about 10 min)
	@$(PYTHON) -m tests.bench.scale

scoreboard: setup ## other ways to delete in worlds that go wrong; writes docs/docsite/rst/scoreboard*.rst (about 70 min)
	@$(PYTHON) -m tests.bench.scoreboard
	@$(PYTHON) -m tests.bench.scoreboard --board scoreboard_others
	@$(PYTHON) -m tests.bench.scoreboard --board scoreboard_providers
