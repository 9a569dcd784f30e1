# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Forklift's Plan and Migration controllers: validation, execution, cancel, archive and delete (sections 1.1 and 3)."""

from __future__ import annotations

import copy
from typing import Any

from tests.lab.operator import objects
from tests.lab.operator.cleanup import Cleanup
from tests.lab.operator.engine import Engine, Key, key_of
from tests.lab.operator.kinds import Obj, deleting, meta, owner
from tests.lab.operator.objects import Job
from tests.lab.operator.pipeline import COMPLETED, FailedStepError, Pipeline
from tests.lab.operator.settings import FORKLIFT, LIES, PREFIX
from tests.lab.operator.status import (
    READY,
    TERMINAL,
    condition,
    execution,
    has,
    now,
    outcome,
    same,
    snapshot,
    vm_status,
)

FLOW = f"{PREFIX}flow"
# Forklift looks at a running plan every 3 s (F:P/predicate.go); the lab is in more of a hurry.
_POLL = 0.3
# (role, kind, field of spec, condition when it is missing): F:P/validation.go
_REFERENCES = (
    ("source", "Provider", "provider", "SourceProviderNotValid"),
    ("destination", "Provider", "provider", "DestinationProviderNotValid"),
    ("network", "NetworkMap", "map", "NetworkMapRefNotValid"),
    ("storage", "StorageMap", "map", "StorageRefNotValid"),
)


class Forklift:
    """Both controllers share the plan's status: the Plan's writes it, the Migration's copies it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.store = engine.store
        self.pipeline = Pipeline(engine)
        self.cleanup = Cleanup(engine.api, engine.settings)
        self._last: dict[Key, Obj] = {}
        engine.controller("Plan", self.reconcile_plan, runs_in=FORKLIFT)
        engine.controller("Migration", self.reconcile_migration, runs_in=FORKLIFT)
        engine.watch("Migration", _plan_of_migration)
        engine.watch("Plan", self._migrations_of)
        for kind in ("Provider", "NetworkMap", "StorageMap", "Secret"):
            engine.watch(kind, self._plans_with)

    # What the mappers name.

    def _migrations_of(self, plan: Obj) -> list[Key]:
        return [key_of(migration) for migration in self._all_migrations(plan)]

    def _plans_with(self, obj: Obj) -> list[Key]:
        name = obj["metadata"]["name"]
        return [key_of(plan) for plan in self.store.all("Plan") if name in _mentioned(plan) or obj["kind"] == "Secret"]

    def _all_migrations(self, plan: Obj) -> list[Obj]:
        wanted = (plan["metadata"]["namespace"], plan["metadata"]["name"])
        found = [
            migration
            for migration in self.store.all("Migration")
            if (migration["spec"]["plan"]["namespace"], migration["spec"]["plan"]["name"]) == wanted
        ]
        return sorted(found, key=lambda entry: (str(entry["metadata"]["creationTimestamp"]), entry["metadata"]["name"]))

    def _referred(self, plan: Obj) -> dict[str, Obj | None]:
        found: dict[str, Obj | None] = {}
        for role, kind, field, _missing in _REFERENCES:
            reference = (plan["spec"].get(field) or {}).get(role) or {}
            found[role] = self.store.get(kind, reference.get("namespace", ""), reference.get("name", ""))
        return found

    def _secret_gone(self, provider: Obj | None) -> bool:
        reference = ((provider or {}).get("spec") or {}).get("secret") or {}
        if not reference.get("name"):
            return False
        return self.store.get("Secret", reference.get("namespace", ""), reference["name"]) is None

    # The Plan controller.

    async def reconcile_plan(self, key: Key, plan: Obj | None) -> float | None:
        if plan is None or deleting(plan):
            return await self._ended(self._last.pop(key, None))
        self._last[key] = plan
        if has(plan, "Archived"):
            return None
        referred = self._referred(plan)
        if any(self._secret_gone(referred[role]) for role in ("source", "destination")):
            # `validate` returns an error: nothing is done for this plan, not even an archive (3.3).
            return 1.0
        if plan["spec"].get("archived"):
            return await self._archive(plan, referred)
        if has(plan, "Succeeded"):
            return None  # not reconciled any more (2.10 and newer, 3.1)
        blockers = _blockers(referred)
        if not blockers:
            await self._prepare(plan, referred)
        return await self._execute(plan, referred, blockers)

    async def _ended(self, plan: Obj | None) -> float | None:
        """Nothing cleans after a deleted plan, but 2.12's collector of orphans, always (F:P/controller.go:209)."""
        if plan is not None and self.engine.settings.release >= (2, 12):
            await self.cleanup.orphans(plan)
        return None

    async def _prepare(self, plan: Obj, referred: dict[str, Obj | None]) -> None:
        """Validation of a vSphere plan makes the target namespace and the VDDK job, before any Migration (2.2)."""
        if _type(referred["source"]) != "vsphere":
            return
        job = objects.vddk_job(plan)
        target = plan["spec"]["targetNamespace"]
        if await self.engine.api.get("Job", target, job["metadata"]["name"]) is None:
            await self.pipeline.namespace(target)
            await self.engine.api.ensure(job)

    async def _archive(self, plan: Obj, referred: dict[str, Obj | None]) -> float | None:
        """`archive`: Archived comes whatever failed, and without any cleanup where the context is gone (3.3)."""
        left = self.engine.due(plan, "archive", self.engine.settings.delay(plan, "archive"))
        if left > 0:
            return left
        status = copy.deepcopy(plan.get("status") or {})
        if not _blockers(referred) and LIES not in meta(plan, "annotations"):
            await self.cleanup.provider_storage(plan)
            history = (status.get("migration") or {}).get("history") or []
            # 2.9 and 2.10 forget the uid (#6946).
            known = bool(history) and self.engine.settings.release >= (2, 11)
            uid = history[-1]["migration"]["uid"] if known else ""
            for vm in (status.get("migration") or {}).get("vms") or []:
                await self.cleanup.vm(plan, vm, uid, succeeded=has({"status": vm}, "Succeeded"))
        kept = [entry for entry in status.get("conditions") or [] if entry.get("durable")]
        # Not durable, but the plan is not reconciled any more (F:P/controller.go:220,367).
        archived = condition("Archived", "Advisory", "The migration plan has been archived.", reason="UserRequested")
        status["conditions"] = [*kept, archived]
        await self._write(plan, status)
        return None

    async def _execute(self, plan: Obj, referred: dict[str, Obj | None], blockers: list[Obj]) -> float | None:
        status = copy.deepcopy(plan.get("status") or {})
        record = status.setdefault("migration", {})
        again: float | None = None
        if not blockers:
            again = await self._run(plan, record, referred)
        elif _running(record):
            again = self._out_of_patience(plan, record)
        ended = [entry for entry in _conditions(record) if entry["type"] in TERMINAL and not entry.get("reason")]
        executing = [execution("Executing")] if _running(record) else []
        ready = blockers or [condition(*READY, "The migration plan is ready.")]
        status["conditions"] = [*ready, *executing, *ended]
        if not record:
            del status["migration"]
        await self._write(plan, status)
        return again

    def _out_of_patience(self, plan: Obj, record: Obj) -> float | None:
        """A blocked plan does nothing; 2.12 calls it Failed in the end, without any cleanup (3.1)."""
        if self.engine.settings.release < (2, 12):
            return None
        left = self.engine.due(plan, "blocked", self.engine.settings.delay(plan, "blocker_grace"))
        if left <= 0:
            record["history"][-1]["conditions"] = [execution("Failed")]
            return None
        return left

    async def _run(self, plan: Obj, record: Obj, referred: dict[str, Obj | None]) -> float | None:
        if not _running(record):
            done = {entry["migration"]["uid"] for entry in record.get("history") or []}
            waiting = [one for one in self._all_migrations(plan) if one["metadata"]["uid"] not in done]
            if not waiting:
                return None
            self._begin(plan, record, waiting[0], referred)
            return _POLL
        uid = record["history"][-1]["migration"]["uid"]
        migration = next((one for one in self._all_migrations(plan) if one["metadata"]["uid"] == uid), None)
        if migration is None:
            await self._cancel_deleted(plan, record)
            return _POLL
        for vm in record["vms"]:
            if not vm.get("completed"):
                await self._step(plan, migration, vm, referred)
        if all(vm.get("completed") for vm in record["vms"]):
            record["completed"] = now()
            record["history"][-1]["conditions"] = [execution(outcome(record["vms"]))]
        return _POLL

    def _begin(self, plan: Obj, record: Obj, migration: Obj, referred: dict[str, Obj | None]) -> None:
        here = {role: obj for role, obj in referred.items() if obj is not None}
        maps = {role: here[role] for role in ("network", "storage")}
        providers = {role: here[role] for role in ("source", "destination")}
        record.pop("completed", None)
        record["started"] = now()
        record["history"] = [*(record.get("history") or []), snapshot(plan, migration, maps, providers)]
        record["vms"] = [vm_status(vm, self._free_name(plan, migration, vm)) for vm in plan["spec"]["vms"]]

    def _free_name(self, plan: Obj, migration: Obj, vm: Obj) -> str:
        """The target name, with a suffix where somebody else has it (F:P/vm_name_handler.go)."""
        name = str(vm.get("targetName") or objects.dns1123(vm.get("name") or vm["id"]))
        if self.store.get("VirtualMachine", plan["spec"]["targetNamespace"], name) is None:
            return name
        return f"{name[:57]}-{objects.tail(migration['metadata']['uid'], vm['id'])}"

    async def _step(self, plan: Obj, migration: Obj, vm: Obj, referred: dict[str, Obj | None]) -> None:
        job = self._job(plan, migration, vm, referred)
        if any(entry.get("id") == vm["id"] for entry in migration["spec"].get("cancel") or []):
            delay = self.engine.settings.delay(plan, "cancel")
            if self.engine.due(migration, f"cancel {vm['id']}", delay) <= 0:
                await self.cleanup.vm(plan, vm, migration["metadata"]["uid"], succeeded=False)
                _complete(vm, "Canceled")
            return
        try:
            vm["phase"] = await self.pipeline.advance(job, vm)
        except FailedStepError as error:
            vm["error"] = {"phase": vm["phase"], "reasons": [str(error)]}
            _complete(vm, "Failed")
            return
        if vm["phase"] == COMPLETED:
            _complete(vm, "Succeeded")

    def _job(self, plan: Obj, migration: Obj, vm: Obj, referred: dict[str, Obj | None]) -> Job:
        storage = referred["storage"] or {}
        mapped = (storage.get("spec") or {}).get("map") or []
        plugins = [entry.get("offloadPlugin") for entry in mapped]
        classes = [entry["destination"]["storageClass"] for entry in mapped if entry.get("destination")]
        offload = meta(plan, "annotations").get(FLOW) == "xcopy" or any(plugins)
        wanted = next(entry for entry in plan["spec"]["vms"] if entry["id"] == vm["id"])
        storage_class = classes[0] if classes else ""
        return Job(plan, migration, wanted, _type(referred["source"]), self.engine.settings, offload, storage_class)

    async def _cancel_deleted(self, plan: Obj, record: Obj) -> None:
        """A Migration deleted while it ran: `Cancel()` with an empty Migration, so without its uid (3.4)."""
        for vm in record["vms"]:
            if not vm.get("completed"):
                await self.cleanup.vm(plan, vm, "", succeeded=False)
                _complete(vm, "Canceled")
        record["history"][-1]["conditions"] = [{**execution("Canceled"), "reason": "Deleted"}]

    async def _write(self, plan: Obj, status: Obj) -> None:
        old = plan.get("status") or {}
        unchanged = same(old.get("conditions") or [], status["conditions"])
        if unchanged and old.get("migration") == status.get("migration"):
            return
        generation = plan["metadata"].get("generation", 1)
        version = {"resourceVersion": plan["metadata"]["resourceVersion"]}
        change = {"metadata": version, "status": {**status, "observedGeneration": generation}}
        written = await self.engine.api.patch(plan, change, "status")
        if written is not None:
            self.store.put(written)

    # The Migration controller.

    async def reconcile_migration(self, key: Key, migration: Obj | None) -> float | None:
        if migration is None or deleting(migration):
            return None
        reference = migration["spec"]["plan"]
        plan = self.store.get("Plan", reference["namespace"], reference["name"])
        if plan is not None and not migration["metadata"].get("ownerReferences") and reference["namespace"] == key[1]:
            link = owner(plan, controller=False, block=False)
            await self.engine.api.patch(migration, {"metadata": {"ownerReferences": [link]}})
        if has(migration, *TERMINAL):
            return None
        change = _migration_status(plan, migration)
        old = migration.get("status") or {}
        if same(old.get("conditions") or [], change["conditions"]) and old.get("vms") == change.get("vms"):
            return None
        await self.engine.api.patch(migration, {"status": change}, "status")
        return None


def _plan_of_migration(migration: Obj) -> list[Key]:
    reference = migration["spec"]["plan"]
    return [("Plan", reference["namespace"], reference["name"])]


def _mentioned(plan: Obj) -> set[str]:
    fields = [plan["spec"].get("provider") or {}, plan["spec"].get("map") or {}]
    return {reference.get("name", "") for field in fields for reference in field.values()}


def _type(provider: Obj | None) -> str:
    return str(((provider or {}).get("spec") or {}).get("type", ""))


def _blockers(referred: dict[str, Obj | None]) -> list[Obj]:
    """Critical conditions: the plan controller does nothing while one is there."""
    found = []
    for role, kind, _field, missing in _REFERENCES:
        obj = referred[role]
        if obj is None or deleting(obj):
            found.append(condition(missing, "Critical", f"The {role} {kind} is not valid.", reason="NotFound"))
        elif not has(obj, "Ready"):
            name = missing.replace("NotValid", "NotReady")
            found.append(condition(name, "Critical", f"The {role} {kind} is not ready."))
    return found


def _conditions(record: Obj) -> list[dict[str, Any]]:
    history = record.get("history") or []
    return list(history[-1]["conditions"]) if history else []


def _running(record: Obj) -> bool:
    return any(entry["type"] == "Executing" for entry in _conditions(record))


def _complete(vm: Obj, how: str) -> None:
    vm["completed"] = now()
    vm["phase"] = COMPLETED
    vm["conditions"] = [condition(how, "Advisory", f"The VM migration has {how}.", durable=True)]


def _migration_status(plan: Obj | None, migration: Obj) -> Obj:
    """What the Migration shows: its part of the plan's history, else that the plan is no good (`reflectPlan`)."""
    if plan is None:
        return {"conditions": [condition("PlanNotValid", "Critical", "The plan is not valid.", reason="NotFound")]}
    record = (plan.get("status") or {}).get("migration") or {}
    mine = [entry for entry in record.get("history") or [] if entry["migration"]["uid"] == migration["metadata"]["uid"]]
    ready = condition(*READY, "The migration is ready.")
    if not has(plan, "Ready") and not has(plan, *TERMINAL):
        # An archived plan, too, is not Ready; a running Migration then stays Running for ever (3.3).
        if has(plan, "Archived") and mine:
            return dict(migration.get("status") or {"conditions": [ready]})
        return {"conditions": [condition("PlanNotReady", "Critical", "The plan is not ready.")]}
    if not mine:
        return {"conditions": [ready]}
    ended = [entry for entry in mine[-1]["conditions"] if entry["type"] in TERMINAL]
    status: Obj = {"conditions": [ready, *(ended or [execution("Running")])], "started": record["started"]}
    if not any(entry["type"] == "Canceled" for entry in ended):
        # A canceled Migration keeps its old vms and never gets `completed` (1.1).
        status["vms"] = record.get("vms")
        if ended:
            status["completed"] = record.get("completed")
    return status
