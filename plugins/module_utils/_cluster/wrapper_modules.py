# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which API group a module of openshift-python-wrapper stands for: facts of release 11.0.143.

Kind names alone are ambiguous (Config, Network, Image, ... exist in several groups), so the C(module) of a record
decides. The empty string is the core group. Shape: group -> modules without the leading C(ocp_resources.).
"""

from __future__ import annotations

MODULES_BY_GROUP: dict[str, str] = {
    "": (
        "config_map endpoints limit_range namespace node persistent_volume "
        "persistent_volume_claim pod resource_quota secret service service_account"
    ),
    "aaq.kubevirt.io": (
        "aaq application_aware_applied_cluster_resource_quota "
        "application_aware_cluster_resource_quota application_aware_resource_quota"
    ),
    "admissionregistration.k8s.io": (
        "mutating_webhook_config validating_admission_policy validating_admission_policy_binding "
        "validating_webhook_config"
    ),
    "apiextensions.k8s.io": "custom_resource_definition",
    "apiregistration.k8s.io": "api_service",
    "apps": "controller_revision daemon_set deployment replica_set",
    "appstudio.redhat.com": "snapshot",
    "authentication.k8s.io": "self_subject_review",
    "backup.kubevirt.io": "virtual_machine_backup virtual_machine_backup_tracker",
    "batch": "cron_job job",
    "bitnami.com": "sealed_secret",
    "caching.internal.knative.dev": "image_caching_internal_knative_dev",
    "cdi.kubevirt.io": "cdi cdi_config data_import_cron data_source datavolume storage_profile",
    "clone.kubevirt.io": "virtual_machine_clone",
    "cluster.open-cluster-management.io": "managed_cluster",
    "components.platform.opendatahub.io": "model_registry_components_platform_opendatahub_io",
    "config.openshift.io": (
        "api_server authentication_config_openshift_io cluster_operator cluster_version "
        "console_config_openshift_io dns_config_openshift_io image_config_openshift_io "
        "image_digest_mirror_set infrastructure ingress_config_openshift_io "
        "network_config_openshift_io node_config_openshift_io oauth operator_hub "
        "project_config_openshift_io proxy scheduler"
    ),
    "console.openshift.io": "console_cli_download console_plugin console_quick_start",
    "coordination.k8s.io": "lease",
    "csiaddons.openshift.io": "reclaim_space_cron_job reclaim_space_job",
    "datasciencecluster.opendatahub.io": "data_science_cluster",
    "datasciencepipelinesapplications.opendatahub.io": "data_science_pipelines_application",
    "discovery.k8s.io": "endpoint_slice",
    "dscinitialization.opendatahub.io": "dsc_initialization",
    "export.kubevirt.io": "virtual_machine_export",
    "fence-agents-remediation.medik8s.io": "fence_agent_remediation_templates",
    "forklift.konveyor.io": (
        "_hook_generated conversion forklift_controller hook host migration network_map plan provider storage_map"
    ),
    "frrk8s.metallb.io": "bgp_session_state frr_configuration",
    "gateway.networking.k8s.io": "gateway_class gateway_gateway_networking_k8s_io",
    "hco.kubevirt.io": "hyperconverged",
    "helm.mariadb.mmontes.io": "mariadb_operator",
    "hive.openshift.io": "cluster_claim cluster_deployment cluster_pool",
    "hostpathprovisioner.kubevirt.io": "hostpath_provisioner",
    "image.openshift.io": "image_image_openshift_io image_stream imagestreamtag",
    "imageregistry.operator.openshift.io": "config_imageregistry_operator_openshift_io",
    "instancetype.kubevirt.io": (
        "virtual_machine_cluster_instancetype virtual_machine_cluster_preference "
        "virtual_machine_instancetype virtual_machine_preference"
    ),
    "integreatly.org": "rhmi",
    "jaegertracing.io": "jaeger",
    "k8s.cni.cncf.io": "multi_network_policy network_attachment_definition",
    "k8s.mariadb.com": "maria_db",
    "k8s.ovn.org": ("cluster_user_defined_network route_advertisements user_defined_network vtep"),
    "keda.sh": "scaled_object",
    "kuadrant.io": "rate_limit_policy token_rate_limit_policy",
    "kubeflow.org": "notebook",
    "kubevirt.io": (
        "kubevirt virtual_machine virtual_machine_instance virtual_machine_instance_migration "
        "virtual_machine_instance_preset virtual_machine_instance_replica_set"
    ),
    "litmuschaos.io": "chaos_engine chaos_result",
    "llamastack.io": "llama_stack_distribution",
    "maas.opendatahub.io": (
        "maa_s_auth_policy maa_s_model maa_s_subscription maas_auth_policy maas_model_ref maas_subscription"
    ),
    "machine.openshift.io": "machine machine_health_check machine_set",
    "machineconfiguration.openshift.io": "kubelet_config machine_config machine_config_pool",
    "maistra.io": "service_mesh_control_plane service_mesh_member service_mesh_member_roll",
    "mcp.x-k8s.io": "mcp_server",
    "metallb.io": "ip_address_pool l2_advertisement metallb",
    "metrics.k8s.io": "pod_metrics",
    "migration.openshift.io": (
        "direct_volume_migration direct_volume_migration_progress mig_analytic mig_cluster mig_migration mig_plan"
    ),
    "migrations.kubevirt.io": (
        "mig_controller migration_policy multi_namespace_virtual_machine_storage_migration "
        "multi_namespace_virtual_machine_storage_migration_plan virtual_machine_storage_migration "
        "virtual_machine_storage_migration_plan"
    ),
    "mlflow.kubeflow.org": "mlflow_config",
    "mlflow.opendatahub.io": "mlflow",
    "modelregistry.opendatahub.io": ("model_registry model_registry_modelregistry_opendatahub_io"),
    "monitoring.coreos.com": "prometheus prometheus_rule service_monitor",
    "mtq.kubevirt.io": "mtq virtual_machine_migration_resource_quota",
    "networkaddonsoperator.network.kubevirt.io": "network_addons_config",
    "networking.istio.io": ("destination_rule gateway gateway_networking_istio_io virtual_service"),
    "networking.k8s.io": "ingress_networking_k8s_io network_policy",
    "nmstate.io": (
        "nm_state node_network_configuration_enactment node_network_configuration_policy "
        "node_network_configuration_policy_latest node_network_state"
    ),
    "nodemaintenance.kubevirt.io": "node_maintenance",
    "oadp.openshift.io": "data_protection_application",
    "observability.open-cluster-management.io": "multi_cluster_observability",
    "ocs.openshift.io": "ocs_initialization storage_cluster",
    "opentelemetry.io": "open_telemetry_collector",
    "operator.authorino.kuadrant.io": "authorino",
    "operator.open-cluster-management.io": "multi_cluster_hub",
    "operator.openshift.io": (
        "authentication_operator_openshift_io config_operator_openshift_io "
        "console_operator_openshift_io dns_operator_openshift_io image_content_source_policy "
        "ingress_controller kube_descheduler network_operator_openshift_io"
    ),
    "operators.coreos.com": (
        "catalog_source cluster_service_version installplan operator operator_condition "
        "operator_group operator_source subscription"
    ),
    "packages.operators.coreos.com": "package_manifest",
    "performance.openshift.io": "performance_profile",
    "policy": "pod_disruption_budget",
    "project.openshift.io": "project_project_openshift_io project_request",
    "quota.openshift.io": "cluster_resource_quota",
    "rbac.authorization.k8s.io": "cluster_role cluster_role_binding role role_binding",
    "remediation.medik8s.io": "node_health_check",
    "rhtas.redhat.com": "securesign",
    "ripsaw.cloudbulldozer.io": "benchmark",
    "route.openshift.io": "route",
    "samples.operator.openshift.io": "config_samples_operator_openshift_io",
    "scheduling.k8s.io": "priority_class",
    "security.istio.io": "peer_authentication",
    "security.openshift.io": "security_context_constraints",
    "self-node-remediation.medik8s.io": "self_node_remediation_templates",
    "services.platform.opendatahub.io": "gateway_config",
    "serving.knative.dev": "service_serving_knative_dev",
    "serving.kserve.io": ("inference_graph inference_service llm_inference_service serving_runtime"),
    "snapshot.kubevirt.io": "virtual_machine_restore virtual_machine_snapshot",
    "snapshot.storage.k8s.io": "volume_snapshot volume_snapshot_class",
    "sriovnetwork.openshift.io": ("sriov_network sriov_network_node_policy sriov_network_node_state"),
    "ssp.kubevirt.io": "ssp",
    "storage.k8s.io": "csi_driver csi_storage_capacity storage_class",
    "tekton.dev": "pipeline pipeline_run task task_run",
    "tektontasks.kubevirt.io": "tekton_tasks",
    "template.kubevirt.io": "virtual_machine_template virtual_machine_template_request",
    "template.openshift.io": "template",
    "tempo.grafana.com": "tempo_stack",
    "trustyai.opendatahub.io": ("evalhub guardrails_orchestrator lm_eval_job nemo_guardrails trustyai_service"),
    "upload.cdi.kubevirt.io": "upload_token_request",
    "user.openshift.io": "group user",
    "v2v.kubevirt.io": "virtual_machine_import vm_import_config",
    "velero.io": "backup restore",
}

GROUP_OF_MODULE: dict[str, str] = {
    "ocp_resources." + module: group for group, modules in MODULES_BY_GROUP.items() for module in modules.split()
}
