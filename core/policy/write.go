package policy

import (
	"bytes"
	"encoding/json"
)

// The platform's engine: hcsshim v0.14.1, pkg/securitypolicy.
const (
	apiVersion       = "0.10.0"
	frameworkVersion = "0.3.0"
)

// container is one container as framework 0.3.0 knows it. Fields stand in the
// order of their names: HOST_DATA is a hash of bytes, so the order is the format.
type container struct {
	AllowElevated    bool         `json:"allow_elevated"`
	AllowStdioAccess bool         `json:"allow_stdio_access"` // never: the host would read and feed the console
	Capabilities     capabilities `json:"capabilities"`
	Command          []string     `json:"command"`
	EnvRules         []envRule    `json:"env_rules"`
	ExecProcesses    []string     `json:"exec_processes"` // never any
	Layers           []string     `json:"layers"`
	Mounts           []mount      `json:"mounts"`
	Name             string       `json:"name"`
	NoNewPrivileges  bool         `json:"no_new_privileges"`
	Seccomp          string       `json:"seccomp_profile_sha256"`
	Signals          []int        `json:"signals"`
	User             user         `json:"user"`
	WorkingDir       string       `json:"working_dir"`
}

type capabilities struct {
	Ambient     []string `json:"ambient"`
	Bounding    []string `json:"bounding"`
	Effective   []string `json:"effective"`
	Inheritable []string `json:"inheritable"`
	Permitted   []string `json:"permitted"`
}

type envRule struct {
	Pattern  string `json:"pattern"`
	Required bool   `json:"required"`
	Strategy string `json:"strategy"`
}

type mount struct {
	Destination string   `json:"destination"`
	Options     []string `json:"options"`
	Source      string   `json:"source"` // a pattern (RE2)
	Type        string   `json:"type"`
}

type user struct {
	GroupIDNames []idName `json:"group_idnames"`
	Umask        string   `json:"umask"`
	UserIDName   idName   `json:"user_idname"`
}

type idName struct {
	Pattern  string `json:"pattern"`
	Strategy string `json:"strategy"`
}

// Everything that a host may be allowed beside the containers is refused by its
// own line. Fragments are none: a fragment lets its signer add containers later.
const head = `package policy

api_version := "` + apiVersion + `"
framework_version := "` + frameworkVersion + `"

fragments := []

containers := `

const tail = `
allow_properties_access := false
allow_dump_stacks := false
allow_runtime_logging := false
allow_environment_variable_dropping := false
allow_unencrypted_scratch := false
allow_capability_dropping := false

mount_device := data.framework.mount_device
unmount_device := data.framework.unmount_device
mount_overlay := data.framework.mount_overlay
unmount_overlay := data.framework.unmount_overlay
create_container := data.framework.create_container
exec_in_container := data.framework.exec_in_container
exec_external := data.framework.exec_external
shutdown_container := data.framework.shutdown_container
signal_container_process := data.framework.signal_container_process
plan9_mount := data.framework.plan9_mount
plan9_unmount := data.framework.plan9_unmount
get_properties := data.framework.get_properties
dump_stacks := data.framework.dump_stacks
runtime_logging := data.framework.runtime_logging
load_fragment := data.framework.load_fragment
scratch_mount := data.framework.scratch_mount
scratch_unmount := data.framework.scratch_unmount
reason := data.framework.reason
`

// write returns the policy's text. JSON values are Rego values as they stand.
func write(containers ...container) (string, error) {
	var b bytes.Buffer
	b.WriteString(head)
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(containers); err != nil {
		return "", err
	}
	b.WriteString(tail)
	return b.String(), nil
}
