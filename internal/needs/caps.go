package needs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// capSysAdmin is CAP_SYS_ADMIN of capability(7).
const capSysAdmin = 21

// effective says whether this process holds the capability with number n.
func effective(n uint) (bool, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(status)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			mask, err := strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
			return mask>>n&1 == 1, err
		}
	}
	return false, fmt.Errorf("/proc/self/status has no CapEff line")
}

// initialUserNamespace says whether every user id here is the machine's own. In a build
// sandbox root holds every capability too, over its own namespace alone.
func initialUserNamespace() bool {
	raw, err := os.ReadFile("/proc/self/uid_map")
	return err == nil && strings.Join(strings.Fields(string(raw)), " ") == "0 0 4294967295"
}
