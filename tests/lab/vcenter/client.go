// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// client lists the VMs, or destroys one: vcenter client URL USER PASSWORD-FILE CA list|destroy [ID].
func client(args []string) error {
	if len(args) < 5 {
		return fmt.Errorf("usage: vcenter client URL USER PASSWORD-FILE CA list|destroy [ID]")
	}
	ctx := context.Background()
	password, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	address, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	address.User = url.UserPassword(args[1], strings.TrimSpace(string(password)))
	_ = os.Setenv("SSL_CERT_FILE", args[3])
	wire, err := govmomi.NewClient(ctx, address, false)
	if err != nil {
		return err
	}
	defer func() { _ = wire.Logout(ctx) }()
	if args[4] == "destroy" {
		machine := object.NewVirtualMachine(wire.Client, types.ManagedObjectReference{Type: "VirtualMachine", Value: args[5]})
		return wait(machine.Destroy(ctx))
	}
	all, err := view.NewManager(wire.Client).CreateContainerView(ctx, wire.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		return err
	}
	defer func() { _ = all.Destroy(ctx) }()
	var found []mo.VirtualMachine
	if err := all.Retrieve(ctx, []string{"VirtualMachine"}, []string{"name", "runtime.powerState"}, &found); err != nil {
		return err
	}
	told := map[string][]string{}
	for _, vm := range found {
		told[vm.Self.Value] = []string{vm.Name, string(vm.Runtime.PowerState)}
	}
	return json.NewEncoder(os.Stdout).Encode(told)
}
