// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/volume"
)

// provisioner makes PVs without anything behind them: no pod of the lab ever mounts one. It goes by the name of the
// in-tree plugin, so the same StorageClass works with upstream's controller manager, but makes no folders under /tmp
// and knows block volumes, which virtual machines use. The binder calls only what is written here.
type provisioner struct{ volume.VolumePlugin }

func (*provisioner) Init(volume.VolumeHost) error { return nil }

func (*provisioner) GetPluginName() string { return "kubernetes.io/host-path" }

func (*provisioner) CanSupport(spec *volume.Spec) bool {
	return spec.PersistentVolume != nil && spec.PersistentVolume.Spec.HostPath != nil
}

func (*provisioner) SupportsMountOption() bool { return false }

func (*provisioner) NewProvisioner(_ klog.Logger, options volume.VolumeOptions) (volume.Provisioner, error) {
	return &order{options}, nil
}

func (*provisioner) NewDeleter(_ klog.Logger, spec *volume.Spec) (volume.Deleter, error) {
	if spec.PersistentVolume == nil || spec.PersistentVolume.Spec.HostPath == nil {
		return nil, fmt.Errorf("not a volume of the lab")
	}
	return &removal{path: spec.PersistentVolume.Spec.HostPath.Path}, nil
}

type order struct{ options volume.VolumeOptions }

func (o *order) Provision(*v1.Node, []v1.TopologySelectorTerm) (*v1.PersistentVolume, error) {
	claim := o.options.PVC.Spec
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: o.options.PVName},
		Spec: v1.PersistentVolumeSpec{
			PersistentVolumeReclaimPolicy: o.options.PersistentVolumeReclaimPolicy,
			AccessModes:                   claim.AccessModes,
			VolumeMode:                    claim.VolumeMode,
			Capacity:                      v1.ResourceList{v1.ResourceStorage: claim.Resources.Requests[v1.ResourceStorage]},
			PersistentVolumeSource: v1.PersistentVolumeSource{
				HostPath: &v1.HostPathVolumeSource{Path: "/lab/" + o.options.PVName},
			},
		},
	}, nil
}

type removal struct {
	volume.MetricsNil
	path string
}

func (r *removal) GetPath() string { return r.path }

func (*removal) Delete() error { return nil }
