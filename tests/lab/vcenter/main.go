// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// A vCenter for the tests: govmomi's simulator with one data centre, and a control port by which a test makes VMs,
// sets faults and counts calls. "vcenter client" is a second, independent client of it, on govmomi.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "client" {
		if err := client(os.Args[2:]); err != nil {
			log.Fatal(err)
		}
		return
	}
	state := flag.String("state", "", "folder for certificates and the datastores' files")
	port := flag.Int("port", 0, "port of the SDK; the control port is the next one")
	user := flag.String("user", "", "the one user there is")
	password := flag.String("password-file", "", "file with its password")
	flag.Parse()
	if err := serve(*state, *port, *user, *password); err != nil {
		log.Fatal(err)
	}
}

// serve runs until it is killed.
func serve(state string, port int, user, passwordFile string) error {
	password, err := os.ReadFile(passwordFile)
	if err != nil {
		return err
	}
	// The datastores' files and nothing else; the model removes its own folder only when it is asked to.
	if err := os.Setenv("TMPDIR", state); err != nil {
		return err
	}
	model := simulator.VPX()
	model.Autostart = false
	model.Machine = 1
	model.Host = 0
	model.Datastore = 2
	// No two vCenters have one; the simulator has the same in every copy.
	model.ServiceContent.About.InstanceUuid = uuid.NewString()
	if err := model.Create(); err != nil {
		return err
	}
	certificate, err := tls.LoadX509KeyPair(filepath.Join(state, "pki", "server.crt"), filepath.Join(state, "pki", "server.key"))
	if err != nil {
		return err
	}
	service := model.Service
	service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	service.Listen = &url.URL{Host: fmt.Sprintf("127.0.0.1:%d", port), User: url.UserPassword(user, string(password))}
	service.RegisterEndpoints = true

	world := newWorld(model)
	world.attach()
	server := service.NewServer()
	log.Printf("serving at %s", server.URL.Redacted())
	return http.ListenAndServe(fmt.Sprintf("127.0.0.1:%d", port+1), world.control())
}
