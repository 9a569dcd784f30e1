# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an engine writes what it knows: XML of version 4 of its API, as the recorded answers of real engines show it
(C(ManageIQ/manageiq-providers-ovirt), C(spec/vcr_cassettes))."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from tests.lab.engine.world import Disk, Snapshot, User, Vm, World

ROOT = "/ovirt-engine/api"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def document(name: str, inner: Iterable[str]) -> str:
    return f"{HEAD}<{name}>{''.join(inner)}</{name}>"


def fault(detail: str, reason: str = "Operation Failed") -> str:
    """FaultException: the detail is a list of messages in brackets."""
    return f"{HEAD}<fault><detail>[{escape(detail)}]</detail><reason>{escape(reason)}</reason></fault>"


def action(job: str = "") -> str:
    link = f'<job href="{ROOT}/jobs/{job}" id="{job}"/>' if job else ""
    return f"{HEAD}<action>{link}<status>complete</status></action>"


def job(job_id: str) -> str:
    return (
        f'<job href="{ROOT}/jobs/{job_id}" id="{job_id}"><description>Removing VM</description>'
        "<status>finished</status></job>"
    )


def api(world: World, user: User, user_id: str) -> str:
    """BackendApiResource.get: the summary is told to administrators alone."""
    # Totals of BackendApiResource.addSummary.
    total = len(world.vms)
    running = sum(1 for vm in world.vms.values() if vm.status == "up")
    summary = f"<summary><vms><active>{running}</active><total>{total}</total></vms></summary>" if user.admin else ""
    who = "".join(
        f'<{name} href="{ROOT}/users/{user_id}" id="{user_id}"/>' for name in ("authenticated_user", "effective_user")
    )
    instance = f"<instance_id>{world.instance}</instance_id>" if world.instance else ""
    return (
        f'{HEAD}<api><link href="{ROOT}/vms" rel="vms"/><link href="{ROOT}/disks" rel="disks"/>'
        f"<product_info>{instance}<name>oVirt Engine</name><vendor>ovirt.org</vendor>"
        "<version><full_version>4.5.7</full_version>"
        f"<major>4</major><minor>5</minor></version></product_info>{summary}{who}</api>"
    )


def read_vm(text: str) -> dict[str, str]:
    """What a request says of a VM: name, description, id of its template, id or name of its cluster."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return {}
    told = {name: root.findtext(name) for name in ("name", "description")}
    for name in ("template", "cluster"):
        one = root.find(name)
        told[name] = None if one is None else one.get("id") or one.findtext("name")
    return {name: value for name, value in told.items() if value is not None}


def vm(world: World, one: Vm, follow: frozenset[str], whole: bool = False) -> str:
    """What is not followed is a link. Host and pool are told only when they are there. whole: all_content."""
    href = f"{ROOT}/vms/{one.id}"
    cluster = world.clusters[one.cluster]
    parts = [
        f"<vm href={quoteattr(href)} id={quoteattr(one.id)}>",
        f'<actions><link href="{href}/stop" rel="stop"/><link href="{href}/shutdown" rel="shutdown"/></actions>',
        "<cpu><architecture>x86_64</architecture></cpu>",
        f"<name>{escape(one.name)}</name><description>{escape(one.description)}</description><comment></comment>",
        "" if "nics" in follow else f'<link href="{href}/nics" rel="nics"/>',
        _followed(world, one, follow),
        f"<creation_time>{one.created}</creation_time><delete_protected>{_bool(one.delete_protected)}</delete_protected>",
        f"<has_illegal_images>{_bool(one.illegal)}</has_illegal_images><status>{one.status}</status>",
        f'<cluster href="{ROOT}/clusters/{cluster}" id="{cluster}"/>',
        _initialization(world, one) if whole and world.dated else "",
    ]
    if one.host:
        host = world.hosts.setdefault(one.host, one.host)
        parts.append(f'<host href="{ROOT}/hosts/{host}" id="{host}"/>')
    if one.pool:
        parts.append(f'<vm_pool href="{ROOT}/vmpools/{quoteattr(one.pool)[1:-1]}" id={quoteattr(one.pool)}/>')
    return "".join((*parts, "</vm>"))


def _initialization(world: World, one: Vm) -> str:
    """BackendVmsResource.setVmOvfConfiguration, and what OvfVmWriter.java makes: images alone, LUNs are not in it."""
    items = "".join(
        "<Item><rasd:ResourceType>17</rasd:ResourceType>"
        f"<rasd:HostResource>{disk_id}/{disk_id[::-1]}</rasd:HostResource>"
        f"<rasd:CreationDate>{_plain_time(world.disks[disk_id].created)}</rasd:CreationDate>"
        "</Item>"
        for disk_id in one.disks
        if disk_id in world.disks and world.disks[disk_id].storage_type == "image"
    )
    ovf = (
        '<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1/" xmlns:rasd="http://schemas.dmtf.org/wbem/wscim'
        f'/1/cim-schema/2/CIM_ResourceAllocationSettingData"><Content><Section>{items}</Section></Content></ovf:Envelope>'
    )
    return f"<initialization><configuration><data>{escape(ovf)}</data><type>ovf</type></configuration></initialization>"


def _plain_time(told: str) -> str:
    return told[:19].replace("-", "/").replace("T", " ")


def _followed(world: World, one: Vm, follow: frozenset[str]) -> str:
    href = f"{ROOT}/vms/{one.id}"
    parts = []
    if follow & {"disk_attachments", "disk_attachments.disk"}:
        parts += ["<disk_attachments>", *attachments(world, one, whole="disk_attachments.disk" in follow)]
        parts.append("</disk_attachments>")
    else:
        parts.append(f'<link href="{href}/diskattachments" rel="diskattachments"/>')
    if "snapshots" in follow:
        parts += ["<snapshots>", *(snapshot(one, each) for each in one.snapshots), "</snapshots>"]
    else:
        parts.append(f'<link href="{href}/snapshots" rel="snapshots"/>')
    return "".join(parts)


def attachments(world: World, one: Vm, whole: bool) -> list[str]:
    """The id of an attachment is that of its disk."""
    return [
        f'<disk_attachment href="{ROOT}/vms/{one.id}/diskattachments/{disk_id}" id="{disk_id}"><active>true</active>'
        f"<bootable>true</bootable><interface>virtio_scsi</interface>{_disk_of(world, disk_id, whole)}"
        f'<vm href="{ROOT}/vms/{one.id}" id="{one.id}"/></disk_attachment>'
        for disk_id in one.disks
        if disk_id in world.disks
    ]


def _disk_of(world: World, disk_id: str, whole: bool) -> str:
    return disk(world, world.disks[disk_id]) if whole else f'<disk href="{ROOT}/disks/{disk_id}" id="{disk_id}"/>'


def disk(world: World, one: Disk, alone: bool = False) -> str:
    """A LUN has neither status nor storage domain (DiskMapper.java). alone: not as a part of its VM."""
    image = (
        f"<status>{one.status}</status><actual_size>{one.size}</actual_size><provisioned_size>{one.size}</provisioned_size>"
        f'<storage_domains><storage_domain id="{world.domain_ids[one.domain]}"/></storage_domains>'
    )
    using = "".join(f'<vm href="{ROOT}/vms/{vm.id}" id="{vm.id}"/>' for vm in world.attached_to(one)) if alone else ""
    used = f"<vms>{using}</vms>" if using else ""
    return (
        f'<disk href="{ROOT}/disks/{one.id}" id="{one.id}"><alias>{escape(one.alias)}</alias>'
        f"<name>{escape(one.alias)}</name><shareable>{_bool(one.shareable)}</shareable>"
        f"<storage_type>{one.storage_type}</storage_type>{used}{image if one.storage_type == 'image' else ''}</disk>"
    )


def snapshot(owner: Vm, one: Snapshot) -> str:
    return (
        f'<snapshot href="{ROOT}/vms/{owner.id}/snapshots/{one.id}" id="{one.id}"><date>{one.date}</date>'
        f"<description>{escape(one.description)}</description><snapshot_status>{one.status}</snapshot_status>"
        f"<snapshot_type>{one.type}</snapshot_type></snapshot>"
    )


def template(template_id: str, name: str) -> str:
    return (
        f'<template href="{ROOT}/templates/{template_id}" id="{template_id}"><name>{escape(name)}</name>'
        "<status>ok</status></template>"
    )


def permission(user_id: str, role_id: str, vm_id: str) -> str:
    """One for the whole system names no object (PermissionMapper.java)."""
    given = f'<vm href="{ROOT}/vms/{vm_id}" id="{vm_id}"/>' if vm_id else ""
    own = f"{role_id[:8]}{(vm_id or user_id)[8:]}"
    return (
        f'<permission href="{ROOT}/permissions/{own}" id="{own}"><role href="{ROOT}/roles/{role_id}" id="{role_id}"/>'
        f'<user href="{ROOT}/users/{user_id}" id="{user_id}"/>{given}</permission>'
    )


def permit(role_id: str, name: str) -> str:
    number = sum(name.encode())
    return (
        f'<permit href="{ROOT}/roles/{role_id}/permits/{number}" id="{number}"><name>{name}</name>'
        f'<administrative>false</administrative><role href="{ROOT}/roles/{role_id}" id="{role_id}"/></permit>'
    )


def named(kind: str, path: str, one_id: str, name: str, status: str = "") -> str:
    """A cluster, a host, a storage domain: id, name, and status where it has one."""
    told = f"<status>{status}</status>" if status else ""
    return f'<{kind} href="{ROOT}/{path}/{one_id}" id="{one_id}"><name>{escape(name)}</name>{told}</{kind}>'


def event(index: str, text: str) -> str:
    return f'<event href="{ROOT}/events/{index}" id="{index}"><description>{escape(text)}</description></event>'


def _bool(value: bool) -> str:
    return "true" if value else "false"
