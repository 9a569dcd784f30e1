# Copyright (c) 2026 mtv.teardown contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of an OpenShift with Virtualization, ODF, OADP, MTC and the usual operators, as far as a client meets them.

Names and groups are facts of the CRDs of those projects. Each gets a slim CRD, so that a namespace has as many kinds
to be read as a real one has: about 250.
"""

from __future__ import annotations

from tests.lab.crds import Kind

# Group/version -> kinds; a plural that is not the kind in lower case with an s is written behind a slash.
_NAMESPACED = {
    # Of openshift-apiserver too, but with objects of their own: a CRD serves them as well.
    "apps.openshift.io/v1": "DeploymentConfig",
    "build.openshift.io/v1": "Build BuildConfig",
    "route.openshift.io/v1": "Route",
    "template.openshift.io/v1": "Template TemplateInstance",
    # OLM, monitoring, machines, the cluster's own operators
    "operators.coreos.com/v1alpha1": "CatalogSource InstallPlan Subscription",
    "operators.coreos.com/v1": "OperatorGroup",
    "operators.coreos.com/v2": "OperatorCondition",
    "monitoring.coreos.com/v1": "Alertmanager PodMonitor Probe Prometheus/prometheuses PrometheusRule ServiceMonitor "
    "ThanosRuler",
    "monitoring.coreos.com/v1beta1": "AlertmanagerConfig",
    "monitoring.openshift.io/v1": "AlertingRule AlertRelabelConfig",
    "machine.openshift.io/v1beta1": "Machine MachineSet MachineHealthCheck",
    "machine.openshift.io/v1": "ControlPlaneMachineSet",
    "autoscaling.openshift.io/v1beta1": "MachineAutoscaler",
    "metal3.io/v1alpha1": "BareMetalHost BMCEventSubscription DataImage FirmwareSchema HardwareData/hardwaredata "
    "HostFirmwareComponents/hostfirmwarecomponents HostFirmwareSettings/hostfirmwaresettings "
    "HostUpdatePolicy/hostupdatepolicies PreprovisioningImage Provisioning",
    "ipam.cluster.x-k8s.io/v1beta1": "IPAddress/ipaddresses IPAddressClaim",
    "cloudcredential.openshift.io/v1": "CredentialsRequest",
    "controlplane.operator.openshift.io/v1alpha1": "PodNetworkConnectivityCheck",
    "ingress.operator.openshift.io/v1": "DNSRecord",
    "operator.openshift.io/v1": "IngressController",
    "network.operator.openshift.io/v1": "EgressRouter OperatorPKI",
    "tuned.openshift.io/v1": "Profile Tuned/tuneds",
    "helm.openshift.io/v1beta1": "ProjectHelmChartRepository/projecthelmchartrepositories",
    "cloud.network.openshift.io/v1": "CloudPrivateIPConfig",
    # Networks
    "k8s.ovn.org/v1": "EgressFirewall EgressQoS/egressqoses EgressService UserDefinedNetwork",
    "k8s.cni.cncf.io/v1alpha1": "IPAMClaim",
    "k8s.cni.cncf.io/v1beta1": "MultiNetworkPolicy/multi-networkpolicies",
    "whereabouts.cni.cncf.io/v1alpha1": "IPPool NodeSlicePool OverlappingRangeIPReservation",
    "gateway.networking.k8s.io/v1": "Gateway GRPCRoute HTTPRoute",
    "gateway.networking.k8s.io/v1beta1": "ReferenceGrant",
    "metallb.io/v1beta1": "BFDProfile BGPAdvertisement Community/communities IPAddressPool L2Advertisement MetalLB "
    "ServiceL2Status/servicel2statuses",
    "metallb.io/v1beta2": "BGPPeer",
    "sriovnetwork.openshift.io/v1": "OVSNetwork SriovIBNetwork SriovNetwork SriovNetworkNodePolicy/"
    "sriovnetworknodepolicies SriovNetworkNodeState SriovNetworkPoolConfig SriovOperatorConfig",
    # Virtualization
    "kubevirt.io/v1": "KubeVirt VirtualMachineInstancePreset VirtualMachineInstanceReplicaSet",
    "pool.kubevirt.io/v1alpha1": "VirtualMachinePool",
    "clone.kubevirt.io/v1beta1": "VirtualMachineClone",
    "instancetype.kubevirt.io/v1beta1": "VirtualMachineInstancetype VirtualMachinePreference",
    "backup.kubevirt.io/v1alpha1": "VirtualMachineBackup VirtualMachineBackupTracker",
    "cdi.kubevirt.io/v1beta1": "DataImportCron DataSource VolumeCloneSource VolumeUploadSource",
    "forklift.cdi.kubevirt.io/v1beta1": "OvirtVolumePopulator OpenstackVolumePopulator",
    "hco.kubevirt.io/v1beta1": "HyperConverged",
    "ssp.kubevirt.io/v1beta2": "SSP",
    "aaq.kubevirt.io/v1alpha1": "ApplicationAwareAppliedClusterResourceQuota ApplicationAwareResourceQuota",
    "mtq.kubevirt.io/v1alpha1": "VirtualMachineMigrationResourceQuota",
    "migrations.kubevirt.io/v1alpha1": "VirtualMachineStorageMigration VirtualMachineStorageMigrationPlan",
    "template.kubevirt.io/v1alpha1": "VirtualMachineTemplate VirtualMachineTemplateRequest",
    "fence-agents-remediation.medik8s.io/v1alpha1": "FenceAgentsRemediation FenceAgentsRemediationTemplate",
    "self-node-remediation.medik8s.io/v1alpha1": "SelfNodeRemediation SelfNodeRemediationConfig "
    "SelfNodeRemediationTemplate",
    # Storage
    "groupsnapshot.storage.k8s.io/v1beta1": "VolumeGroupSnapshot",
    "ceph.rook.io/v1": "CephBlockPool CephBlockPoolRadosNamespace CephBucketNotification CephBucketTopic CephClient "
    "CephCluster CephCOSIDriver CephFilesystem CephFilesystemMirror CephFilesystemSubVolumeGroup CephNFS/cephnfses "
    "CephObjectRealm CephObjectStore CephObjectStoreUser CephObjectZone CephObjectZoneGroup CephRBDMirror",
    "noobaa.io/v1alpha1": "BackingStore BucketClass/bucketclasses NamespaceStore NooBaa NooBaaAccount",
    "objectbucket.io/v1alpha1": "ObjectBucketClaim",
    "ocs.openshift.io/v1": "OCSInitialization StorageCluster StorageProfile",
    "ocs.openshift.io/v1alpha1": "StorageConsumer StorageRequest StorageAutoScaler",
    "odf.openshift.io/v1alpha1": "StorageSystem",
    "csi.ceph.io/v1": "CephConnection ClientProfile ClientProfileMapping Driver OperatorConfig",
    "csiaddons.openshift.io/v1alpha1": "CSIAddonsNode EncryptionKeyRotationCronJob EncryptionKeyRotationJob "
    "ReclaimSpaceCronJob ReclaimSpaceJob",
    "replication.storage.openshift.io/v1alpha1": "VolumeGroupReplication VolumeReplication",
    "local.storage.openshift.io/v1": "LocalVolume",
    "local.storage.openshift.io/v1alpha1": "LocalVolumeDiscovery/localvolumediscoveries LocalVolumeDiscoveryResult "
    "LocalVolumeSet",
    "lvm.topolvm.io/v1alpha1": "LVMCluster LVMVolumeGroup LVMVolumeGroupNodeStatus/lvmvolumegroupnodestatuses",
    # Backup and migration
    "velero.io/v1": "Backup BackupRepository/backuprepositories BackupStorageLocation DeleteBackupRequest "
    "DownloadRequest PodVolumeBackup PodVolumeRestore Restore Schedule ServerStatusRequest VolumeSnapshotLocation",
    "velero.io/v2alpha1": "DataDownload DataUpload",
    "oadp.openshift.io/v1alpha1": "CloudStorage DataProtectionApplication DataProtectionTest NonAdminBackup "
    "NonAdminRestore",
    "migration.openshift.io/v1alpha1": "DirectImageMigration DirectImageStreamMigration DirectVolumeMigration "
    "DirectVolumeMigrationProgress/directvolumemigrationprogresses MigAnalytic MigCluster MigHook MigMigration "
    "MigPlan MigrationController MigStorage",
    # Certificates and pipelines
    "cert-manager.io/v1": "Certificate CertificateRequest Issuer",
    "acme.cert-manager.io/v1": "Challenge Order",
    "tekton.dev/v1": "Pipeline PipelineRun Task TaskRun",
    "tekton.dev/v1beta1": "CustomRun",
}
_CLUSTER = {
    "security.openshift.io/v1": "SecurityContextConstraints/securitycontextconstraints",
    "user.openshift.io/v1": "User Group Identity/identities",
    "oauth.openshift.io/v1": "OAuthClient OAuthAccessToken",
    "quota.openshift.io/v1": "ClusterResourceQuota",
    # The one with the name of a view.
    "config.openshift.io/v1": "Project Image Ingress/ingresses",
    "migrations.kubevirt.io/v1alpha1": "MigrationPolicy/migrationpolicies",
    "instancetype.kubevirt.io/v1beta1": "VirtualMachineClusterInstancetype VirtualMachineClusterPreference",
}


def _kinds(table: dict[str, str], scope: str) -> list[Kind]:
    return [
        Kind(group, kind, plural or f"{kind.lower()}s", (version,), scope=scope)
        for api_version, named in table.items()
        for group, version in (api_version.split("/"),)
        for kind, _slash, plural in (word.partition("/") for word in named.split())
    ]


KINDS: tuple[Kind, ...] = (*_kinds(_NAMESPACED, "Namespaced"), *_kinds(_CLUSTER, "Cluster"))
