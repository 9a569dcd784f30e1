// Copyright (c) 2026 mtv.teardown contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vslm"
)

// VM is one virtual machine as a test asks for it and is told of it. What is empty is left as it is.
type VM struct {
	Name     string   `json:"name"`
	Folder   string   `json:"folder,omitempty"`
	ID       string   `json:"id,omitempty"`
	UUID     string   `json:"uuid,omitempty"`
	Power    string   `json:"power,omitempty"`
	Template *bool    `json:"template,omitempty"`
	State    string   `json:"connection_state,omitempty"`
	Question string   `json:"question,omitempty"`
	Disabled []string `json:"disabled_methods,omitempty"`
	Snapshot []string `json:"snapshots,omitempty"`
	Path     string   `json:"path,omitempty"`
	// Tracking says whether its changed blocks are tracked.
	Tracking *bool `json:"change_tracking,omitempty"`
	// Attach is the file of one more disk, whoever's it is.
	Attach string `json:"attach,omitempty"`
	// NoConfig takes the configuration away, as vCenter has none for a VM that it cannot reach.
	NoConfig bool `json:"no_config,omitempty"`
}

type world struct {
	model *simulator.Model
	base  simulator.VirtualMachine

	mu    sync.Mutex
	calls map[string]int
	rules []*Rule
	hung  []types.ManagedObjectReference
	// litters are the folders of files that litter wrote.
	litters []string
	// denied are privileges that the account does not have.
	denied map[string]bool
	// hidden has the configurations that NoConfig took away, by the id of their VM.
	hidden map[string]*types.VirtualMachineConfigInfo
}

func newWorld(model *simulator.Model) *world {
	made := &world{model: model, calls: map[string]int{}, hidden: map[string]*types.VirtualMachineConfigInfo{}}
	base := model.Map().Any("VirtualMachine").(*simulator.VirtualMachine)
	made.base = *base
	return made
}

func (w *world) context() *simulator.Context { return w.model.Service.Context }

// client speaks to the simulator without a wire, so none of its calls is counted as a test's.
func (w *world) client() (*vim25.Client, error) {
	return vim25.NewClient(context.Background(), w.model.Service)
}

func (w *world) vms() []*simulator.VirtualMachine {
	var found []*simulator.VirtualMachine
	for _, entity := range w.model.Map().All("VirtualMachine") {
		if vm, ok := entity.(*simulator.VirtualMachine); ok {
			found = append(found, vm)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Self.Value < found[j].Self.Value })
	return found
}

func (w *world) vm(id string) *simulator.VirtualMachine {
	vm, _ := w.model.Map().Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: id}).(*simulator.VirtualMachine)
	return vm
}

// many copies the base machine, because the API takes minutes for 10,000 of them.
func (w *world) many(prefix string, count int) {
	registry := w.model.Map()
	folder := registry.Get(*w.base.Parent).(mo.Entity)
	pool := registry.Get(*w.base.ResourcePool).(*simulator.ResourcePool)
	host := registry.Get(*w.base.Runtime.Host).(*simulator.HostSystem)
	store := registry.Get(w.base.Datastore[0]).(*simulator.Datastore)
	children := &folder.(*simulator.Folder).ChildEntity
	for number := range count {
		made := w.base
		made.Self = types.ManagedObjectReference{}
		made.Name = fmt.Sprintf("%s%05d", prefix, number)
		config := *w.base.Config
		config.Name, config.InstanceUuid, config.Uuid = made.Name, uuid.NewString(), uuid.NewString()
		config.Files.VmPathName = fmt.Sprintf("[%s] %s/%s.vmx", store.Name, made.Name, made.Name)
		config.Files.LogDirectory = fmt.Sprintf("[%s] %s", store.Name, made.Name)
		made.Config = &config
		made.Summary.Config.Name, made.Summary.Config.InstanceUuid = made.Name, config.InstanceUuid
		registry.PutEntity(folder, &made)
		*children = append(*children, made.Self)
		pool.Vm, host.Vm, store.Vm = append(pool.Vm, made.Self), append(host.Vm, made.Self), append(store.Vm, made.Self)
	}
}

// create makes one through the API: it has a disk, and files on a datastore.
func (w *world) create(wanted VM) (*simulator.VirtualMachine, error) {
	ctx := context.Background()
	wire, err := w.client()
	if err != nil {
		return nil, err
	}
	finder := find.NewFinder(wire)
	center, err := finder.DefaultDatacenter(ctx)
	if err != nil {
		return nil, err
	}
	finder.SetDatacenter(center)
	folders, err := center.Folders(ctx)
	if err != nil {
		return nil, err
	}
	folder := folders.VmFolder
	if wanted.Folder != "" {
		if folder, err = finder.Folder(ctx, folder.InventoryPath+"/"+wanted.Folder); err != nil {
			if folder, err = folders.VmFolder.CreateFolder(ctx, wanted.Folder); err != nil {
				return nil, err
			}
		}
	}
	store := w.model.Map().Get(w.base.Datastore[0]).(*simulator.Datastore)
	pool := object.NewResourcePool(wire, *w.base.ResourcePool)
	var devices object.VirtualDeviceList
	controller, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return nil, err
	}
	disk := devices.CreateDisk(controller.(types.BaseVirtualController), store.Self, "")
	disk.CapacityInKB = 1024
	devices = append(devices, controller, disk)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		return nil, err
	}
	spec := types.VirtualMachineConfigSpec{
		Name: wanted.Name, GuestId: "otherGuest", DeviceChange: changes,
		// The simulator makes it of the path: a VM in the place of one that has gone would be that one again.
		InstanceUuid: uuid.NewString(),
		Files: &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s]", store.Name)},
	}
	task, err := folder.CreateVM(ctx, spec, pool, nil)
	if err != nil {
		return nil, err
	}
	result, err := task.WaitForResult(ctx)
	if err != nil {
		return nil, err
	}
	reference := result.Result.(types.ManagedObjectReference)
	machine := object.NewVirtualMachine(wire, reference)
	for _, name := range wanted.Snapshot {
		if err := wait(machine.CreateSnapshot(ctx, name, "", false, false)); err != nil {
			return nil, err
		}
	}
	if wanted.Power == "poweredOn" || wanted.Power == "suspended" {
		if err := wait(machine.PowerOn(ctx)); err != nil {
			return nil, err
		}
	}
	if wanted.Power == "suspended" {
		if err := wait(machine.Suspend(ctx)); err != nil {
			return nil, err
		}
	}
	return w.vm(reference.Value), nil
}

func wait(task *object.Task, err error) error {
	if err != nil {
		return err
	}
	return task.Wait(context.Background())
}

// change sets what is given.
func (w *world) change(vm *simulator.VirtualMachine, wanted VM) {
	w.context().WithLock(vm, func() {
		if wanted.Name != "" {
			vm.Name, vm.Summary.Config.Name = wanted.Name, wanted.Name
			if vm.Config != nil {
				vm.Config.Name = wanted.Name
			}
		}
		if wanted.Power != "" {
			vm.Runtime.PowerState = types.VirtualMachinePowerState(wanted.Power)
			vm.Summary.Runtime.PowerState = vm.Runtime.PowerState
		}
		if wanted.Tracking != nil {
			vm.Config.ChangeTrackingEnabled = wanted.Tracking
		}
		if wanted.Template != nil {
			vm.Config.Template, vm.Summary.Config.Template = *wanted.Template, *wanted.Template
		}
		if wanted.State != "" {
			vm.Runtime.ConnectionState = types.VirtualMachineConnectionState(wanted.State)
			vm.Summary.Runtime.ConnectionState = vm.Runtime.ConnectionState
		}
		if wanted.Question != "" {
			vm.Runtime.Question = &types.VirtualMachineQuestionInfo{Id: "1", Text: wanted.Question}
		}
		if wanted.Disabled != nil {
			vm.DisabledMethod = wanted.Disabled
		}
		if wanted.Attach != "" {
			disk := &types.VirtualDisk{CapacityInKB: 1024}
			disk.Key = int32(4000 + len(vm.Config.Hardware.Device))
			disk.Backing = &types.VirtualDiskFlatVer2BackingInfo{
				VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: wanted.Attach},
				DiskMode:                     "persistent",
			}
			vm.Config.Hardware.Device = append(vm.Config.Hardware.Device, disk)
			// A vCenter tells of it in both of its layouts, too.
			layout := types.VirtualMachineFileLayoutDiskLayout{Key: disk.Key, DiskFile: []string{wanted.Attach}}
			vm.Layout.Disk = append(vm.Layout.Disk, layout)
			file := types.VirtualMachineFileLayoutExFileInfo{Key: disk.Key, Name: wanted.Attach, Type: "diskDescriptor"}
			vm.LayoutEx.File = append(vm.LayoutEx.File, file)
		}
		if wanted.NoConfig {
			w.hidden[vm.Self.Value] = vm.Config
			vm.Config = nil
		}
	})
}

func (w *world) told(vm *simulator.VirtualMachine) VM {
	found := VM{Name: vm.Name, ID: vm.Self.Value, Power: string(vm.Runtime.PowerState), State: string(vm.Runtime.ConnectionState)}
	if vm.Config != nil {
		found.UUID, found.Template, found.Path = vm.Config.InstanceUuid, &vm.Config.Template, vm.Config.Files.VmPathName
		found.Tracking = vm.Config.ChangeTrackingEnabled
	}
	if vm.Snapshot != nil {
		for _, tree := range vm.Snapshot.RootSnapshotList {
			found.Snapshot = append(found.Snapshot, tree.Name)
		}
	}
	return found
}

// file is the place of a datastore path, "[name] a/b", on this machine.
func (w *world) file(path string) (string, error) {
	var parsed object.DatastorePath
	if !parsed.FromString(path) {
		return "", fmt.Errorf("%s is no datastore path", path)
	}
	for _, entity := range w.model.Map().All("Datastore") {
		if store := entity.(*simulator.Datastore); store.Name == parsed.Datastore {
			return filepath.Join(strings.TrimPrefix(store.Info.GetDatastoreInfo().Url, "file://"), parsed.Path), nil
		}
	}
	return "", fmt.Errorf("there is no datastore %s", parsed.Datastore)
}

// awaitGone waits until the folder of a VM that was destroyed is gone: the simulator deletes it behind the task.
func (w *world) awaitGone(folder string) {
	place, err := w.file(folder)
	for ends := time.Now().Add(time.Minute); err == nil && time.Now().Before(ends); time.Sleep(time.Millisecond) {
		_, err = os.Stat(place)
	}
}

// litter writes a file into a datastore.
func (w *world) litter(path string) error {
	place, err := w.file(path)
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.litters = append(w.litters, filepath.Dir(place))
	w.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	return os.WriteFile(place, nil, 0o644)
}

// makeDisk makes a first class disk and tells its id.
func (w *world) makeDisk(*http.Request) (any, error) {
	wire, err := w.client()
	if err != nil {
		return nil, err
	}
	store := w.base.Datastore[0]
	task, err := vslm.NewObjectManager(wire).CreateDisk(context.Background(), types.VslmCreateSpec{
		Name: "volume", CapacityInMB: 1,
		BackingSpec: &types.VslmCreateSpecDiskFileBackingSpec{VslmCreateSpecBackingSpec: types.VslmCreateSpecBackingSpec{Datastore: store}},
	})
	if err != nil {
		return nil, err
	}
	result, err := task.WaitForResult(context.Background())
	if err != nil {
		return nil, err
	}
	switch made := result.Result.(type) {
	case types.VStorageObject:
		return made.Config.Id.Id, nil
	case *types.VStorageObject: // in-process, nothing has copied it
		return made.Config.Id.Id, nil
	}
	return nil, fmt.Errorf("no disk was made")
}
