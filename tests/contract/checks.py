# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which check runs which file of this folder, and what of it make test leaves to make test-all. conftest.py makes
markers of both, so pytest knows: C(pytest -m "faults and not exhaustive")."""

from __future__ import annotations

from fnmatch import fnmatch

# What none of the others names.
REST = "contract"
FILES = {
    "faults": ("test_faults_*.py", "test_stuck.py", "test_misbehaving.py", "test_races.py", "test_rights.py"),
    "providers": (
        "test_vsphere_*.py",
        "test_ovirt_*.py",
        "test_openstack_*.py",
        "test_esxi_*.py",
        "test_provider_*.py",
    ),
    "playbooks": (
        "test_playbooks.py",
        "test_roles_alone.py",
        "test_results.py",
        "test_endings.py",
        "test_connect*.py",
        "test_record_from_url.py",
        "test_recorder.py",
        "test_progress.py",
        "test_one_after_another.py",
    ),
    "awx": ("test_awx.py",),
    "runs": ("test_runs_*.py",),
}
CHECKS = (REST, *FILES)
# Files and tests that show a rule once more which others show: in another form, at each place, with another client, or
# on a server of its own. Of tables that are long, samples.py chooses.
EXHAUSTIVE = (
    "test_awx.py::test_a_first_update_of_the_project_that_failed_is_repeated_by_the_next_run",
    "test_awx.py::test_a_verify_that_was_canceled_hands_on_no_verdict_of_the_teardown_before",
    "test_awx.py::test_the_record_from_a_bucket",
    "test_awx.py::test_two_vcenters_in_one_job_and_a_cluster_without_ca",
    "test_connecting.py::test_modules_are_packed_for_another_python_only[True]",
    "test_evidence.py::test_a_missing_right_is_told_in_the_file_and_is_no_failure",
    "test_evidence.py::test_where_nothing_can_be_written_the_teardown_goes_on",
    "test_guide_commands.py::test_command",
    "test_guide_commands.py::test_what_was_installed_is_there",
    "test_journal_kept_on_cluster.py::test_a_playbook_without_files",
    "test_journal_kept_on_cluster.py::test_check_mode_reads_both_and_writes_neither",
    "test_lease.py::test_the_lease_is_held_while_oc_collects",
    "test_openshift.py",
    "test_openstack_recorder.py::test_killed_while_servers_are_made",
    "test_openstack_second_look.py",
    "test_openstack_undo.py::test_a_whole_teardown_starts_it_again_and_says_so",
    "test_operator_inspection.py::test_the_world_is_checked_on_the_vcenter",
    "test_operator_objects.py::test_a_csi_class_goes_the_populators_way",
    "test_operator_objects.py::test_labels_of_what_belongs_to_a_vm",
    "test_operator_objects.py::test_ssh_keys_stand_beside_a_vsphere_provider_and_go_with_it",
    "test_ovirt_kerberos.py",
    "test_ovirt_peer.py::test_with_go_ovirt",
    "test_ovirt_recorder.py::test_killed_while_vms_are_made",
    "test_provider_inspections.py::test_without_forklift_the_snapshots_are_told_and_go_when_asked_for",
    "test_provider_playbooks.py::test_a_second_look_agrees_with_a_clean_run",
    "test_provider_playbooks.py::test_a_second_look_that_breaks_leaves_no_verdict_clean",
    "test_provider_playbooks.py::test_the_connection_of_the_cluster_is_the_clusters_alone",
    "test_provider_playbooks.py::test_what_a_second_look_cannot_read_is_no_agreement",
    "test_recording.py::test_two_workers_killed",
    "test_requests.py::test_so_it_does_on_an_openshift",
    "test_runs_molecule.py::test_an_undisturbed_run",
    "test_runs_pipelines.py::test_command[jenkins]",
    "test_runs_pipelines.py::test_command[tekton]",
)


def checks_of(file: str) -> list[str]:
    """The checks that run a file of that name: always one, which test_checks.py holds for the files there are."""
    return [check for check, patterns in FILES.items() if any(fnmatch(file, one) for one in patterns)] or [REST]


def is_exhaustive(file: str, test: str) -> bool:
    """test: its name, with what tells it from others of its table, C(test_x[case])."""
    node = f"{file}::{test}"
    return any(one in (file, node) or node.startswith(f"{one}[") for one in EXHAUSTIVE)
