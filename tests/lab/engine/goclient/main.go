// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// A client that is not ours, to hold the lab's engine against: it finds a VM by its name, reads it and its disks,
// stops it, removes it, and tells what it saw as JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	ovirt "github.com/ovirt/go-ovirt"
)

type seen struct {
	ID        string   `json:"id"`
	Status    string   `json:"status"`
	Disks     []string `json:"disks"`
	Refused   string   `json:"refused"`
	Gone      bool     `json:"gone"`
	DisksGone bool     `json:"disks_gone"`
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "goclient URL CA-FILE VM")
		os.Exit(2)
	}
	told, err := run(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(told)
}

func run(url, ca, name string) (told seen, err error) {
	connection, err := ovirt.NewConnectionBuilder().URL(url).Username("admin@internal").Password("secret").
		CAFile(ca).Timeout(10 * time.Second).Build()
	if err != nil {
		return told, err
	}
	defer func() { err = errors.Join(err, connection.Close()) }()
	vms := connection.SystemService().VmsService()
	listed, err := vms.List().Search(fmt.Sprintf("name=%q", name)).Send()
	if err != nil {
		return told, err
	}
	found := listed.MustVms().Slice()
	if len(found) != 1 {
		return told, fmt.Errorf("%d VMs are named %s", len(found), name)
	}
	told.ID, told.Status = found[0].MustId(), string(found[0].MustStatus())
	one := vms.VmService(told.ID)
	attached, err := one.DiskAttachmentsService().List().Send()
	if err != nil {
		return told, err
	}
	for _, disk := range attached.MustAttachments().Slice() {
		told.Disks = append(told.Disks, disk.MustDisk().MustId())
	}
	if _, err = one.Remove().Send(); err != nil {
		told.Refused = err.Error()
		if _, err = one.Stop().Send(); err != nil {
			return told, err
		}
	}
	told.Gone = until(func() bool {
		_, removed := one.Remove().Send()
		return isGone(removed)
	})
	told.DisksGone = until(func() bool {
		for _, id := range told.Disks {
			if _, read := connection.SystemService().DisksService().DiskService(id).Get().Send(); !isGone(read) {
				return false
			}
		}
		return true
	})
	return told, nil
}

func isGone(err error) bool {
	var absent *ovirt.NotFoundError
	return errors.As(err, &absent)
}

func until(holds func() bool) bool {
	for ends := time.Now().Add(10 * time.Second); time.Now().Before(ends); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return true
		}
	}
	return false
}
