# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one OpenStack project, its API and its workers, in one process: serve.py PROJECT FOLDER PORT [URL …].

It waits for the URLs before its workers start. All code that answers is upstream's own, from the wheels. This file only
starts it: the WSGI application under waitress, and for Nova and Cinder their own Service objects (conductor, scheduler,
compute; volume, scheduler) in the same process, so that the in-memory transport of oslo.messaging joins them and no
RabbitMQ is needed. All threads are native ones. It runs in the venv of the services, as a script.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shlex
import sys
import threading
import time
import traceback
import types
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

PROJECT, FOLDER, PORT, PEERS = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
THREADS = 8
started: list[Any] = []  # what must not be collected


def sqlite_settings() -> None:
    """WAL, a long busy timeout, connections that are kept, and BEGIN IMMEDIATE for transactions that write.

    oslo.db begins a deferred transaction; one that reads first and then writes fails at once with "database is locked"
    when another connection wrote in between, and no timeout helps. So the blocks that oslo.db knows to be writers take
    the lock first. Readers must not: nested transactions would then wait for themselves.
    """
    import sqlalchemy
    from oslo_db.sqlalchemy import enginefacade, engines

    # oslo.db opens and closes a connection per session, and closing the last one rewrites the WAL.
    class Pool(sqlalchemy.pool.QueuePool):  # type: ignore[misc]
        def __init__(self, creator: Any, pool_size: int = 20, max_overflow: int = -1, **more: Any) -> None:
            super().__init__(creator, pool_size=pool_size, max_overflow=max_overflow, **more)

    engines.pool = types.SimpleNamespace(**{**vars(sqlalchemy.pool), "NullPool": Pool})
    local = threading.local()
    produce_block = enginefacade._TransactionContext._produce_block

    def noted(self: Any, *args: Any, **kwargs: Any) -> Any:
        inner = produce_block(self, *args, **kwargs)
        writer = self.mode is enginefacade._WRITER

        @contextlib.contextmanager
        def block() -> Iterator[Any]:
            stack = local.__dict__.setdefault("stack", [])
            stack.append(writer)
            try:
                with inner as resource:
                    yield resource
            finally:
                stack.pop()

        return block()

    enginefacade._TransactionContext._produce_block = noted

    def connect(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> Any:
        writes = (getattr(local, "stack", None) or [False])[-1]
        return ("BEGIN IMMEDIATE" if statement == "BEGIN" and writes else statement), parameters

    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "connect", connect)
    sqlalchemy.event.listen(sqlalchemy.engine.Engine, "before_cursor_execute", begin, retval=True)


def fast_transport() -> None:
    """The in-memory transport looks at its queues every 50 ms, which would be most of each call: a message wakes it."""
    from oslo_messaging._drivers import impl_fake

    came = threading.Condition()
    deliver = impl_fake.FakeExchange.deliver_message

    def delivered(*args: Any, **kwargs: Any) -> None:
        deliver(*args, **kwargs)
        with came:
            came.notify_all()

    def sleep(seconds: float) -> None:
        with came:
            came.wait(seconds)

    impl_fake.FakeExchange.deliver_message = delivered
    impl_fake.time = types.SimpleNamespace(time=time.time, sleep=sleep)


def wait_for_peers() -> None:
    """Until each of them answers anything."""
    for url in PEERS:
        for _attempt in range(1200):
            try:
                urllib.request.urlopen(url, timeout=5).close()
            except urllib.error.HTTPError:
                pass
            except OSError:
                time.sleep(0.1)
                continue
            break


def load(module: str) -> Any:
    """The WSGI application that this module of a project makes when it is imported."""
    return importlib.import_module(module).application


def start_service(service: Any) -> None:
    service.start()
    started.append(service)


def nova() -> Any:
    application = load("nova.wsgi.osapi_compute")  # reads the configuration, so it comes first
    import os_vif
    from nova import objects, service
    from nova import utils as nova_utils
    from nova.compute import rpcapi as compute
    from nova.conductor import rpcapi as conductor
    from nova.scheduler import rpcapi as scheduler
    from nova.virt import node
    from oslo_config import cfg
    from oslo_utils.fixture import uuidsentinel

    prepare(nova_utils)
    objects.register_all()
    os_vif.initialize()
    objects.Service.enable_min_version_cache()
    # The fake driver invents an identity of its node for each process; with another than the one in Nova's own file
    # Nova would refuse to start a second time.
    uuidsentinel._sentinels[f"node_{cfg.CONF.host}"] = node.get_local_node_uuid()
    wait_for_peers()
    start_service(service.Service.create(binary="nova-conductor", topic=conductor.RPC_TOPIC))
    start_service(service.Service.create(binary="nova-scheduler", topic=scheduler.RPC_TOPIC))
    start_service(
        service.Service.create(binary="nova-compute", topic=compute.RPC_TOPIC, topic_alt=compute.RPC_TOPIC_ALT)
    )
    return application


def cinder() -> Any:
    application = load("cinder.wsgi.api")  # reads the configuration, so it comes first
    from cinder import service
    from cinder import utils as cinder_utils
    from cinder.common import constants
    from cinder.tests import fake_driver
    from oslo_config import cfg

    prepare(cinder_utils)
    # A volume made from an image would be downloaded and written to a device: say that the backend has cloned it.
    fake_driver.FakeLoggingVolumeDriver.clone_image = lambda *_args: (None, True)
    report_in_turn(service.Service)
    # The scheduler waits up to a minute for the first report of a volume service, so that one starts first.
    for backend in cfg.CONF.enabled_backends:
        host = f"{cfg.CONF.host}@{backend}"
        start_service(
            service.Service.create(host=host, service_name=backend, binary=constants.VOLUME_BINARY, coordination=True)
        )
    start_service(service.Service.create(binary="cinder-scheduler"))
    return application


def report_in_turn(service: Any) -> None:
    """Cinder keeps the id for the heartbeat in the class, as it runs one service in each process: give each its own."""
    lock = threading.Lock()
    report = service.report_state

    def report_state(self: Any) -> None:
        with lock:
            service.service_id = self.origin_service_id
            report(self)

    service.report_state = report_state


def prepare(utils: Any) -> None:
    """What Nova and Cinder do in their own commands before they start."""
    import os_brick
    from oslo_config import cfg
    from oslo_privsep import priv_context
    from oslo_service import opts

    if PROJECT == "nova":
        opts.register_service_opts(cfg.CONF)
    priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
    os_brick.setup(cfg.CONF)


def choose_threads() -> None:
    if PROJECT == "cinder":
        from cinder import monkey_patch

        monkey_patch.patch()
    elif PROJECT == "nova":
        from nova import monkey_patch

        monkey_patch.patch(backend="threading")
    else:
        from oslo_service import backend

        backend.init_backend(backend.BackendType.THREADING)


APPLICATIONS: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "keystone": (partial(load, "keystone.wsgi.api"), ["keystone"]),
    "placement": (partial(load, "placement.wsgi.api"), ["placement-api"]),
    "glance": (partial(load, "glance.wsgi.api"), ["glance-api"]),
    "neutron": (partial(load, "neutron.wsgi.api"), ["neutron-api"]),
    "nova": (nova, ["nova-api", "--config-file", f"{FOLDER}/nova.conf"]),
    "cinder": (cinder, ["cinder-api", "--config-file", f"{FOLDER}/cinder.conf"]),
}


def main() -> None:
    os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "1"
    os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "1"
    os.environ[f"OS_{PROJECT.upper()}_CONFIG_DIR"] = FOLDER
    choose_threads()
    sqlite_settings()
    fast_transport()
    make, sys.argv = APPLICATIONS[PROJECT]
    application = make()
    import waitress

    waitress.serve(
        application,
        host="127.0.0.1",
        port=PORT,
        threads=THREADS,
        ident=PROJECT,
        channel_timeout=600,
        # With the 100 that waitress has, it lets nobody in until some of many clients have closed theirs.
        connection_limit=800,
        clear_untrusted_proxy_headers=True,
    )


def die(kind: type[BaseException], exc: BaseException, trace: types.TracebackType | None) -> None:
    """Its threads would keep alive what is only half started."""
    traceback.print_exception(kind, exc, trace)
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    sys.excepthook = die
    main()
