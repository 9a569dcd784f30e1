// The client of tests/contract/test_ovirt_peer.py.
module mtv.teardown/lab/goclient

go 1.26.0

require github.com/ovirt/go-ovirt v0.0.0-20230808190322-9fd1992199b2
