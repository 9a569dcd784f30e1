// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// One binary, three servers, chosen by the name it is started as: etcd, kube-apiserver, kube-controller-manager.
// One link step and one set of packages cost less to build than three programs.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	etcdmain "go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	switch filepath.Base(os.Args[0]) {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(newControllersCommand()))
	default:
		fmt.Fprintln(os.Stderr, "start me as etcd, kube-apiserver or kube-controller-manager")
		os.Exit(2)
	}
}
