// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	v1 "k8s.io/api/core/v1"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/job"
	"k8s.io/kubernetes/pkg/controller/namespace"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	"k8s.io/kubernetes/pkg/controller/volume/persistentvolume"
	"k8s.io/kubernetes/pkg/controller/volume/pvcprotection"
	"k8s.io/kubernetes/pkg/controller/volume/pvprotection"
	"k8s.io/kubernetes/pkg/volume"
)

const (
	// What OpenShift gives its controller manager; the namespace controller multiplies it as upstream does.
	qps   = 150
	burst = 300
	// Discovery is read again this often, so that the garbage collector learns of new CRDs. Upstream: 30 s.
	gcSync  = 5 * time.Second
	workers = 20
)

// run starts one controller and returns when the context ends.
type run func(ctx context.Context)

// manager holds what the controllers share.
type manager struct {
	config    *rest.Config
	informers informers.SharedInformerFactory
	started   chan struct{}
	rootCA    []byte
}

func newControllersCommand() *cobra.Command {
	var kubeconfig, rootCA string
	c := &cobra.Command{
		Use:   "kube-controller-manager",
		Short: "Upstream's controllers that a teardown meets, and no others: far less to build than all of them",
		// So that the lab starts this one and upstream's whole controller manager with one command line.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		SilenceUsage:       true,
		RunE: func(*cobra.Command, []string) error {
			return runControllers(genericapiserver.SetupSignalContext(), kubeconfig, rootCA)
		},
	}
	c.Flags().StringVar(&kubeconfig, "kubeconfig", "", "how to reach the API server")
	c.Flags().StringVar(&rootCA, "root-ca-file", "", "the CA that is published to every namespace")
	return c
}

func runControllers(ctx context.Context, kubeconfig, rootCAFile string) error {
	m, err := newManager(kubeconfig, rootCAFile)
	if err != nil {
		return err
	}
	makers := []func(context.Context) (run, error){
		m.namespaces, m.garbage, m.volumeBinder, m.claimProtection, m.volumeProtection, m.serviceAccounts, m.rootCAs, m.jobs,
	}
	var runs []run
	for _, maker := range makers {
		r, err := maker(ctx)
		if err != nil {
			return err
		}
		runs = append(runs, r)
	}
	m.informers.Start(ctx.Done())
	for _, r := range runs {
		go r(ctx)
	}
	close(m.started)
	klog.FromContext(ctx).Info("Started controllers", "count", len(runs))
	<-ctx.Done()
	return nil
}

func newManager(kubeconfig, rootCAFile string) (*manager, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = qps, burst
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	m := &manager{config: config, started: make(chan struct{})}
	m.informers = informers.NewSharedInformerFactory(client, 12*time.Hour)
	if rootCAFile != "" {
		if m.rootCA, err = os.ReadFile(rootCAFile); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// client names each controller in the audit log and gives it a rate of its own, as upstream does.
func (m *manager) client(name string, factor float32) (*kubernetes.Clientset, *rest.Config, error) {
	config := rest.AddUserAgent(rest.CopyConfig(m.config), name)
	config.QPS *= factor
	config.Burst = int(float32(config.Burst) * factor)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, nil, fmt.Errorf("client of %s: %w", name, err)
	}
	return client, config, nil
}

func (m *manager) namespaces(ctx context.Context) (run, error) {
	client, config, err := m.client("namespace-controller", 20)
	if err != nil {
		return nil, err
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	c := namespace.NewNamespaceController(ctx, client, meta, client.Discovery().ServerPreferredNamespacedResources,
		m.informers.Core().V1().Namespaces(), 5*time.Minute, v1.FinalizerKubernetes)
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func (m *manager) garbage(ctx context.Context) (run, error) {
	client, config, err := m.client("generic-garbage-collector", 2)
	if err != nil {
		return nil, err
	}
	meta, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco := discovery.NewDiscoveryClientForConfigOrDie(config)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	factory := informerfactory.NewInformerFactory(m.informers, metadatainformer.NewSharedInformerFactory(meta, 12*time.Hour))
	c, err := garbagecollector.NewGarbageCollector(ctx, client, meta, mapper, garbagecollector.DefaultIgnoredResources(), factory, m.started)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		go c.Sync(ctx, disco, gcSync)
		c.Run(ctx, workers, 30*time.Second)
	}, nil
}

func (m *manager) volumeBinder(ctx context.Context) (run, error) {
	client, _, err := m.client("persistent-volume-binder", 1)
	if err != nil {
		return nil, err
	}
	c, err := persistentvolume.NewController(ctx, persistentvolume.ControllerParameters{
		KubeClient:                client,
		SyncPeriod:                15 * time.Second,
		VolumePlugins:             []volume.VolumePlugin{&provisioner{}},
		VolumeInformer:            m.informers.Core().V1().PersistentVolumes(),
		ClaimInformer:             m.informers.Core().V1().PersistentVolumeClaims(),
		ClassInformer:             m.informers.Storage().V1().StorageClasses(),
		PodInformer:               m.informers.Core().V1().Pods(),
		NodeInformer:              m.informers.Core().V1().Nodes(),
		EnableDynamicProvisioning: true,
	})
	if err != nil {
		return nil, err
	}
	return c.Run, nil
}

func (m *manager) claimProtection(ctx context.Context) (run, error) {
	client, _, err := m.client("pvc-protection-controller", 1)
	if err != nil {
		return nil, err
	}
	core := m.informers.Core().V1()
	c, err := pvcprotection.NewPVCProtectionController(klog.FromContext(ctx), core.PersistentVolumeClaims(), core.Pods(), client)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func (m *manager) volumeProtection(ctx context.Context) (run, error) {
	client, _, err := m.client("pv-protection-controller", 1)
	if err != nil {
		return nil, err
	}
	c, err := pvprotection.NewPVProtectionController(klog.FromContext(ctx), m.informers.Core().V1().PersistentVolumes(), client)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { c.Run(ctx, workers) }, nil
}

func (m *manager) serviceAccounts(ctx context.Context) (run, error) {
	client, _, err := m.client("service-account-controller", 1)
	if err != nil {
		return nil, err
	}
	core := m.informers.Core().V1()
	c, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(), client,
		serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { c.Run(ctx, 1) }, nil
}

func (m *manager) rootCAs(context.Context) (run, error) {
	client, _, err := m.client("root-ca-cert-publisher", 1)
	if err != nil {
		return nil, err
	}
	core := m.informers.Core().V1()
	c, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), client, m.rootCA)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { c.Run(ctx, 1) }, nil
}

func (m *manager) jobs(ctx context.Context) (run, error) {
	client, _, err := m.client("job-controller", 1)
	if err != nil {
		return nil, err
	}
	c, err := job.NewController(ctx, client, m.informers.Core().V1().Pods(), m.informers.Batch().V1().Jobs(), nil, nil)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) { c.Run(ctx, 5) }, nil
}
