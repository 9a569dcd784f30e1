// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// Rule says which calls fail and how. Method and Object are regular expressions; Object is matched with the name of a
// VM. Task lets the task fail instead of the call that starts it. Fault is a name in faults, or one of:
// "hang" (the task never ends), "expire" (the session is gone), "missing" (the properties of the objects are not
// readable), "hidden" (the objects are not shown), "litter" (the task succeeds and leaves a file).
type Rule struct {
	Method string `json:"method"`
	Object string `json:"object"`
	Fault  string `json:"fault"`
	Task   bool   `json:"task"`
	Value  string `json:"value"`
	Times  int    `json:"times"`
	Skip   int    `json:"skip"`
	Delay  int    `json:"delay_ms"`
	Struck int    `json:"struck"`
}

// Complete structures only: pyVmomi cannot decode a fault that lacks a reference.
var faults = map[string]func(self types.ManagedObjectReference, value string, hung *types.ManagedObjectReference) types.BaseMethodFault{
	"NoPermission": func(self types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.NoPermission{Object: &self, PrivilegeId: value}
	},
	"NotAuthenticated": func(self types.ManagedObjectReference, _ string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &self, PrivilegeId: "System.View"}}
	},
	"ManagedObjectNotFound": func(self types.ManagedObjectReference, _ string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.ManagedObjectNotFound{Obj: self}
	},
	"TaskInProgress": func(self types.ManagedObjectReference, _ string, hung *types.ManagedObjectReference) types.BaseMethodFault {
		if hung == nil {
			hung = &types.ManagedObjectReference{Type: "Task", Value: "task-0"}
		}
		return &types.TaskInProgress{Task: *hung}
	},
	"FileLocked": func(_ types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.FileLocked{FileFault: types.FileFault{File: value}}
	},
	"CannotAccessFile": func(_ types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.CannotAccessFile{FileFault: types.FileFault{File: value}}
	},
	"InvalidPowerState": func(types.ManagedObjectReference, string, *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.InvalidPowerState{RequestedState: "poweredOff", ExistingState: "poweredOn"}
	},
	"InvalidState": func(types.ManagedObjectReference, string, *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.InvalidState{}
	},
	"SystemError": func(_ types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.SystemError{Reason: value}
	},
	"MethodDisabled": func(_ types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.MethodDisabled{Source: value}
	},
	"GenericVmConfigFault": func(_ types.ManagedObjectReference, value string, _ *types.ManagedObjectReference) types.BaseMethodFault {
		return &types.GenericVmConfigFault{Reason: value}
	},
}

// attach puts the world before the simulator's own dispatch.
func (w *world) attach() {
	registry := w.model.Map()
	registry.Handler = w.handle
	theWorld = w
	root := &collector{}
	root.Self = w.model.ServiceContent.PropertyCollector
	registry.Put(root)
	manager := registry.Get(*w.model.ServiceContent.AuthorizationManager).(*simulator.AuthorizationManager)
	registry.Put(&authority{AuthorizationManager: manager, world: w})
}

// privileges is what a vCenter wants for a call. The simulator grants everything; a test may deny some.
var privileges = map[string]string{
	"PowerOffVM_Task":      "VirtualMachine.Interact.PowerOff",
	"PowerOnVM_Task":       "VirtualMachine.Interact.PowerOn",
	"ReconfigVM_Task":      "VirtualMachine.Config.ChangeTracking",
	"Destroy_Task":         "VirtualMachine.Inventory.Delete",
	"RemoveSnapshot_Task":  "VirtualMachine.State.RemoveSnapshot",
	"SearchDatastore_Task": "Datastore.Browse",
}

func (w *world) isDenied(privilege string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.denied[privilege]
}

// authority tells of what is denied.
type authority struct {
	*simulator.AuthorizationManager
	world *world
}

func (a *authority) HasPrivilegeOnEntities(request *types.HasPrivilegeOnEntities) soap.HasFault {
	body := a.AuthorizationManager.HasPrivilegeOnEntities(request)
	for _, entity := range body.(*methods.HasPrivilegeOnEntitiesBody).Res.Returnval {
		for index := range entity.PrivAvailability {
			one := &entity.PrivAvailability[index]
			one.IsGranted = one.IsGranted && !a.world.isDenied(one.PrivId)
		}
	}
	return body
}

func (w *world) take(method string, name string) *Rule {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, rule := range w.rules {
		if !regexp.MustCompile("^(?:" + rule.Method + ")$").MatchString(method) {
			continue
		}
		if rule.Object != "" && !regexp.MustCompile(rule.Object).MatchString(name) {
			continue
		}
		if rule.Skip > 0 {
			rule.Skip--
			continue
		}
		if rule.Times > 0 && rule.Struck >= rule.Times {
			continue
		}
		rule.Struck++
		return rule
	}
	return nil
}

func (w *world) handle(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if ctx.Session == nil || ctx.Session.UserAgent != "" || method.Name == "Login" {
		w.mu.Lock()
		w.calls[method.Name]++
		w.mu.Unlock()
	} else {
		return nil, nil // our own client, without a wire
	}
	vm, _ := w.model.Map().Get(method.This).(*simulator.VirtualMachine)
	name := ""
	if vm != nil {
		name = vm.Name
	}
	if strings.HasPrefix(method.Name, "Retrieve") && method.Name != "RetrieveServiceContent" {
		return nil, nil // the collector asks for its rules itself
	}
	if wanted := privileges[method.Name]; w.isDenied(wanted) {
		return nil, &types.NoPermission{Object: &method.This, PrivilegeId: wanted}
	}
	rule := w.take(method.Name, name)
	if rule == nil {
		return nil, nil
	}
	time.Sleep(time.Duration(rule.Delay) * time.Millisecond)
	if rule.Fault == "" {
		return nil, nil
	}
	if rule.Task || rule.Fault == "hang" || rule.Fault == "litter" {
		// The simulator looks the object up once more, so it has to stand there for this one call.
		w.model.Map().Put(&troubled{VirtualMachine: vm, world: w, rule: rule})
		return nil, nil
	}
	return nil, w.fault(rule, method.This)
}

func (w *world) fault(rule *Rule, self types.ManagedObjectReference) types.BaseMethodFault {
	var hung *types.ManagedObjectReference
	w.mu.Lock()
	if len(w.hung) > 0 {
		hung = &w.hung[len(w.hung)-1]
	}
	w.mu.Unlock()
	return faults[rule.Fault](self, rule.Value, hung)
}

// troubled is a VM whose next task goes wrong.
type troubled struct {
	*simulator.VirtualMachine
	world *world
	rule  *Rule
}

func (t *troubled) run(ctx *simulator.Context, name string, real func() soap.HasFault) types.ManagedObjectReference {
	ctx.Map.Put(t.VirtualMachine)
	switch t.rule.Fault {
	case "hang":
		task := simulator.CreateTask(t, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, nil })
		task.Info.State = types.TaskInfoStateRunning
		reference := ctx.Map.Put(task).Reference()
		task.Info.Task, task.Info.Key = reference, reference.Value
		t.world.mu.Lock()
		t.world.hung = append(t.world.hung, reference)
		t.world.mu.Unlock()
		return reference
	case "litter":
		path, folder := t.Config.Files.VmPathName, t.Config.Files.LogDirectory
		// Who is told that the task has ended finds the file.
		return simulator.CreateTask(t, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
			body := real()
			reference := reflect.ValueOf(body).Elem().FieldByName("Res").Elem().FieldByName("Returnval").Interface().(types.ManagedObjectReference)
			ctx.Map.Get(reference).(*simulator.Task).Wait()
			t.world.awaitGone(folder)
			_ = t.world.litter(strings.TrimSuffix(path, ".vmx") + "-left.vmdk")
			return nil, nil
		}).Run(ctx)
	}
	task := simulator.CreateTask(t, name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		return nil, t.world.fault(t.rule, t.Self)
	})
	return task.Run(ctx)
}

func (t *troubled) DestroyTask(ctx *simulator.Context, request *types.Destroy_Task) soap.HasFault {
	reference := t.run(ctx, "destroy", func() soap.HasFault { return t.VirtualMachine.DestroyTask(ctx, request) })
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: reference}}
}

func (t *troubled) PowerOffVMTask(ctx *simulator.Context, request *types.PowerOffVM_Task) soap.HasFault {
	reference := t.run(ctx, "powerOff", func() soap.HasFault { return t.VirtualMachine.PowerOffVMTask(ctx, request) })
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: reference}}
}

func (t *troubled) PowerOnVMTask(ctx *simulator.Context, request *types.PowerOnVM_Task) soap.HasFault {
	reference := t.run(ctx, "powerOn", func() soap.HasFault { return t.VirtualMachine.PowerOnVMTask(ctx, request) })
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: reference}}
}

func (t *troubled) ReconfigVMTask(ctx *simulator.Context, request *types.ReconfigVM_Task) soap.HasFault {
	reference := t.run(ctx, "reconfigure", func() soap.HasFault { return t.VirtualMachine.ReconfigVMTask(ctx, request) })
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: reference}}
}

// collector is each session's PropertyCollector; the simulator makes a new one of this type for each.
type collector struct {
	simulator.PropertyCollector
}

var theWorld *world // for the collectors that the simulator makes by reflection

func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, request *types.RetrievePropertiesEx) soap.HasFault {
	rule := theWorld.take("RetrievePropertiesEx", "")
	if rule != nil && faults[rule.Fault] != nil {
		return &methods.RetrievePropertiesExBody{Fault_: simulator.Fault(rule.Value, theWorld.fault(rule, c.Self))}
	}
	body := c.PropertyCollector.RetrievePropertiesEx(ctx, request)
	answer, _ := body.(*methods.RetrievePropertiesExBody)
	if rule == nil || answer == nil || answer.Res == nil || answer.Res.Returnval == nil {
		return body
	}
	pattern := regexp.MustCompile(rule.Value)
	kept := answer.Res.Returnval.Objects[:0]
	for _, content := range answer.Res.Returnval.Objects {
		if vm := theWorld.vm(content.Obj.Value); vm != nil && pattern.MatchString(vm.Name) {
			if rule.Fault == "hidden" {
				continue
			}
			for _, property := range content.PropSet {
				fault := &types.NoPermission{Object: &content.Obj, PrivilegeId: "System.Read"}
				content.MissingSet = append(content.MissingSet, types.MissingProperty{
					Path: property.Name, Fault: types.LocalizedMethodFault{Fault: fault, LocalizedMessage: fmt.Sprintf("%T", fault)},
				})
			}
			content.PropSet = nil
		}
		kept = append(kept, content)
	}
	answer.Res.Returnval.Objects = kept
	return body
}
