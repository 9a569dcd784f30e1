// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// control is what a test says and asks, as JSON:
//
//	GET /vms, POST /vms [VM], PUT /vms/ID VM, DELETE /vms/ID; POST /many?prefix=P&count=N
//	PUT /rules [Rule], GET /rules; GET /calls, DELETE /calls; GET /sessions, DELETE /sessions
//	PUT /denied ["PRIVILEGE"]: what the account may not do from now on
//	POST /files {"path": "[datastore] a/b"}, DELETE /files; GET /files?path=P: whether it is there
//	POST /disks: a first class disk
//	PUT /datastores/NAME true or false: whether it is accessible
func (w *world) control() http.Handler {
	mux := http.NewServeMux()
	answer := func(pattern string, act func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(out http.ResponseWriter, request *http.Request) {
			result, err := act(request)
			if err != nil {
				http.Error(out, err.Error(), http.StatusBadRequest)
				return
			}
			out.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(out).Encode(result)
		})
	}
	answer("GET /vms", func(*http.Request) (any, error) {
		found := []VM{}
		for _, vm := range w.vms() {
			found = append(found, w.told(vm))
		}
		return found, nil
	})
	answer("POST /vms", w.makeVMs)
	answer("PUT /vms/{id}", func(request *http.Request) (any, error) {
		vm := w.vm(request.PathValue("id"))
		var wanted VM
		if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil || vm == nil {
			return nil, fmt.Errorf("%s: %v", request.PathValue("id"), err)
		}
		w.change(vm, wanted)
		return w.told(vm), nil
	})
	answer("DELETE /vms/{id}", func(request *http.Request) (any, error) {
		vm := w.vm(request.PathValue("id"))
		if vm == nil {
			return nil, fmt.Errorf("there is no %s", request.PathValue("id"))
		}
		if config := w.hidden[vm.Self.Value]; config != nil {
			vm.Config = config
		}
		vm.Runtime.ConnectionState = types.VirtualMachineConnectionStateConnected
		vm.Runtime.PowerState = types.VirtualMachinePowerStatePoweredOff
		vm.DestroyTask(w.context(), &types.Destroy_Task{This: vm.Self})
		// The task runs beside us: whoever lists VMs after this answer must not meet the one that goes.
		for start := time.Now(); w.vm(vm.Self.Value) != nil; time.Sleep(time.Millisecond) {
			if time.Since(start) > 30*time.Second {
				return nil, fmt.Errorf("%s does not go", vm.Self.Value)
			}
		}
		return nil, nil
	})
	answer("POST /many", func(request *http.Request) (any, error) {
		var count int
		if _, err := fmt.Sscan(request.URL.Query().Get("count"), &count); err != nil {
			return nil, err
		}
		w.many(request.URL.Query().Get("prefix"), count)
		return count, nil
	})
	answer("PUT /rules", func(request *http.Request) (any, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rules = nil
		return nil, json.NewDecoder(request.Body).Decode(&w.rules)
	})
	answer("GET /rules", func(*http.Request) (any, error) { return w.rules, nil })
	answer("PUT /denied", func(request *http.Request) (any, error) {
		var named []string
		if err := json.NewDecoder(request.Body).Decode(&named); err != nil {
			return nil, err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.denied = map[string]bool{}
		for _, privilege := range named {
			w.denied[privilege] = true
		}
		return nil, nil
	})
	answer("GET /calls", func(*http.Request) (any, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		copied := map[string]int{}
		for name, count := range w.calls {
			copied[name] = count
		}
		return copied, nil
	})
	answer("DELETE /calls", func(*http.Request) (any, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.calls = map[string]int{}
		return nil, nil
	})
	answer("GET /sessions", func(*http.Request) (any, error) { return w.sessions(), nil })
	answer("DELETE /sessions", func(*http.Request) (any, error) {
		manager := w.model.Map().SessionManager()
		keys := w.sessions()
		manager.TerminateSession(w.own(), &types.TerminateSession{This: manager.Self, SessionId: keys})
		return keys, nil
	})
	answer("POST /files", func(request *http.Request) (any, error) {
		var wanted struct {
			Path string `json:"path"`
		}
		if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil {
			return nil, err
		}
		return nil, w.litter(wanted.Path)
	})
	answer("GET /files", func(request *http.Request) (any, error) {
		place, err := w.file(request.URL.Query().Get("path"))
		if err != nil {
			return nil, err
		}
		_, err = os.Stat(place)
		return err == nil, nil
	})
	answer("POST /disks", w.makeDisk)
	answer("PUT /datastores/{name}", func(request *http.Request) (any, error) {
		var accessible bool
		if err := json.NewDecoder(request.Body).Decode(&accessible); err != nil {
			return nil, err
		}
		for _, entity := range w.model.Map().All("Datastore") {
			if store := entity.(*simulator.Datastore); store.Name == request.PathValue("name") {
				w.context().WithLock(store, func() { store.Summary.Accessible = accessible })
				return nil, nil
			}
		}
		return nil, fmt.Errorf("there is no datastore %s", request.PathValue("name"))
	})
	answer("DELETE /files", func(*http.Request) (any, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, folder := range w.litters {
			if err := os.RemoveAll(folder); err != nil {
				return nil, err
			}
		}
		w.litters = nil
		return nil, nil
	})
	return mux
}

// own is a context with a session that is nobody's.
func (w *world) own() *simulator.Context {
	ctx := *w.context()
	ctx.Session = &simulator.Session{Registry: simulator.NewRegistry(), Map: w.model.Map()}
	return &ctx
}

func (w *world) sessions() []string {
	keys := []string{}
	view := w.own().Session.Get(w.model.Map().SessionManager().Self).(*simulator.SessionManager)
	for _, session := range view.SessionList {
		keys = append(keys, session.Key)
	}
	return keys
}

func (w *world) makeVMs(request *http.Request) (any, error) {
	var wanted []VM
	if err := json.NewDecoder(request.Body).Decode(&wanted); err != nil {
		return nil, err
	}
	made := []VM{}
	for _, one := range wanted {
		vm, err := w.create(one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.Name, err)
		}
		one.Name = ""
		w.change(vm, one)
		made = append(made, w.told(vm))
	}
	return made, nil
}
